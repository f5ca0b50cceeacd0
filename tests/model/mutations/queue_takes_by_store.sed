# Who takes moves the head without a look whether somebody else did.
# rule: Q1 of run_queue.h
# file: src/runtime/run_queue.h
# compile: tests/model/real/run_queue.c
# scenario: queue_two_thieves
# finds: thread
/^static inline uint32_t weir__run_queue_take\(/,/^}/ {
  s/if \(atomic_compare_exchange_weak_explicit\(&q->head, &head, head \+ count, memory_order_acq_rel,/atomic_store(\&q->head, head + count);/
  s/^ *memory_order_acquire\)\)$//
}
