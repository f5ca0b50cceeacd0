# Who enters looks whether it is being stopped, and then counts itself.
# rule: R1
# file: src/runtime/runtime.h
# compile: tests/model/real/runtime.c
# scenario: lives_enter_and_stop
# finds: thread
/^static inline bool weir__runtime_enter\(/,/^}/ {
  s/struct weir__worker \*w = weir__runtime_worker_here\(rt\);/struct weir__worker *w = weir__runtime_worker_here(rt);\n  if (weir__runtime_stops(rt)) return false;/
  s/if \(WEIR__LIKELY\(!weir__runtime_stops\(rt\)\)\) return true;/return true;/
}
