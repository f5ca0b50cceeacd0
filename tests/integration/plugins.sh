#!/bin/sh
# Plugins: one that is good is described; others are refused, and it is said why.
. "$(dirname "$0")/cli.inc"
plugins=$build/tests/plugins
abi=$(sed -n 's/^#define WEIR_ABI //p' "$source/include/weir/base.h")

expect_code 0 "$weir" types --plugin "$plugins/good.so"
expect_that 'the types of a plugin are listed' grep -q '^repeat  *makes records$' out
expect_code 0 "$weir" types --plugin="$plugins/good.so" repeat
expect_that 'a type of a plugin says where it is from' grep -qF "  from      test 1.2.3: $plugins/good.so" out
expect_that 'a source takes nothing' grep -q '^  takes     nothing: it is a source$' out
expect_that 'what it gives is in its options' grep -q '^  gives     out: weir.record (key: text' out
expect_that 'its configuration is described' grep -q '^  times  integer from 0 to 1000000; 1$' out
expect_code 0 "$weir" types --plugin "$plugins/good.so" --plugin "$plugins/../plugins/good.so" total
expect_that 'what it takes is in its clauses' grep -q '^  takes     weir.record ' out
expect_code 0 "$weir" schema --plugin "$plugins/good.so"
expect_that 'the schema knows its types' grep -q '"type:repeat": {' out
cp "$plugins/good.so" here.so
expect_code 0 "$weir" types --plugin here.so total

refused() { # refused MESSAGE PLUGIN...
  message=$1
  shift
  for plugin; do set -- "$@" --plugin "$plugin" && shift; done
  expect 78 '' "weir: $message" "$weir" types "$@"
}
refused "$plugins/old_abi.so: it was compiled with headers of ABI 2, and this is $("$weir" --version) with ABI $abi: compile it anew" \
  "$plugins/old_abi.so"
refused "$plugins/no_table.so: it is no plugin of weir: it has no WEIR_PLUGIN()" "$plugins/no_table.so"
refused "$plugins/no_name.so: its table has no name, version or actor types" "$plugins/no_name.so"
refused "$plugins/twice.so: it has two actor types \"total\"" "$plugins/twice.so"
refused "$plugins/bad_output.so: actor type \"total\": no name for an output: not a name" "$plugins/bad_output.so"
refused "$plugins/taken.so: its actor type \"count\" is one of weir's own already" "$plugins/taken.so"
refused "$plugins/again.so: its actor type \"total\" is in $plugins/good.so already" "$plugins/good.so" "$plugins/again.so"
copy='it has a copy of weir of its own: link it with the shared library (weir::weir)'
refused "$plugins/static_copy.so: $copy" "$plugins/static_copy.so"
refused "$plugins/hidden_copy.so: $copy" "$plugins/hidden_copy.so"

echo 'not a library' >text.so
expect_code 78 "$weir" types --plugin text.so
expect_that 'a text is no library' grep -q "^weir: can't be loaded as a plugin: ./text.so: " err
expect_code 78 "$weir" types --plugin ./none.so
expect_that 'a file that is missing is named' grep -q "^weir: can't be loaded as a plugin: ./none.so: " err

# ---- in a topology ----

topology() { # topology PLUGIN... : two actors of plugins
  list=
  for plugin; do list="$list${list:+, }{ \"path\": \"$plugin\" }"; done
  cat >t.json <<EOF
{ "plugins": [$list],
  "actors": [ { "name": "source", "type": "repeat", "config": { "times": $times }, "to": "sum" },
              { "name": "sum", "type": "total" } ] }
EOF
}
times=1000
topology here.so
expect 0 '' '' "$weir" run t.json
mkdir elsewhere
(cd elsewhere && "$weir" run ../t.json) || { echo "FAILED: a path is relative to its file"; failures=$((failures + 1)); }
times=0
topology here.so
expect 1 '' 'weir: sum: no records at all' "$weir" run t.json
times='"many"'
topology here.so
expect 78 '' 't.json:2:74: error: actors.source.config.times: must be an integer from 0 to 1000000, not "many"' "$weir" run t.json
times=1
topology here.so "$plugins/again.so"
expect 78 '' "t.json:1:48: error: plugins[1].path: $plugins/again.so: its actor type \"total\" is in here.so already" "$weir" run t.json

# In a file that is included a path is relative to that one; a plugin that several name is loaded once.
mkdir -p parts/more
cp here.so parts/more/there.so
cp "$plugins/again.so" parts/again.so
cat >parts/common.json <<EOF
{ "plugins": [{ "path": "more/there.so" }], "actors": [{ "name": "sum", "type": "total" }] }
EOF
included() { # included PLUGIN...: of the first file
  list=
  for plugin; do list="$list${list:+, }{ \"path\": \"$plugin\" }"; done
  cat >t.json <<EOF
{ "include": ["parts/common.json"], "plugins": [$list],
  "actors": [ { "name": "source", "type": "repeat", "config": { "times": 3 }, "to": "sum" } ] }
EOF
}
included
expect 0 '' '' "$weir" run t.json
included parts/more/there.so ./parts/more/../more/there.so
expect 0 '' '' "$weir" run t.json
included parts/again.so
expect 78 '' "parts/common.json:1:25: error: plugins[0].path: parts/more/there.so: its actor type \"total\" is in parts/again.so already" \
  "$weir" check t.json
sed 's/more/less/' parts/common.json >parts/wrong.json
sed 's/common/wrong/' t.json >wrong.json
expect_code 78 "$weir" check wrong.json
expect_that 'one that is missing is named with its file' \
  grep -q "^parts/wrong.json:1:25: error: plugins\\[0\\].path: can't be loaded as a plugin: parts/less/there.so: " err

# A crash in a plugin fails its actor, where crashes can be contained.
cat >crash.json <<EOF
{ "plugins": [{ "path": "here.so" }, { "path": "$plugins/crash.so" }], "runtime": { "trap": "\${TRAP:-true}" },
  "actors": [ { "name": "source", "type": "repeat", "to": "bad" }, { "name": "bad", "type": "crash" } ] }
EOF
if contains; then
  expect_code 1 "$weir" run crash.json
  expect_that 'a crash is told with its actor' grep -q '^weir: bad: ' err
fi
TRAP=false "$weir" run crash.json >out 2>err
code=$?
least=2
if sanitized; then least=1; fi # they end it themselves
expect_that 'without the trap the process ends' [ $code -ge $least ]

topology none.so
expect_code 78 "$weir" run t.json
expect_that 'what comes of a plugin that is missing is not told' [ "$(wc -l <err)" = 1 ]
expect_that 'the plugin that is missing is told with its place' grep -q '^t.json:1:25: error: plugins\[0\].path: ' err
finish
