# SPDX-License-Identifier: GPL-3.0-or-later
# Actions on the real Airflow, for run.sh: it has started it, its pipelines have run, a catalogue holds them.
# shellcheck shell=bash disable=SC2154

# The same catalogue, and a source that allows actions: straight, or through a proxy that loses each answer.
act_configure() {
    sed 's/password_env: AIRFLOW_PASSWORD}/password_env: AIRFLOW_PASSWORD, actions: true}/' portal.yaml >act.yaml
    python3 "$here/lossy.py" "$AIRFLOW_URL" >lossy.port &
    lossy=$!
    for _ in {1..100}; do [ -s lossy.port ] && break; sleep 0.1; done
    sed "s|$AIRFLOW_URL|http://127.0.0.1:$(cat lossy.port)|" act.yaml >lossy.yaml
    grep -q 'actions: true' lossy.yaml && [ -s lossy.port ]
}

# pa ARG…: the portal with actions; pl ARG…: through the proxy
pa() { "$program" --config "$work/act.yaml" "$@" </dev/null; }
pl() { "$program" --config "$work/lossy.yaml" "$@" </dev/null; }

# says EXPRESSION: true in Python of the one object `row` in said.jsonl
says() {
    python3 -c 'import json, sys
row = json.load(open("said.jsonl"))
sys.exit(0 if eval(sys.argv[1]) else f"{sys.argv[1]}: {row}")' "$1"
}

# field PATH EXPRESSION: of what the API says at PATH, as `it`
field() { api GET "$1" | python3 -c 'import json, sys; it = json.load(sys.stdin); print(eval(sys.argv[1]))' "$2"; }
is_so() { # WANT PATH EXPRESSION
    local got
    got=$(field "$2" "$3")
    [ "$got" = "$1" ] && return
    echo "$2: $3 is '$got', not '$1'"
    return 1
}
new_run_path() { # DAG: of the run that was started last
    python3 -c 'import json, urllib.parse as u
dag, run = json.load(open("said.jsonl"))["run_ref"].split("/")[1:]
print("/api/v2/dags/%s/dagRuns/%s" % (dag, u.quote(u.unquote(run), safe="")))'
}

act_not_allowed() {
    is_status 4 p rerun "$(run_ref feature_store_sync)" --yes && is_status 4 pa rerun "$(run_ref feature_store_sync)" --yes --read-only
}

act_dry_run() {
    local before
    before=$(field "$(api_path feature_store_sync)/taskInstances/fetch_profiles" 'it["try_number"], it["state"]') || return 1
    pa rerun "$(run_ref feature_store_sync)" --dry-run --json >said.jsonl &&
        says 'row["effect"] == ["clear fetch_profiles (failed, attempt 1)", "clear push_online (upstream_failed, attempt 0)"]' &&
        is_so "$before" "$(api_path feature_store_sync)/taskInstances/fetch_profiles" 'it["try_number"], it["state"]'
}

act_rerun() {
    echo feature_store_sync >>"$AIRFLOW_HOME/healthy"
    pa rerun "$(run_ref feature_store_sync)" --yes=1 --json >said.jsonl && says 'row["done"] == "yes"' && drive wait &&
        is_so success "$(api_path feature_store_sync)" 'it["state"]' &&
        is_so 2 "$(api_path feature_store_sync)/taskInstances/fetch_profiles" 'it["try_number"]'
}

act_rerun_again() { is_status 1 pa rerun "$(run_ref feature_store_sync)" --yes; }

act_mapped() {
    local path
    path=$(api_path matchmaking_score)/taskInstances/score_region
    pa clear "$(step_ref matchmaking_score score_region 2)" --yes --json >said.jsonl && says 'row["done"] == "yes" and len(row["effect"]) == 1' &&
        drive wait && is_so 2 "$path/2" 'it["try_number"]' && is_so 1 "$path/5" 'it["try_number"]'
}

act_trigger() {
    pa trigger airflow/churn_features --set scale=3 --set 'who="7"' --note 'by a test' --yes --json >said.jsonl &&
        says 'row["done"] == "yes"' && is_so "{'scale': 3, 'who': '7'}" "$(new_run_path)" 'it["conf"]' &&
        is_so 'by a test' "$(new_run_path)" 'it["note"]'
}

act_trigger_lost() {
    local before after
    before=$(field /api/v2/dags/churn_features/dagRuns 'it["total_entries"]') || return 1
    pl trigger airflow/churn_features --yes --json >said.jsonl &&
        says 'row["done"] == "yes" and "the answer was lost, the tool shows that it was done" in row["message"]' &&
        after=$(field /api/v2/dags/churn_features/dagRuns 'it["total_entries"]') && [ "$after" -eq $((before + 1)) ]
}

act_pause() {
    drive wait # its SQLite is locked at times while steps run
    pa pause airflow/telemetry_sessionize --yes && is_so True /api/v2/dags/telemetry_sessionize 'it["is_paused"]' &&
        pa pause airflow/telemetry_sessionize --yes | grep -q 'is so already'
}

act_cancel() {
    pa trigger airflow/telemetry_sessionize --yes --json >said.jsonl && says '"paused" in (row["message"] or "") or row["done"] == "yes"' &&
        is_so queued "$(new_run_path)" 'it["state"]' &&
        pa cancel "$(python3 -c 'import json; print(json.load(open("said.jsonl"))["run_ref"])')" --yes &&
        is_so failed "$(new_run_path)" 'it["state"]' && pa unpause airflow/telemetry_sessionize --yes
}

act_cancel_lost() {
    is_status 1 pl cancel "$(run_ref recsys_daily)" --yes || return 1 # it is over
    pl pause airflow/churn_features --yes && is_so True /api/v2/dags/churn_features 'it["is_paused"]' &&
        drive wait && pl unpause airflow/churn_features --yes && is_so False /api/v2/dags/churn_features 'it["is_paused"]'
}

act_set_state() {
    pa set-state "$(step_ref recsys_daily check_events)" --state success --note 'the source was wrong' --yes &&
        is_so success "$(api_path recsys_daily)/taskInstances/check_events" 'it["state"]'
}

act_note() {
    pa tag "$(run_ref recsys_daily)" --note 'seen by a test' --yes && is_so 'seen by a test' "$(api_path recsys_daily)" 'it["note"]'
}

act_audited() {
    kill "$lossy"
    drive wait && p sync && p audit --json --limit 0 >audit.jsonl && python3 -c 'import collections, json
rows = [json.loads(l) for l in open("audit.jsonl")]
assert len([r for r in rows if r["result"]]) == len([r for r in rows if not r["result"]]) >= 10, rows'
}

act_tests() {
    t "a source that allows actions, and a proxy that loses answers" act_configure
    t "no action without 'actions: true', none with --read-only" act_not_allowed
    t "a dry run of a rerun changes nothing" act_dry_run
    t "a failed run is rerun, once" act_rerun
    t "what passed by then is not rerun" act_rerun_again
    t "one mapped step is cleared, and no other" act_mapped
    t "a run is triggered with typed parameters and a note" act_trigger
    t "a trigger whose answer is lost started one run, and says so" act_trigger_lost
    t "a pipeline is paused" act_pause
    t "a queued run is cancelled" act_cancel
    t "pause and unpause whose answers are lost are done, and say so" act_cancel_lost
    t "a step is marked success, with a note" act_set_state
    t "a run gets a note" act_note
    t "each action is in the audit, before and after" act_audited
}
