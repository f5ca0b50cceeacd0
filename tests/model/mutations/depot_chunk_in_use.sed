# A chunk goes back while somebody has a block of it.
# rule: M10, I1 of depot.c
# file: src/runtime/depot.c
# scenario: depot_trimmed
# finds: memory that was given back
s/if \(c->on_shelf == blocks_of_chunk\(class\) && /if (/
