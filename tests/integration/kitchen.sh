#!/bin/sh
# kitchen.sh BUILD SOURCE: examples/kitchen serves while its cooks crash in each way there is, and ends in order.
. "$(dirname "$0")/cli.inc"
kitchen="${WEIR_WRAPPER-} $build/examples/kitchen"

# Valgrind tells what its cooks do as errors of the program.
case ${WEIR_WRAPPER-} in valgrind*) exit 77 ;; esac
# They write to null, which UndefinedBehaviorSanitizer takes for the program's last act.
if nm "$build/examples/kitchen" | grep -q '__ubsan_'; then exit 77; fi
$kitchen 150 >out 2>err
code=$?
# Where crashes can't be contained (sanitizers, other systems) it says so, and does not start.
grep -q '^cannot start: .*not supported' err && exit 77
expect_that 'it has served, and ended well' [ $code -eq 0 ]
expect_that 'it has served enough' [ "$(sed -n 's/^\([0-9]*\) dishes served$/\1/p' out)" -ge 150 ]
for line in '^weir: cooks: soup failed: dish [0-9]* is burnt (restart 1 of 1000, after 0.000 s)$' \
  '^weir: salad with a dish on worker [0-9]*: SIGSEGV at address 0x0$' '^weir: stew with a dish on worker [0-9]*: stack overflow$' \
  '^weir: cooks: stew failed: stack overflow (restart 1 of 1000' '^weir: roast with a dish on worker [0-9]*: had its worker for' \
  '^weir: cooks: roast failed: had its worker for'; do
  expect_that "its log says $line" grep -q "$line" err
done
expect_that 'a long way down is told in a line' [ "$(grep -c stir err)" -lt "$((4 * $(grep -c 'stack overflow$' err)))" ]

rm -f err # it is waited for what the next one says
$kitchen >out 2>err &
pid=$!
wait_for err 'roast failed'
kill -TERM $pid
wait $pid
expect_that 'a signal ends it in order' [ $? -eq 0 ]
expect_that 'it says so' grep -q '^weir: SIGTERM: ending in order; once more ends it at once$' err
expect_that 'it closes' grep -q 'dishes served$' out
finish
