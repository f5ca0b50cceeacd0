#!/bin/sh
# weir reload and SIGHUP: a run changes while it runs, and whoever comes to its control socket does not disturb it.
. "$(dirname "$0")/cli.inc"

document() { # document TOP PATH: what the file says from now on
  cat >new.json <<END
{ "runtime": { "workers": 2, "drain": "5s" }, "actors": [
  { "name": "lines", "type": "file_lines", "to": "words" },
  { "name": "words", "type": "split", "to": "count" },
  { "name": "count", "type": "count", "to": "top" },
  { "name": "top", "type": "top", "config": { "k": $1 }, "to": "out" },
  { "name": "out", "type": "print", "config": { "path": "$2" } } ] }
END
  mv new.json flow.json
}
pid=
trap '[ -z "$pid" ] || kill -9 $pid 2>/dev/null; rm -rf "$work"' EXIT

document 10 first
mkfifo in
"$weir" run --control c.sock flow.json <in 2>err.run &
pid=$!
exec 3>in
echo 'b a b' >&3
wait_until 'it listens' [ -S c.sock ]
expect_that 'the socket is its user alone' [ "$(stat -c %a c.sock)" = 600 ]
expect 0 'unchanged (generation 0)' '' "$weir" reload --control c.sock

# Also who waits for input that does not come.
sed 's/"file_lines"/"file_lines", "config": { "max_line": "2MiB" }/' flow.json >other.json && mv other.json flow.json
expect 2 '~ lines: config.max_line
applied: 0 added, 0 removed, 1 changed (generation 1)' '' "$weir" reload --control c.sock
document 10 first
expect 2 '~ lines: config.max_line
applied: 0 added, 0 removed, 1 changed (generation 2)' '' "$weir" reload --control c.sock

# Another k, another file: in place, so that nothing of what was counted is lost.
document 1 second
expect 2 '~ top: config.k
~ out: config.path
would be applied: 0 added, 0 removed, 2 changed (generation 2)' '' "$weir" reload --control c.sock --dry-run
expect 2 '~ top: config.k
~ out: config.path
applied: 0 added, 0 removed, 2 changed (generation 3)' '' "$weir" reload --control c.sock
expect 0 'unchanged (generation 3)' '' "$weir" reload --timeout 5 --control c.sock

# What can't be opened is refused by its actor, and all others go back.
document 3 /nonexistent/file
expect 1 '~ top: config.k
~ out: config.path
failed: 0 added, 0 removed, 2 changed: out: /nonexistent/file: no such file or directory (generation 3)' '' "$weir" reload --control c.sock
document 1 second
expect 0 'unchanged (generation 3)' '' "$weir" reload --control c.sock

# A bad file; one that asks for what can't be done.
sed 's/"split"/"splits"/' flow.json >bad.json && mv bad.json flow.json
expect 78 'refused (generation 3)' 'flow.json:3:30: error: actors.words.type: unknown type "splits" (did you mean "split"?)' \
  "$weir" reload --control c.sock
document 1 second
sed 's/"workers": 2/"workers": 3/' flow.json >bad.json && mv bad.json flow.json
expect 78 "! runtime.workers: it can't change while the runtime runs
refused: 0 added, 0 removed, 0 changed, 1 refused (generation 3)" '' "$weir" reload --control c.sock
expect 78 "{\"outcome\":\"refused\",\"generation\":3,\"why\":null,\"plan\":[{\"mark\":\"!\",\"name\":\"runtime.workers\",\"text\":\"it can't change while the runtime runs\"}],\"problems\":[],\"killed\":[],\"dead_letters\":0}" \
  '' "$weir" reload --json --control c.sock

# Clients that say nothing, too much, something else, or go away.
cat >clients.py <<'END'
import json, socket
def client():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    s.connect("c.sock")
    return s
def answer(s):
    text = b""
    while True:
        try:
            more = s.recv(65536)
        except ConnectionResetError: # it was closed before all was read
            return text
        if not more:
            return text
        text += more
