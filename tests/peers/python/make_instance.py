#!/usr/bin/env python3
"""Makes a Sigstore instance in miniature, and a bundle that it signed.

One certificate authority, one certificate log and one transparency log, each with a key of its own that is gone when
this program ends. OUT_DIR then has what a repository ships (trusted_root.json, signing_config.v0.2.json), an artifact
(artifact.txt), and the bundle that says who signed it (artifact.sigstore.json): IDENTITY, vouched for by ISSUER, at AT.
"""

import argparse
import base64
import hashlib
import json
import struct
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

IDENTITY = "signer@example.org"
ISSUER = "https://issuer.example.org"
LOG = "log.example.org"
ISSUER_EXTENSION = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
SCT_LIST = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT_DIR")
    parser.add_argument("--at", required=True, type=datetime.fromisoformat)
    request = parser.parse_args()
    at, out = request.at, request.out
    out.mkdir(parents=True, exist_ok=True)

    authority, certificate_log, transparency_log = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    root = root_certificate(authority, at)
    artifact = b"an artifact\n"
    signer = ec.generate_private_key(ec.SECP256R1())
    leaf = signing_certificate(signer.public_key(), root, authority, certificate_log, at)
    signature = signer.sign(artifact, ec.ECDSA(hashes.SHA256()))
    entry = log_entry(artifact, signature, leaf, transparency_log, at)

    write(out / "artifact.txt", artifact)
    write_json(out / "artifact.sigstore.json", bundle(artifact, signature, leaf, entry))
    write_json(out / "trusted_root.json", trusted_root(root, certificate_log, transparency_log, at))
    write_json(out / "signing_config.v0.2.json", signing_config(at))


def root_certificate(key: ec.EllipticCurvePrivateKey, at: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "example.org")])
    key_usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def signing_certificate(
    key: ec.EllipticCurvePublicKey,
    root: x509.Certificate,
    authority: ec.EllipticCurvePrivateKey,
    certificate_log: ec.EllipticCurvePrivateKey,
    at: datetime,
) -> x509.Certificate:
    """A certificate for ten minutes, which the certificate log has promised to list (RFC 6962)."""
    key_usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    identifier = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        x509.CertificateBuilder(root.subject, x509.Name([]), key, x509.random_serial_number())
        .not_valid_before(at - timedelta(minutes=1))
        .not_valid_after(at + timedelta(minutes=9))
        .add_extension(key_usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(IDENTITY)]), critical=True)
        .add_extension(x509.UnrecognizedExtension(ISSUER_EXTENSION, ISSUER.encode()), critical=False)
    )
    unlisted = builder.sign(authority, hashes.SHA256()).tbs_certificate_bytes
    milliseconds = int(at.timestamp()) * 1000
    signed = struct.pack("!BBQH", 0, 0, milliseconds, 1) + hashlib.sha256(spki(authority)).digest()
    signed += len(unlisted).to_bytes(3, "big") + unlisted + struct.pack("!H", 0)
    signature = certificate_log.sign(signed, ec.ECDSA(hashes.SHA256()))
    timestamp = struct.pack("!B32sQH", 0, log_id(certificate_log), milliseconds, 0)
    timestamp += struct.pack("!BBH", 4, 3, len(signature)) + signature
    timestamps = struct.pack("!HH", len(timestamp) + 2, len(timestamp)) + timestamp
    # A DER OCTET STRING shorter than 256 bytes.
    octets = bytes([0x04] + ([0x81] if len(timestamps) > 127 else []) + [len(timestamps)]) + timestamps
    return builder.add_extension(x509.UnrecognizedExtension(SCT_LIST, octets), critical=False).sign(
        authority, hashes.SHA256()
    )


