#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The documentation from the command line: listed, read, filled in, searched, checked; without any catalogue.
# What is published is in test_docs_publish.sh.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

mkdir -p "$dir/pages/guide"
config=$dir/docs.yaml
cat >"$config" <<END
catalogue: sqlite:$dir/nosuch/catalogue.db
sources:
  - {name: lab, kind: local, path: $dir}
projects:
  - {name: shop, pipelines: ["lab/*"]}
docs: [$dir/pages]
END

t "the built-in pages are listed, with the keys of the contract"
run 0 docs --json
json '{"page", "title", "origin", "owner", "reviewed", "stale"} <= set(row)'
json '"runbooks/data-check-failed" in [r["page"] for r in rows]'
json 'all(r["origin"] == "built in" for r in rows)'

t "every built-in page says who looks after it, but the one for programs"
json 'all(r["owner"] and r["reviewed"] for r in rows if r["page"] != "guide/write-a-plug-in")'

t "every view has its page"
views=$(sed -n 's/^\tX(\([a-z]*\)).*/\1/p' "$root/views/lists.h")
[ -n "$views" ] || bad "no views in views/lists.h"
for view in $views; do
    run 0 docs "guide/views/$view"
done

t "nothing is wrong with any built-in page"
run 0 docs lint
out_lines 1

t "a page is read by its name, its last part, and as a ref"
run 0 docs guide/filter
out_has '^# The filter$'
run 0 docs filter
out_has '^# The filter$'
run 0 docs doc:guide/filter#keys
out_has '^## Keys$'
out_lacks '^# The filter$|^## Words$'

t "a page as JSON has its text"
run 0 docs filter --json
json 'row["page"] == "guide/filter" and row["text"].startswith("# The filter") and len(rows) == 1'

t "a page is an object like others"
run 0 show doc:guide/filter
out_has '^# The filter$'
run 0 doc:guide/filter
out_has '^# The filter$'
run 0 complete docs runbooks/kil
out_has '^runbooks/killed	Killed$'

t "what is not there is said, with the nearest name"
run 1 docs runbooks/kiled
err_has "no page is called 'runbooks/kiled'; did you mean 'runbooks/killed'"
run 1 docs filter#nosuch
err_has "no section 'nosuch'"
run 2 docs search
err_lines 1

t "the commands of a page are filled in for a step"
run 0 docs data-check-failed lab/churn/r%201/check
out_has 'porthole logs lab/churn/r%201/check --cause'
out_has 'porthole diff lab/churn/r%201'
out_has "porthole checks source=lab pipeline=churn 'run=\"r 1\"'"
out_has 'porthole show project:shop'
out_lacks '\{(run|step|pipeline|in_run|project)\}'

t "words find pages, also with a slip"
run 0 docs search data check
[ "$(sed -n 2p "$out" | cut -f1)" = guide/add-a-data-check ] || bad "the best is not first"
run 0 docs search what of the shceduler
out_has 'runbooks/scheduler-dead'
run 1 docs search xyzzyq

t "a folder of the configuration goes over the built-in pages"
cat >"$dir/pages/guide/filter.md" <<'END'
---
title: Our filter
owner: us
reviewed: 2026-01-01
review_days: 30
wrong: key
---
# Our filter

[gone](nosuch.md) [here](#nowhere) [ok](triage-at-night.md#why) [bad](javascript:x)

```sh
porthole nosuch --json
porthole runs --nosuch
porthole runs --follow
porthole lab/churn
```

| say | what |
| --- | --- |
| `porthole alsonosuch` | in a table |
END
cat >"$dir/pages/guide/filter.fr.md" <<'END'
---
lang: fr
reviewed: 2025-12-31
---
# Notre filtre

Une promenade.
END
run 0 docs guide/filter
out_has '^# Our filter$'
out_has 'bad \(javascript:x\)'
run 0 docs --json
json '[(r["title"], r["owner"], r["stale"], r["reviewed"]) for r in rows if r["page"] == "guide/filter"] == [("Our filter", "us", True, "2026-01-01")]'

t "lint names what is wrong with it"
run 1 docs lint
out_has "guide/filter	.*'wrong' is unknown"
out_has "guide/filter	no page is called 'guide/nosuch'"
out_has "guide/filter	page 'guide/filter' has no section 'nowhere'"
out_has "guide/filter	no command is called 'nosuch'"
out_has "guide/filter	no option is called '--nosuch'"
out_has "guide/filter	'runs' has no option '--follow': porthole runs --follow"
out_has "guide/filter	no command is called 'alsonosuch'"
out_has "guide/filter	its review is due: it holds for 30 days"
out_has "guide/filter.fr	it is behind: 'guide/filter' was reviewed later"
out_lacks "guide/filter	.*lab/churn"
run 2 docs lint guide/filter

t "a page is read in the reader's language, where somebody wrote it in that"
# read_in VARIABLE=LOCALE ARGS…: the program with that alone said of languages, which this machine need not have.
read_in() {
    env -u LC_ALL -u LC_MESSAGES -u LANG "$1" "$PORTHOLE" --config "$config" docs "${@:2}" >"$out" 2>"$err" || bad "$*"
}
for variable in LC_ALL LC_MESSAGES LANG; do
    read_in "$variable=fr_FR.UTF-8" filter
    out_has '^# Notre filtre$'
done
read_in LC_ALL=de_DE.UTF-8 filter
out_has '^# Our filter$'
read_in LC_ALL=fr_FR filter.en
out_has '^# Our filter$'
run 0 docs filter.fr
out_has '^# Notre filtre$'
read_in LC_ALL=fr_FR.UTF-8 --json
json '[r["page"] for r in rows if r["page"].startswith("guide/filter")] == ["guide/filter.fr"]'
run 0 docs --json
json '[r["page"] for r in rows if r["page"].startswith("guide/filter")] == ["guide/filter"]'
run 0 docs filter.fr --json
json 'row["lang"] == "fr" and row["text"].startswith("# Notre filtre")'

t "what steers a terminal does not come through"
# shellcheck disable=SC2016
printf '# a\033[2J\n\n`\033]0;x\007` [x](\033c) \233\n\n```\n\033[31m\n```\n' >"$dir/pages/evil.md"
run 0 docs evil
! grep -q "$(printf '\033')" "$out" || bad "an escape on standard output"
run 0 docs evil --color always
! grep -qa "$(printf '\033')\[2J\|$(printf '\033')c\|$(printf '\033')\]" "$out" || bad "an escape of the page"

t "a folder that is away leaves the built-in pages"
rm -r "$dir/pages"
run 0 docs filter
out_has '^# The filter$'
run 1 docs lint
out_has 'pages: No such file'

done_testing
