# The idle mark is stored over what has come meanwhile.
# rule: M4 (Q4 of mpsc.h)
# file: src/channel/mpsc.c
# scenario: mpsc_wake
# finds: all wait
/^static bool set_idle\(/,/^}/ {
  s/uintptr_t nothing = 0;//
  s/return atomic_compare_exchange_strong_explicit\(&cell->inbox, &nothing, idle, memory_order_seq_cst,/atomic_store(\&cell->inbox, idle); return true;/
  /^ *memory_order_relaxed\);$/d
}
