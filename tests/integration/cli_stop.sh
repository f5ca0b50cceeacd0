#!/bin/sh
# weir run and signals: it ends in order, within its time, and at once at the second one.
. "$(dirname "$0")/cli.inc"

cat >count.json <<'END'
{ "runtime": { "workers": 2 }, "actors": [
  { "name": "lines", "type": "file_lines", "config": { "paths": ["-"] }, "to": ["words"] },
  { "name": "words", "type": "split", "config": { "on": "non-letters" }, "to": ["count"] },
  { "name": "count", "type": "count", "instances": 2, "route": { "hash": "word" }, "to": ["out"] },
  { "name": "out", "type": "print" } ] }
END
mkfifo in out_pipe
others=
end_others() {
  # shellcheck disable=SC2086 # several
  [ -z "$others" ] || kill $others 2>/dev/null
  wait 2>/dev/null
  others=
}
trap 'end_others; rm -rf "$work"' EXIT

# begin OPTIONS...: weir runs beside, its input from the pipe "in", and $pid is its process; SIGTERM is heeded from now on.
begin() {
  "$weir" run "$@" count.json <in >"$to" 2>err &
  pid=$!
}
# Bit 14 of the signals that are caught; the command may run in a wrapper, which is the process then.
watches() { sed -n 's/^SigCgt:.*\(....\)$/0x\1/p' "/proc/$pid/status" 2>/dev/null | { read -r mask && [ $((mask & 0x4000)) -ne 0 ]; }; }
await_watch() { wait_until 'it waits for SIGTERM' watches || exit 1; }
# It has read much of its input.
has_read() { [ "$(sed -n 's/^rchar: //p' "/proc/$pid/io")" -gt 8000000 ]; }
# All words are in the pipe: who has written them has become another program.
has_written() { [ "$(cat "/proc/${others##* }/comm")" = sleep ]; }
# ended CODE WHAT: it ends with that code.
ended() {
  wait $pid
  code=$?
  [ $code -eq "$1" ] && return
  failures=$((failures + 1))
  printf 'FAILED: %s: exit code %s, expected %s\n' "$2" $code "$1"
  head -c 2000 err
}

# Under valgrind the process that gets the signal is not the command's own.
[ -z "${WEIR_COMMAND:-}" ] || exit 77

# A source without end: what it has sent is handled, to the last word.
to=out
yes 'one two' >in &
others=$!
begin --stats --drain 60
await_watch
wait_until 'there is something to be counted' has_read
kill -TERM $pid
ended 0 'told to end, with an endless input'
end_others
expect_that 'it says that it ends' grep -q '^weir: SIGTERM: the sources stop; once more ends it at once$' err
expect_that 'all words of a line were counted' [ "$(sed -n 's/ one$//p' out)" = "$(sed -n 's/ two$//p' out)" ]
expect_that 'accounts are even' grep -q '^messages: created [0-9]* = .* + live 0$' err
expect_that 'mailboxes are told of' grep -q '^out: mailbox: at most' err

# An output that nobody reads: what is left after its time is stopped, and counted.
awk 'BEGIN { for (i = 0; i < 20000; i++) { w = ""; for (n = i; n > 0; n = int(n / 26)) w = w sprintf("%c", 97 + n % 26)
  print "word" w } }' >words
to=out_pipe
hold_output() { # a reader that does not read, and an input that does not end
  sleep 100 <out_pipe &
  others=$!
  { cat words && exec sleep 100; } >in &
  others="$others $!"
}
hold_output
begin --stats --drain 0.5
await_watch
wait_until 'its input is there' has_written
kill -TERM $pid
ended 1 'told to end, with an output that nobody reads'
end_others
expect_that 'it says that not all was handled, and what was lost' \
  grep -q 'told to end: not all was handled within 0.5 s\(; [0-9]* messages\{0,1\} w[aser]* lost\)\{0,1\}$' err
expect_that 'accounts are even' grep -q '^messages: created [0-9]* = .* + live 0$' err

# A source that is down, as one beside it is to be started again some time: its end travels on, and what came of it is told.
cat >down.json <<EOF
{ "plugins": [{ "path": "$build/tests/plugins/vault.so" }],
  "actors": [
    { "name": "lines", "type": "file_lines", "config": { "paths": ["-"] }, "to": ["words", "vault"] },
    { "name": "words", "type": "split", "to": "count" },
    { "name": "count", "type": "count", "to": "out" },
    { "name": "out", "type": "print" },
    { "name": "vault", "type": "vault", "config": { "key": "k", "account": { "user": "me", "password": "p" } },
      "on_failure": { "backoff": ["1h", "1h"] } } ],
  "supervision": { "children": [{ "name": "pair", "strategy": "one_for_all", "children": ["lines", "vault"] }, "*"] } }
EOF
{ printf 'one two\nfail\n' && exec sleep 100; } >in &
others=$!
"$weir" run --drain 1 down.json <in >out 2>err &
pid=$!
wait_for err '^weir: pair: vault failed'
kill -TERM $pid
ended 1 'told to end, with one that is down'
end_others
expect_that 'what came of a source that is down is told' grep -qx '1 one' out
expect_that 'and why not all was handled' grep -q 'told to end: not all was handled within 1 s' err

# The second signal ends it at once.
hold_output
begin --drain 1000
await_watch
wait_until 'its input is there' has_written
kill -TERM $pid
wait_for err '^weir: SIGTERM'
kill -TERM $pid
ended 143 'told twice'
end_others

# Before anything is started a signal has its usual effect.
mkfifo file.json
"$weir" run file.json >out 2>err &
pid=$!
until [ "$(readlink "/proc/$pid/exe")" = "$(readlink -f "$weir")" ]; do sleep 0.05; done
kill -TERM $pid
ended 143 'told while it reads its file'
expect_that 'it has said nothing' [ ! -s err ]

expect 2 '' "weir: run: --drain is a number of seconds, 0 to 86400, not \"soon\"
Try \"weir run --help\"." "$weir" run --drain soon count.json
finish
