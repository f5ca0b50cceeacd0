# Who hands work to a worker does not hold its runtime.
# rule: R2 of runtime.h
# file: src/runtime/worker.c
# scenario: hold_post
# finds: memory that was given back
/^void weir__worker_post/,/^}/ {
  /weir__runtime_hold\(rt\);/d
  /weir__runtime_release\(rt\);/d
}
