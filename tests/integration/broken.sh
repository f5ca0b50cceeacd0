#!/bin/sh
# Topologies with one thing wrong, or a few: weir check says what stands beside each (NAME.txt), all of it and nothing else,
# with exit code 78. After a change of a message: sh broken.sh BUILD SOURCE --write, and look at the difference.
. "$(dirname "$0")/cli.inc"
cd "$source/tests/topologies/broken" || exit 1
count=0
for file in *.json; do
  "$weir" check "$file" >"$work/out" 2>"$work/err"
  code=$?
  count=$((count + 1))
  [ "${3:-}" != --write ] || cp "$work/err" "${file%.json}.txt"
  [ $code -eq 78 ] && [ ! -s "$work/out" ] && cmp -s "$work/err" "${file%.json}.txt" && continue
  failures=$((failures + 1))
  echo "FAILED: $file: exit code $code"
  diff "${file%.json}.txt" "$work/err"
done
expect_that 'there are at least 200' [ $count -ge 200 ]
finish
