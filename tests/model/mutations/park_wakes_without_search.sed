# Who has put work somewhere wakes a sleeper though another is awake for it already.
# rule: U3
# file: src/runtime/runtime.c
# scenario: park_queued_two
# finds: hired
/^void weir__runtime_notify\(/,/^}/ {
  s/atomic_load_explicit\(&rt->searching, memory_order_seq_cst\) \|\|/false \|\|/
  s/!atomic_compare_exchange_strong_explicit\(&rt->searching, &none, 1, memory_order_seq_cst, memory_order_relaxed\)/(atomic_fetch_add(\&rt->searching, 1), none)/
}
