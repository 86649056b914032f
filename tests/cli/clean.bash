# SPDX-License-Identifier: GPL-3.0-or-later
# For tests of what hostile texts become: judges all that a command prints. Sourced after tap.bash.
# shellcheck shell=bash disable=SC2154

# Only line ends, TSV's tabs and printable, valid UTF-8: no C0, DEL, C1, bidi, zero width or other control,
# no noncharacter; private use only in JSON (KIND json), which must parse; ASCII (KIND ascii) must be it.
# What was printed is kept and judged at the end of each test: one Python instead of thousands.
kept=0
mkdir "$dir/kept"
python3 - >"$dir/steering" <<'PY'
# Two lines, each the inside of a character class: what steers or is nothing, and what is private.
import itertools, unicodedata
def ranges(kinds):
    bad = (c for c in range(0x110000) if unicodedata.category(chr(c)) in kinds and c not in (9, 10))
    for _, run in itertools.groupby(enumerate(bad), lambda pair: pair[1] - pair[0]):
        run = list(run)
        yield f"\\U{run[0][1]:08x}-\\U{run[-1][1]:08x}"
print("".join(ranges(("Cc", "Cf", "Cs", "Cn", "Zl", "Zp"))))
print("".join(ranges(("Co",))), end="")
PY
keep() { # KIND LABEL
    kept=$((kept + 1))
    printf '%s\n%s\n' "$1" "$2" >"$dir/kept/$kept.label"
    cp "$out" "$dir/kept/$kept.out"
    cp "$err" "$dir/kept/$kept.err"
}
judge() {
    python3 - "$dir/kept" "$dir/steering" >"$dir/verdict" <<'PY'
import glob, json, os, re, sys
with open(sys.argv[2], encoding="utf-8") as f:
    steering, private = f.read().split("\n")
bad = {"json": re.compile(f"[{steering}]"), "": re.compile(f"[{steering}{private}]")}
def fault(data, kind):
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        return str(e)
    found = bad.get(kind, bad[""]).search(text)
    if found:
        at = found.start()
        return f"U+{ord(text[at]):04X} at {at}: {text[max(0, at - 40):at + 10]!r}"
    if kind == "ascii" and not text.isascii():
        return "beyond ASCII"
    if kind == "json":
        for line in text.splitlines():
            try:
                json.loads(line)
            except ValueError as e:
                return f"no JSON: {e}: {line[:80]!r}"
for label in glob.glob(sys.argv[1] + "/*.label"):
    kind, text = open(label, encoding="utf-8", errors="replace").read().split("\n", 1)
    for stream, k in ((".out", kind), (".err", "")):
        path = label.replace(".label", stream)
        why = fault(open(path, "rb").read(), k)
        if why:
            print(f"{text.strip()!r} {stream}: {why}")
        os.remove(path)
    os.remove(label)
PY
    [ ! -s "$dir/verdict" ] || bad "$(head -n 5 "$dir/verdict")"
}
some() { # FILE: it has lines, so that a loop over it is a test
    [ -s "$1" ] || bad "no line in $1"
}

# ask STATUS ARGS…: in every form.
ask() {
    local want=$1
    shift
    run "$want" "$@"
    keep text "$*"
    run "$want" "$@" --json
    keep json "$*"
}
