#!/bin/sh
# cases.sh SOURCE: the tables of docs/internals/cases.md name each case of tests/docs/cases.txt once, and each trouble; and
# each test that they name is one that runs.
set -eu
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
page=$source/docs/internals/cases.md

# Rows as "section|first column|tests, separated by blanks|rest".
awk -F' *[|] *' '
  /^## / { section = substr($0, 4) }
  /^[|] `/ || /^[|] [0-9]/ {
    tests = ""
    text = $0
    while (match(text, /`(((unit|stress)\/test_|model\/)[a-z0-9_]+\.c:[a-z0-9_]+|integration\/[a-z_]+\.sh)`/)) {
      tests = tests " " substr(text, RSTART + 1, RLENGTH - 2)
      text = substr(text, 1, RSTART - 1) substr(text, RSTART + RLENGTH)
    }
    gsub(/`/, "", $2)
    print section "|" $2 "|" tests "|" $4
  }' "$page" >"$work/rows"

: >"$work/wrong"
awk -F'|' '$1 !~ /[Tt]roubles|Complaints/ { print $1, $2 }' "$work/rows" | sort >"$work/named"
sort "$source/tests/docs/cases.txt" >"$work/wanted"
comm -3 "$work/wanted" "$work/named" | sed 's/^	/not a case: /; t; s/^/no row for /' >>"$work/wrong"
uniq -d "$work/named" | sed 's/^/two rows for /' >>"$work/wrong"
[ -s "$work/wanted" ] || echo "no cases?" >>"$work/wrong"

# A case has a test, or the row says why not.
awk -F'|' '$1 !~ /[Tt]roubles|Complaints/ && $3 == "" && length($4) < 10 { print "neither a test nor a reason: " $1 " " $2 }' \
  "$work/rows" >>"$work/wrong"

# The troubles that must have a test, and the number in each test's name.
for number in 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 37; do
  tests=$(awk -F'|' -v n=$number '$1 ~ /[Tt]roubles/ && $2 == n { print $3 }' "$work/rows")
  [ -n "$tests" ] || echo "no test for trouble $number" >>"$work/wrong"
done
awk -F'|' '$1 ~ /[Tt]roubles/ {
  n = split($3, tests, " ")
  for (i = 1; i <= n; i++) if (tests[i] !~ ":trouble_0?" $2 "_") print "not a test of trouble " $2 ": " tests[i]
}' "$work/rows" >>"$work/wrong"

# The complaints, each with what shows it.
for number in 1 2 3 4 5 6 7 8 9 10 11 12 13; do
  tests=$(awk -F'|' -v n=$number '$1 ~ /Complaints/ && $2 == n { print $3 }' "$work/rows")
  [ -n "$tests" ] || echo "no test for complaint $number" >>"$work/wrong"
done

# Each test is there: its function, and a second mention, by which it runs.
cut -d'|' -f3 "$work/rows" | tr ' ' '\n' | sed '/^$/d' | sort -u >"$work/tests"
while IFS=: read -r file test; do
  path=$source/tests/$file
  case $file in
  integration/*) # a script
    [ -f "$path" ] || echo "no such script: $file" >>"$work/wrong"
    continue
    ;;
  model/*) # a scenario: CMake makes a test of each
    grep -q "^MODEL_SCENARIO($test," "$source/tests/model/scenarios/${file#model/}" ||
      echo "no such scenario: $file:$test" >>"$work/wrong"
    continue
    ;;
  esac
  if ! grep -qE "^static void $test\(void \*\*" "$path" 2>/dev/null; then
    echo "no such test: $file:$test" >>"$work/wrong"
  elif [ "$(grep -cw "$test" "$path")" -lt 2 ]; then
    echo "never run: $file:$test" >>"$work/wrong"
  fi
done <"$work/tests"

if [ -s "$work/wrong" ]; then
  cat "$work/wrong"
  exit 1
fi
echo "$(wc -l <"$work/wanted") cases, $(wc -l <"$work/tests") tests"
