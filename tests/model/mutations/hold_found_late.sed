# Who finds a runtime holds it after it has let go of the list.
# rule: R2 of runtime.h
# file: src/runtime/runtime.c
# scenario: hold_spawn
# finds: a data race
/^struct weir_runtime \*weir__runtime_found_held/,/^}/ {
  s/^  if \(rt\) weir__runtime_hold\(rt\);//
  s/^  return rt;/  if (rt) weir__runtime_hold(rt);\n  return rt;/
}
