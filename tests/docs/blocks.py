#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs what the documentation says: blocks.py FOLDER PAGE.md…, a TAP line for each block that claims to run.

    ```console      a session: `$ COMMAND`, the output as it is shown, `[N]` where it ends with another status than 0;
                    `…` alone in a line stands for any lines. Times, ages, durations and ids may be others.
    ```sh           commands that work: each ends with 0. {run}, {step}, {problem} and the like are filled in.
    ```yaml         a portal.yaml that is read without complaint, unless it is the front matter of a page
    ```python       compiles
    ```json         JSON, a line each where it is not one
    ```LANG FILE    is written to FILE, for the blocks behind it; then nothing else is asked of it

Each page has a home of its own in FOLDER, and its blocks run there one after the other. Its portal is the recorded
sample, or an empty one where the page runs a pipeline; what acts on a tool, or needs curves, goes to a stand-in for
Airflow and to the plug-in of the guide. UPDATE_BLOCKS=1 writes the output of today into the pages. $PORTHOLE and
$PORTHOLE_SOURCE are the programs.
"""
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COLUMNS, SECONDS = 100, 120
ACTS = "rerun clear trigger cancel pause unpause set-state tag audit".split()
CURVES = "series artifacts".split()
KNOWN = ("console", "sh", "yaml", "python", "json")
TZ = r"(?: (?:CES?T|UTC|Z))?"
MASKS = [(re.compile(pattern), mask) for pattern, mask in (
    (r"manual__[\w.:+%-]*(?:…[\w.:+%-]*)?", "RUN"),
    (r"\b\d{4}-\d\d-\d\d-(?:\d{6}(?:-\d+)?|\d*…)", "RUN"),
    (r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?:[+-]\d\d:\d\d)?" + TZ, "TIME"),
    (r"\b\d\d:\d\d(?::\d\d)?\b" + TZ, "TIME"),
    (r"\b17\d{11}\b", "MS"),
    (r"\bproblem:\d+", "problem:N"),
    (r"\b\d+(?:\.\d+)?(?:ms|s|m|h|d|w)(?: \d\d?[smh])?\b(?! *%)", "AGE"),
    (r"\bnow\b", "AGE"),
    (r"127\.0\.0\.1:\d+", "HOST"),
    (r"\b\d+ MB free", "N MB free"),
    (r"[ \t]+", " "),
)]


class Block:
    def __init__(self, page, line, info, text):
        words = info.split()
        self.page, self.line, self.text = page, line, text
        self.language = words[0] if words else ""
        self.file = words[1] if len(words) > 1 else None

    def claims(self):
        return self.file or (self.language in KNOWN and not self.text.startswith("---"))


def blocks_of(page, path):
    """The fenced blocks, with the number of the line behind the fence."""
    blocks, fence, start, info = [], None, 0, ""
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    for number, line in enumerate(lines):
        found = re.match(r" {0,3}(`{3,}|~{3,})(.*)$", line)
        if fence is None and found:
            fence, start, info = found[1], number + 1, found[2].strip()
        elif fence and found and found[1].startswith(fence) and not found[2].strip():
            blocks.append(Block(page, start, info, "\n".join(lines[start:number]) + "\n"))
            fence = None
    return blocks


def masked(text):
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return text.strip()


def differs(want, got):
    """The first line of WANT that GOT has not, or None. '…' alone stands for any lines."""
    parts, place = [[]], 0
    for line in want:
        parts.append([]) if line.strip() == "…" else parts[-1].append(line)
    want_masked, got_masked = [[masked(l) for l in part] for part in parts], [masked(l) for l in got]
    for i, part in enumerate(want_masked):
        spots = range(place, len(got) - len(part) + 1)
        if i == 0:
            spots = [0] if not parts[1:] or part else spots
        if i == len(parts) - 1 and (part or i == 0):
            spots = [s for s in spots if s + len(part) == len(got)]
        spot = next((s for s in spots if got_masked[s:s + len(part)] == part), None)
        if spot is None:
            missing = (l for l, m in zip(parts[i], part) if m not in got_masked[place:])
            return next(missing, part[0] if part else "the end")
        place = spot + len(part)
    return None


class World:
    """The home of a page."""

    def __init__(self, folder, made, is_empty):
        self.home, self.tool, self.objects = folder, None, made
        shutil.copytree(made.empty if is_empty else made.sample, folder)
        shutil.copytree(made.tools, f"{folder}/.act")
        self.env = environment(folder)
        self.env["PATH"] = f"{folder}/.bin:" + os.environ["PATH"]
        os.makedirs(f"{folder}/.bin")
        with open(f"{folder}/.bin/porthole", "w", encoding="utf-8") as f:
            f.write(f'#!/bin/sh\ncase "$1" in {"|".join(ACTS + CURVES)}) HOME={folder}/.act ;; esac\n'
                    f'exec {os.environ["PORTHOLE"]} "$@"\n')
        os.chmod(f"{folder}/.bin/porthole", 0o755)

    def needs_tool(self):
        if not self.tool:
            self.tool = start_tool(self.home + "/.act")

    def end(self):
        if self.tool:
            end(self.tool)
        shutil.rmtree(self.home)

    def filled(self, command):
        """The command with its words in braces, as the portal fills them in."""
        verb = (re.findall(r"\bporthole (\S+)", command) or [""])[0]
        if verb in ACTS:
            self.needs_tool()
        made = self.objects
        values = made.act if verb in ACTS else made.curves if verb in CURVES else made.read
        command = re.sub(r"\bproblem:\d+", values["problem"], command)
        return re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], m[0]), command)

    def run(self, command):
        """Its status, and what is seen on a terminal of 100 columns."""
        pid, fd = pty.fork()
        if pid == 0:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.chdir(self.home)
            os.execvpe("bash", ["bash", "-c", command], self.env)
        said, until = b"", time.monotonic() + SECONDS
        while True:
            ready, _, _ = select.select([fd], [], [], max(0, until - time.monotonic()))
            try:
                data = os.read(fd, 65536) if ready else b""
            except OSError:  # the other end is closed
                data = b""
            if not data:
                break
            said += data
        if time.monotonic() >= until:
            os.kill(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(fd)  # not before its end: that would hang up on it
        text = said.decode(errors="replace").replace("\r\n", "\n").replace(self.home, "~")
        return status, [line.rstrip() for line in text.rstrip("\n").split("\n")] if text.strip() else []


def environment(home):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PORTHOLE_", "XDG_", "AWS_", "MLFLOW_"))}
    env.update(HOME=home, TZ="Europe/Paris", LC_ALL="C.UTF-8", TERM="xterm-256color", NO_COLOR="1",
               PORTHOLE_SOURCE=os.environ["PORTHOLE_SOURCE"])
    env.pop("PYTHONPATH", None)
    return env


def start_tool(home):
    """The stand-in for Airflow; its address goes into the portal.yaml of HOME."""
    with open(f"{home}/dags", "w", encoding="utf-8") as f:
        f.write("recsys_daily\n")
    tool = subprocess.Popen([sys.executable, "-B", f"{ROOT}/tests/cli/tool_act.py", home], stdout=subprocess.PIPE, text=True)
    write_config(home, f"""user: ana
