"""What the benchmarks share: where programs and clients are, a server, and how a process is measured."""

import os
import shutil
import statistics
import subprocess
import tarfile
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PEERS = Path(os.environ.get("ROOTLINE_PEERS", ROOT / "target" / "peers"))
PROGRAMS = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
BESIDE = ROOT.parent / "shared" / "real"
# As the tests look for it (tests/src/real_data.rs).
REAL = Path(os.environ.get("ROOTLINE_REAL_DATA", BESIDE if BESIDE.is_dir() else ROOT / "target" / "real-data"))
# An instant at which the real repository is good.
AT = "2026-08-22T00:00:00Z"

CLIENTS = ["rootline", "sigstore-tuf", "tough", "python-tuf", "no checks"]


class Row:
    """One line of the table: a figure of one benchmark, for each client that can do it."""

    def __init__(self, benchmark: str, unit: str, figures: dict) -> None:
        self.benchmark, self.unit, self.figures = benchmark, unit, figures


def real_repository(scratch: Path) -> Path | None:
    """Sigstore's repository, unless it is not there."""
    if (REAL / "sigstore-prod").is_dir():
        return REAL / "sigstore-prod"
    archive = REAL / "sigstore-prod.tar"
    if not archive.exists():
        print("what needs Sigstore's repository is left out: run tests/real-data")
        return None
    with tarfile.open(archive) as opened:
        opened.extractall(scratch, filter="data")
    return scratch / "sigstore-prod"


class Server:
    """A server on this machine, and what it was asked for."""

    def __init__(self, url: str, log: Path) -> None:
        self.url, self.log = url, log

    def take_requests(self) -> list:
        """What was asked for since this was last called."""
        requests = self.log.read_text().splitlines()
        self.log.write_text("")
        return requests


@contextmanager
def serving(repository: Path, scratch: Path, round_trip: float = 0):
    log = scratch / "requests"
    log.write_text("")
    command = [ROOT / "tests" / "peers" / "python" / "serve.py", repository, "--log", log, "--round-trip", str(round_trip)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield Server(process.stdout.readline().strip(), log)
        finally:
            process.terminate()


def peers(root: Path, url: str, caches: Path, *more) -> dict:
    """The command lines of the other clients for a repository, each with a cache of its own."""
    drivers = {
        "sigstore-tuf": [PEERS / "rust" / "release" / "read-sigstore-tuf"],
        "tough": [PEERS / "rust" / "release" / "read-tough"],
        "python-tuf": [PEERS / "python" / "bin" / "python", ROOT / "tests" / "peers" / "python" / "read.py"],
    }
    common = ["--root", root, "--url", url, *more]
    return {name: [*driver, *common, "--cache", caches / name] for name, driver in drivers.items()}


def run(command: list) -> float:
    """Milliseconds of the whole process, which has to succeed."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - start) * 1e3


def take_turns(commands: dict, runs: int, before=lambda name: None) -> dict:
    """Medians of whole processes in milliseconds. `before` is called for each run, outside of its time."""
    times = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            before(name)
            times[name].append(run(command))
    return {name: statistics.median(taken) for name, taken in times.items()}


def peak_memory(command: list) -> float | None:
    """The most memory that the process held, in MiB, as GNU time tells it; none where that is missing."""
    gnu_time = shutil.which("time")
    if gnu_time is None:
        return None
    # Not by our own accounting: a process begins with the memory of the one that starts it.
    told = subprocess.run([gnu_time, "-f", "%M", *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return int(told.stderr.split()[-1]) / 1024
