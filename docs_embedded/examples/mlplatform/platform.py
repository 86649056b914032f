# SPDX-License-Identifier: GPL-3.0-or-later
"""The platform's tools behind a few calls: track, check, input, publish, record.

Copy the folder and keep it a package ("from mlplatform import platform"): a file platform.py beside your own
would hide the one of Python's library.

In a step of `porthole run` a call appends one line to the run's events.jsonl; without a portal it only prints.
Another tracker is told too by add_tracker(function): it gets the kind of each record and its fields.
"""
import fcntl
import json
import math
import os
import shutil
import time
from urllib.parse import unquote

VERSION = "1.0"


class DataCheckError(SystemExit):
    """A data check failed: what stands behind it must not be built on.

    Ends the step with one line and no traceback: where it was raised says nothing about the data, and the
    portal tells one check from another by its message.
    """

    def __init__(self, what):
        super().__init__(f"DataCheckError: {what}")


_failed = []
_trackers = []


def add_tracker(function):
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
    if _failed:
        raise DataCheckError("; ".join(_failed))


def input(name, version="", rows=None):
    """What this run read."""
    fields = {"name": name, "version": version}
    print(f"input {name} {version}, {rows} rows")
    _tell("input", fields if rows is None else dict(fields, rows=rows))


def publish(model, file):
    """Makes FILE the newest version of MODEL, whole or not at all. Returns where it lies."""
    _, run = place() or ("", "by-hand")
    folder = path(os.path.join("published", model))
    os.makedirs(folder, exist_ok=True)
    target = os.path.join(folder, run + os.path.splitext(file)[1])
    shutil.copyfile(file, target + ".new")
    os.replace(target + ".new", target)
    print(f"published {model} {run}")
    _tell("model", {"model": model, "version": run, "created_ms": _now_ms()})
    return target


def record(kind, **fields):
    """Any other record of the portal's protocol, such as cost."""
    _tell(kind, fields)


def _now_ms():
    return int(time.time() * 1000)


def _number(value):
    value = float(value)
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _tell(kind, fields):
    for tracker in _trackers:
        tracker(kind, fields)
    where = place()
    events = os.environ.get("PORTHOLE_EVENTS")
    if where and events:
        fields = {"pipeline": where[0], **({} if kind == "cost" else {"run": where[1]}), **fields}
        _append(events, kind, fields)


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
