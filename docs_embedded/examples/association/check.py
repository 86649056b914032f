# SPDX-License-Identifier: GPL-3.0-or-later
"""Data checks: nothing is built on events that are not as promised. A check more is one line more."""
from mlplatform import data, platform

seen = data.measure(data.load("events.json"))
platform.check("rows", seen["rows"], lower=100)
platform.check("columns_missing", seen["columns_missing"], upper=0)
platform.check("null_rate(player_id)", seen["null_rate(player_id)"], upper=0.02)
platform.check("duplicate_rate(event_id)", seen["duplicate_rate(event_id)"], upper=0.01)
platform.check("days_late", seen["days_late"], upper=1)
platform.require_checks()
