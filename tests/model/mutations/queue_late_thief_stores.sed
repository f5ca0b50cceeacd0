# Who takes the first one compares nothing: what it saw may have been taken long ago.
# rule: Q3 of run_queue.h
# file: src/runtime/run_queue.h
# compile: tests/model/real/run_queue.c
# scenario: queue_late
# finds: race
/^static inline uint32_t weir__run_queue_take\(/,/^}/ {
  s/if \(atomic_compare_exchange_weak_explicit\(&q->head, &head, head \+ count, memory_order_acq_rel,/if (atomic_fetch_add(\&q->head, count),/
  s/^ *memory_order_acquire\)\)$/        true)/
}
