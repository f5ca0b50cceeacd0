#!/bin/sh
# store.sh BUILD SOURCE: what examples/store has put is in the file, as sqlite3 sees it; what SQLite refuses comes back with
# its text.
. "$(dirname "$0")/cli.inc"
[ -x "$build/examples/store" ] && command -v sqlite3 >/dev/null || exit 77
store="${WEIR_WRAPPER-} $build/examples/store"

expect 0 '' '' $store shop.db answer=42 river=weir 'odd=a = b' empty=
expect 0 'answer|42
empty|
odd|a = b
river|weir' '' sqlite3 shop.db 'SELECT k, v FROM kv ORDER BY k'
expect 0 '' '' $store shop.db answer=43
expect 0 '43' '' sqlite3 shop.db "SELECT v FROM kv WHERE k = 'answer'"

expect 1 '' 'putting: invalid argument (-22): not KEY=VALUE: nothing' $store shop.db nothing
# The start may have failed before anybody asks, or while he asks.
expect_code 1 $store no/such/folder/shop.db a=b
expect_that 'it can not be opened' grep -Eq '^putting: .*(unable to open database file|actor 0 is gone)' err

sqlite3 strict.db "CREATE TABLE kv(k TEXT PRIMARY KEY, v BLOB, CHECK(k <> 'b'))"
expect_code 1 $store strict.db a=1 b=2 c=3
expect_that 'SQLite says why it did not put it' grep -q "^putting: .*CHECK constraint failed: k <> 'b'" err
expect 0 'a|1' '' sqlite3 strict.db 'SELECT k, v FROM kv'
finish