def log_entry(
    artifact: bytes,
    signature: bytes,
    leaf: x509.Certificate,
    transparency_log: ec.EllipticCurvePrivateKey,
    at: datetime,
) -> dict:
    """The first and only entry of a log of Rekor's first kind: a hashedrekord."""
    certificate = leaf.public_bytes(serialization.Encoding.PEM)
    spec = {
        "data": {"hash": {"algorithm": "sha256", "value": hashlib.sha256(artifact).hexdigest()}},
        "signature": {"content": text(signature), "publicKey": {"content": text(certificate)}},
    }
    body = canonical({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": spec})
    head = hashlib.sha256(b"\x00" + body).digest()
    note = f"{LOG} - 1\n1\n{text(head)}\n"
    sign = lambda message: transparency_log.sign(message, ec.ECDSA(hashes.SHA256()))
    checkpoint = f"{note}\n\u2014 {LOG} {text(log_id(transparency_log)[:4] + sign(note.encode()))}\n"
    seconds = int(at.timestamp())
    promised = {
        "body": text(body),
        "integratedTime": seconds,
        "logID": log_id(transparency_log).hex(),
        "logIndex": 0,
    }
    return {
        "logIndex": "0",
        "logId": {"keyId": text(log_id(transparency_log))},
        "kindVersion": {"kind": "hashedrekord", "version": "0.0.1"},
        "integratedTime": str(seconds),
        "inclusionPromise": {"signedEntryTimestamp": text(sign(canonical(promised)))},
        "inclusionProof": {
            "logIndex": "0",
            "rootHash": text(head),
            "treeSize": "1",
            "hashes": [],
            "checkpoint": {"envelope": checkpoint},
        },
        "canonicalizedBody": text(body),
    }


def bundle(artifact: bytes, signature: bytes, leaf: x509.Certificate, entry: dict) -> dict:
    certificate = leaf.public_bytes(serialization.Encoding.DER)
    digest = {"algorithm": "SHA2_256", "digest": text(hashlib.sha256(artifact).digest())}
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"certificate": {"rawBytes": text(certificate)}, "tlogEntries": [entry]},
        "messageSignature": {"messageDigest": digest, "signature": text(signature)},
    }


def trusted_root(
    root: x509.Certificate,
    certificate_log: ec.EllipticCurvePrivateKey,
    transparency_log: ec.EllipticCurvePrivateKey,
    at: datetime,
) -> dict:
    window = {"start": instant(at - timedelta(days=1))}

    def log(url: str, key: ec.EllipticCurvePrivateKey) -> dict:
        return {
            "baseUrl": url,
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": text(spki(key)),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": window,
            },
            "logId": {"keyId": text(log_id(key))},
        }

    certificate = root.public_bytes(serialization.Encoding.DER)
    return {
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [log(f"https://{LOG}", transparency_log)],
        "certificateAuthorities": [
            {
                "subject": {"organization": "example.org", "commonName": ""},
                "uri": "https://ca.example.org",
                "certChain": {"certificates": [{"rawBytes": text(certificate)}]},
                "validFor": window,
            }
        ],
        "ctlogs": [log("https://ct.example.org", certificate_log)],
        "timestampAuthorities": [],
    }


def signing_config(at: datetime) -> dict:
    def service(url: str) -> dict:
        start = {"start": instant(at - timedelta(days=1))}
        return {"url": url, "majorApiVersion": 1, "validFor": start, "operator": "example.org"}

    return {
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": [service("https://ca.example.org")],
        "oidcUrls": [service(ISSUER)],
        "rekorTlogUrls": [service(f"https://{LOG}")],
        "tsaUrls": [],
        "rekorTlogConfig": {"selector": "ANY"},
        "tsaConfig": {"selector": "ANY"},
    }


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def log_id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(spki(key)).digest()


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def canonical(value: dict) -> bytes:
    """RFC 8785, for values that have nothing but ASCII text and small numbers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def write_json(path: Path, value: dict) -> None:
    write(path, json.dumps(value, indent=1).encode())


if __name__ == "__main__":
    main()
