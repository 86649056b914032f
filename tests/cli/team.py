#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""team.py CONFIG OTHER: two portals on one catalogue; what mlee does in the first is seen in the second, ana's,
within a second, without a key. Says how long it took."""
import sys

from portals import Portal, check_latency, portals

first, second = (Portal(config) for config in sys.argv[1:3])
for portal in portals:
    portal.wait("need you")


def act(keys, said, shown):
    second.seen = b""
    first.key(keys)
    first.wait(said)
    return second.wait(shown)


check_latency(lambda: max(act("ga", "acknowledged", "taken by mlee"), act("U", "taken back", "nobody has taken it")), 1.0)
