#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record a source into a folder that the `local` kind reads: events.jsonl, and the log of every attempt.

  record.py --config FILE NAME FOLDER

Speaks the source protocol to porthole-source, as the portal does. --spread moves the runs that a person started apart, with
every time in their records and logs, so that runs made within minutes read as a history. The last line printed is the
`recorded_until` of a configuration that shows the sample.
"""
import argparse
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[1]
AFTER_MS = 4 * 60 * 1000  # the sample's clock stands this long after the last thing that happened
TIME = re.compile(r"(?<!\d)(20\d\d-\d\d-\d\dT\d\d)(:|%3A)(\d\d)\2(\d\d)")  # also in a web address


class Source:
    def __init__(self, program, config, name):
        self.process = subprocess.Popen([program, "--config", config, name], text=True, encoding="utf-8",
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.id = 0
        self.ask("hello", {"protocol": 1, "source": name, "config": {}})

    def ask(self, method, params):
        """The notifications until the answer; SystemExit where it is an error, but for a log that is not there."""
        self.id += 1
        print(json.dumps({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}),
              file=self.process.stdin, flush=True)
        told = []
        for line in self.process.stdout:
            said = json.loads(line)
            if said.get("id") != self.id:
                told.append(said)
            elif "error" not in said:
                return told
            elif method == "log" and said["error"]["code"] == -32002:
                return []
            else:
                raise SystemExit(f"record.py: {method}: {said['error']['message']}")
        raise SystemExit(f"record.py: {method}: the source ended")

    def log(self, step):
        wanted = {key: step.get(key) for key in ("pipeline", "run", "step", "index", "attempt")}
        told = self.ask("log", {**wanted, "offset": 0, "follow": False})
        return "".join(said["params"]["text"] for said in told if said["method"] == "log")


def moves(records, spread_ms):
    """By how much each run goes back: the newest of a pipeline stays, the one before goes SPREAD, and so on."""
    runs = sorted((r["params"] for r in records if r["method"] == "run" and r["params"].get("kind") == "manual"),
                  key=lambda run: -run["started_ms"])
    seen, back = {}, {}
    for run in runs:
        seen[run["pipeline"]] = place = seen.get(run["pipeline"], -1) + 1
        back[run["pipeline"], run["run"]] = place * spread_ms
    return back


def move_text(text, back_ms):
    def moved(match):
        at = datetime.datetime.fromisoformat(":".join(match.group(1, 3, 4))) - datetime.timedelta(milliseconds=back_ms)
        return at.isoformat().replace(":", match[2])

    return TIME.sub(moved, text) if back_ms else text


def move(record, back_ms):
    if not back_ms:
        return record
    record = json.loads(move_text(json.dumps(record), back_ms))
    for key, value in record["params"].items():
        if key.endswith("_ms") and value is not None:
            record["params"][key] = value - back_ms
    return record


def write_log(folder, step, text):
    def part(value):
        return urllib.parse.quote(value, safe="._~+=,-")

    parts = [part(step[key]) for key in ("step", "index") if step.get(key) is not None]
    path = folder / "logs" / part(step["pipeline"]) / part(step["run"]) / f"{'.'.join(parts)}.{step['attempt']}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")


def last_ms(records):
    times = [r["params"][key] for r in records for key in ("started_ms", "ended_ms", "since_ms") if key in r["params"]]
    return max(times) + AFTER_MS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, help="the configuration that has the source")
    parser.add_argument("--program", default=ROOT / "porthole-source", help="another porthole-source")
    parser.add_argument("--skip", action="append", default=[], metavar="PIPELINE", help="leave it out")
    parser.add_argument("--replace", action="append", default=[], metavar="TEXT=BY", help="in records and logs")
    parser.add_argument("--spread", type=int, default=0, metavar="HOURS", help="between the runs of a pipeline")
    parser.add_argument("name", help="of the source")
    parser.add_argument("folder", type=pathlib.Path, help="made anew")
    args = parser.parse_args()
    replaced = [pair.split("=", 1) for pair in args.replace]

    def neutral(text):
        for old, new in replaced:
            text = text.replace(old, new)
        return text

    source = Source(args.program, args.config, args.name)
    pulled = source.ask("pull", {"cursor": None, "since_ms": None})
    records = [{"method": r["method"], "params": {k: v for k, v in r["params"].items() if v is not None}}
               for r in pulled if r["method"] != "cursor" and r["params"].get("pipeline") not in args.skip]
    back = moves(records, args.spread * 3600 * 1000)
    shutil.rmtree(args.folder, ignore_errors=True)
    args.folder.mkdir(parents=True)
    with open(args.folder / "events.jsonl", "w", encoding="utf-8") as events:
        for record in records:
            params = record["params"]
            back_ms = back.get((params.get("pipeline"), params.get("run")), 0)
            moved = move(record, back_ms)
            print(neutral(json.dumps(moved, ensure_ascii=False, separators=(",", ":"))), file=events)
            if record["method"] == "step_run" and params["attempt"] > 0:
                text = source.log(params)
                if text:
                    write_log(args.folder, moved["params"], neutral(move_text(text, back_ms)))
    until = datetime.datetime.fromtimestamp(last_ms(records) // 1000, datetime.timezone.utc)
    print(f"recorded_until: {until.isoformat().replace('+00:00', 'Z')}")


if __name__ == "__main__":
    sys.exit(main())
