#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs two programs by turns under a terminal of 120×40 and compares what they cost.

    drive.py TIMES IDLE_SECONDS FLOOR-COMMAND… -- COMMAND…

A program tells through the descriptor in PORTHOLE_BARRIER_FD that a paint is settled. Measured are the CPU
time of the whole process (it is ended by the key Q right after its first paint), the bytes of the first
paint, of a row's move (key j), and what an idle program sends."""
import fcntl
import os
import pty
import select
import statistics
import struct
import sys
import termios


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
                    until_barrier, seconds = False, 0
            else:
                if until_barrier:
                    sys.exit(f"no paint within {seconds} s")
                return sent

    def press(self, key):
        os.write(self.tty, key)

    def end(self):
        """Presses Q; the CPU milliseconds of the process."""
        self.press(b"Q")
        self.read(5, False)
        _, status, usage = os.wait4(self.pid, 0)
        os.close(self.tty)
        os.close(self.barrier)
        if status:
            sys.exit(f"ended with status {status}")
        return (usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss


def run_once(command):
    program = Program(command)
    first = program.read(10, True)
    cpu, rss = program.end()
    return cpu, first, rss


def look_closer(command, idle_seconds):
    program = Program(command)
    program.read(10, True)
    program.press(b"j")
    move = program.read(10, True)
    idle = program.read(idle_seconds, False)
    program.end()
    return move, idle


def main():
    times, idle_seconds = int(sys.argv[1]), float(sys.argv[2])
    rest = sys.argv[3:]
    commands = {"floor": rest[: rest.index("--")], "porthole": rest[rest.index("--") + 1 :]}
    results = {name: [] for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            results[name].append(run_once(command))
    print(f"{'':10}{'cpu ms':>10}{'(min)':>8}{'paint B':>10}{'move B':>8}{'idle B':>8}{'rss kB':>9}")
    for name, command in commands.items():
        cpu, first, rss = zip(*results[name])
        move, idle = look_closer(command, idle_seconds)
        print(f"{name:10}{statistics.median(cpu):10.2f}{min(cpu):8.2f}{statistics.median(first):10.0f}{move:8}{idle:8}{max(rss):9}")
        results[name] = statistics.median(cpu), idle
    ratio = results["porthole"][0] / results["floor"][0]
    print(f"ratio of the medians of CPU: {ratio:.2f} (bar: 2.0); idle bytes in {idle_seconds:g} s: {results['porthole'][1]} (bar: 0)")
    sys.exit(ratio > 2.0 or results["porthole"][1] > 0)


main()
