#!/usr/bin/env python3
"""Makes a repository with python-tuf's own library, for rootline's client to read.

    make_repository.py OUT_DIR --at RFC3339 [--leave-out bins] [--leave-out strays]

OUT_DIR gets `metadata/`, `targets/` (a consistent snapshot) and `expected.json`, which says what a reader must find:

    {"at": "...", "initial_root": "metadata/1.root.json",
     "versions": {"root": 3, "timestamp": 7, ...},       every role, the delegated ones too
     "expires": {"root": "...", ...},
     "targets": {NAME: SHA256, ...},                     every target that a reader must find
     "not_found": {NAME: WHY, ...}}                      names that a reader must not find

Names, versions, contents and Ed25519 and ECDSA keys are the same every time. RSA keys are not (they cannot be made from
a seed), nor are ECDSA and RSA-PSS signatures (they are random by nature), so the digests of metadata differ.

What is in it, for the sake of which check:

    root 1 → 2 → 3    2: an Ed25519 key replaced. 3: the threshold raised from 2 to 3 and the timestamp key replaced.
                      Each is signed by the thresholds of the old and of the new root, of three kinds of keys.
    targets           two of two keys; an empty target, a name with a space, a name beyond ASCII, a `custom` member
    ├ docs            path patterns, with roles below it:
    │ ├ docs-en         two of three keys of different kinds
    │ └ docs-any        lists docs/en/guide.txt too, with other content: the first role in preorder wins
    ├ sealed          terminating: nothing below its pattern is looked for in later roles
    ├ after-sealed    lists sealed/b.txt, which therefore must not be found
    ├ team/alpha      a role whose name must be percent-encoded in a file name, with an RSA-PSS key
    ├ hashed          with roles below it by path hash prefix: hashed-low 0-7, hashed-high 8-f
    ├ packages        with succinct hash bins below it (TAP 15, 16 bins)                 --leave-out bins
    └ strays          lists targets that no delegation entitles it to                    --leave-out strays

Some clients cannot read all of it (see README.md), hence `--leave-out`.

A role's name is percent-encoded in its file's name. An HTTP server decodes the path it is asked for, so for
`team/alpha` it opens `1.team/alpha.json` where the reader of a folder opens `1.team%2Falpha.json`: both are there.
"""

import argparse
import json
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)

