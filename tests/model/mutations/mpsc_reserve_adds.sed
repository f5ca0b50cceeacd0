# Places are added to whatever the word has become, not to what was looked at.
# rule: M1
# file: src/channel/mpsc.h
# compile: src/channel/send.c
# scenario: mpsc_two_senders
# finds: used <= cell()->capacity
/static inline enum weir__reserve weir__mpsc_reserve\(/,/^}/ {
  s/if \(atomic_compare_exchange_weak_explicit\(&cell->places, &places, weir__plus_places\(places, n\),/if ((atomic_fetch_add_explicit(\&cell->places, n * WEIR__ONE_PLACE, memory_order_acq_rel), true))/
  /^ *memory_order_acq_rel, memory_order_acquire\)\)$/d
}
