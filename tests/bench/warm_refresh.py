"""The whole process of a refresh in which nothing has changed, against a server on this machine."""

import subprocess
from datetime import datetime, timezone
from pathlib import Path

from common import PEERS, PROGRAMS, ROOT, Row, peers, run, serving, take_turns


def measure(scratch: Path, runs: int) -> list:
    repository = scratch / "repository"
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    python = PEERS / "python" / "bin" / "python"
    make = [python, ROOT / "tests" / "peers" / "python" / "make_repository.py", repository, "--at", now]
    # tough can read neither of these.
    subprocess.run([*make, "--leave-out", "bins", "--leave-out", "strays"], check=True, stdout=subprocess.DEVNULL)
    root = repository / "metadata" / "1.root.json"
    with serving(repository, scratch) as server:
        tuf = [PROGRAMS / "rootline", "tuf", "--metadata-dir", scratch / "rootline"]
        subprocess.run([*tuf, "init", root], check=True)
        commands = {"rootline": [*tuf, "--metadata-url", server.url, "refresh"], **peers(root, server.url, scratch)}
        for command in commands.values():
            run(command)
        return [Row("warm refresh", "ms", take_turns(commands, runs))]
