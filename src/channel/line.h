/* line.h: the buckets of the process-wide table that C2 asks for: locks, and the lines of senders that wait for a
 * place.
 *
 * I1  A line is first in, first out, per cell. WEIR__WAITERS is set in a cell's word while its line is not empty; it is
 * set and cleared under the lock alone.
 * I2  A record stands in a line from join to leave, both under the lock. Whoever hands over takes it out; one whose
 *     wait was ended otherwise (time, cancellation) is skipped, and taken out by its owner.
 * I3  The lock is a leaf: but for waking, nothing is called under it that takes another one. */
#ifndef WEIR__LINE_H
#define WEIR__LINE_H

#include "channel/cell.h"
#include "platform/lock.h"
#include "runtime/wait.h"

struct weir__bucket {
  struct weir__lock lock WEIR__ALIGNED;
  struct weir__wait *first, *last; /* of all cells of this bucket, oldest first; under the lock */
  struct weir__permit *permits;    /* that are held, of all cells of this bucket; under the lock */
};

enum { WEIR__BUCKETS = 1024 };
extern struct weir__bucket weir__buckets[WEIR__BUCKETS];

static inline struct weir__bucket *weir__bucket_take(uintptr_t n)
{
  struct weir__bucket *bucket = &weir__buckets[n % WEIR__BUCKETS];
  weir__lock_take(&bucket->lock);
  return bucket;
}

/* Neighbours in the table of cells come in different buckets. */
static inline struct weir__bucket *weir__bucket_lock(const struct weir__cell *cell)
{
  return weir__bucket_take((uintptr_t)cell / sizeof *cell);
}

/* A lock for something else that has an address. Never taken while another one is held. Extras, tasks and the contexts
 * of threads are of 64 bytes and more. */
static inline struct weir__bucket *weir__bucket_lock_for(const void *thing)
{
  return weir__bucket_take((uintptr_t)thing / 64);
}

static inline void weir__bucket_unlock(struct weir__bucket *bucket) { weir__lock_leave(&bucket->lock); }

/* Lock held. */
void weir__line_join(struct weir__bucket *bucket, struct weir__cell *cell, struct weir__wait *w);
void weir__line_leave(struct weir__bucket *bucket, struct weir__wait *w);
/* The first of this cell's line; NULL: it is empty. Lock held. */
struct weir__wait *weir__line_first(struct weir__bucket *bucket, const struct weir__cell *cell);
/* The owner's, after its wait was ended by time or cancellation. */
void weir__line_leave_late(struct weir__wait *w);

#endif