client().close()
s = client(); s.sendall(b"{}\n"); s.close()                     # does not wait for its answer
s = client(); s.sendall(b"x" * 5000); assert answer(s) == b""; s.close()
s = client(); s.sendall(b"{\"dry_run\": tru\n"); assert json.loads(answer(s))["outcome"] == "failed"
s = client(); s.sendall(b"\x00\xff\n"); assert json.loads(answer(s))["outcome"] == "failed"
s = client(); s.sendall(b"{\"dry_run\": true, \"other\": 1}\n"); assert json.loads(answer(s))["outcome"] == "failed"
s = client(); s.sendall(b"{\"dry_run\""); s.sendall(b": true}\n"); s.shutdown(socket.SHUT_WR); assert json.loads(answer(s))["outcome"] == "refused"
s = client(); assert answer(s) == b""                            # says nothing, and is left after some seconds
END
expect 0 '' '' python3 clients.py
document 1 second
expect 0 'unchanged (generation 3)' '' "$weir" reload --control c.sock

# A run that ends without an answer, and one that says what is none.
cat >listen.py <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
c, _ = s.accept()
while not c.recv(4096).endswith(b"\n"): pass
c.sendall(sys.argv[2].encode())
END
told_by() { # told_by ANSWER WHAT: what is made of that answer
  rm -f other.sock
  python3 listen.py other.sock "$1" &
  other=$!
  wait_until 'somebody listens' [ -S other.sock ]
  expect 1 '' "weir: other.sock: $2" "$weir" reload --control other.sock
  wait $other
}
told_by '' 'the run gave no answer: it has ended'
told_by '{"outcome": "done"}' '1:1: "generation" is missing'

# Two on one path; something else that lies there.
expect 1 '' 'weir: the control socket c.sock: another run listens there
weir: it can'"'"'t be changed while it runs: no control socket' "$weir" run --control c.sock flow.json </dev/null
echo precious >file
expect 1 '' 'weir: the control socket file: there is something else, which is no socket
weir: it can'"'"'t be changed while it runs: no control socket' "$weir" run --control file flow.json </dev/null
expect_that 'a file is left alone' grep -q precious file

# SIGHUP: the answer is in the log.
document 2 second
kill -HUP $pid
wait_for err.run '^weir: SIGHUP: flow.json is read anew$'
wait_for err.run '^weir: reload: ~ top: config.k$'
wait_for err.run '^weir: reload: applied: 0 added, 0 removed, 1 changed (generation 4)$'

echo 'c b' >&3
exec 3>&-
wait $pid
expect_that 'it ends well' [ $? -eq 0 ]
expect_that 'what was counted before is there' [ "$(cat second)" = "3 b
1 a" ]
expect_that 'the first file was left empty' [ ! -s first ]
expect_that 'the socket is gone' [ ! -e c.sock ]

# A socket that nobody listens at any more is no obstacle.
"$weir" run --control c.sock flow.json <in 2>err.run &
pid=$!
exec 3>in
wait_until 'it listens' [ -S c.sock ]
kill -9 $pid
wait $pid 2>/dev/null
exec 3>&-
expect_that 'it has left its socket' [ -S c.sock ]
expect_code 69 "$weir" reload --control c.sock
expect 0 '' '' "$weir" run --control c.sock flow.json </dev/null
pid=

# Where it listens if nothing is said.
XDG_RUNTIME_DIR=$work
export XDG_RUNTIME_DIR
"$weir" run flow.json <in 2>err.run &
pid=$!
exec 3>in
wait_until 'it listens' sh -c 'ls weir-*.sock >/dev/null'
expect 0 'unchanged (generation 0)' '' "$weir" reload flow.json
exec 3>&-
wait $pid
pid=
expect_code 69 "$weir" reload flow.json
expect_code 69 "$weir" reload nothing.json
expect_code 64 "$weir" reload
expect_code 64 "$weir" reload --tiemout 3 flow.json
expect_code 64 "$weir" reload --timeout x flow.json
expect_code 64 "$weir" reload --control
expect_code 64 "$weir" reload flow.json flow.json
finish
