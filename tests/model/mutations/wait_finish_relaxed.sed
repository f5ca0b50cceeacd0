# The end of a wait does not release its result.
# rule: M3 (O2 of wait.h)
# file: src/runtime/wait.c
# scenario: oneshot_value
# finds: a data race
s/word = atomic_exchange_explicit\(&w->word, done, memory_order_acq_rel\);/word = atomic_exchange_explicit(\&w->word, done, memory_order_relaxed);/
