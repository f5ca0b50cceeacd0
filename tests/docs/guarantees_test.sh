#!/bin/sh
# guarantees_test.sh SOURCE: guarantees.sh says yes to the page as it is, and no to one that went bad.
set -eu
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/docs"
ln -s "$source/tests" "$work/tests"
page=$work/docs/guarantees.md

cp "$source/docs/guarantees.md" "$page"
sh "$source/tests/docs/guarantees.sh" "$work"

# expect TEXT SCRIPT: with the page changed by a script of sed, the checker fails and says TEXT.
expect() {
  sed "$2" "$source/docs/guarantees.md" >"$page"
  if cmp -s "$page" "$source/docs/guarantees.md"; then
    echo "changes nothing: $2"
    exit 1
  fi
  if sh "$source/tests/docs/guarantees.sh" "$work" >"$work/said" 2>&1 || ! grep -q "$1" "$work/said"; then
    echo "not noticed: $2"
    cat "$work/said"
    exit 1
  fi
}

expect "no such test: unit/test_timer.c:a_timer_is_never_late" 's/:a_timer_is_never_early/:a_timer_is_never_late/'
expect "no such file: tests/fuzz/fuzz_all.c" 's/fuzz_calls/fuzz_all/'
expect "nothing checks: No timer" 's/^\(| No timer[^|]*|\).*/\1 hope |/'
expect "promised twice: No timer" '/^| No timer/p'
expect "no such scenario: model/nothing" 's/`bench\/allocs.sh`/`model\/nothing`/'
expect "no promises?" '/^|/d'
