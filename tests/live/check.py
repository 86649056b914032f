#!/usr/bin/env python3
"""The comparisons of run.sh. Files are looked up in the working directory; what differs goes to standard error, exit 1.

  check.py runs | steps | tries     truth.jsonl (drive.py expect) against runs.jsonl, shows.jsonl, steps.jsonl, the catalogue
  check.py cause DAG/STEP[:INDEX] TEXT   triage.jsonl has a problem there whose title and evidence hold TEXT
  check.py calm DAG                 triage.jsonl has none there
  check.py platform TEXT | no-platform TEXT   an open problem of the platform whose place or title holds TEXT
  check.py row FILE KEY=VALUE… [-- KEY=VALUE…]   the rows with these all have those; there is one at least
  check.py value FILE KEY KEY=VALUE…     KEY of the first such row
  check.py log API.json LOG         the log has every event that the API gives, in that order, and no more
  check.py clean FILE…              nothing but printable text, line ends and tabs
  check.py bytes TRACE              received bytes of a trace, summed up
  check.py tui PROGRAM CONFIG REF   walks the portal in a terminal of 120x40; see walk()
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
import urllib.parse

from catalogue import catalogue

STATES = {  # what the contract makes of Airflow's words
    None: "queued", "queued": "queued", "scheduled": "queued", "up_for_retry": "queued",
    "running": "running", "deferred": "running", "up_for_reschedule": "running", "restarting": "running",
    "success": "success", "failed": "failed", "skipped": "skipped", "upstream_failed": "skipped", "removed": "skipped",
}


def rows(name):
    with open(name, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def truth(kind):
    return [row for row in rows("truth.jsonl") if row["type"] == kind]


def fail(text):
    print(f"check.py: {text}", file=sys.stderr)
    raise SystemExit(1)


def same(expected, got):
    """Two {identity: facts}; names the first few that differ."""
    wrong = [f"{key}: expected {expected.get(key)}, got {got.get(key)}"
             for key in sorted(expected.keys() | got.keys(), key=repr) if expected.get(key) != got.get(key)]
    if wrong or not expected:
        fail("\n  ".join([f"{len(wrong)} of {len(expected)} differ", *wrong[:5]]))


def runs():
    params = {row["ref"]: row["params"] for row in rows("shows.jsonl")}
    same({(r["dag_id"], r["run_id"]): (STATES[r["state"]], r["state"], r["start_ms"], r["end_ms"],
                                       {k: v if isinstance(v, str) else json.dumps(v) for k, v in r["conf"].items()})
          for r in truth("run")},
         {(r["pipeline"], r["run"]): (r["state"], r["tool_state"], r["started_ms"], r["ended_ms"], params[r["ref"]])
          for r in rows("runs.jsonl")})


def index_of(row):
    return str(row["map_index"]) if row["map_index"] >= 0 else None


def place_of(ref):
    """(DAG, run, step, index) of a ref; None for what it does not name."""
    _, dag, run, *step = ref.split("/")
    step, _, index = (step[0] if step else "").partition("@")[0].partition(":")
    return tuple(urllib.parse.unquote(part) or None for part in (dag, run, step, index))


def steps():
    same({(r["dag_id"], r["run_id"], r["task_id"], index_of(r)): (STATES[r["state"]], r["state"], r["try_number"],
                                                              r["rendered_map_index"], r["start_ms"], r["end_ms"])
          for r in truth("step")},
         {(*place_of(r["run_ref"])[:2], r["step"], r["index"]): (r["state"], r["tool_state"], r["attempt"], r["label"],
                                                                r["started_ms"], r["ended_ms"])
          for r in rows("steps.jsonl")})


def tries():
    got = catalogue("SELECT p.pipeline, r.run, s.step, s.idx, s.attempt, s.state, s.started_ms, s.ended_ms"
                    " FROM step_run s JOIN run r ON r.id = s.run_id JOIN pipeline p ON p.id = s.pipeline_id"
                    " WHERE s.is_newest = 0 AND s.attempt > 0")
    same({(r["dag_id"], r["run_id"], r["task_id"], index_of(r), r["try_number"]):
          (STATES[r["state"]], r["start_ms"], r["end_ms"]) for r in truth("try")},
         {(dag, run, step, index or None, int(attempt)): (state, *(int(ms) if ms else None for ms in times))
          for dag, run, step, index, attempt, state, *times in got})


def problems_of(dag, step=None, index=None):
    for row in rows("triage.jsonl"):
        ref = (row["evidence"] or {}).get("ref")
        if step is None:
            is_there = any(pipeline.endswith("/" + dag) for pipeline in row["pipelines"])
        else:
            is_there = ref and (dag, step, index) == tuple(place_of(ref)[i] for i in (0, 2, 3))
        if is_there:
            yield row


def cause(place, text):
    place, _, index = place.partition(":")
    found = list(problems_of(*place.split("/"), index or None))
    if len(found) != 1:
        fail(f"{len(found)} problems at {place}")
    evidence = found[0]["evidence"]
    for what, said in (("title", found[0]["title"]), ("cause", evidence["cause"]["text"])):
        if text not in said:
            fail(f"{what} of {place}: '{said}' without '{text}'")
    if not any(text in line for line in evidence["excerpt"]):
        fail(f"the excerpt of {place} does not show its cause")


def platform(text):
    found = [row for row in rows("triage.jsonl") if row["kind"] == "platform" and text in row["place"] + row["title"]]
    if len(found) != 1:
        fail(f"{len(found)} problems of the platform with '{text}'")


def has(row, pairs):
    return all(("null" if row[key] is None else str(row[key])) == value for key, value in pairs)


def pairs_of(words):
    return [word.split("=", 1) for word in words]


def row(name, *words):
    cut = words.index("--")
    found = [r for r in rows(name) if has(r, pairs_of(words[:cut]))]
    if not found:
        fail(f"{name}: no row with {words[:cut]}")
    wrong = [r for r in found if not has(r, pairs_of(words[cut + 1:]))]
    if wrong:
        fail(f"{name}: {words[cut + 1:]} does not hold for {wrong[0]}")


def value(name, key, *words):
    found = [r for r in rows(name) if has(r, pairs_of(words))]
    if not found:
        fail(f"{name}: no row with {words}")
    print(found[0][key])


def squeeze(line):
    return " ".join(line.split())  # tabs are shown as columns of 8


def log(api, shown):
    with open(api, encoding="utf-8") as file:
        # without a time: where the API found the log
        events = [event for event in json.load(file)["content"] if "timestamp" in event]
    with open(shown, encoding="utf-8") as file:
        text = "\n".join(map(squeeze, file))
    at = 0
    for event in events:
        for line in map(squeeze, event["event"].split("\n")):
            at = text.find(line, at)
            if at < 0:
                fail(f"{shown}: no line '{line}' where it belongs")
            at += len(line)
    stamped = sum(1 for line in text.split("\n") if re.match(r"20\d\d-\d\d-\d\dT\S+ [A-Z]+ ", line))
    expected = sum(1 for event in events if event.get("level"))
    if stamped != expected:
        fail(f"{shown}: {stamped} records with time and level, the API has {expected}")


def is_harmless(char):
    code = ord(char)
    return (char in "\n\t" or 0x20 <= code < 0x7f or code > 0x9f) and not (
        code in (0x61c, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0xfeff, 0xfffe, 0xffff)
        or 0x2028 <= code <= 0x202e or 0x2060 <= code <= 0x206f or 0xe0000 <= code <= 0xe007f)


def find_harm(raw, name):
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        fail(f"{name}: {exc}")
    for at, char in enumerate(text):
        if not is_harmless(char):
            fail(f"{name}: U+{ord(char):04X} in {text[max(at - 30, 0):at + 30]!r}")
    return text


def clean(*names):
    for name in names:
        with open(name, "rb") as file:
            find_harm(file.read(), name)


def received(trace):
    with open(trace, encoding="utf-8") as file:
        print(sum(int(line.split(" B ")[0].rsplit(" ", 1)[1]) for line in file
                  if line.startswith(("GET ", "POST "))))


# What curses may say to an xterm. Title stack (22;0;0t) and nothing else of `t`; no OSC but one question, no DCS, APC, PM, SOS.
SEQUENCE = re.compile(rb"\x1b(?:\[[?>]?[0-9;]*[ABCDEFGHJKLMPSTXZ@`abcdefghlmnrsu]|\[2[23];0;0t|\[[0-9;]* q|[()][AB012]|[=>78MDEHc]"
                      rb"|\]11;\?\x1b\\)")  # the last asks for the background


class Terminal:
    def __init__(self, argv, columns=120, lines=40):
        self.raw = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], argv, {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"})
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def settle(self, quiet_s=0.6, most_s=15):
        """Reads until nothing comes any more; what came since the call before."""
        start, end = len(self.raw), time.monotonic() + most_s
        while time.monotonic() < end and select.select([self.fd], [], [], quiet_s)[0]:
            try:
                piece = os.read(self.fd, 65536)
            except OSError:
                break
            if not piece:
                break
            self.raw += piece
        return self.raw[start:]

    def key(self, keys):
        os.write(self.fd, keys.encode())
        return self.settle()

    def end(self):
        """Leaves; the exit status, where it ended by itself."""
        self.key("Q")
        for _ in range(600):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.1)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return None


def judge_screen(raw, name):
    """The text between known sequences must be harmless; SI, SO, CR, BS are curses' own."""
    rest = SEQUENCE.sub(b"", raw)
    return find_harm(rest.translate(None, b"\r\x08\x0e\x0f"), name)


