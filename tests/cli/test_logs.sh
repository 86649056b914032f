#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Logs as they are printed: what is masked.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"
config=$dir/portal.yaml
write_config() {
    cat >"$config" <<END
catalogue: sqlite:$dir/porthole.db
sources:
  - {name: lab, kind: plugin, command: [python3, "-IS", "$root/tests/fixtures/plugins/training.py"]}
$1
END
}

write_config ''
run 0 sync

t "without patterns a log is printed as it came, cleaned"
run 0 logs lab/ranker/r3/train
out_lines 6
out_has 's3cret-1'
out_has 'password=s3cret-2 end'

t "what a pattern of mask matches is hidden, in a pipe and on a terminal"
write_config 'mask: ["password=\\S+", "s3cret-\\d"]'
run 0 logs lab/ranker/r3/train
out_lines 6
out_lacks 's3cret'
out_has '"api_key": "\*\*\*"'
out_has '^plain: \*\*\* end$'
script -qec "'$PORTHOLE' --config '$config' logs lab/ranker/r3/train" /dev/null >"$out" 2>"$err" </dev/null
out_lacks 's3cret'
out_has 'plain: \*\*\* end'

t "a pattern that is wrong is told, and nothing is printed"
write_config 'mask: ["a("]'
run 2 logs lab/ranker/r3/train
out_lines 0
err_has "mask: pattern 'a\(': missing closing parenthesis"

done_testing
