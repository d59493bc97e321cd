#!/usr/bin/env python3
"""Serves a repository folder the way the drivers want it: metadata at the top, targets below `targets/`.

    serve.py REPOSITORY [--port N]

REPOSITORY has `metadata/` and `targets/`. Listens on 127.0.0.1 only, prints the address on the first line once it
does, and serves until it is ended. Whatever is in the folder at the moment of a request is served, so a test may
change the repository under a client.
"""

import argparse
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


class Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept open, as they are by any real server

    def translate_path(self, path: str) -> str:
        folder = "" if path.startswith("/targets/") else "/metadata"
        return super().translate_path(folder + path)

    def log_message(self, *_: object) -> None:
        pass


parser = argparse.ArgumentParser()
parser.add_argument("repository")
parser.add_argument("--port", type=int, default=0)
asked = parser.parse_args()
server = ThreadingHTTPServer(("127.0.0.1", asked.port), partial(Handler, directory=asked.repository))
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
