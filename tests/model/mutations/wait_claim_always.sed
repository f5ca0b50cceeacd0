# Two may claim a wait.
# rule: M3 (O1, I2 of wait.h)
# file: src/runtime/wait.c
# scenario: oneshot_time
# finds: thread
/^static void detach\(/,/^}/ {
  s/if \(atomic_compare_exchange_weak_explicit\(&w->word, &word, word & ~\(uint64_t\)WEIR__ATTACHED, memory_order_acq_rel,/if ((atomic_store_explicit(\&w->word, word \& ~(uint64_t)WEIR__ATTACHED, memory_order_release), true)) {/
  /^ *memory_order_acquire\)\) \{$/d
}
