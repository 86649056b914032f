#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Portals on terminals of their own, for tests that look at more than one."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

COLUMNS, LINES = 140, 30
PATIENCE_S, TURNS = 60, 5
portals = []


class Portal:
    def __init__(self, config, *words):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
            os.execv(os.environ["PORTHOLE"], ["porthole", "--config", config, *words])
        portals.append(self)

    def key(self, keys):
        self.seen = b""
        os.write(self.fd, keys.encode())

    def wait(self, words, seconds=PATIENCE_S):
        """The seconds until WORDS came."""
        since = time.monotonic()
        while words.encode() not in re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", self.seen):
            left = since + seconds - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                fail(f"'{words}' not within {seconds} s: {self.seen[-3000:].decode(errors='replace')}")
            self.seen += os.read(self.fd, 65536)
        return time.monotonic() - since

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        while True:
            try:
                if not os.read(self.fd, 65536):
                    break
            except OSError:
                break
        os.waitpid(self.pid, 0)


def check_latency(turn, most_s):
    """TURN() says how long something took. Of some turns the fastest tells what the portals need; what the others need
    more is other work on the machine."""
    took = turn()
    for _ in range(TURNS - 1):
        if took <= most_s:
            break
        took = min(took, turn())
    for portal in portals:
        portal.end()
    if took > most_s:
        sys.exit(f"seen only after {took:.2f} s")
    print(f"seen within {took:.2f} s")


def fail(text):
    for portal in portals:
        os.kill(portal.pid, signal.SIGKILL)
    sys.exit(text)
