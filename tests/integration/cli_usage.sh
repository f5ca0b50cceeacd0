#!/bin/sh
# The command line of weir: help, version, and what is said of a wrong one.
. "$(dirname "$0")/cli.inc"

expect_code 0 "$weir" --help
expect_that '--help names the exit codes' grep -q '^  78  ' out
expect_that '--help prints nothing on standard error' [ ! -s err ]
expect_code 0 "$weir" help run
cp out help_run
expect_code 0 "$weir" run --help
expect_that '"help run" and "run --help" are the same' cmp -s out help_run
expect_code 0 "$weir" --version
expect_that '--version is a name and three numbers' grep -Eqx 'weir [0-9]+\.[0-9]+\.[0-9]+' out

expect_code 2 "$weir"
expect_that 'without arguments the help is on standard error' grep -q '^usage: weir' err

usage() { # usage COMMAND MESSAGE ARGUMENTS...
  try="Try \"weir ${1}--help\"."
  message=$2
  shift 2
  expect 2 '' "weir: $message
$try" "$weir" "$@"
}
usage '' 'unknown command "rnu" (did you mean "run"?)' rnu x.json
usage '' 'unknown command "compile"' compile
usage '' 'unknown option "--vesrion" (did you mean "--version"?)' --vesrion
usage '' 'unknown command "rum" (did you mean "run"?)' help rum
usage 'run ' 'run: which FILE?' run
usage 'run ' 'run: unknown option "--wokers" (did you mean "--workers"?)' run --wokers 2 x.json
usage 'run ' 'run: unknown option "-x"' run -x
usage 'check ' 'check: unknown option "--lve" (did you mean "--live"?)' check --lve x.json
usage 'check ' 'check: which FILE?' check --live
usage 'run ' 'run: one file at a time: "a.json", or "b.json"?' run a.json b.json
usage 'run ' 'run: --workers needs a value' run x.json --workers
for n in 0 257 -1 2x '' many; do
  usage 'run ' "run: --workers is a number from 1 to 256, or auto, not \"$n\"" run --workers "$n" x.json
done
usage 'run ' 'run: --flavor is multi_thread or current_thread, not "single"' run --flavor=single x.json
usage 'run ' 'run: --stats takes no value' run --stats=yes x.json
usage 'run ' 'run: the current_thread flavor has no other threads: --workers 3' \
  run --flavor current_thread --workers 3 "$source/config/wordcount.json"

closed() { "$@" >&-; }
full() { "$@" >/dev/full; }
expect 1 '' 'weir: cannot write to standard output: Bad file descriptor' closed "$weir" --version
if [ -c /dev/full ]; then
  expect 1 '' 'weir: cannot write to standard output: No space left on device' full "$weir" --help
fi
finish
