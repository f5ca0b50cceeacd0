#!/bin/sh
# A topology of very many actors is checked, started and ended; bench/large_topology.sh says how fast.
. "$(dirname "$0")/cli.inc"
sh "$source/bench/large_topology.sh" "$weir" 9999 >said 2>&1
expect_that 'ten thousand actors are checked and run' [ $? -eq 0 ]
[ $failures -eq 0 ] || cat said
expect_that 'with their errors counted' [ "$(wc -l <said)" -eq 4 ]
finish
