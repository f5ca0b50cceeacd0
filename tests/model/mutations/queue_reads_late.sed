# Who takes reads a place after it has moved the head past it.
# rule: Q3 of run_queue.h
# file: src/runtime/run_queue.h
# compile: tests/model/real/run_queue.c
# scenario: queue_full
# finds: race
/^static inline uint32_t weir__run_queue_take\(/,/^}/ {
  /^    for \(uint32_t i = 0; i < count; i\+\+\)$/d
  /^      out\[i\] = /d
  s/^      return count;/    {\n      for (uint32_t i = 0; i < count; i++) out[i] = atomic_load_explicit(\&q->places[(head + i) % WEIR__RUN_QUEUE_SIZE], memory_order_relaxed);\n      return count;\n    }/
}
