#!/bin/sh
# cases_test.sh SOURCE: cases.sh says yes to the page as it is, and no to one that went bad.
set -eu
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/docs/internals"
ln -s "$source/tests" "$work/tests"
page=$work/docs/internals/cases.md

# expect TEXT SCRIPT: with the page changed by a script of sed, the checker fails and says TEXT.
expect() {
  sed "$2" "$source/docs/internals/cases.md" >"$page"
  if cmp -s "$page" "$source/docs/internals/cases.md"; then
    echo "changes nothing: $2"
    exit 1
  fi
  if sh "$source/tests/docs/cases.sh" "$work" >"$work/said" 2>&1 || ! grep -q "$1" "$work/said"; then
    echo "not noticed: $2"
    cat "$work/said"
    exit 1
  fi
}

expect "no row for sync_mpsc reserve_disarm" '/^| `reserve_disarm/d'
expect "no row for sync_semaphore forget" 's/^| `forget`/| `forgot`/'
expect "not a case: sync_semaphore forgot" 's/^| `forget`/| `forgot`/'
expect "two rows for sync_oneshot close_tx" '/^| `close_tx/p'
expect "no such test" 's/:a_message_that_is_refused_leaves_no_trace/:a_message_that_is_lost/'
expect "no such scenario" 's/:mpsc_last_sender/:mpsc_first_sender/'
expect "neither a test nor a reason: sync_semaphore merge_unrelated_permits" 's/| none | as `merge` |/| none | |/'
expect "no test for complaint 12" '/^| 12 | vector 1300/d'
expect "no such script" 's/cli_follow\.sh/cli_folow.sh/'
expect "no test for trouble 20" '/trouble_20_/d'
expect "not a test of trouble 21" 's/:trouble_21_/:trouble_20_/'
