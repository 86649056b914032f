#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Airflow and MLflow behind a proxy that faults: acts as the real ones do, and keeps a ledger.

    tool_act.py DIR [SEED]    prints its port; DIR/ledger gets a line for each change that took effect,
                              DIR/requests one for each request. DIR/faults may hold "NAME FAULT" lines: what befalls
                              requests that change DAG (or MLflow run) NAME; a name of "*" means all others.
"""
import http.server, json, os, re, socket, sys, threading, time, urllib.parse

DIR, START, END = sys.argv[1], "2026-11-21T02:00:00Z", "2026-11-21T02:01:00Z"
lock = threading.Lock()
sick = lambda: os.path.exists(DIR + "/scheduler-dead")


def note(file, text):
    with open(f"{DIR}/{file}", "a", encoding="utf-8") as f:
        f.write(text + "\n")


def faults():
    try:
        with open(DIR + "/faults", encoding="utf-8") as f:
            return dict(line.split() for line in f if line.strip())
    except FileNotFoundError:
        return {}


class Tool:
    """What the tools hold. Made when first asked for, so that there are as many as a test names."""

    def __init__(self):
        self.dags, self.runs = {}, {}

    def dag(self, name):
        return self.dags.setdefault(name, {"is_paused": name.startswith("off"), "runs": {"r1": self.new_run("failed")}})

    def new_run(self, state):
        steps = [("extract", -1, "success", 1), ("check", -1, "failed", 2), ("score", 7, "failed", 1),
                 ("publish", -1, "upstream_failed", 0)]
        if state != "failed":
            steps = [("extract", -1, "running", 1)]
        return {"state": state, "note": None, "conf": {}, "steps": [
            {"task_id": t, "map_index": i, "state": s, "try_number": n, "note": None,
             "rendered_map_index": "eu" if i >= 0 else None} for t, i, s, n in steps]}

    def run(self, dag, run):
        runs = self.dag(dag)["runs"]
        if run.startswith("live") and run not in runs:
            runs[run] = self.new_run("running")
        return runs.get(run)


tool = Tool()


class Refused(Exception):
    pass


def clear(dag, body):
    run = tool.run(dag, body.get("dag_run_id", ""))
    if run is None:
        raise Refused(404, "DagRun not found")
    wanted = [w if isinstance(w, list) else [w, None] for w in body.get("task_ids", [])]
    order = ["extract", "check", "score", "publish"]
    first = min([order.index(w[0]) for w in wanted if w[0] in order], default=0)
    hit = []
    for step in run["steps"]:
        named = not wanted or any(step["task_id"] == w[0] and w[1] in (None, step["map_index"]) for w in wanted)
        named = named or (body.get("include_downstream") and order.index(step["task_id"]) > first)
        if named and (not body.get("only_failed", True) or step["state"] in ("failed", "upstream_failed")):
            hit.append(dict(step))
            if not body.get("dry_run", True):
                step["state"] = None
    if hit and not body.get("dry_run", True):
        run["state"] = "queued"
        note("ledger", f"clear {dag}")
    return {"task_instances": hit, "total_entries": len(hit)}


def trigger(dag, body):
    runs, name = tool.dag(dag)["runs"], body.get("dag_run_id") or "manual__1"
    if name in runs:
        raise Refused(409, {"reason": "Unique constraint violation", "message": "…"})
    if "logical_date" not in body:
        raise Refused(422, [{"type": "missing", "msg": "Field required"}])
    runs[name] = tool.new_run("queued")
    runs[name]["conf"] = body.get("conf")
    note("ledger", f"trigger {dag} {json.dumps(body.get('conf'), sort_keys=True)}")
    return {"dag_run_id": name, "state": "queued", "conf": body.get("conf")}


def patch(what, dag, row, body, fields):
    for field in fields:
        if field in body and row.get("state" if field == "new_state" else field) == body[field] and field != "note":
            raise Refused(409, "already so")
    for field in fields:
        if field in body:
            row["state" if field == "new_state" else field] = body[field]
    note("ledger", f"{what} {dag}")
    return row


def lists(path):
    """All of it, for a pull: the DAGs that DIR/dags names."""
    with open(DIR + "/dags", encoding="utf-8") as f:
        names = f.read().split()
    if path == "/api/v2/dags":
        return {"dags": [{"dag_id": n, "is_paused": tool.dag(n)["is_paused"]} for n in names], "total_entries": len(names)}
    runs = [{"dag_id": n, "dag_run_id": r, "run_type": "manual", "start_date": START, **run}
            for n in names for r, run in tool.dag(n)["runs"].items()]
    if path.endswith("/dagRuns"):
        return {"dag_runs": [{k: v for k, v in r.items() if k != "steps"} for r in runs], "next_cursor": None}
    return {"task_instances": [{"dag_id": r["dag_id"], "dag_run_id": r["dag_run_id"], "start_date": START, "end_date": END, **s}
                               for r in runs for s in r["steps"]], "next_cursor": None}


def airflow(method, path, body):
    if path in ("/api/v2/dags", "/api/v2/dags/~/dagRuns", "/api/v2/dags/~/dagRuns/~/taskInstances"):
        return lists(path)
    if path == "/api/v2/importErrors":
        return {"import_errors": [], "total_entries": 0}
    part = [urllib.parse.unquote(p) for p in path.strip("/").split("/")][2:]
    if part == ["monitor", "health"]:
        return {"scheduler": {"status": "unhealthy" if sick() else "healthy",
                              "latest_scheduler_heartbeat": "2026-11-21T02:51:58+00:00"}}
    if len(part) < 2:
        raise Refused(404, "Not Found")
    dag, rest = part[1], part[2:]
    if rest == ["tasks"]:
        return {"tasks": [{"task_id": t, "downstream_task_ids": d} for t, d in (
            ("extract", ["check", "score"]), ("check", ["publish"]), ("score", ["publish"]), ("publish", []))]}
    if "tries" in rest or "logs" in rest:
        return {"task_instances": []}
    if dag.startswith("gone"):
        raise Refused(404, f"The DAG with dag_id: `{dag}` was not found")
    if dag.startswith("mine") and method != "GET" and not body.get("dry_run"):
        raise Refused(403, "Forbidden")
    if rest == ["clearTaskInstances"]:
        return clear(dag, body)
    if rest == ["dagRuns"] and method == "POST":
        return trigger(dag, body)
    if not rest:
        return patch("pause", dag, tool.dag(dag), body, ["is_paused"]) if method == "PATCH" else \
            {"dag_id": dag, "is_paused": tool.dag(dag)["is_paused"]}
    run = tool.run(dag, rest[1])
    if run is None:
        raise Refused(404, "DagRun not found")
    if len(rest) == 2:
        return patch("run", dag, run, body, ["state", "note"]) if method == "PATCH" else run
    index = int(rest[4]) if len(rest) > 4 else -1
    step = next((s for s in run["steps"] if s["task_id"] == rest[3] and s["map_index"] == index), None)
    if step is None:
        raise Refused(404, "TaskInstance not found")
    return patch("step", dag, step, body, ["new_state", "note"]) if method == "PATCH" else step


def mlflow(method, path, query, body):
    if path.endswith("/search"):
        return {}
    name = body.get("run_id") or urllib.parse.parse_qs(query)["run_id"][0]
    run = tool.runs.setdefault(name, {})
    if path.endswith("log-batch"):
        for tag in body["tags"]:
            run[tag["key"]] = tag["value"]
        note("ledger", f"tag {name}")
        return {}
    return {"run": {"info": {"run_id": name, "lifecycle_stage": "deleted" if name.startswith("dead") else "active"},
                    "data": {"tags": [{"key": k, "value": v} for k, v in run.items()]}}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body, cut=None):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[:cut])
        self.wfile.flush()
        if cut is not None:
            self.hang_up()

    def hang_up(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def tool_says(self, path, query, body):
        with lock:
            try:
                if "/mlflow/" in path:
                    return 200, mlflow(self.command, path, query, body)
                return 200, airflow(self.command, path, body)
            except Refused as refused:
                return refused.args[0], {"detail": refused.args[1]}

    def serve(self):
        path, _, query = self.path.partition("?")
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        acts = self.command == "PATCH" or (self.command == "POST" and not body.get("dry_run"))
        note("requests", f"{'act' if acts else 'read'} {self.command} {path} {json.dumps(body, sort_keys=True)}")
        name = body.get("run_id") if "/mlflow/" in path else (re.findall(r"/dags/([^/]+)", path) or [""])[0]
        table = faults()
        fault = table.get(urllib.parse.unquote(name or ""), table.get("*", "none")) if acts else "none"
        say = lambda: self.tool_says(path, query, body)
        if fault == "cut-before":
            self.hang_up()
        elif fault == "500-before":
            self.answer(500, {"detail": "no database"})
        elif fault == "429":
            self.answer(429, {"detail": "slow down"})
        elif fault == "cut-after":
            say()
            self.hang_up()
        elif fault == "cut-within":
            self.answer(*say(), cut=9)
        elif fault == "500-after":
            say()
            self.answer(500, {"detail": "lost it"})
        elif fault == "502-late":  # the proxy gives up, the tool does it all the same
            threading.Timer(0.2, say).start()
            self.answer(502, {"detail": "bad gateway"})
        elif fault == "slow":
            time.sleep(0.4)
            self.answer(*say())
        elif fault == "never":
            time.sleep(40)
            self.hang_up()
        elif fault == "doubled":
            say()
            self.answer(*say())
        elif fault == "html":
            body = b"<html>sign in</html>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        else:
            self.answer(*say())

    do_GET = do_POST = do_PATCH = serve


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


server = Server(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
