#!/bin/sh
# large_topology.sh WEIR [ACTORS]: how long a topology of so many actors (99,999) takes to be checked, to be checked with a
# third of its receivers unknown, and to start and end.
set -eu
weir=$1 actors=${2:-99999}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
awk -v n=$((actors / 3)) 'BEGIN {
  about = "one of very many, which have a description so that the file is about as large as one that people would write"
  printf "{ \"weir\": 1, \"name\": \"large\", \"actors\": [\n"
  printf "  { \"name\": \"source\", \"type\": \"file_lines\", \"config\": { \"paths\": [\"/dev/null\"] }, \"to\": ["
  for (i = 0; i < n; i++) printf "%s\"words_%05d\"", i ? ", " : "", i
  printf "] }"
  for (i = 0; i < n; i++) {
    printf ",\n  { \"name\": \"words_%05d\", \"type\": \"split\", \"config\": { \"fold_case\": true }, \"to\": [\"count_%05d\"] }", i, i
    printf ",\n  { \"name\": \"count_%05d\", \"type\": \"count\", \"description\": \"%s\", \"mailbox\": { \"capacity\": 16 }, \"to\": \"top_%05d\" }", i, about, i
    printf ",\n  { \"name\": \"top_%05d\", \"type\": \"top\", \"description\": \"%s\", \"config\": { \"k\": 10 }, \"to\": \"discard\" }", i, about
  }
  printf " ] }\n"
}' >"$work/large.json"
sed 's/"to": "top_/"to": "tpo_/' "$work/large.json" >"$work/wrong.json"
timed() { # timed NAME CODE COMMAND...
  name=$1 want=$2 begin=$(date +%s%N) code=0
  shift 2
  "$@" >"$work/said" 2>&1 || code=$?
  echo "$name: $((($(date +%s%N) - begin) / 1000000)) ms"
  [ $code -eq "$want" ] || { echo "exit code $code"; head -5 "$work/said"; exit 1; }
}
echo "$actors actors, $(wc -c <"$work/large.json") bytes"
timed check 0 "$weir" check "$work/large.json"
timed 'check, unknown receivers' 78 "$weir" check "$work/wrong.json"
[ "$(tail -n 1 "$work/said" | sed 's/.*error: //')" = "$((actors / 3 - 1000)) more errors are not shown" ] || tail -n 1 "$work/said"
timed 'run to its end' 0 "$weir" run "$work/large.json"
