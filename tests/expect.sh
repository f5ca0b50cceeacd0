#!/bin/sh
# expect.sh EXPECTED COMMAND...: runs a command that must succeed and print exactly what the file EXPECTED holds.
expected=$1
shift
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
"$@" </dev/null >"$out" || { echo "exit code $? of: $*"; cat "$out"; exit 1; }
diff -u "$expected" "$out"
