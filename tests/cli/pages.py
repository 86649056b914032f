#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""pages.py CONFIG OTHER DIR: two portals show the page guide/filter; what mlee publishes from DIR is read in
both within a second, without a key, and so is the way back. Says how long it took."""
import os
import subprocess
import sys

from portals import Portal, check_latency, portals

mine, other, folder = sys.argv[1:4]


def docs(*words):
    subprocess.run([os.environ["PORTHOLE"], "--config", mine, "docs", *words], check=True, stdout=subprocess.DEVNULL)


def is_seen(words):
    return max(portal.wait(words) for portal in portals)


for config in (mine, other):
    Portal(config, "doc:guide/filter")
is_seen("The filter")


def change(shown, *words):
    for portal in portals:
        portal.seen = b""
    docs(*words)
    return is_seen(shown)


check_latency(
    lambda: max(change("written by mlee", "publish", folder), change("Every list", "rollback", "guide/filter", "0")), 1.0)
