/* runtime.c: see real/runtime.h. */
#include "real/runtime.h"

#include "runtime/runtime.h"

bool real_runtime_enter(struct weir_runtime *rt) { return weir__runtime_enter(rt); }
void real_runtime_leave(struct weir_runtime *rt) { weir__runtime_leave(rt); }
