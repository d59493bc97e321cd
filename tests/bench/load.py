"""Loading and verifying Sigstore's real trust root from a filled cache, in process, pinned at root 15, without a network."""

import json
import statistics
import subprocess
from pathlib import Path

from common import AT, PEERS, PROGRAMS, Row, real_repository, serving


def measure(scratch: Path, runs: int) -> list:
    repository = real_repository(scratch)
    if repository is None:
        return []
    root = repository / "metadata" / "15.root.json"
    copy = fill(scratch, repository, root)
    commands = {"rootline": [PROGRAMS / "load-trust-root", root, copy, AT, "50"]}
    with serving(repository, scratch) as server:
        peer = [PEERS / "rust" / "release" / "read-sigstore-tuf", "--root", root, "--url", server.url, "--at", AT]
        peer += ["--cache", scratch / "sigstore-tuf"]
        subprocess.run([*peer, "--target", "trusted_root.json"], check=True, stdout=subprocess.DEVNULL)
        commands["sigstore-tuf"] = [*peer, "--offline", "--repeat", "50"]
        times = {name: [] for name in commands}
        for _ in range(max(5, runs // 4)):
            for name, command in commands.items():
                times[name].append(mean_us(command) / 1e3)
    return [Row("load in process", "ms", {name: statistics.median(taken) for name, taken in times.items()})]


def fill(scratch: Path, repository: Path, root: Path) -> Path:
    cache = scratch / "rootline"
    update = [PROGRAMS / "rootline", "update", "--root", root, "--at", AT, "--cache", cache]
    update += ["--url", repository / "metadata", "--targets-url", repository / "targets"]
    subprocess.run(update, check=True, stdout=subprocess.DEVNULL)
    (copy,) = cache.iterdir()
    return copy


def where_the_time_goes(scratch: Path, runs: int) -> str:
    """The parts of a load."""
    repository = real_repository(scratch)
    if repository is None:
        return ""
    root = repository / "metadata" / "15.root.json"
    command = [PROGRAMS / "profile-load", root, fill(scratch, repository, root), AT, str(runs * 25)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def mean_us(command: list) -> float:
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output)["mean_us"]