LIFETIME = {
    "root": timedelta(days=365),
    "targets": timedelta(days=90),
    "snapshot": timedelta(days=30),
    "timestamp": timedelta(days=7),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--at", required=True, help="the repository is good at this instant and for a week after")
    parser.add_argument("--leave-out", action="append", default=[], choices=["bins", "strays"])
    asked = parser.parse_args()
    at = datetime.fromisoformat(asked.at).astimezone(timezone.utc).replace(microsecond=0)

    repository = Repository(asked.out, at)
    make_targets(repository, asked.leave_out)
    online = make_roots(repository)
    make_snapshot_and_timestamp(repository, online)
    repository.write_expected(initial_root="metadata/1.root.json")


# The keys


def seed(label: str) -> bytes:
    return sha256(f"rootline peers: {label}".encode()).digest()


def ed25519_signer(label: str) -> CryptoSigner:
    return CryptoSigner(ed25519.Ed25519PrivateKey.from_private_bytes(seed(label)))


def ecdsa_signer(label: str) -> CryptoSigner:
    # A digest that is no valid scalar is rarer than anything that goes wrong on a machine.
    return CryptoSigner(ec.derive_private_key(int.from_bytes(seed(label), "big"), ec.SECP256R1()))


def rsa_signer() -> CryptoSigner:
    return CryptoSigner(rsa.generate_private_key(public_exponent=65537, key_size=2048))


# The folder


class Repository:
    """Writes files, and remembers what a reader is to find."""

    def __init__(self, out: Path, at: datetime) -> None:
        self.out = out
        self.at = at
        self.snapshot_meta: dict[str, MetaFile] = {}
        self.versions: dict[str, int] = {}
        self.expires: dict[str, str] = {}
        self.found: dict[str, str] = {}
        self.not_found: dict[str, str] = {}

    def expiry(self, role: str) -> datetime:
        return self.at + LIFETIME.get(role, LIFETIME["targets"])

    def write_metadata(self, role: str, metadata: Metadata, *, versioned: bool = True) -> bytes:
        content = metadata.to_bytes()
        prefix = f"{metadata.signed.version}." if versioned else ""
        # Once as in a folder, once as a server looks it up. For nearly every role that is one and the same file.
        for name in {quote(role, ""), role}:
            write(self.out / "metadata" / f"{prefix}{name}.json", content)
        self.versions[role] = metadata.signed.version
        self.expires[role] = metadata.signed.expires.strftime("%Y-%m-%dT%H:%M:%SZ")
        return content

    def targets_role(self, role: str, version: int, signers: list[CryptoSigner], targets: dict[str, bytes],
                     delegations: Delegations | None = None, custom: dict | None = None) -> None:
        """Publishes a targets role with its files. What is in no other list is noted as to be found."""
        listed = {}
        for name, content in targets.items():
            file = TargetFile.from_data(name, content, ["sha256"])
            if custom and name in custom:
                file.unrecognized_fields["custom"] = custom[name]
            listed[name] = file
            folder, _, base = name.rpartition("/")
            write(self.out / "targets" / folder / f"{file.hashes['sha256']}.{base}", content)
            if name not in self.not_found:
                # A name that several roles list belongs to the one published first: see make_targets.
                self.found.setdefault(name, file.hashes["sha256"])

        signed = Targets(version=version, expires=self.expiry(role), targets=listed, delegations=delegations)
        content = self.write_metadata(role, sign(Metadata(signed), signers))
        self.snapshot_meta[f"{role}.json"] = MetaFile(version, len(content), {"sha256": sha256(content).hexdigest()})

    def write_expected(self, initial_root: str) -> None:
        expected = {
            "at": self.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "initial_root": initial_root,
            "versions": self.versions,
            "expires": self.expires,
            "targets": dict(sorted(self.found.items())),
            "not_found": self.not_found,
        }
        write(self.out / "expected.json", json.dumps(expected, indent=2, ensure_ascii=False).encode() + b"\n")


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def sign(metadata: Metadata, signers: list[CryptoSigner]) -> Metadata:
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata


# The roles


def delegations(*roles: tuple[DelegatedRole, list[CryptoSigner]]) -> Delegations:
    """A role each, with the signers who may sign for it."""
    keys = {}
    for role, signers in roles:
        for signer in signers:
            keys[signer.public_key.keyid] = signer.public_key
            role.keyids.append(signer.public_key.keyid)
    return Delegations(keys, {role.name: role for role, _ in roles})


def by_paths(name: str, *paths: str, threshold: int = 1, terminating: bool = False) -> DelegatedRole:
    return DelegatedRole(name, [], threshold, terminating, paths=list(paths))


def by_prefixes(name: str, prefixes: str) -> DelegatedRole:
    return DelegatedRole(name, [], 1, False, path_hash_prefixes=list(prefixes))


def make_targets(repository: Repository, leave_out: list[str]) -> None:
    """The targets roles in preorder, which is the order in which a reader looks for a name."""
    top_signers = [ed25519_signer("targets a"), ecdsa_signer("targets b")]
    docs, docs_any = [ed25519_signer("docs")], [ed25519_signer("docs any")]
    docs_en = [ed25519_signer("docs en a"), ecdsa_signer("docs en b"), rsa_signer()]
    sealed, after_sealed = [ecdsa_signer("sealed")], [ed25519_signer("after sealed")]
    alpha, hashed = [rsa_signer()], [ed25519_signer("hashed")]
    packages, bins = [ecdsa_signer("packages")], [ed25519_signer("bins")]
    strays = [ed25519_signer("strays")]

    repository.not_found = {
        "missing.txt": "no role lists it",
        "docs/missing.txt": "the roles entitled to it do not list it",
        "sealed/b.txt": "only a role after a terminating one lists it",
    }
    top = [
        (by_paths("docs", "docs/*", "docs/*/*"), docs),
        (by_paths("sealed", "sealed/*", terminating=True), sealed),
        (by_paths("after-sealed", "sealed/*"), after_sealed),
        (by_paths("team/alpha", "team/alpha/*"), alpha),
        (by_paths("hashed", "hashed/*"), hashed),
    ]
    if "bins" not in leave_out:
        repository.not_found["packages/missing.txt"] = "its bin does not list it"
        top.append((by_paths("packages", "packages/*"), packages))
    if "strays" not in leave_out:
        repository.not_found["elsewhere.txt"] = "the role that lists it is not entitled to it"
        repository.not_found["strays/too/deep.txt"] = "a star in a pattern does not match a slash"
        top.append((by_paths("strays", "strays/*"), strays))

    trusted_root = {
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [],
        "certificateAuthorities": [],
        "ctlogs": [],
        "timestampAuthorities": [],
    }
    signing_config = {
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": [],
        "oidcUrls": [],
        "rekorTlogUrls": [],
        "rekorTlogConfig": {"selector": "ANY"},
        "tsaUrls": [],
        "tsaConfig": {"selector": "ANY"},
    }
    repository.targets_role("targets", 3, top_signers, {
        "trusted_root.json": json.dumps(trusted_root).encode(),
        "signing_config.v0.2.json": json.dumps(signing_config).encode(),
        "empty.bin": b"",
        "read me.txt": b"A name with a space.\n",
        "gr\u00fc\u00dfe.txt": "Gr\u00fc\u00dfe!\n".encode(),
    }, delegations(*top), custom={"trusted_root.json": {"sigstore": {"status": "Active", "usage": "Unknown"}}})

    repository.targets_role("docs", 2, docs, {
        "docs/index.txt": b"Start here.\n",
    }, delegations(
        (by_paths("docs-en", "docs/en/*", threshold=2), docs_en),
        (by_paths("docs-any", "docs/*/*"), docs_any),
    ))
    repository.targets_role("docs-en", 1, docs_en[1:], {"docs/en/guide.txt": b"The guide.\n"})
    repository.targets_role("docs-any", 1, docs_any, {
        "docs/en/guide.txt": b"Another guide, which nobody may get.\n",
        "docs/de/guide.txt": b"Die Anleitung.\n",
    })

    repository.targets_role("sealed", 1, sealed, {"sealed/a.txt": b"Sealed.\n"})
    repository.targets_role("after-sealed", 1, after_sealed, {"sealed/b.txt": b"Too late.\n"})
    repository.targets_role("team/alpha", 1, alpha, {"team/alpha/plan.txt": b"The plan.\n"})

    halves = {half: [ecdsa_signer(half)] for half in ("hashed-low", "hashed-high")}
    repository.targets_role("hashed", 1, hashed, {}, delegations(
        (by_prefixes("hashed-low", "01234567"), halves["hashed-low"]),
        (by_prefixes("hashed-high", "89abcdef"), halves["hashed-high"]),
    ))
    names = [f"hashed/{n}.txt" for n in range(6)]
    for half, signers in halves.items():
        mine = [name for name in names if (sha256(name.encode()).digest()[0] >= 0x80) == (half == "hashed-high")]
        repository.targets_role(half, 1, signers, {name: f"{name} in {half}\n".encode() for name in mine})

    if "bins" not in leave_out:
        key = bins[0].public_key
        succinct = SuccinctRoles([key.keyid], threshold=1, bit_length=4, name_prefix="bin")
        repository.targets_role("packages", 1, packages, {},
                                Delegations({key.keyid: key}, succinct_roles=succinct))
        names = [f"packages/{n:02}.txt" for n in range(20)]
        for bin_ in succinct.get_roles():
            mine = [name for name in names if succinct.get_role_for_target(name) == bin_]
            repository.targets_role(bin_, 1, bins, {name: f"{name} in {bin_}\n".encode() for name in mine})

    if "strays" not in leave_out:
        repository.targets_role("strays", 1, strays, {
            "strays/ok.txt": b"Entitled.\n",
            "elsewhere.txt": b"Not entitled.\n",
            "strays/too/deep.txt": b"Not entitled either.\n",
        })


def make_roots(repository: Repository) -> dict[str, CryptoSigner]:
    """Three roots, and the signers that the last of them names for snapshot and timestamp."""
    first, replaced = ed25519_signer("root a"), ed25519_signer("root a, replaced")
    second, third = ecdsa_signer("root b"), rsa_signer()
    targets = [ed25519_signer("targets a"), ecdsa_signer("targets b")]
    snapshot, timestamp = ecdsa_signer("snapshot"), ecdsa_signer("timestamp")
    new_timestamp = ed25519_signer("timestamp, replaced")

    def root(version: int, holders: list[CryptoSigner], threshold: int, timestamp: CryptoSigner) -> Root:
        root = Root(version=version, expires=repository.expiry("root"), consistent_snapshot=True)
        # A member nobody has heard of: signed, so it has to survive until the signature is checked.
        root.unrecognized_fields["x-rootline-peers"] = {"note": "kept as it arrived", "count": version}
        for role, signers in (("root", holders), ("targets", targets), ("snapshot", [snapshot]),
                              ("timestamp", [timestamp])):
            for signer in signers:
                root.add_key(signer.public_key, role)
        root.roles["root"].threshold = threshold
        root.roles["targets"].threshold = 2
        return root

    roots = [
        root(1, [first, second, third], 2, timestamp),
        root(2, [replaced, second, third], 2, timestamp),
        root(3, [replaced, second, third], 3, new_timestamp),
    ]
    signers = [
        [first, second, third],
        [first, second, replaced],  # two of the old root (first, second), two of the new one (second, replaced)
        [replaced, second, third],
    ]
    for signed, by in zip(roots, signers):
        repository.write_metadata("root", sign(Metadata(signed), by))
    return {"snapshot": snapshot, "timestamp": new_timestamp}


def make_snapshot_and_timestamp(repository: Repository, online: dict[str, CryptoSigner]) -> None:
    snapshot = Snapshot(version=5, expires=repository.expiry("snapshot"), meta=repository.snapshot_meta)
    content = repository.write_metadata("snapshot", sign(Metadata(snapshot), [online["snapshot"]]))
    meta = MetaFile(snapshot.version, len(content), {"sha256": sha256(content).hexdigest()})
    timestamp = Timestamp(version=7, expires=repository.expiry("timestamp"), snapshot_meta=meta)
    repository.write_metadata("timestamp", sign(Metadata(timestamp), [online["timestamp"]]), versioned=False)


if __name__ == "__main__":
    main()