sources:
  - {{name: airflow-prod, kind: airflow, url: "http://127.0.0.1:{tool.stdout.readline().strip()}", actions: true}}
  - {{name: legacy, kind: plugin, command: [python3, legacy.py]}}
""")
    return tool


def write_config(home, text):
    config = f"{home}/.config/porthole/portal.yaml"
    os.makedirs(os.path.dirname(config), exist_ok=True)
    with open(config, "w", encoding="utf-8") as f:
        f.write(text)


def end(process):
    process.kill()
    process.wait()
    process.stdout.close()


class Made:
    """The home that all pages start from, and the objects that words in braces mean: those of the first failed step."""

    def __init__(self, folder):
        self.sample, self.empty, self.tools = f"{folder}/sample", f"{folder}/empty", f"{folder}/tools"
        write_config(self.empty, "user: ana\n")
        self.make_sample(f"{folder}/home")  # where it will be: the catalogue knows its paths
        shutil.move(f"{folder}/home", self.sample)
        self.make_act(self.tools)

    def make_sample(self, home):
        config = f"{home}/.config/porthole"
        shutil.copytree(f"{ROOT}/sample", config)
        with open(f"{config}/portal.yaml", encoding="utf-8") as f:
            text = re.sub(r"(?m)^(?:catalogue:.*|#.*)\n", "", f.read())
        write_config(home, f"user: ana\n{text}")
        self.ask(home, "sync")
        self.read = self.known(home, "airflow-prod/recsys_daily")
        write_config(home, f'user: ana\nnotify: [{{name: "@data-eng", command: ["true"]}}]\n{text}')

    def make_act(self, home):
        os.makedirs(f"{home}/.config/porthole")
        self.ask(home, "source", "new", "legacy", folder=f"{home}/.config/porthole")
        plugin = f"{home}/.config/porthole/legacy.py"
        with open(plugin, encoding="utf-8") as f:
            text = f.read().replace('"auc"', '"loss"')
        with open(plugin, "w", encoding="utf-8") as f:
            f.write(text)
        tool = start_tool(home)
        self.ask(home, "sync")
        end(tool)
        self.act = self.known(home, "airflow-prod/recsys_daily")
        self.curves = self.known(home, "legacy/recsys_daily")

    def ask(self, home, *args, folder=None):
        done = subprocess.run([os.environ["PORTHOLE"], *args], env=environment(home), cwd=folder, capture_output=True,
                              text=True, check=False)
        if done.returncode:
            sys.exit(f"porthole {' '.join(args)}: status {done.returncode}: {done.stderr}")
        return done.stdout

    def known(self, home, pipeline):
        rows = self.ask(home, "steps", f"source:{pipeline.split('/')[0]}", f"pipeline:{pipeline.split('/')[1]}", "state:failed", "--json", "--limit", "1")
        step = json.loads(rows.split("\n")[0])
        problem = json.loads(self.ask(home, "problems", "state:open", f"pipelines:{pipeline}", "--json").split("\n")[0])
        source, name, run = (urllib.parse.unquote(part) for part in step["run_ref"].split("/"))
        return {"step": step["ref"], "run": step["run_ref"], "ref": step["ref"], "source": source, "problem": problem["ref"],
                "pipeline": f"{source}/{name}", "in_pipeline": f"source={source} pipeline={name}", "project": "discovery",
                "in_run": f"source={source} pipeline={name} run={run}"}


def commands_of(text):
    """Of a session: command, the lines that it shows, the status at its end."""
    steps = []
    for line in text.rstrip("\n").split("\n"):
        if line.startswith("$ "):
            steps.append([line[2:], [], 0])
        elif line.startswith("> ") and steps and not steps[-1][1]:
            steps[-1][0] += "\n" + line[2:]
        elif not steps:
            raise ValueError(f"a session starts with '$ COMMAND', not with '{line}'")
        elif found := re.fullmatch(r"\[(\d+)\]", line):
            steps[-1][2] = int(found[1])
        else:
            steps[-1][1].append(line.rstrip())
    return steps


def run_console(world, block):
    faults, new = [], []
    for command, want, want_status in commands_of(block.text):
        status, got = world.run(world.filled(command))
        line = differs(want, got)
        if status != want_status:
            faults.append(f"$ {command}: status {status}, not {want_status}")
        if line is not None:
            faults += [f"$ {command}: no such line: {line}"]
        if faults:
            faults += [f"  | {l}" for l in got[:40]]
        new.append("$ " + command.replace("\n", "\n> "))
        new += want if line is None else got
        new += [f"[{status}]"] if status else []
    return faults, "\n".join(new) + "\n"


def run_sh(world, block):
    faults = []
    for command in re.sub(r"\\\n", " ", block.text).strip().split("\n"):
        if not command.strip() or command.lstrip().startswith("#"):
            continue
        status, got = world.run(world.filled(command))
        if status:
            faults += [f"{command}: status {status}"] + [f"  | {l}" for l in got[:20]]
    return faults, block.text


def run_yaml(world, block):
    path = f"{world.home}/block.yaml"
    with open(path, "w", encoding="utf-8") as f:
        f.write(block.text)
    status, got = world.run(f"porthole docs guide/filter --config {path}")
    return [f"status {status}: {' '.join(got)}"] if status else [], block.text


def run_python(world, block):
    try:
        compile(block.text, f"{block.page}:{block.line}", "exec")
    except SyntaxError as e:
        return [str(e)], block.text
    return [], block.text


def run_json(world, block):
    try:
        json.loads(block.text)
    except ValueError:
        try:
            for line in block.text.strip().split("\n"):
                json.loads(line)
        except ValueError as e:
            return [str(e)], block.text
    return [], block.text


def write_file(world, block):
    path = os.path.join(world.home, block.file)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(block.text)
    return [], block.text


RUNNERS = dict(zip(KNOWN, (run_console, run_sh, run_yaml, run_python, run_json)))


def update(path, changed):
    """The text of blocks (by line) becomes what it is today."""
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    for block, text in sorted(changed, key=lambda c: -c[0].line):
        lines[block.line:block.line + block.text.count("\n")] = text.rstrip("\n").split("\n")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(lines))


class Report:
    def __init__(self):
        self.n = self.n_bad = 0

    def block(self, block, faults):
        self.n += 1
        self.n_bad += bool(faults)
        what = block.file or block.text.split("\n")[0].removeprefix("$ ").replace("#", "")[:60]
        print(f"{'not ok' if faults else 'ok'} {self.n} {block.page}:{block.line} {block.language}: {what}")
        for line in faults:
            print(f"#   {line}")
        sys.stdout.flush()


def run_page(path, made, folder, report):
    page = os.path.splitext(os.path.relpath(path, f"{ROOT}/docs_embedded"))[0]
    blocks = [b for b in blocks_of(page, path) if b.claims()]
    if not blocks:
        return
    runs_pipelines = any(re.search(r"\bporthole run ", b.text) for b in blocks)
    world, changed = World(f"{folder}/home", made, runs_pipelines), []
    try:
        for block in blocks:
            try:
                faults, text = (write_file if block.file else RUNNERS[block.language])(world, block)
            except ValueError as e:
                faults, text = [str(e)], block.text
            report.block(block, faults)
            if text != block.text:
                changed.append((block, text))
    finally:
        world.end()
    if changed and os.environ.get("UPDATE_BLOCKS"):
        update(path, changed)


def main():
    folder, pages = os.path.realpath(sys.argv[1]), sys.argv[2:]
    made, report = Made(folder), Report()
    for path in pages:
        run_page(path, made, folder, report)
    print(f"1..{report.n}")
    sys.exit(report.n_bad > 0)


if __name__ == "__main__":
    main()
