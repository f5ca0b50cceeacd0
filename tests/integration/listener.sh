#!/bin/sh
# listener.sh BUILD SOURCE: examples/listener gets real datagrams, from bash, and says what it got; a wrong address is an
# error.
. "$(dirname "$0")/cli.inc"
listener="${WEIR_WRAPPER-} $build/examples/listener"
command -v bash >/dev/null || exit 77 # it can send datagrams

$listener 127.0.0.1 0 >said 2>errors &
pid=$!
wait_for said '^listening at' || { cat errors; exit 1; }
port=$(sed -n 's/^listening at 127\.0\.0\.1:\([0-9]*\)$/\1/p' said)
for text in one 'two words'; do
  bash -c 'printf %s "$1" >"/dev/udp/127.0.0.1/$0"' "$port" "$text"
done
bash -c 'tr "\0" x </dev/zero | dd bs=20000 count=1 iflag=fullblock 2>dd >"/dev/udp/127.0.0.1/$0"' "$port"
wait_for said 'sent 20000 bytes'
kill -TERM $pid
wait $pid
expect_that 'the listener ended well' [ $? -eq 0 ]
expect_that 'it got the first' grep -qx '127\.0\.0\.1 sent 3 bytes: one' said
expect_that 'it got the second' grep -qx '127\.0\.0\.1 sent 9 bytes: two words' said
expect_that 'a large one is whole' [ "$(sed -n 's/.* sent 20000 bytes: //p' said | tr -d '\n' | wc -c)" -eq 20000 ]
expect_that 'its end clause ran' grep -qx '3 datagrams, 20012 bytes' said

# The start may have failed before anybody asks, or while he asks.
expect_code 1 $listener 203.0.113.1 1
expect_that 'it can not listen there' grep -Eq '^cannot listen: .*(203\.0\.113\.1:1|actor 0 is gone)' err
finish
