#!/bin/sh
# links.sh SOURCE: each page that a page or a header refers to is there, and the guide leads to each of its chapters.
set -eu
cd "$1"
wrong=$(mktemp)
trap 'rm -f "$wrong"' EXIT

for page in README.md CHANGELOG.md docs/*.md docs/*/*.md; do
  folder=$(dirname "$page")
  grep -oE '\]\([^)#: ]+' "$page" | sed 's/^](//' | while read -r to; do
    [ -e "$folder/$to" ] || echo "$page: there is no $to"
  done
done >"$wrong"

grep -oE 'docs/[a-z]+/[a-z0-9_.-]+\.md' -r include src actors tests/unit tests/stress examples | sort -u |
  while IFS=: read -r file page; do
    [ -e "$page" ] || echo "$file: there is no $page"
  done >>"$wrong"

for chapter in docs/guide/*.md; do
  name=$(basename "$chapter")
  [ "$name" = README.md ] || grep -q "($name)" docs/guide/README.md || echo "docs/guide/README.md does not lead to $name"
done >>"$wrong"

cat "$wrong"
[ ! -s "$wrong" ]
