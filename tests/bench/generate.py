#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a folder for the source `local`: RUNS runs of 40 pipelines, the same each time."""
import json
import os
import sys

folder, runs = sys.argv[1], int(sys.argv[2])
NOW = 1795262400000
STEPS = ["extract", "check", "train", "publish"]
os.makedirs(folder, exist_ok=True)

with open(os.path.join(folder, "events.jsonl"), "w", encoding="utf-8") as out:

    def tell(method, **params):
        print(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}), file=out)

    for p in range(40):
        steps = [{"step": s, "upstream": STEPS[i - 1 : i]} for i, s in enumerate(STEPS)]
        tell("pipeline", pipeline=f"pipeline_{p:02}", kind="dag", schedule="0 2 * * *", steps=steps)
    for i in range(runs):
        name, run, start = f"pipeline_{i % 40:02}", f"scheduled__{i:06}", NOW - (runs - i) * 60000
        failed = i % 50 == 49 or i >= runs - 40  # a screen full of problems
        tell("run", pipeline=name, run=run, kind="scheduled", state="failed" if failed else "success",
             started_ms=start, ended_ms=start + 40000, user="cron", params={"scale": str(i % 7)}, metrics={"auc": i / runs})
        for k, step in enumerate(STEPS):
            state = "success" if not failed or k < 1 else "failed" if k == 1 else "skipped"
            tell("step_run", pipeline=name, run=run, step=step, attempt=0 if state == "skipped" else 1, state=state,
                 tool_state="upstream_failed" if state == "skipped" else state, started_ms=start + k * 10000, ended_ms=start + k * 10000 + 9000)
        if failed:
            log = os.path.join(folder, "logs", name, run)
            os.makedirs(log, exist_ok=True)
            with open(os.path.join(log, "check.1.log"), "w", encoding="utf-8") as text:
                kind = chr(65 + i % 26) + "xyz"[i // 26 % 3]
                print(f"reading\nTraceback (most recent call last):\n  File \"/opt/check.py\", line 7, in <module>", file=text)
                print(f"{kind}Error: {i} rows", file=text)
