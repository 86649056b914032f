#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""confirm.py TYPED COMMAND…: runs COMMAND on a terminal and answers its question with TYPED and Enter; with
"paste:TEXT" as a terminal pastes, with "ahead:TEXT" before the question is there and with an empty line behind it.
What it writes goes to standard output, its status is ours."""
import os, pty, sys

typed, command = sys.argv[1], sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
kind, _, text = typed.rpartition(":")
if kind == "ahead":
    os.write(fd, text.encode() + b"\n")
said = b""
is_answered = False
while True:
    try:
        data = os.read(fd, 65536)
    except OSError:  # the other end is closed
        break
    if not data:
        break
    said += data
    if b"to go on: \x1b[?2004h" in said and not is_answered:  # what came before is thrown away by then
        is_answered = True
        os.write(fd, {"paste": b"\x1b[200~" + text.encode() + b"\x1b[201~\n", "ahead": b"\n"}.get(kind, text.encode() + b"\n"))
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
