# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's catalogue as a test reads it, behind the portal's back: CATALOGUE is sqlite:FILE or postgresql://…"""
import csv
import io
import os
import sqlite3
import subprocess


def catalogue(sql):
    """The rows that SQL finds, as texts; NULL is ""."""
    address = os.environ["CATALOGUE"]
    if address.startswith("sqlite:"):
        with sqlite3.connect(address.split(":", 1)[1], timeout=60) as db:
            return [["" if field is None else repr(field) if isinstance(field, float) else str(field) for field in row]
                    for row in db.execute(sql)]
    command = ["psql", "--csv", "--tuples-only", "--no-psqlrc", "--command", f"SET search_path = porthole; {sql}", "--quiet"]
    answer = subprocess.run([*command, address], check=True, capture_output=True).stdout.decode()  # as it is: CRLF stays
    return list(csv.reader(io.StringIO(answer, newline="")))
