# SPDX-License-Identifier: GPL-3.0-or-later
"""A model that is no better than the simpler baseline is not worth its keep, and is not published."""
from mlplatform import data, platform

scores = data.load("scores.json")
platform.check("hit_rate_gain", scores["hit_rate"] / max(scores["baseline_hit_rate"], 1e-9), lower=1.02)
platform.require_checks()
