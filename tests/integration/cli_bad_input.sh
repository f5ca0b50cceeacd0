#!/bin/sh
# Documents that are wrong: a message with a place for each error, exit code 78, and nothing is started.
. "$(dirname "$0")/cli.inc"

refused() { # refused FILE MESSAGES...: all that is printed
  file=$1
  shift
  expect 78 '' "$(printf '%s\n' "$@")" "$weir" run "$file"
}

# ---- files ----

refused nowhere.json 'weir: cannot read nowhere.json: No such file or directory'
mkdir folder
refused folder 'weir: cannot read folder: Is a directory'
if [ "$(id -u)" -ne 0 ]; then
  : >secret.json
  chmod 000 secret.json
  refused secret.json 'weir: cannot read secret.json: Permission denied'
fi
: >empty.json
refused empty.json 'empty.json:1:1: error: the file is empty'
dd if=/dev/zero of=large.json bs=1024 count=0 seek=65537 2>/dev/null
refused large.json 'large.json: error: too large: more than 64 MiB'

# ---- texts ----

printf '\357\273\277{}' >bom.json
refused bom.json 'bom.json:1:1: error: the file begins with a byte order mark: save it as UTF-8 without one'
printf '{\n"actors\377": []}' >latin.json
refused latin.json 'latin.json:2:8: error: byte 0xff is not valid UTF-8'
printf '{\000}' >zero.json
refused zero.json 'zero.json:1:2: error: a zero byte where a key in double quotes should be: is this a text file?'
printf '{ "actors": [ }' >syntax.json
refused syntax.json 'syntax.json:1:15: error: expected a value, not "}"'
printf '{ "actors": [],\n  "actors": [] }' >twice.json
refused twice.json 'twice.json:1:13: error: actors: there must be at least one actor' \
  'twice.json:2:3: error: actors: given twice (first at 1:3)'
head -c 200000 /dev/zero | tr '\0' '[' >deep.json
refused deep.json 'deep.json:1:65: error: nested more than 64 deep'
awk 'BEGIN { for (i = 0; i < 200000; i++) printf "{\"a\":" }' >deep_objects.json
refused deep_objects.json 'deep_objects.json:1:321: error: nested more than 64 deep'

# ---- topologies: the ready one with one thing changed ----

changed() { # changed SED-SCRIPT MESSAGES...
  sed "$1" "$source/config/wordcount.json" >wordcount.json
  shift
  refused wordcount.json "$@"
}
changed 's/fold_case/fold_cas/' \
  'wordcount.json:5:80: error: actors.words.config.fold_cas: unknown key (did you mean "fold_case"?)'
changed 's/"type": "split"/"type": "splitt"/' \
  'wordcount.json:5:33: error: actors.words.type: unknown type "splitt" (did you mean "split"?)'
changed 's/"to": \["count"\]/"to": ["cuont"]/' \
  'wordcount.json:5:108: error: actors.words.to[0]: unknown actor "cuont" (did you mean "count"?)'
changed 's/"name": "top"/"name": "count"/' \
  'wordcount.json:6:130: error: actors.count.to[0]: unknown actor "top"' \
  'wordcount.json:7:15: error: actors.count.name: "count" is defined twice (first at 6:15)'
changed 's/"capacity": 16/"capacity": 0/' \
  'wordcount.json:6:117: error: actors.count.mailbox.capacity: must be an integer from 1 to 16777216, not 0'
changed 's/"capacity": 16/"capacity": 16777217/' \
  'wordcount.json:6:117: error: actors.count.mailbox.capacity: must be an integer from 1 to 16777216, not 16777217'
changed 's/"workers": 2/"workers": 257/' \
  'wordcount.json:2:53: error: runtime.workers: must be an integer from 1 to 256, or "auto", not 257'
changed 's/"k": 10/"k": "ten"/' \
  'wordcount.json:7:64: error: actors.top.config.k: must be an integer from 1 to 1000000, not "ten"'
changed 's/"hash": "word"/"hash": "text"/' \
  'wordcount.json:6:82: error: actors.count.route.hash: the word records that arrive have no field "text"'
changed 's/"to": \["out"\]/"to": ["count"]/' \
  'wordcount.json:7:93: error: actors.top.to[0]: "count" takes word records, but "top" gives tally records' \
  'wordcount.json:8:5: error: actors.out: no actor sends to it'
changed '9s/^  \],/  ],\
  "supervision": { "strategy": "one_for_none", "max_restarts": 3, "within": "5s" },/' \
  'wordcount.json:10:32: error: supervision.strategy: must be one of: one_for_one|one_for_all|rest_for_one, not "one_for_none"'
finish
