#!/bin/sh
# weir run --follow-one: the way of one record, as lines for people and for programs; the run itself is as ever.
. "$(dirname "$0")/cli.inc"
config=$source/config/wordcount.json
printf 'The cat and the hat.\nThe END, and\n' >text

expect_code 0 "$weir" run --follow-one "$config" <text
cp err way
expect_that 'the run goes on' [ "$(head -1 out)" = '3 the' ]
expect_that 'it begins with the first of the source' grep -qx 'follow: 1 lines gives a line' way
expect_that 'what is sent is shown' grep -qx 'follow:   1.1 lines -> words: line { text: "The cat and the hat." }' way
expect_that 'what comes of it is below it' grep -qx 'follow:     1.1.2 words -> count\[[0-3]\]: word { word: "cat" }' way
expect_that 'its times are told' grep -qE '^follow:   1\.1 words begins after [0-9.e+]+ [um]?s$' way
expect_that 'how many came of it is told' grep -qE '^follow:   1\.1 words is done in [0-9.e+]+ [um]?s, has sent 5$' way
expect_that 'each of them has its end' [ "$(grep -cE '^follow:     1\.1\.[1-5] count\[[0-3]\] is done in .*, has sent nothing$' way)" = 5 ]
expect_that 'nothing else is followed' [ "$(wc -l <way)" = 20 ]
expect_that 'the way ends' sh -c 'tail -1 way | grep -qE "^follow: the way of 7 records is over after [0-9.e+]+ [um]?s$"'

expect_code 0 "$weir" run --json --follow-one=count "$config" <text
lines=0
while IFS= read -r line; do
  lines=$((lines + 1))
  printf '%s\n' "$line" >line$lines.json
done <err
expect_that 'each line is JSON' $WEIR_WRAPPER "$build/tests/docs_json" line*.json
expect_that 'the first that an actor gets is followed' sh -c "head -1 err | grep -qE '^\{\"step\": \"got\", \"record\": \"1\", \"actor\": \"count\[[0-3]\]\", \"type\": \"word\", \"value\": \{\"word\":\"[a-z]+\"\}\}\$'"
expect_that 'and its end is told' grep -qE '^\{"step": "over", "record": "1", "ns": [0-9]+, "records": 1, "beyond": 0\}$' err

cat >dead.json <<EOF
{ "plugins": [{ "path": "$build/tests/plugins/vault.so" }],
  "actors": [
    { "name": "lines", "type": "file_lines", "config": { "paths": ["-"] }, "to": "vault" },
    { "name": "vault", "type": "vault", "config": { "key": "xyzzy", "account": { "user": "me", "password": "plugh" } } } ] }
EOF
echo refuse >refuse
expect_code 0 "$weir" run --follow-one dead.json <refuse
expect_that 'a refusal is told with its reason' grep -qx 'follow:   1.1 vault: refused: not this one' err
expect_that 'and what becomes of it' grep -qx 'follow:   1.1 vault: dead letter: not this one' err

expect 0 '' 'weir: there was no record to follow' "$weir" run --follow-one "$config" </dev/null
expect 2 '' 'weir: run: no actor "wrods" to follow (did you mean "words"?)
Try "weir run --help".' "$weir" run --follow-one=wrods "$config"
expect 2 '' 'weir: run: --json is for --follow-one
Try "weir run --help".' "$weir" run --json "$config"
finish
