#!/bin/sh
# sites.sh PROGRAM LIBRARY SITES SOURCE WRAPPED...: after a run of PROGRAM (faults), which wrote SITES:
#  - each place in src/ and actors/ that makes a call which may fail was made to fail, alone, at least once; but for one
#    that only older kernels reach, or only newer ones;
#  - where a failure was reported to nobody, that is one of faults/silent.txt, which says why;
#  - each function that LIBRARY has from outside is one of WRAPPED, or of faults/harmless.txt.
set -u
export LC_ALL=C
program=$1 library=$2 sites=$3 source=$4
shift 4
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
status=0
complain() {
  echo "$*"
  status=1
}
# The words before the colons of a list with reasons.
listed() { sed -n 's/^\([^#:][^:]*\):.*/\1/p' "$1" | sort; }

# Where each call returns to, by the program's code, with its function and line.
objdump -d --no-show-raw-insn "$program" |
  awk '/(call|bl) .*<__wrap_/ { if ((getline) > 0) { sub(":", "", $1); printf "%16s\n", $1 } }' |
  tr ' ' 0 | sort >"$out/calls"
[ "$(wc -l <"$out/calls")" -gt 50 ] || complain "objdump found only $(wc -l <"$out/calls") calls"
addr2line -f -e "$program" <"$out/calls" | paste -d ' ' - - | paste -d ' ' "$out/calls" - |
  sed "s,$source/,,g" | awk '$3 ~ /^(src|actors)\//' >"$out/named"
sort "$sites" >"$out/sites"
join -a 1 -e 0 -o 1.2,1.3,2.2,2.3 "$out/named" "$out/sites" >"$out/all"

# A guard is tried out where the kernel has light ones (Linux 6.13).
awk '$3 == 0 && $1 != "can_be_read" { print "never made to fail: " $2 " (" $1 ")" }' "$out/all" >"$out/missed"
[ ! -s "$out/missed" ] || complain "$(cat "$out/missed")"

awk '$4 > 0 { print $1 }' "$out/all" | sort -u >"$out/silent"
listed "$source/tests/faults/silent.txt" >"$out/may"
for f in $(comm -23 "$out/silent" "$out/may"); do
  complain "a failure that nobody is told of: $(awk -v f="$f" '$1 == f && $4 > 0 { print $2 }' "$out/all" | head -1) ($f)"
done
for f in $(comm -13 "$out/silent" "$out/may" | grep -v '^can_be_read$'); do complain "silent.txt: $f reports all its failures"; done

nm -u "$library" 2>/dev/null | awk 'NF == 2 && $1 == "U" { print $2 }' | grep -v '^weir' | sort -u >"$out/outside"
{
  printf '%s\n' "$@"
  listed "$source/tests/faults/harmless.txt"
} | sort -u >"$out/known"
for f in $(comm -23 "$out/outside" "$out/known" | grep -v '^__\|^_GLOBAL'); do
  complain "$f() may fail, or not: add it to the calls that are made to fail, or to faults/harmless.txt"
done
[ $status = 0 ] && echo "$(wc -l <"$out/all") calls, each made to fail"
exit $status
