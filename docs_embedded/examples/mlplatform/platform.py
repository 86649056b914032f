# SPDX-License-Identifier: GPL-3.0-or-later
"""The platform's tools behind a few calls: track, check, input, publish, record, abtest.

Copy the folder and keep it a package ("from mlplatform import platform"): a file platform.py beside your own
would hide the one of Python's library.

What stands behind a call is chosen outside of the code that calls it:

- in a step of `porthole run` it appends a line to the run's events.jsonl;
- in a step of another tool, where PORTHOLE_RUN is the ref of its run (and PORTHOLE_STEP the step), checks and
  cost go to the team's catalogue by `porthole record`, and so do an A/B test's sums from either;
- PLATFORM_TRACKER=mlflow names a function of trackers.py that hears of everything too; so does what
  add_tracker() gets;
- without any of them it only prints.
"""
import contextlib
import fcntl
import importlib
import io
import json
import math
import os
import shutil
import subprocess
import sys
import time
import traceback
from urllib.parse import quote, unquote

VERSION = "1.0"
RECORD_TIMEOUT = 30  # seconds: the pipeline is worth more than the record of it
RECORD_OPTIONS = {  # what `porthole record` takes from a step of another tool
    "check": ("step", "check", "state", "observed", "lower", "upper"),
    "cost": ("month", "amount", "currency"),
}


class DataCheckError(SystemExit):
    """A data check failed: what stands behind it must not be built on.

    Ends the step with one line and no traceback: where it was raised says nothing about the data, and the
    portal tells one check from another by its message.
    """

    def __init__(self, what):
        super().__init__(f"DataCheckError: {what}")


_failed = []
_trackers = []
_loaded = []


def add_tracker(function):
    """FUNCTION hears the kind of each record from now on, and its fields."""
    _trackers.append(function)


def param(name, default=""):
    """A parameter of the run, as text."""
    return os.environ.get(f"PORTHOLE_PARAM_{name}", default)


def path(name):
    """A file of this run, which the steps behind this one find under the same name."""
    return os.path.join(os.environ.get("PORTHOLE_DIR", "."), name)


def place():
    """Pipeline and run; None outside of a run."""
    parts = os.environ.get("PORTHOLE_RUN", "").split("/")
    return (unquote(parts[1]), unquote(parts[2])) if len(parts) == 3 else None


@contextlib.contextmanager
def step(name, attempt=1):
    """What happens within is the step NAME of this run: in flows that start their steps themselves."""
    os.environ["PORTHOLE_STEP"] = name
    about = {"step": name, "attempt": attempt, "started_ms": _now_ms()}
    _tell("step_run", dict(about, state="running"))
    state = "failed"
    with _open_log(f"{quote(name, safe='')}.{attempt}.log") as log:
        try:
            with contextlib.redirect_stdout(_Both(sys.stdout, log)):
                yield
            state = "success"
        except BaseException as error:
            print(error if isinstance(error, SystemExit) else traceback.format_exc(), file=log)
            raise
        finally:
            _tell("step_run", dict(about, state=state, ended_ms=_now_ms()))


def track(**metrics):
    """Numbers of this run."""
    fields = {"metrics": {name: _number(value) for name, value in metrics.items()}}
    for name, value in metrics.items():
        print(f"metric {name} = {value:.4g}")
    _tell("run", fields)


def check(name, observed, lower=None, upper=None):
    """One data check: passes within its bounds, both included. Returns whether it did; see require_checks."""
    low = lower is not None and not observed >= lower
    high = upper is not None and not observed <= upper
    state = "fail" if low or high else "pass"
    print(f"check {name} = {observed:.4g}: {state}")
    if low or high:
        limit = f">= {lower:g}" if low else f"<= {upper:g}"
        _failed.append(f"{name} = {observed:.4g}, allowed {limit}")
    fields = {"check": name, "state": state, "observed": _number(observed), "at_ms": _now_ms()}
    fields.update({key: _number(bound) for key, bound in (("lower", lower), ("upper", upper)) if bound is not None})
    _tell("check", dict(fields, step=os.environ.get("PORTHOLE_STEP", "step")))
    return state == "pass"


def require_checks():
    """Ends the step where a check failed: after all of them, so that all are known."""
    failed = "; ".join(_failed)
    _failed.clear()  # the next step or try may be of the same process
    if failed:
        raise DataCheckError(failed)


def input(name, version="", rows=None):
    """What this run read."""
    fields = {"name": name, "version": version}
    print(f"input {name} {version}, {rows} rows")
    _tell("input", fields if rows is None else dict(fields, rows=rows))


