"""Runs moto's S3 on a port of this machine, until standard input ends: then the program that started it is gone, however that came about.

usage: serve.py PORT
"""

import os
import sys
import threading

from moto.server import main


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
