# Who finishes a wait does not see who has attached after the claim.
# rule: M3 (I3 of wait.h)
# file: src/runtime/wait.c
# scenario: oneshot_value
# finds: all wait
s/word = atomic_exchange_explicit\(&w->word, done, memory_order_acq_rel\);/atomic_store_explicit(\&w->word, done, memory_order_release);/
