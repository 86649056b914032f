# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of the game shop, as a warehouse would give them."""
from mlplatform import data, platform, telemetry

rows = telemetry.events(scale=float(platform.param("scale", "1")), days=data.days(), fault=platform.param("fault"))
data.save("events.json", rows)
platform.input("telemetry.events", version=f"seed-7/{data.days()}d", rows=len(rows))
