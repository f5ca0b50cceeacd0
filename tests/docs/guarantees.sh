#!/bin/sh
# guarantees.sh SOURCE: each promise of docs/guarantees.md has a check beside it, and each check that it names is there:
#   unit/test_x.c:name   a test function of cmocka in tests/, mentioned a second time there, by which it runs
#   model/name           a scenario of tests/model
#   fuzz/x.c, bench/x.sh …   a file in tests/
set -eu
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
: >"$work/wrong"

# Rows as "promise|check check …".
awk -F' *[|] *' '
  /^[|]/ && $2 != "promise" && $2 !~ /^-+$/ {
    checks = ""
    text = $3
    while (match(text, /`[^`]+`/)) {
      checks = checks " " substr(text, RSTART + 1, RLENGTH - 2)
      text = substr(text, RSTART + RLENGTH)
    }
    print $2 "|" checks
  }' "$source/docs/guarantees.md" >"$work/rows"
[ -s "$work/rows" ] || echo "no promises?" >>"$work/wrong"
awk -F'|' '$2 == "" { print "nothing checks: " $1 }' "$work/rows" >>"$work/wrong"
sort "$work/rows" | cut -d'|' -f1 | uniq -d | sed 's/^/promised twice: /' >>"$work/wrong"

cut -d'|' -f2 "$work/rows" | tr ' ' '\n' | sed '/^$/d' | sort -u >"$work/checks"
while read -r check; do
  path=$source/tests/${check%%:*}
  case $check in
  *:*)
    name=${check#*:}
    if ! grep -qE "^static void $name\(void \*\*" "$path" 2>/dev/null; then
      echo "no such test: $check"
    elif [ "$(grep -cw "$name" "$path")" -lt 2 ]; then
      echo "never run: $check"
    fi
    ;;
  model/*)
    grep -qr "^MODEL_SCENARIO(${check#model/}," "$source/tests/model/scenarios" 2>/dev/null || echo "no such scenario: $check"
    ;;
  *)
    [ -f "$path" ] || echo "no such file: tests/$check"
    ;;
  esac
done <"$work/checks" >>"$work/wrong"

if [ -s "$work/wrong" ]; then
  cat "$work/wrong"
  exit 1
fi
echo "$(wc -l <"$work/rows") promises, $(wc -l <"$work/checks") checks"
