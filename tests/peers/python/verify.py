#!/usr/bin/env python3
"""Lets sigstore-python judge trust roots and signing configs, given as files or by a repository.

Command line and answer are those of every driver of tests/peers/verify, see README.md there.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from sigstore.models import Bundle, ClientTrustConfig, SigningConfig, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trusted-root", action="append", default=[])
    parser.add_argument("--signing-config", action="append", default=[])
    parser.add_argument("--url")
    parser.add_argument("--root", type=Path)
    parser.add_argument("--cache")
    parser.add_argument("--bundle", action="append", default=[])
    parser.add_argument("--artifact", type=Path)
    parser.add_argument("--identity")
    parser.add_argument("--issuer")
    request = parser.parse_args()

    all_accepted = True
    judgements = by_repository(request) if request.url else by_files(request)
    for document, judge in judgements:
        answer = {"document": document, "accepted": True}
        # Its users see any exception as a refusal: not all are of its own kinds.
        try:
            answer |= judge()
        except Exception as refusal:
            answer |= {"accepted": False, "reason": f"{type(refusal).__name__}: {refusal}"}
            all_accepted = False
        print(json.dumps(answer))
    return 0 if all_accepted else 1


def by_files(request: argparse.Namespace) -> list:
    def accepted(trusted_root: str, bundle: str) -> dict:
        return accept(TrustedRoot.from_file(trusted_root), bundle, request)

    documents = zip(request.trusted_root, request.bundle, strict=True)
    judgements = [(root, lambda root=root, bundle=bundle: accepted(root, bundle)) for root, bundle in documents]
    configs = request.signing_config
    return judgements + [(config, lambda config=config: select(SigningConfig.from_file(config))) for config in configs]


def by_repository(request: argparse.Namespace) -> list:
    os.environ["XDG_DATA_HOME"] = os.environ["XDG_CACHE_HOME"] = request.cache

    def taken() -> ClientTrustConfig:
        return ClientTrustConfig.from_tuf(request.url, bootstrap_root=request.root)

    judgements = [
        ("trusted_root.json", lambda bundle=bundle: accept(taken().trusted_root, bundle, request))
        for bundle in request.bundle
    ]
    return [*judgements, ("signing_config.v0.2.json", lambda: select(taken().signing_config))]


def accept(trusted_root: TrustedRoot, bundle: str, request: argparse.Namespace) -> dict:
    verifier = Verifier(trusted_root=trusted_root)
    bundle = Bundle.from_json(Path(bundle).read_bytes())
    policy = Identity(identity=request.identity, issuer=request.issuer)
    verifier.verify_artifact(request.artifact.read_bytes(), bundle, policy)
    return {}


def select(config: SigningConfig) -> dict:
    # The addresses of logs have the path of their interface in them.
    logs = [log.url.partition("/api/v")[0] for log in config.get_tlogs()]
    return {"selected": [config.get_fulcio().url, *logs, *(tsa.url for tsa in config.get_tsas())]}


if __name__ == "__main__":
    sys.exit(main())
