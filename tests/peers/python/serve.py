#!/usr/bin/env python3
"""Serves a repository folder the way the drivers want it: metadata at the top, targets below `targets/`.

    serve.py REPOSITORY [--port N] [--round-trip MS] [--log FILE]

REPOSITORY has `metadata/` and `targets/`. Listens on 127.0.0.1 only, prints the address on the first line once it
does, and serves until it is ended. Whatever is in the folder at the moment of a request is served, so a test may
change the repository under a client. With --round-trip every answer takes that long, as it does from far away. With
--log the path of every request is a line in FILE.
"""

import argparse
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


class Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept open, as they are by any real server
    disable_nagle_algorithm = True  # or the body waits for the header's acknowledgement

    def translate_path(self, path: str) -> str:
        folder = "" if path.startswith("/targets/") else "/metadata"
        return super().translate_path(folder + path)

    def do_GET(self) -> None:
        time.sleep(asked.round_trip / 1000)
        if asked.log:
            with open(asked.log, "a") as log:
                log.write(f"{self.path}\n")
        super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # many connections at once are no fault


parser = argparse.ArgumentParser()
parser.add_argument("repository")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--round-trip", type=float, default=0, metavar="MS")
parser.add_argument("--log")
asked = parser.parse_args()
server = Server(("127.0.0.1", asked.port), partial(Handler, directory=asked.repository))
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
