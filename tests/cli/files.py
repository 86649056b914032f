#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""files.py CONFIG KEYS ARG…: the portal with ARGs on a terminal, KEYS typed into it, then left by Q.

Says what is wrong with how it went, else nothing: it shows its footer, ends by itself with 0 (or, where a file that it
cannot do without is bad, at once with 2 or 3), within seconds, and lets no control of a hostile file through.
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

config, keys, args = sys.argv[1], sys.argv[2], sys.argv[3:]
SECONDS = 60
CONTROLS = (b"\x1b]0;", b"\x1b[41m", b"\xc2\x9b", b"\xe2\x80\xae", b"PWNED\x07")

pid, fd = pty.fork()
if pid == 0:
    os.execv(os.environ["PORTHOLE"], ["porthole", "--config", config, *args])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
seen = b""
until = time.monotonic() + SECONDS


def read(wait):
    """What comes within WAIT seconds of silence; False at the end."""
    global seen
    while select.select([fd], [], [], wait)[0]:
        try:
            data = os.read(fd, 65536)
        except OSError:  # the other end is closed
            return False
        if not data:
            return False
        seen += data
        if time.monotonic() > until:
            return True
    return True


while b"keys" not in seen and time.monotonic() < until and read(0.05):
    pass
for key in keys.encode().decode("unicode_escape"):
    os.write(fd, key.encode())
    read(0.05)
os.write(fd, b"Q")
while read(0.2) and time.monotonic() < until:
    pass
if time.monotonic() >= until:
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    sys.exit(f"it did not end within {SECONDS} s")
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
if code not in (0, 2, 3) or (code == 0 and b"keys" not in seen):
    sys.exit(f"it ended with {code}: {seen[-300:]}")
for control in CONTROLS:
    if control in seen:
        sys.exit(f"{control} reached the terminal")
if b"Sanitizer" in seen or b"runtime error" in seen:
    sys.exit(f"a sanitizer complains: {seen[-600:]}")
