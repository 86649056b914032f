# SPDX-License-Identifier: GPL-3.0-or-later
"""What the examples share. A package, so that its platform.py does not hide the one of Python's library."""
