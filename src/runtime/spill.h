/* spill.h: what a worker's queue had no room for: batches of work, on top of each other. Any worker may take from it.
 *
 * S1  Its worker takes from the newest batch, which may be in its caches still: what begets more work is done in depth
 *     then, and what waits stays little. Others take from the oldest: that begets most, and is in nobody's caches.
 * S2  Nobody is left behind for good: now and then its worker takes the oldest, too (see worker.c).
 * S3  What is in there is counted in rt->unowned from before it comes until it is taken. */
#ifndef WEIR__SPILL_H
#define WEIR__SPILL_H

#include "platform/lock.h"
#include "runtime/work.h"

enum { WEIR__SPILL_BATCHES = 64 }; /* a power of two; with one more the two oldest become one */

struct weir__spill {
  struct weir__lock lock; /* guards the rest */
  unsigned oldest, count; /* batches[oldest % WEIR__SPILL_BATCHES] is at the bottom, of so many */
  struct weir__work_list batches[WEIR__SPILL_BATCHES]; /* none is empty */
};

/* Its worker's. */
void weir__spill_put(struct weir__spill *spill, struct weir__work **works, unsigned count);
/* Takes up to `most` of the newest batch, its first first; returns how many. */
unsigned weir__spill_take_newest(struct weir__spill *spill, struct weir__work **out, unsigned most);
/* Likewise of the oldest. Anybody's. */
unsigned weir__spill_take_oldest(struct weir__spill *spill, struct weir__work **out, unsigned most);

#endif
