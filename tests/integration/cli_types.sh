#!/bin/sh
# weir types and weir schema: what they print, and what is said of a wrong command line.
. "$(dirname "$0")/cli.inc"

expect_code 0 "$weir" types
expect_that 'each stock type has a line' [ "$(sed 's/ .*//' out | tr '\n' ' ')" = 'file_lines split count top print ' ]
expect_code 0 "$weir" types top
expect_that 'a type is described in full' grep -Fqx '  k  integer from 1 to 1000000; 10' out
expect_code 0 "$weir" types --json split
expect_that 'JSON has that type alone' python3 -c 'import json; a = json.load(open("out"))
assert [t["name"] for t in a] == ["split"] and a[0]["config"][1]["default"] is False'
expect_code 0 "$weir" types --json
expect_that 'JSON has all types' python3 -c 'import json; assert len(json.load(open("out"))) == 5'
expect_code 0 "$weir" help schema
cp out help
expect_code 0 "$weir" schema --help
expect_that '"help schema" and "schema --help" are the same' cmp -s out help

usage() { # usage COMMAND MESSAGE ARGUMENTS...
  message=$2 try="Try \"weir $1 --help\"."
  shift 2
  expect 2 '' "weir: $message
$try" "$weir" "$@"
}
usage types 'types: unknown option "--jsn" (did you mean "--json"?)' types --jsn
usage types 'types: one type at a time: "top", or "count"?' types top count
usage types 'types: --json and --markdown don'\''t go together' types --json --markdown
usage types 'types: --markdown is of all types, not of "top"' types --markdown top
usage types 'types: --plugin needs a value' types --plugin
usage schema 'schema: unknown option "--json"' schema --json
usage schema 'schema: it takes no file: "x.json"' schema x.json
usage types 'there is no actor type "tpo" (did you mean "top"?)' types tpo
finish
