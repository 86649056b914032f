#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""monkey.py SEED SECONDS END CONFIG ERR: seeded random keys, pastes, sizes and stops into a portal on a terminal.

Ends it by END (Q, TERM, HUP, or close: the terminal goes). Says what went wrong, else nothing.
"""
import fcntl
import os
import pty
import random
import select
import signal
import struct
import sys
import termios
import time

KEYS = (
    "\r e E l q \x1b - P R / : f w u j k \x1b[A \x1b[B \x1b[C \x1b[D \x1b[H \x1b[F \x1b[5~ \x1b[6~ g G \x04 \x15 \t \x1b[Z n N . t s y o"
    " ? \x1bOP \x0c \x1a \x7f z 5 \x00 é \x1b[<0;1;1M \x1b[ \x1b]"
    " m Y ~ v d h x p L J - C \x0e \x10 \x17 \x01 \x05 \x1b[<0;9;4M \x1b[<0;9;4m \x1b[<64;5;5M \x1b[<65;5;5M \x1b[<32;400;300M"
    " \x1b[<0;0;0M \x1b[<99999999999;1;1M \x1b[M\xff\xff\xff \x1b[I \x1b[O \x1b[200~ \x1b[201~ \x1b[1;5A \x1b[?1;2c"
).split(" ") + [" "]
WORDS = (
    "runs;runs state:failed;pipelines;sources;steps;problems;recsys;state:failed;since:24h;-x;\";follow;wrap;unfold;sort;log;"
    "refresh;copy;problem:1;a/b/c/d:1@2;http://x/;%;hidden;suspend;help;next-cause;models;checks;alerts;audit;projects;"
    "curves;columns;changes;everything;search e;connect;save x;forget x;x;(a+)+$;\\;[;metrics.\"a b\">1;theme mono;evidence;csv"
).split(";")
STATUS = {"Q": 0, "TERM": 128 + signal.SIGTERM, "HUP": 128 + signal.SIGHUP, "close": 128 + signal.SIGHUP}


class Portal:
    def __init__(self, config, err):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.dup2(os.open(err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
            os.execv(os.environ["PORTHOLE"], ["porthole", "--config", config])
        self.resize(110, 34)

    def resize(self, width, height):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read(self, wait):
        while self.fd >= 0 and select.select([self.fd], [], [], wait)[0]:
            try:
                if not os.read(self.fd, 65536):
                    return
            except OSError:
                return
            wait = 0

    def send(self, text):
        data = text.encode()
        while data:
            n = os.write(self.fd, data[:512])
            data = data[n:]
            self.read(0)

    def ended(self):
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return None
        code = os.waitstatus_to_exitcode(status)
        return 128 - code if code < 0 else code


def act(portal, rnd):
    what = rnd.random()
    if what < 0.7:
        portal.send(rnd.choice(KEYS))
    elif what < 0.84:
        portal.send(rnd.choice(":/") + rnd.choice(WORDS) + rnd.choice(["", "\r", "\r", "\rj\r"]))
    elif what < 0.87:
        text = "".join(rnd.choice("ab\n\t\x01:/é\x1b") for _ in range(rnd.choice([1, 30, 5000])))
        portal.send("\x1b[200~" + text + "\x1b[201~")
    elif what < 0.93:
        portal.resize(rnd.randint(1, rnd.choice([8, 100, 500])), rnd.randint(1, rnd.choice([4, 40, 200])))
    elif what < 0.95:
        for _ in range(50):
            os.kill(portal.pid, rnd.choice([signal.SIGWINCH, signal.SIGWINCH, signal.SIGPIPE, signal.SIGCONT]))
    elif what < 0.97:
        os.kill(portal.pid, signal.SIGTSTP)
    else:
        time.sleep(rnd.random() * 0.2)  # nobody reads meanwhile
    os.kill(portal.pid, signal.SIGCONT)
    if rnd.random() < 0.3:
        portal.read(rnd.random() * 0.03)


def end(portal, how):
    portal.read(0.3)
    time.sleep(1.2)  # a sequence that was begun is given up
    for _ in range(8):  # out of whatever is typed, and of the forms around it
        portal.send("\x1b")
        portal.read(0.3)
    if how == "Q":
        portal.send("Q")
    elif how == "close":
        os.close(portal.fd)
        portal.fd = -1
    else:
        os.kill(portal.pid, getattr(signal, "SIG" + how))


def main():
    seed, seconds, how, config, err = int(sys.argv[1]), float(sys.argv[2]), *sys.argv[3:]
    rnd = random.Random(seed)
    portal = Portal(config, err)
    portal.read(1)
    until = time.monotonic() + seconds
    steps = 0
    while time.monotonic() < until:
        act(portal, rnd)
        steps += 1
        status = portal.ended()
        if status is not None:
            sys.exit(f"seed {seed}: it ended after {steps} steps with {status}")
    end(portal, how)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        portal.read(0.01)
        time.sleep(0.01)
        status = portal.ended()
        if status == STATUS[how]:
            return
        if status is not None:
            sys.exit(f"seed {seed}: {how} ended it with {status}")
    os.kill(portal.pid, signal.SIGABRT)
    sys.exit(f"seed {seed}: {how} does not end it")


main()
