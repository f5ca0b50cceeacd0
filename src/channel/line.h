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

#include <pthread.h>

#include "channel/cell.h"
#include "runtime/wait.h"

struct weir__bucket {
  pthread_mutex_t lock WEIR__ALIGNED;
  struct weir__wait *first, *last; /* of all cells of this bucket, oldest first; under the lock */
  struct weir__permit *permits;    /* that are held, of all cells of this bucket; under the lock */
};

struct weir__bucket *weir__bucket_lock(const struct weir__cell *cell);
/* A lock for something else that has an address. Never taken while another one is held. */
struct weir__bucket *weir__bucket_lock_for(const void *thing);
void weir__bucket_unlock(struct weir__bucket *bucket);

/* Lock held. */
void weir__line_join(struct weir__bucket *bucket, struct weir__cell *cell, struct weir__wait *w);
void weir__line_leave(struct weir__bucket *bucket, struct weir__wait *w);
/* The first of this cell's line; NULL: it is empty. Lock held. */
struct weir__wait *weir__line_first(struct weir__bucket *bucket, const struct weir__cell *cell);
/* The owner's, after its wait was ended by time or cancellation. */
void weir__line_leave_late(struct weir__wait *w);

#endif
