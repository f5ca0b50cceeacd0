/* guard.c: see guard.h. */
#include "real/guard.h"

bool real_guard_enter(struct weir__guard_flags *g) { return weir__guard_enter(g); }
void real_guard_leave(struct weir__guard_flags *g) { weir__guard_leave(g); }
