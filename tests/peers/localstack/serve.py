"""Runs LocalStack's KMS on a port of this machine, until standard input ends: then whoever started it is gone, however that came about.

usage: serve.py PORT
"""

import os
import runpy
import shutil
import sys
import tempfile
import threading

port = sys.argv[1]
folder = tempfile.mkdtemp(prefix="rootline-localstack-")
os.environ.update(
    SERVICES="kms",
    GATEWAY_LISTEN=f"127.0.0.1:{port}",
    SKIP_SSL_CERT_DOWNLOAD="1",
    DISABLE_EVENTS="1",
    DNS_ADDRESS="0",
    # Its files go to that folder, also where it would take this machine for a container of its own.
    OVERRIDE_IN_DOCKER="0",
    FILESYSTEM_ROOT=folder,
    HOME=folder,
)


def end_with_parent():
    sys.stdin.buffer.read()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
sys.argv = ["localstack"]
runpy.run_module("localstack.runtime.main", run_name="__main__")
