# Who stops an actor looks whether it waits, and then says that it is stopped.
# rule: F6
# file: src/actor/end.c
# scenario: stop_who_waits
# finds: all wait
/^static uintptr_t tell\(/,/^}/ {
  s/^  if \(flags & WEIR__CANCELLED\) weir__wait_cancel\(&cell->waiting\);//
  s/^  atomic_fetch_or_explicit/  if (flags \& WEIR__CANCELLED) weir__wait_cancel(\&cell->waiting);\n&/
}
