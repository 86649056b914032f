#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""newcomer.py CONFIG WORDS PAGE WANT…: opens the portal as somebody does who knows no key, and presses only what the
screen names at that moment: the keys, what goes anywhere, then types WORDS, and what goes there once PAGE is found.
All of WANT (patterns) must stand on the page as it opens. Says how many keys it took, without the words.
"""
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

COLUMNS, LINES, SECONDS = 100, 30, 20


class Portal:
    def __init__(self, config):
        self.keys = 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
            os.execv(os.environ["PORTHOLE"], ["porthole", "--config", config])

    def type(self, text):
        os.write(self.fd, text.encode())

    def screen(self):
        """All of it, drawn anew: what came until the terminal was quiet, without what steers it."""
        self.type("\x0c")
        raw, end = b"", time.monotonic() + 2
        while time.monotonic() < end and select.select([self.fd], [], [], 0.15)[0]:
            raw += os.read(self.fd, 65536)
        text = re.sub(rb"\x1b\[[0-9;]*[Hd]", b"\n", raw)
        return re.sub(rb"\x1b(?:\[[?>]?[0-9;]*[A-Za-z]|[()][AB0]|[=>78])", b"", text).decode(errors="replace")

    def wait(self, pattern):
        """A screen that has PATTERN."""
        end = time.monotonic() + SECONDS
        while True:
            screen = self.screen()
            if re.search(pattern, screen):
                return screen
            if time.monotonic() > end:
                self.end()
                sys.exit(f"the screen never says /{pattern}/:\n{screen}")

    def press(self, key):
        self.keys += 1
        self.type(key)

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def main():
    config, words, page, wanted = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    portal = Portal(config)
    portal.wait(r"\? keys")
    portal.press("?")
    portal.wait(r":\s+go anywhere")
    portal.press(":")
    portal.wait(r"Enter go")
    portal.type(words)
    portal.wait(rf"▌?\s*doc {page}")
    portal.press("\r")
    for want in [rf"docs ▸ {page}", *wanted]:
        portal.wait(want)
    portal.end()
    print(portal.keys)


if __name__ == "__main__":
    main()
