#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs two programs by turns under a terminal of 120×40 and compares what they cost.

    drive.py TIMES IDLE_SECONDS FLOOR-COMMAND… -- COMMAND…

A program tells through the descriptor in PORTHOLE_BARRIER_FD that a paint is settled. Measured are the CPU
time of the whole process (it is ended by the key Q right after its first paint), the time from fork to that
paint, the bytes of it, of a row's move (key j), and what an idle program sends; the latter two not where
IDLE_SECONDS is 0. MOST_OF_FLOOR is another bar for the CPU."""
import fcntl
import os
import pty
import select
import statistics
import struct
import sys
import termios
import time


class Program:
    def __init__(self, command):
        barrier, told = os.pipe()
        os.set_inheritable(told, True)
        self.pid, self.tty = pty.fork()
        if self.pid == 0:
            os.close(barrier)
            os.environ.update(PORTHOLE_BARRIER_FD=str(told), TERM="xterm-256color", LC_ALL="C.UTF-8")
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
            os.execv(command[0], command)
        os.close(told)
        self.barrier = barrier
        self.settled = 0.0  # when it last told so

    def read(self, seconds, until_barrier):
        """The bytes that come until the barrier (and what is left behind it), or for so long."""
        sent = 0
        watched = [self.tty, self.barrier]
        while True:
            ready, _, _ = select.select(watched, [], [], seconds)
            if self.tty in ready:
                try:
                    got = len(os.read(self.tty, 65536))
                except OSError:
                    got = 0
                if not got:
                    return sent
                sent += got
            elif self.barrier in ready:
                if not os.read(self.barrier, 4096):
                    watched.remove(self.barrier)
                elif until_barrier:
                    self.settled = time.monotonic()
                    until_barrier, seconds = False, 0
            else:
                if until_barrier:
                    sys.exit(f"no paint within {seconds} s")
                return sent

    def press(self, key):
        os.write(self.tty, key)

    def resident(self):
        """The most that it held at once, in kB; of wait4 it would be no less than what we held when it was forked."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

    def end(self):
        """Presses Q; the CPU milliseconds of the process, and its resident kB before that."""
        rss = self.resident()
        self.press(b"Q")
        self.read(5, False)
        _, status, usage = os.wait4(self.pid, 0)
        os.close(self.tty)
        os.close(self.barrier)
        if status:
            sys.exit(f"ended with status {status}")
        return (usage.ru_utime + usage.ru_stime) * 1000, rss


def run_once(command):
    began = time.monotonic()
    program = Program(command)
    first, settled = program.read(10, True), program.settled
    cpu, _ = program.end()
    return cpu, first, (settled - began) * 1000


QUIET = 0.3  # seconds in which nothing more comes, so that what a key began has ended


def look_closer(command, idle_seconds, way_in):
    """Bytes of the median row's move and of a page, what came in idle time, and the resident kilobytes."""
    program = Program(command)
    program.read(10, True)
    program.press(way_in)
    program.read(QUIET, False)
    moves = []
    for _ in range(20):
        program.press(b"j")
        moves.append(program.read(QUIET, False))
    program.press(b"\x1b[6~")
    page = program.read(QUIET, False)
    idle = program.read(idle_seconds, False)
    _, rss = program.end()
    return statistics.median(moves), page, idle, rss


# What is held against which bar; the floor has no list but its own.
PLACES = {"home": b"", "runs": b":runs\r"}
MOST_OF_FLOOR = float(os.environ.get("MOST_OF_FLOOR", "2"))
BARS = {"CPU / the floor's": MOST_OF_FLOOR, "opens in ms": 50, "paint B": 8192, "move B": 150, "page B": 4096, "idle B": 0, "rss kB": 16384}


def main():
    times, idle_seconds = int(sys.argv[1]), float(sys.argv[2])
    rest = sys.argv[3:]
    commands = {"floor": rest[: rest.index("--")], "porthole": rest[rest.index("--") + 1 :]}
    results = {name: [] for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            results[name].append(run_once(command))
    figures = {}
    for name in commands:
        cpu, first, opened = zip(*results[name])
        # the least, by the clock: what others do on the machine only adds to it
        figures[name] = {"cpu ms": statistics.median(cpu), "paint B": statistics.median(first), "ms": min(opened)}
        print(f"{name:14} {figures[name]['cpu ms']:.2f} ms (least {min(cpu):.2f}), first paint {figures[name]['paint B']:.0f} B")
    over = 0

    def hold(what, key, value):
        nonlocal over
        is_over = value > BARS[key]
        over += is_over
        print(f"{'MISS' if is_over else 'PASS'}  {what + ': ' + key:36} {value:12.2f}   bar at most {BARS[key]:g}")

    hold("first list", "CPU / the floor's", figures["porthole"]["cpu ms"] / figures["floor"]["cpu ms"])
    hold("home", "opens in ms", figures["porthole"]["ms"])
    hold("first list", "paint B", figures["porthole"]["paint B"])
    for place, keys in PLACES.items() if idle_seconds else ():
        for key, value in zip(("move B", "page B", "idle B", "rss kB"), look_closer(commands["porthole"], idle_seconds, keys)):
            hold(place, key, value)
    sys.exit(over > 0)


main()
