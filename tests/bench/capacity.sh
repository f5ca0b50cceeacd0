#!/bin/sh
# capacity.sh WEIR_BENCH: mailboxes with one place are enough for each workload whose sends make no cycle. Those of
# `big` do: two actors that answer each other can each wait for a place at the other, and neither can go on. Then that
# is an error, and no standstill.
bench=$1
n=2000
[ -z "$WEIR_TEST_SLOW" ] || n=200
for w in pingpong ring counting fanin fjthr chameneos ask pipeline skynet rings parcels; do
  for workers in 1 2; do
    $WEIR_WRAPPER "$bench" $w --n $n --capacity 1 --workers $workers || exit 1
  done
  $WEIR_WRAPPER "$bench" $w --n $n --capacity 1 --flavor current || exit 1
done
for w in create idle; do # have one place each, always
  $WEIR_WRAPPER "$bench" $w --n $n || exit 1
done
for n in $n $((10 * n)) $((100 * n)); do
  said=$($WEIR_WRAPPER "$bench" big --n $n --capacity 1 2>&1) && continue
  case $said in
  *"deadlock: player#"*"waits for a place in the mailbox of player#"*) ;;
  *) echo "big, capacity 1: $said" && exit 1 ;;
  esac
done
