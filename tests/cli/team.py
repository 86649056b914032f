#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""team.py CONFIG OTHER: two portals on one catalogue; what mlee does in the first is seen in the second, ana's,
within a second, without a key. Says how long it took."""
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


class Portal:
    def __init__(self, config):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
            os.execv(os.environ["PORTHOLE"], ["porthole", "--config", config])

    def key(self, keys):
        self.seen = b""
        os.write(self.fd, keys.encode())

    def wait(self, words, seconds):
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


def fail(text):
    for portal in portals:
        os.kill(portal.pid, signal.SIGKILL)
    sys.exit(text)


portals = [Portal(config) for config in sys.argv[1:3]]
first, second = portals
for portal in portals:
    portal.wait("need you", 20)
slowest = 0.0
for keys, said, shown in 2 * [("ga", "acknowledged", "taken by mlee"), ("U", "taken back", "nobody has taken it")]:
    second.seen = b""
    first.key(keys)
    first.wait(said, 5)
    slowest = max(slowest, second.wait(shown, 5))
for portal in portals:
    portal.end()
if slowest > 1.0:
    sys.exit(f"seen only after {slowest:.2f} s")
print(f"seen within {slowest:.2f} s")
