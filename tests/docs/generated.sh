#!/bin/sh
# generated.sh BUILD SOURCE: what the command writes of itself is in the tree as it writes it: see scripts/generate.
set -u
build=$1 source=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
status=0
same() { # same FILE COMMAND...
  file=$1
  shift
  "$@" >"$work/now" || { echo "failed: $*"; status=1; }
  diff "$source/$file" "$work/now" >"$work/diff" && return
  echo "$file is not as generated; run scripts/generate:"
  head -20 "$work/diff"
  status=1
}
weir=${WEIR_COMMAND:-$build/weir}
same docs/actors.md "$weir" types --markdown
same config/topology.schema.json "$weir" schema
exit $status
