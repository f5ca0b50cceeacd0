/* guard.h: what src/runtime/guard.h has inline, where a mutant of it is seen. */
#ifndef MODEL_REAL_GUARD_H
#define MODEL_REAL_GUARD_H

#include "runtime/guard.h"

bool real_guard_enter(struct weir__guard_flags *g);
void real_guard_leave(struct weir__guard_flags *g);

#endif
