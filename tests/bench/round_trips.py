"""Sigstore's real repository from 50 ms away, whole processes.

  nothing new    a refresh in which nothing has changed
  bootstrap      from a pinned root to trusted_root.json: rootline from root 1, the others from root 5, since neither can
                 read those before

The server makes every answer take one round trip, so times divided by it are round trips that were waited for. Local copies
are in memory where the system has a place for that, so that none of it is time that a disk takes.
"""

from pathlib import Path

from common import AT, PROGRAMS, Row, peers, real_repository, run, serving

ROUND_TRIP = 50  # milliseconds


def measure(scratch: Path, _: int) -> list:
    repository = real_repository(scratch)
    if repository is None:
        return []
    roots = repository / "metadata"
    with serving(repository, scratch, ROUND_TRIP) as server:
        others = peers(roots / "5.root.json", server.url, scratch, "--at", AT, "--target", "trusted_root.json")
        update = [PROGRAMS / "rootline", "update", "--url", server.url, "--root", roots / "1.root.json", "--at", AT]
        clients = {
            "rootline": [*update, "--cache", scratch / "rootline"],
            # tough reads none of Sigstore's roots before 12.
            **{name: others[name] for name in ("sigstore-tuf", "python-tuf")},
        }
        # The first run of each fills its cache; the others find nothing new.
        first = {name: run(command) for name, command in clients.items()}
        again = {name: min(run(command) for _ in range(5)) for name, command in clients.items()}
        server.take_requests()
    return [
        row
        for name, times in ((f"nothing new, {ROUND_TRIP} ms away", again), (f"bootstrap, {ROUND_TRIP} ms away", first))
        for row in (Row(name, "ms", times), Row(name, "round trips", {who: ms / ROUND_TRIP for who, ms in times.items()}))
    ]
