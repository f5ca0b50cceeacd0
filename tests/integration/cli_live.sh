#!/bin/sh
# weir check --live: what an actor's type says that it listens at or connects to is tried, and closed again.
. "$(dirname "$0")/cli.inc"
command -v python3 >/dev/null || exit 77
others=
trap '[ -z "$others" ] || kill $others; rm -rf "$work"' EXIT

door() { # door CONFIG...: a topology, each of whose actors has one of these
  n=0 list=
  for config; do
    n=$((n + 1))
    list="$list${list:+,}
  { \"name\": \"d$n\", \"type\": \"door\", \"config\": { $config }, \"to\": \"discard\" }"
  done
  cat >t.json <<EOF
{ "plugins": [{ "path": "$build/tests/plugins/door.so" }], "actors": [$list ] }
EOF
}
refused() { # refused COLUMN:PATH MESSAGE: by a check that is live alone
  expect 0 '' '' "$weir" check t.json
  expect 78 '' "t.json:2:${1%%:*}: error: actors.d1.config.${1#*:}: $2" "$weir" check --live t.json
}

# A server's port is free before it runs, and is not while it does.
python3 "$source/tests/integration/http_server.py" >server 2>&1 &
others=$!
wait_for server '^listening at' || exit 1
port=$(sed -n 's/^listening at //p' server)
door "\"at\": \"127.0.0.1:$port\""
refused '53:at' "can't bind \"127.0.0.1:$port\": Address already in use"
door "\"to\": \"127.0.0.1:$port\""
expect 0 '' '' "$weir" check --live t.json
kill $others
wait $others 2>/dev/null
others=
refused '53:to' "can't connect to \"127.0.0.1:$port\": Connection refused"
door "\"at\": \"127.0.0.1:$port\""
expect 0 '' '' "$weir" check --live t.json
expect 0 '' '' "$weir" check --live t.json # it was closed again

door '"at": "unix:here.sock"'
expect 0 '' '' "$weir" check --live t.json
expect_that 'nothing is left of it' [ ! -e here.sock ]
: >here.sock
refused '53:at' 'can'\''t bind "unix:here.sock": Address already in use'
door '"to": "unix:none.sock"'
refused '53:to' 'can'\''t connect to "unix:none.sock": No such file or directory'
door '"at": "no port"'
form='an address is HOST:PORT, [HOST]:PORT, :PORT or unix:PATH'
refused '53:at' "can't bind \"no port\": $form"
door '"to": "127.0.0.1:"'
refused '53:to' "can't connect to \"127.0.0.1:\": $form"

# Two actors, or two in one: that needs no trying.
door '"at": "127.0.0.1:4711"' '"at": "127.0.0.1:4711"'
expect_code 78 "$weir" check t.json
expect_that 'two can not bind one address' grep -q '^t.json:3:53: error: actors.d2.config.at: .*127.0.0.1:4711.* "d1"' err
door "\"at\": \"127.0.0.1:0\", \"to\": \"127.0.0.1:$port\""
expect 0 '' '' "$weir" check t.json
finish
