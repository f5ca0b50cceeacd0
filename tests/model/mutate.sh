#!/bin/sh
# mutate.sh SCRIPT SOURCE OUTPUT: a copy of a source, changed by a sed script; it must change something.
set -eu
mkdir -p "$(dirname "$3")"
sed -E -f "$1" "$2" >"$3.new"
if cmp -s "$2" "$3.new"; then
  echo "$1 changes nothing in $2" >&2
  exit 1
fi
mv "$3.new" "$3"
