#!/usr/bin/env python3
"""Sigstore's real repository from 50 ms away: whole processes beside python-tuf and the crate `sigstore-tuf`.

  nothing new    a refresh in which nothing has changed
  bootstrap      from a pinned root to trusted_root.json: rootline from root 1, the others from root 5, since neither can
                 read those before

The server makes every answer take one round trip, so times divided by it are round trips that were waited for.

usage: tests/bench/round_trips.py      (programs and peers have to be built: tests/bench/compare does that)
"""

import os
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = Path(os.environ.get("ROOTLINE_PEERS", ROOT / "target" / "peers"))
PROGRAMS = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
REAL = ROOT.parent / "shared" / "real" / "sigstore-prod.tar"
AT = "2026-08-22T00:00:00Z"
ROUND_TRIP = 50  # milliseconds


def main() -> None:
    if not REAL.exists():
        sys.exit(f"there is no {REAL.name} to measure with")
    with tempfile.TemporaryDirectory() as scratch:
        table = measure(Path(scratch))
    print(f"{'':12}{'rootline':>20}{'python-tuf':>20}{'sigstore-tuf':>20}{'ratio':>8}   milliseconds (round trips)")
    for name, ours, python, crate in table:
        cells = "".join(f"{f'{taken:.0f} ({taken / ROUND_TRIP:.1f})':>20}" for taken in (ours, python, crate))
        print(f"{name:12}{cells}{ours / min(python, crate):8.2f}")


def measure(scratch: Path) -> list:
    with tarfile.open(REAL) as archive:
        archive.extractall(scratch, filter="data")
    repository = scratch / "sigstore-prod"
    serve = [ROOT / "tests" / "peers" / "python" / "serve.py", repository, "--round-trip", str(ROUND_TRIP)]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            url = server.stdout.readline().strip()
            clients = [rootline(scratch, repository, url), python_tuf(scratch, repository, url)]
            clients.append(sigstore_tuf(scratch, repository, url))
            # The first run of each fills its cache; the others find nothing new.
            bootstrap = [taken(command) for command in clients]
            warm = [min(taken(command) for _ in range(5)) for command in clients]
            return [("nothing new", *warm), ("bootstrap", *bootstrap)]
        finally:
            server.terminate()


def rootline(scratch: Path, repository: Path, url: str) -> list:
    root = repository / "metadata" / "1.root.json"
    return [PROGRAMS / "rootline", "update", "--url", url, "--root", root, "--at", AT, "--cache", scratch / "rootline"]


def python_tuf(scratch: Path, repository: Path, url: str) -> list:
    read = [PEERS / "python" / "bin" / "python", ROOT / "tests" / "peers" / "python" / "read.py"]
    root = repository / "metadata" / "5.root.json"
    return [*read, "--root", root, "--url", url, "--at", AT, "--cache", scratch / "python-tuf", "--target", "trusted_root.json"]


def sigstore_tuf(scratch: Path, repository: Path, url: str) -> list:
    root = repository / "metadata" / "5.root.json"
    read = [PEERS / "rust" / "release" / "read-sigstore-tuf", "--root", root, "--url", url, "--at", AT]
    return [*read, "--cache", scratch / "sigstore-tuf", "--target", "trusted_root.json"]


def taken(command: list) -> float:
    """Milliseconds of the whole process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - start) * 1e3


if __name__ == "__main__":
    main()
