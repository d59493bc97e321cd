#!/usr/bin/env python3
"""Lets python-tuf read a repository.

Command line and answer are those of every driver in tests/peers, see README.md there.
"""

import argparse
import hashlib
import json
import os
import sys
from datetime import datetime, timezone
from pathlib import Path

from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.ngclient import Updater


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--at")
    parser.add_argument("--cache", required=True, type=Path)
    parser.add_argument("--target", action="append", default=[])
    request = parser.parse_args()
    if request.at:
        hold_the_clock(request.at)

    try:
        answer = read(request)
    except (RepositoryError, DownloadError, ValueError) as refusal:
        print(f"{type(refusal).__name__}: {refusal}", file=sys.stderr)
        return 1
    print(json.dumps(answer))
    return 0


def read(request: argparse.Namespace) -> dict:
    metadata = request.cache / "metadata"
    targets = request.cache / "targets"
    for folder in (metadata, targets):
        folder.mkdir(parents=True, exist_ok=True)
    base = request.url.rstrip("/")
    updater = Updater(
        metadata_dir=str(metadata),
        metadata_base_url=f"{base}/",
        target_dir=str(targets),
        target_base_url=f"{base}/targets/",
        bootstrap=request.root.read_bytes(),
    )
    updater.refresh()

    files = {}
    for name in request.target:
        info = updater.get_targetinfo(name)
        if info is None:
            raise RepositoryError(f"not found: {name}")
        path = updater.find_cached_target(info) or updater.download_target(info)
        files[name] = hashlib.sha256(Path(path).read_bytes()).hexdigest()

    # The library does not say which versions it trusts; it keeps exactly those in its cache.
    versions = {
        role: json.loads((metadata / f"{role}.json").read_bytes())["signed"]["version"]
        for role in ("root", "timestamp", "snapshot", "targets")
    }
    return {**versions, "files": files}


def hold_the_clock(at: str) -> None:
    """Starts this program again with the clock standing still, as python-tuf takes no time from its caller.

    Only the wall clock is replaced: a monotonic clock that stands still would never let a time-out end.
    """
    if os.environ.get("ROOTLINE_PEER_CLOCK"):
        return
    instant = datetime.fromisoformat(at).astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    held = {"ROOTLINE_PEER_CLOCK": "1", "TZ": "UTC", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    again = ["faketime", "-f", instant, sys.executable, *sys.argv]
    os.execvpe("faketime", again, {**os.environ, **held})


if __name__ == "__main__":
    sys.exit(main())
