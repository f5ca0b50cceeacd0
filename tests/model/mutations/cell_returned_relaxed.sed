# Who takes cells that others have freed does not see what they left.
# rule: C3, S2 of cell.c
# file: src/channel/cell.c
# scenario: cell_given_back_by_others
# finds: a data race
s/(atomic_exchange_explicit\(&slab->returned, 0, memory_order_)acquire/\1relaxed/
