#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""keys.py TEXT KEYS [TEXT KEYS]… -- COMMAND…: runs COMMAND on a terminal of 120 by 40. As soon as TEXT is
on the screen it gets KEYS. Its status is ours; 99 where a text did not come, and what came instead is printed."""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

WAIT_S, LOOK_S = 60, 0.3
at = sys.argv.index("--")
pairs, command = sys.argv[1:at], sys.argv[at + 1:]
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    os.execvp(command[0], command)


def read():
    """What comes next; empty where nothing will."""
    try:
        return os.read(fd, 65536)
    except OSError:  # the other end is closed
        return b""


def wait_for(text):
    """A screen is sent by what differs from the one before, so the whole of it is asked for (^L) until TEXT is there."""
    said, end = b"", time.monotonic() + WAIT_S
    while text not in said:
        if time.monotonic() > end:
            sys.stdout.buffer.write(b"no '" + text + b"' in:\n" + said[-4000:])
            os.kill(pid, signal.SIGKILL)
            sys.exit(99)
        if not select.select([fd], [], [], LOOK_S)[0]:
            os.write(fd, b"\x0c")
            continue
        piece = read()
        if not piece:
            sys.exit(99)
        said += piece


for text, keys in zip(pairs[::2], pairs[1::2]):
    wait_for(text.encode())
    os.write(fd, keys.encode())
while read():
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
