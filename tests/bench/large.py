"""A hundred thousand targets, in one role or in 16 384 hash bins: a client that fetches one of them, from nothing, again, and again
after a new version of everything but the bins was published.

`no checks` is a program that reads the same files, hashes each once and parses each once.
"""

import shutil
import subprocess
from pathlib import Path

from common import PROGRAMS, Row, peak_memory, peers, serving, take_turns

TARGET = "package-000042.tar.gz"

# sigstore-tuf and tough cannot read succinct bins, and tough fetches every one of the listed bins.
REPOSITORIES = [
    ("one-role", "100 000 targets", ["sigstore-tuf", "tough", "python-tuf"]),
    ("succinct-bins", "16 384 bins", ["python-tuf"]),
    ("listed-bins", "16 384 listed bins", ["sigstore-tuf", "python-tuf"]),
]


def measure(scratch: Path, runs: int) -> list:
    rows = []
    for listing, name, able in REPOSITORIES:
        folder = scratch / listing
        folder.mkdir()
        make = PROGRAMS / "make-large-repository"
        subprocess.run([make, folder / "repository", listing], check=True)
        subprocess.run([make, folder / "new version", listing, "new-version"], check=True)
        rows += measure_one(folder, name, able, max(3, runs // 8))
        shutil.rmtree(folder)
    return rows


def measure_one(folder: Path, name: str, able: list, runs: int) -> list:
    metadata = folder / "repository" / "metadata"
    root = metadata / "1.root.json"
    with serving(folder / "repository", folder) as server:
        others = peers(root, server.url, folder, "--target", TARGET)
        commands = {"rootline": rootline(folder, server.url), **{peer: others[peer] for peer in able}}

        def forget(client: str) -> None:
            shutil.rmtree(folder / client, ignore_errors=True)
            if client == "rootline":
                tuf = [PROGRAMS / "rootline", "tuf", "--metadata-dir", folder / client / "metadata"]
                subprocess.run([*tuf, "init", root], check=True)

        def keep(_: str) -> None:
            pass

        def go_back(client: str) -> None:
            shutil.rmtree(folder / client)
            shutil.copytree(folder / "before" / client, folder / client)

        rows = []
        for when, before in (("first", forget), ("again", keep), ("new version", go_back)):
            if before is go_back:
                for client in commands:
                    shutil.copytree(folder / client, folder / "before" / client)
                shutil.copytree(folder / "new version", folder / "repository", dirs_exist_ok=True)
            times = take_turns(commands, runs, before)
            memory, requests = {}, {}
            for client, command in commands.items():
                before(client)
                server.take_requests()
                memory[client] = peak_memory(command)
                requests[client] = len(server.take_requests())
            read = [PROGRAMS / "parse-and-hash", *needed(metadata, folder / "rootline" / "metadata")]
            times |= take_turns({"no checks": read}, runs)
            memory["no checks"] = peak_memory(read)
            rows += [
                Row(f"{name}, {when}", "ms", times),
                Row(f"{name}, {when}", "MiB", memory),
                Row(f"{name}, {when}", "requests", requests),
            ]
        return rows


def rootline(folder: Path, url: str) -> list:
    command = [PROGRAMS / "rootline", "tuf", "--metadata-dir", folder / "rootline" / "metadata", "--metadata-url", url]
    command += ["--target-base-url", f"{url}/targets", "--target-dir", folder / "rootline" / "targets"]
    # Beyond the usual limits, as these files are.
    command += ["--max-targets-bytes", "20000000", "--max-snapshot-bytes", "5000000"]
    return [*command, "--target-name", TARGET, "download"]


def needed(metadata: Path, copy: Path) -> list:
    """The files that a client reads for that target, as our own client keeps them: snapshot, targets, and the bin if there is one."""
    kept = [copy / "snapshot.json", copy / "targets.json", *copy.glob("bin-*.json")]
    assert all(file.exists() for file in kept), metadata
    return kept
