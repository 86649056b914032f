#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command; prints its wall seconds, the CPU seconds of it alone and of the children it waited for, and
its resident kilobytes.

    measure.py COMMAND…            its own output goes to standard error
"""
import os
import sys
import time

began = time.monotonic()
pid = os.fork()
if pid == 0:
    os.dup2(2, 1)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
print(f"{time.monotonic() - began:.2f} {usage.ru_utime + usage.ru_stime:.2f} {usage.ru_maxrss}")
sys.exit(os.waitstatus_to_exitcode(status))
