#!/bin/sh
# pool.sh BUILD SOURCE: examples/pool against a real HTTP server: what it fetches is whole, its rate is kept, the first
# failure cancels the rest, and a fetch whose asker has gone is given up: the server sees it.
. "$(dirname "$0")/cli.inc"
[ -x "$build/examples/pool" ] && command -v python3 >/dev/null || exit 77
pool="${WEIR_WRAPPER-} $build/examples/pool"
no_proxy='*'
export no_proxy

python3 "$source/tests/integration/http_server.py" >server 2>&1 &
server=$!
trap 'kill $server; rm -rf "$work"' EXIT
wait_for server '^listening at' || exit 1
at=http://127.0.0.1:$(sed -n 's/^listening at //p' server)

expect 0 "$at/bytes/5: 5 bytes
$at/bytes/0: 0 bytes
$at/bytes/3000000: 3000000 bytes" '' $pool 50 "$at/bytes/5" "$at/bytes/0" "$at/bytes/3000000"
expect 1 '' "fetching: an error of the program (-100002): $at/missing: status 404" $pool 50 "$at/missing"
expect_code 1 $pool 50 http://127.0.0.1:1/
# In words that differ from one release to another.
expect_that 'libcurl says why' grep -qE "^fetching: .*127.0.0.1:1/: Could(n't| not) connect to server" err

# Nine at once are one too many for eight fetchers: it waits.
urls=''
for i in 1 2 3 4 5 6 7 8 9; do urls="$urls $at/nap/$i"; done
expect_code 0 $pool 50 $urls
expect_that 'at most eight were fetched at once' [ "$(sed -n 's/^napping //p' server | sort -n | tail -n 1)" -le 8 ]

# The first fails, once the others are at work: they are cancelled.
began=$(date +%s)
expect_code 1 $pool 50 "$at/fail-after/2" "$at/slow/one" "$at/slow/two"
expect_that 'it did not wait for those that were cancelled' [ $(($(date +%s) - began)) -lt 25 ]
wait_for server '^gone /slow/one'
wait_for server '^gone /slow/two'

# Nobody waits any more after a second.
expect_code 1 $pool 1 "$at/slow/three"
expect_that 'the asker does not know how it ended' grep -q '^fetching: time is over, and the handler had begun' err
wait_for server '^gone /slow/three'
finish
