#!/bin/sh
# options.sh WEIR_BENCH: a workload that does not know an option says so, and does not run.
bench=$1
refused() {
  said=$($WEIR_WRAPPER "$bench" "$@" 2>&1)
  [ $? = 2 ] || { echo "weir-bench $*: exit code is not 2: $said"; exit 1; }
  case $said in *"$wanted"*) ;; *) echo "weir-bench $*: $said"; exit 1 ;; esac
}
wanted="idle has no --capacity" refused idle --capacity 3
wanted="ring has no --producers" refused ring --producers 3
wanted="counting has no --bytes" refused counting --bytes 3
wanted="takes a whole number from 1" refused fanin --producers 0
wanted="takes a whole number from 1" refused fanin --producers many
wanted="starts its own runtimes" refused busy --workers 3
wanted="ring has no --watched" refused ring --watched
wanted="no workload" refused nothing
$WEIR_WRAPPER "$bench" counting --n 1000 --watched && $WEIR_WRAPPER "$bench" pingpong --n 1000 --watched &&
  $WEIR_WRAPPER "$bench" parcels --n 10 --bytes 0 && $WEIR_WRAPPER "$bench" fanin --n 1000 --producers 3 &&
  $WEIR_WRAPPER "$bench" rings --n 1000 --actors 7 && $WEIR_WRAPPER "$bench" rings --n 1000 --actors 250
