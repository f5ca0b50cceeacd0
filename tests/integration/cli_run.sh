#!/bin/sh
# weir run on the ready topology: the options of the command go before what the file says; a failure is one line.
. "$(dirname "$0")/cli.inc"
wordcount=$source/config/wordcount.json

printf 'one two\nTwo three three THREE\n' >text
counted='3 three
2 two
1 one'
run() { "$weir" run "$@" <text; }
expect 0 "$counted" '' run "$wordcount"
expect 0 "$counted" '' run --workers 1 "$wordcount"
expect 0 "$counted" '' run "$wordcount" --workers=auto
expect 0 "$counted" '' run --flavor current_thread -- "$wordcount"
sed 's/"multi_thread", "workers": 2/"current_thread"/' "$wordcount" >current.json
expect 0 "$counted" '' run current.json
expect 0 "$counted" '' run current.json --flavor multi_thread --workers 3

expect_code 0 run --stats "$wordcount"
expect_that '--stats leaves the output as it is' [ "$(cat out)" = "$counted" ]
expect_that '--stats shows that no message is left' grep -q '^messages: created [0-9]* = .* + live 0$' err

sed 's/"on": "non-letters"/"on": "commas"/' "$wordcount" >commas.json
expect 78 '' 'commas.json:5:65: error: actors.words.config.on: must be one of: non-letters, not "commas"' run commas.json
finish
