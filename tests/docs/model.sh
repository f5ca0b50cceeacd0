#!/bin/sh
# model.sh SOURCE: docs/internals/model.md names each scenario and each mutant of tests/model but the explorer's own; each
# that it names exists; each clause has a scenario and a mutant.
set -eu
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
page=$source/docs/internals/model.md
model=$source/tests/model

sed -nE 's/^MODEL_SCENARIO\(([a-z0-9_]+),.*/\1/p' "$model"/scenarios/*.c | grep -v '^litmus_' | sort -u >"$work/scenarios"
basename -s .sed -a "$model"/mutations/*.sed | sort >"$work/mutants"

# Rows as "clause|scenarios|mutants".
sed -nE 's/^\| ([A-Z][0-9]+[^|]*) \| ([^|]*) \| ([^|]*) \|$/\1|\2|\3/p' "$page" >"$work/rows"
: >"$work/wrong"
[ -s "$work/rows" ] || echo "no rows?" >>"$work/wrong"

# named COLUMN FILE WHAT
named() {
  cut -d'|' -f"$1" "$work/rows" | grep -oE '`[a-z0-9_]+`' | tr -d '`' | sort -u >"$work/named"
  comm -23 "$2" "$work/named" | sed "s/^/not in the table: $3 /" >>"$work/wrong"
  comm -13 "$2" "$work/named" | sed "s/^/no such $3: /" >>"$work/wrong"
}
named 2 "$work/scenarios" scenario
named 3 "$work/mutants" mutant
awk -F'|' '$2 !~ /`/ { print "no scenario: " $1 } $3 !~ /`/ { print "no mutant: " $1 }' "$work/rows" >>"$work/wrong"

# A mutant is found by a scenario of its row.
while IFS='|' read -r clause scenarios mutants; do
  for mutant in $(echo "$mutants" | tr -d '`,'); do
    by=$(sed -n 's/^# scenario: *//p' "$model/mutations/$mutant.sed")
    case $scenarios in
    *"\`$by\`"*) ;;
    *) echo "$clause: $mutant is found by $by, which is not in its row" >>"$work/wrong" ;;
    esac
  done
done <"$work/rows"

if [ -s "$work/wrong" ]; then
  cat "$work/wrong"
  exit 1
fi
echo "$(wc -l <"$work/rows") clauses, $(wc -l <"$work/scenarios") scenarios, $(wc -l <"$work/mutants") mutants"
