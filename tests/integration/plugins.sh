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
finish
