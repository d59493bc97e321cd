#!/usr/bin/env python3
"""Lets sigstore-python judge trust roots and signing configs.

Command line and answer are those of every driver of tests/peers/verify, see README.md there.
"""

import argparse
import json
import sys
from pathlib import Path

from sigstore.models import Bundle, SigningConfig, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trusted-root", action="append", default=[])
    parser.add_argument("--signing-config", action="append", default=[])
    parser.add_argument("--bundle", action="append", default=[])
    parser.add_argument("--artifact", type=Path)
    parser.add_argument("--identity")
    parser.add_argument("--issuer")
    request = parser.parse_args()

    all_accepted = True
    judgements = [
        (document, lambda document=document, bundle=bundle: accept(document, bundle, request))
        for document, bundle in zip(request.trusted_root, request.bundle, strict=True)
    ]
    judgements += [(document, lambda document=document: select(document)) for document in request.signing_config]
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


def accept(trusted_root: str, bundle: str, request: argparse.Namespace) -> dict:
    verifier = Verifier(trusted_root=TrustedRoot.from_file(trusted_root))
    bundle = Bundle.from_json(Path(bundle).read_bytes())
    policy = Identity(identity=request.identity, issuer=request.issuer)
    verifier.verify_artifact(request.artifact.read_bytes(), bundle, policy)
    return {}


def select(signing_config: str) -> dict:
    config = SigningConfig.from_file(signing_config)
    # The addresses of logs have the path of their interface in them.
    logs = [log.url.partition("/api/v")[0] for log in config.get_tlogs()]
    return {"selected": [config.get_fulcio().url, *logs, *(tsa.url for tsa in config.get_tsas())]}


if __name__ == "__main__":
    sys.exit(main())
