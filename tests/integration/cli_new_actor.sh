#!/bin/sh
# weir new-actor: what it writes, and what it refuses. That it builds and runs: tests/outside/run.sh.
. "$(dirname "$0")/cli.inc"

expect 0 'demo/demo.c
demo/demo_test.c
demo/CMakeLists.txt
demo/demo.json' '' "$weir" new-actor demo
expect_that 'the name stands where it must' grep -q '^WEIR_PLUGIN("demo", "0.1.0", &demo);$' demo/demo.c
expect_that 'nothing is left to be filled in' sh -c '! grep -q "@" demo/*'
expect_code 1 "$weir" new-actor demo
expect_that 'a folder that is there is left alone' grep -q '^weir: cannot write demo: File exists$' err
expect_code 0 "$weir" new-actor other "$work/some folder"
expect_that 'the folder may have another name' [ -f "$work/some folder/other.json" ]
expect_code 1 "$weir" new-actor third /nowhere/third

usage() { # usage MESSAGE ARGUMENTS...
  message=$1
  shift
  expect 2 '' "weir: new-actor: $message
Try \"weir new-actor --help\"." "$weir" new-actor "$@"
}
usage 'which NAME?'
usage 'a name has at most 40 lower-case letters, digits and _, beginning with a letter, not "My-actor"' My-actor
usage '"struct" means something else already' struct
usage '"count" means something else already' count
usage 'unknown option "--hlp" (did you mean "--help"?)' --hlp
usage 'one name and one folder, and what is "c"?' a b c
expect_code 0 "$weir" new-actor --help
finish