def walk(program, config, ref):
    """Home, then the hostile run and its log by keys, every view once; then the run opened by its ref."""
    seen = {}
    for name, argv, keys in (
        ("home", [program, "--config", config, "--read-only"],
         ["G", "g", "t", "/hostile\r", "\r", "l", "u", "w", "e", "g", "G", "q", "R", "?", "q", "q", "P", "q"]),
        ("run", [program, "--config", config, "--read-only", ref],
         ["\r", "l", "G", "w", "g", "q", "\t", "j", "q"]),
        ("lists", [program, "--config", config, "--read-only"],
         [":", "pipelines\r", "G", "g", "q", ":", "runs\r", "G", "q", ":", "steps\r", "G", "q", ":", "sources\r", "\r", "q"])):
        terminal = Terminal(argv)
        seen[name] = [terminal.settle(1.5)]
        seen[name] += [terminal.key(key) for key in keys]
        status = terminal.end()
        judge_screen(terminal.raw, name)
        if status != 0:
            fail(f"{name}: ended with {status}")
    for name, place, text in (("home", 0, "DataCheckError: null_rate(player_id)"), ("home", 5, "player name rejected"),
                              ("run", 2, "player name rejected")):
        screen = judge_screen(seen[name][place], name)
        if text not in screen:
            fail(f"{name}, screen {place}: no '{text}' in {screen[:1500]!r}")


def main(args):
    commands = {"runs": runs, "steps": steps, "tries": tries, "cause": cause, "platform": platform, "row": row,
                "value": value, "log": log, "clean": clean, "bytes": received, "tui": walk}
    if not args or args[0] not in {*commands, "calm", "no-platform"}:
        print(__doc__, file=sys.stderr)
        raise SystemExit(2)
    if args[0] == "calm":
        if list(problems_of(args[1])):
            fail(f"{args[1]} has a problem")
    elif args[0] == "no-platform":
        if any(args[1] in r["place"] + r["title"] for r in rows("triage.jsonl") if r["kind"] == "platform"):
            fail(f"the platform still has '{args[1]}'")
    else:
        commands[args[0]](*args[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
