# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of it, and what it cost."""
from mlplatform import data

data.outcome("association")
