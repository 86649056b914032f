#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""act_thousand.py PORTHOLE CONFIG DIR SEED N: N actions on N objects of their own, each with a fault of its own, by
the real program; then what it said of each is held against the ledger of tool_act.py in DIR. Status 1 and a line
for each thing that is not as it should be."""
import collections, concurrent.futures, json, random, subprocess, sys

porthole, config, directory, seed, count = sys.argv[1:4] + [int(a) for a in sys.argv[4:6]]
rng = random.Random(seed)
FAULTS = ["none", "none", "cut-before", "cut-after", "cut-within", "500-before", "500-after", "502-late", "429", "slow",
          "doubled", "html"]
# verb: what the ledger calls it, the object, its options
VERBS = {
    "rerun": ("clear", lambda n: f"af/{n}/r1", []),
    "clear": ("clear", lambda n: f"af/{n}/r1/check", []),
    "trigger": ("trigger", lambda n: f"af/{n}", ["--set", "scale=2"]),
    "cancel": ("run", lambda n: f"af/{n}/live1", []),
    "pause": ("pause", lambda n: f"af/{n}", []),
    "set-state": ("step", lambda n: f"af/{n}/r1/check", ["--state", "success"]),
    "tag": ("tag", lambda n: f"ml/e/{n}", ["--set", "owner=me"]),
}
jobs = [(f"x{seed}_{i:04}", rng.choice(sorted(VERBS)), rng.choice(FAULTS)) for i in range(count)]
with open(directory + "/faults", "w", encoding="utf-8") as f:
    f.writelines(f"{name} {fault}\n" for name, _, fault in jobs)


def act(job):
    name, verb, _ = job
    _, ref, options = VERBS[verb]
    done = subprocess.run([porthole, "--config", config, verb, ref(name), *options, "--yes=1", "--json"],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


with concurrent.futures.ThreadPoolExecutor(12) as pool:
    said = list(pool.map(act, jobs))

ledger, acts = collections.Counter(), collections.Counter()
with open(directory + "/ledger", encoding="utf-8") as f:
    for line in f:
        ledger[tuple(line.split()[:2])] += 1
with open(directory + "/requests", encoding="utf-8") as f:
    for line in f:
        kind, _, path, body = line.split(" ", 3)
        name = json.loads(body).get("run_id", "") if "/mlflow/" in path else path.split("/")[4]
        acts[name] += kind == "act"

bad, tally = [], collections.Counter()
for (name, verb, fault), (status, out, err) in zip(jobs, said):
    what = f"{verb} {name} ({fault}): "
    try:
        row = json.loads(out)
    except ValueError:
        bad.append(what + f"said {out!r} {err!r}, status {status}")
        continue
    times = ledger.pop((VERBS[verb][0], name), 0)
    tally[row["done"], "done" if times else "not done"] += 1
    # a proxy that doubles sets a tag twice; the portal sent it once
    if times > (2 if fault == "doubled" and verb == "tag" else 1):
        bad.append(what + f"done {times} times")
    if acts[name] != 1:
        bad.append(what + f"sent {acts[name]} times")
    if row["done"] == "yes" and not times or row["done"] == "no" and times:
        bad.append(what + f"said {row['done']}, was done {times} times: {row['message']}")
    if row["done"] == "unknown" and fault != "html":
        bad.append(what + f"unknown: {row['message']}")
    if status != {"yes": 0, "no": 3, "unknown": 3}[row["done"]]:
        bad.append(what + f"status {status}: {row}")
bad += [f"on another object: {verb} {name}" for verb, name in ledger]
for (word, truth), n in sorted(tally.items()):
    print(f"# said {word}, was {truth}: {n}")
print("\n".join(bad[:20]))
sys.exit(1 if bad else 0)
