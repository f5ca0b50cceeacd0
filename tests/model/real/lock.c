/* lock.c: src/platform/lock.c itself, which all else has as one step; it looks once before it sleeps. */
#define MODEL_REAL_LOCK
#include "platform/cpu.h"
#define weir__cpu_pause() break
#include "platform/lock.c"

#include "real/lock.h"

_Static_assert(sizeof(struct weir__lock) == sizeof(uint32_t), "as real/lock.h says");

void real_lock_take(uint32_t *word) { weir__lock_take((struct weir__lock *)(void *)word); }
void real_lock_leave(uint32_t *word) { weir__lock_leave((struct weir__lock *)(void *)word); }
