# Who stops a runtime does not wait for those that hold it.
# rule: R2 of runtime.h
# file: src/runtime/runtime.c
# scenario: hold_post
# finds: memory that was given back
/^bool weir__runtime_detach/,/^}/ s/^  while \(atomic_load_explicit\(&rt->holds.*$//
