# SPDX-License-Identifier: GPL-3.0-or-later
"""The model becomes a version that others can fetch."""
from mlplatform import platform

platform.publish("popularity", platform.path("model.json"))
