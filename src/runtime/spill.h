/* spill.h: what a worker's queue had no room for. Any worker may take from it.
 *
 * S1  What has not begun yet lies in batches, on top of each other. Its worker takes from the newest, which may be in its
 *     caches still: what begets more work is done in depth then, and what waits stays little. Others take from the
 *     oldest: that begets most, and is in nobody's caches.
 * S2  Nobody is left behind for good: now and then its worker takes the oldest, too (see worker.c).
 * S3  What is in there is counted in rt->unowned from before it comes until it is taken.
 * S4  What has begun stands in a line, first in, first out, and half of what is taken is from there: others wait for what
 *     it does, and what begins before it would only add to that. */
#ifndef WEIR__SPILL_H
#define WEIR__SPILL_H

#include "platform/lock.h"
#include "runtime/work.h"

enum { WEIR__SPILL_BATCHES = 64 }; /* a power of two; with one more the two oldest become one */

struct weir__spill {
  struct weir__lock lock;       /* guards the rest */
  struct weir__work_list begun; /* S4 */
  unsigned oldest, height;      /* batches[oldest % WEIR__SPILL_BATCHES] is at the bottom, of so many */
  struct weir__work_list batches[WEIR__SPILL_BATCHES]; /* none is empty */
};

/* Its worker's. `begun` to the end of the line, `fresh` as a batch on top. */
void weir__spill_put(struct weir__spill *spill, const struct weir__work_list *begun,
                     const struct weir__work_list *fresh);
/* Takes up to `most`, half of them from the line and the others of the newest batches, the first of each first, if there
 * are so many of each; returns how many. */
unsigned weir__spill_take_newest(struct weir__spill *spill, struct weir__work **out, unsigned most);
/* Likewise, from the line alone. */
unsigned weir__spill_take_begun(struct weir__spill *spill, struct weir__work **out, unsigned most);
/* As weir__spill_take_newest(), of the oldest. Anybody's. */
unsigned weir__spill_take_oldest(struct weir__spill *spill, struct weir__work **out, unsigned most);

#endif