def publish(model, file, version=None):
    """Makes FILE, or a folder, the newest version of MODEL, whole or not at all. Returns where it lies.

    Without VERSION it is named for the run."""
    version = version or (place() or ("", "by-hand"))[1]
    folder = path(os.path.join("published", model))
    os.makedirs(folder, exist_ok=True)
    target = os.path.join(folder, version + os.path.splitext(file)[1])
    _copy(file, target + ".new")
    if os.path.isdir(target):  # a folder is not replaced by a rename
        shutil.rmtree(target)
    os.replace(target + ".new", target)
    print(f"published {model} {version}")
    _tell("model", {"model": model, "version": version, "created_ms": _now_ms()})
    return target


def record(kind, /, **fields):
    """Any other record of the portal's protocol, such as cost."""
    _tell(kind, fields)


def abtest(name, rows):
    """The sums of an A/B test, a dict an arm and a day as `porthole record abtest` takes them.

    They are the team's, not the run's: told again they replace what was told of that day.
    """
    rows = list(rows)
    _tell_trackers("abtest", {"name": name, "rows": rows})
    if place():
        _run_record(["abtest", name, "-"], "".join(json.dumps(row) + "\n" for row in rows))


def _copy(source, target):
    if not os.path.isdir(source):
        shutil.copyfile(source, target)
        return
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


def _now_ms():
    return int(time.time() * 1000)


def _number(value):
    value = float(value)
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


class _Both(io.TextIOBase):
    """Writes to two files."""

    def __init__(self, *files):
        self.files = files

    def write(self, text):
        for file in self.files:
            file.write(text)
        return len(text)

    def flush(self):
        for file in self.files:
            file.flush()


def _open_log(name):
    """Where the portal looks for the log of a step of this run."""
    where, events = place(), os.environ.get("PORTHOLE_EVENTS")
    if not where or not events:
        return open(os.devnull, "w", encoding="utf-8")
    folder = os.path.join(os.path.dirname(events), "logs", *(quote(part, safe="") for part in where))
    os.makedirs(folder, exist_ok=True)
    return open(os.path.join(folder, name), "a", buffering=1, encoding="utf-8")


def _tell(kind, fields):
    _tell_trackers(kind, fields)
    where = place()
    if not where:
        return
    if events := os.environ.get("PORTHOLE_EVENTS"):
        fields = {"pipeline": where[0], **({} if kind == "cost" else {"run": where[1]}), **fields}
        _append(events, kind, fields)
    elif kind in RECORD_OPTIONS:
        _record_by_command(kind, fields)


def _tell_trackers(kind, fields):
    """One that fails, in whatever way, costs a line in the log, never the run."""
    try:
        _load_tracker()
        for tracker in _trackers:
            tracker(kind, fields)
    except Exception as error:
        print(f"not tracked: {error}")


def _load_tracker():
    """The one that the environment names, once."""
    if not _loaded:
        _loaded.append(os.environ.get("PLATFORM_TRACKER", ""))
        if _loaded[0]:
            add_tracker(getattr(importlib.import_module("mlplatform.trackers"), _loaded[0])())


def _record_by_command(kind, fields):
    options = [f"--{name}={fields[name]}" for name in RECORD_OPTIONS[kind] if name in fields]
    options += ["--estimate"] if fields.get("estimate") else []
    _run_record([kind, f"--run={os.environ['PORTHOLE_RUN']}", *options])


def _run_record(words, text=""):
    """What cannot be recorded costs a line in the log, never the run."""
    program = shutil.which("porthole")
    if not program:
        return
    try:
        done = subprocess.run([program, "record", *words], input=text, capture_output=True, text=True,
                              timeout=RECORD_TIMEOUT, check=False)
        trouble = done.stderr.strip() if done.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        trouble = str(error)
    if trouble:
        print(f"not recorded: {trouble}")


def _append(events, kind, fields):
    """One line by one write: runner and steps write side by side."""
    fd = os.open(events, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
    try:
        if kind == "run":
            fcntl.flock(fd, fcntl.LOCK_EX)
            fields = _whole_run(events, fields)
        line = json.dumps({"jsonrpc": "2.0", "method": kind, "params": fields}, allow_nan=False) + "\n"
        os.write(fd, line.encode())
    finally:
        os.close(fd)


def _whole_run(events, fields):
    """A run is told whole each time: what was said of it stays, and so do the metrics before these."""
    whole = {"state": "running"}
    metrics = {}
    with open(events, encoding="utf-8") as lines:
        for line in lines:
            if '"run"' not in line or not line.endswith("\n"):
                continue
            try:
                told = json.loads(line)
            except ValueError:
                continue
            if told.get("method") == "run" and told["params"].get("run") == fields["run"]:
                whole = told["params"]
                metrics.update(whole.get("metrics", {}))
    return {**whole, **fields, "heartbeat_ms": _now_ms(), "metrics": {**metrics, **fields["metrics"]}}
