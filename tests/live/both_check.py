#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparisons of both.sh. What is wrong goes to standard error, exit 1.

  both_check.py linked SHOW REF…     SHOW, of `show --json`, has these refs in links[]
  both_check.py first N MS MB COPY COMMAND…   COMMAND prints its first N lines within MS ms, and takes under MB
                                     megabytes to print all; COPY has what it prints, for `head` to be compared with
"""
import json
import os
import subprocess
import sys
import time

TIMES = 5  # the best of these: others are at work, too


def fail(text):
    print(f"both_check.py: {text}", file=sys.stderr)
    raise SystemExit(1)


def linked(show, *refs):
    with open(show, encoding="utf-8") as file:
        links = json.load(file)["links"]
    missing = [ref for ref in refs if ref not in links]
    if missing or not refs:
        fail(f"{show}: no {missing} among {links}")


def first_lines(count, command):
    """Milliseconds until COUNT lines are there."""
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        lines = sum(1 for _ in zip(range(count), process.stdout))
        took = (time.monotonic() - began) * 1000
        process.stdout.close()
    if lines < count:
        fail(f"{lines} lines of {command}, not {count}")
    return took


def megabytes(command):
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    if status:
        fail(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_maxrss / 1024


def first(count, most_ms, most_mb, copy, *command):
    ours = min(first_lines(int(count), command) for _ in range(TIMES))
    heads = min(first_lines(int(count), ["head", "-n", count, copy]) for _ in range(TIMES))
    room = megabytes(command)
    print(f"# first {count} lines in {ours:.0f} ms, {ours / heads:.0f} times what head takes; {room:.0f} MB for all")
    if ours > float(most_ms) or room > float(most_mb):
        fail(f"over {most_ms} ms or {most_mb} MB")


commands = {"linked": linked, "first": first}
if len(sys.argv) < 2 or sys.argv[1] not in commands:
    sys.exit(__doc__)
commands[sys.argv[1]](*sys.argv[2:])
