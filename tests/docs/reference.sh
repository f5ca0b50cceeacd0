#!/bin/sh
# reference.sh SOURCE LIBRARY: the tables of docs/reference/README.md name every function that the library exports and
# every macro of its headers, and nothing else.
set -eu
source=$1 library=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C

{
  nm -D --defined-only "$library" | awk '$3 ~ /^weir_/ && $3 !~ /__/ { print $3 }'
  # Macros for users; not the include guards, nor the attributes of declarations.
  sed -nE 's/^#define ((WEIR|weir)_[A-Za-z0-9_]+).*/\1/p' "$source"/include/weir/*.h |
    grep -vE '__|_H$|^WEIR_(API|NODISCARD|PRINTF|NORETURN|OWNED|TAKES)$'
  echo weir_inputs_ended # a message type
} | sort -u >"$work/declared"
sed -nE 's/^\| (`[^|]*`) \|.*/\1/p' "$source/docs/reference/README.md" | tr -d '`' | tr ' ' '\n' | sort >"$work/documented"

sort "$work/documented" | uniq -d >"$work/twice"
comm -3 "$work/declared" "$work/documented" >"$work/differ"
[ -s "$work/declared" ] || { echo "nothing is declared?"; exit 1; }
if [ -s "$work/differ" ] || [ -s "$work/twice" ]; then
  echo "declared but not documented, and (indented) documented but not declared:"
  cat "$work/differ"
  echo "documented twice:"
  cat "$work/twice"
  exit 1
fi
echo "$(wc -l <"$work/declared") names"
