# Who puts work into the line of a runtime does not hold that.
# rule: R2 of runtime.h
# file: src/runtime/runtime.c
# scenario: hold_inject
# finds: memory that was given back
/^void weir__runtime_inject/,/^}/ {
  /weir__runtime_hold\(rt\);/d
  /weir__runtime_release\(rt\);/d
}
