# Who takes the inbox does not acquire what is in the messages.
# rule: M4 (O2 of mpsc.h)
# file: src/channel/mpsc.c
# scenario: mpsc_wake_by_two
# finds: a data race
s/atomic_exchange_explicit\(&cell->inbox, 0, memory_order_acquire\)/atomic_exchange_explicit(\&cell->inbox, 0, memory_order_relaxed)/
