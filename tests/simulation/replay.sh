#!/bin/sh
# replay.sh PROGRAM...: the same seed in other processes, and what a failing one tells. PROGRAM is test_replay, perhaps with what it is
# run by.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "$1"
  cat "$work/out" "$work/err"
  exit 1
}

# Two processes, with addresses of their own.
for seed in 1 2 3 4711 18446744073709551615; do
  "$@" hash $seed >"$work/first"
  FILLER=$(printf %2000s) "$@" hash $seed >"$work/out" 2>"$work/err"
  cmp -s "$work/first" "$work/out" || fail "seed $seed is another run in another process"
done

# A bug is told with its seed, and replayed with its events.
"$@" bug >"$work/out" 2>"$work/err" && fail "the bug was not found"
seed=$(sed -nE 's/^weir: simulation: seed ([0-9]+) fails: .*/\1/p' "$work/err")
[ -n "$seed" ] || fail "the seed was not told"
grep -q "run again it does the same" "$work/err" || fail "it was not seen to replay"
for again in 1 2; do
  WEIR_SEED=$seed WEIR_TRACE=1 "$@" bug >"$work/out" 2>"$work/events$again" && fail "seed $seed was not replayed"
done
cmp "$work/events1" "$work/events2" || fail "other events"
grep -q "adder#[0-9]* asks cell#[0-9]* get" "$work/events1" || fail "no events"

# A process that dies tells its seed, and dies.
"$@" die >"$work/out" 2>"$work/err" && fail "it lives"
grep -qE "^weir: simulation: died at WEIR_SEED=[0-9]+" "$work/err" || fail "it died without a word"
seed=$(sed -nE 's/^weir: simulation: died at WEIR_SEED=([0-9]+)/\1/p' "$work/err")
WEIR_SEED=$seed "$@" die >"$work/out" 2>"$work/err" && fail "its death was not replayed"

# A stop that never ends says who does not.
WEIR_SEED=1 "$@" stop >"$work/out" 2>"$work/err" && fail "it stopped"
grep -q "stubborn#1, in its end clause" "$work/err" || fail "nobody was named"
