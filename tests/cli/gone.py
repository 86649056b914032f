#!/usr/bin/env python3
"""gone.py HOW CONFIG: the portal on a terminal of which HOW is true; says what is wrong with how it ends."""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

PATIENCE_S = 60
how, config = sys.argv[1:3]


def start():
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(os.environ["PORTHOLE"], ["porthole", "--config", config])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    return pid, fd


def read_until(fd, text):
    seen = b""
    while text not in seen:
        if not select.select([fd], [], [], PATIENCE_S)[0]:
            sys.exit(f"{text} never came")
        seen += os.read(fd, 65536)


def read_for(fd, seconds):
    seen = b""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if select.select([fd], [], [], left)[0]:
            seen += os.read(fd, 65536)
    return seen


def read_to_end(pid, fd):
    seen = b""
    while True:
        try:
            data = os.read(fd, 65536)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        seen += data
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen


def end(pid, statuses):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            if code not in statuses:
                sys.exit(f"it ended with {code}")
            return
        select.select([], [], [], 0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    sys.exit(f"it did not end within {PATIENCE_S} s")


if how == "new":  # it is asked to end at any moment of its start: it gives the terminal back, if it had it
    for moment in range(30):
        pid, fd = start()
        seen = read_for(fd, moment / 60)
        os.kill(pid, signal.SIGTERM)
        code, rest = read_to_end(pid, fd)
        if code not in (-signal.SIGTERM, 128 + signal.SIGTERM):
            sys.exit(f"asked after {moment} / 60 s it ended with {code}: {rest[-300:]}")
        if (seen + rest).count(b"\033[?1049h") != (seen + rest).count(b"\033[?1049l"):
            sys.exit(f"asked after {moment} / 60 s it kept the terminal")
    sys.exit(0)

pid, fd = start()
read_until(fd, b"keys")
if how == "unread":  # it goes to and fro until the terminal is full; then nobody reads, and it must end all the same
    for _ in range(60):
        os.write(fd, b"?\x0c")
        select.select([], [], [], 0.02)
        os.write(fd, b"q\x0c")
        select.select([], [], [], 0.02)
    os.kill(pid, signal.SIGTERM)
    end(pid, [128 + signal.SIGTERM])
elif how == "closed":
    os.close(fd)
    end(pid, [128 + signal.SIGHUP])
elif how == "hung-up":
    os.kill(pid, signal.SIGHUP)
    end(pid, [128 + signal.SIGHUP])
