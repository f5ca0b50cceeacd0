/* depot.h: blocks of a few sizes, cached per thread, exchanged between threads in batches (M10).
 *
 * A thread takes from and gives back to its own cache. A cache that runs empty takes a whole batch from the depot, one
 * that runs full leaves a batch there: so when one thread makes messages and another one frees them, the lock is
 * taken once per batch. Memory that is not needed for a while goes back to the system when a worker goes to sleep.
 * Under AddressSanitizer nothing is cached, so that a use after free is seen. */
#ifndef WEIR__DEPOT_H
#define WEIR__DEPOT_H

#include <stddef.h>

#include "platform/sanitizer.h"
#include "runtime/thread.h"

enum {
  WEIR__NO_CLASS = 255, /* too large for the classes: plain malloc */
  WEIR__SMALLEST = 64   /* bytes of class 0; each class is twice the one before */
};

/* A block that is free. In a batch the first block carries the batch. */
struct weir__block {
  struct weir__block *next;
  struct weir__block *next_batch;
  unsigned count; /* of the batch */
};

/* The smallest class that holds `bytes`; WEIR__NO_CLASS: none does. */
static inline unsigned weir__depot_class(size_t bytes)
{
  if (WEIR__LIKELY(bytes <= WEIR__SMALLEST)) return 0;
  unsigned class = (unsigned)(64 - __builtin_clzll((bytes - 1) / WEIR__SMALLEST));
  return class < WEIR__CLASSES ? class : WEIR__NO_CLASS;
}

/* A block of that class (or of `bytes` where there is none); NULL: no memory. */
void *weir__depot_take(unsigned class, size_t bytes);
void weir__depot_put(unsigned class, void *block);

/* The next block of this thread's cache, or NULL: then weir__depot_take() has more. */
static inline void *weir__depot_next(const struct weir__thread *t, unsigned class)
{
  return WEIR__ASAN ? NULL : t->messages[class].head;
}
/* Takes the block that weir__depot_next() has just shown. */
static inline void weir__depot_take_next(struct weir__thread *t, unsigned class)
{
  struct weir__cache *c = &t->messages[class];
  struct weir__block *b = c->head;
  c->head = b->next;
  c->count--;
  __builtin_prefetch(c->head, 1); /* another thread may have written it last */
}
/* Puts a block into this thread's cache. False: it is full, or there is none for that class. */
static inline bool weir__depot_put_here(struct weir__thread *t, unsigned class, void *block)
{
  if (WEIR__ASAN || class != 0 || t->messages[0].count >= WEIR__CACHE_MOST) return false;
  struct weir__cache *c = &t->messages[0];
  ((struct weir__block *)block)->next = c->head;
  c->head = block;
  c->count++;
  return true;
}
/* From now on weir__depot_next() shows this thread none: its blocks are in `aside`, a cache for each class, all zeros
 * at first. NULL: as before. For simulations. */
void weir__depot_set_aside(struct weir__thread *t, struct weir__cache *aside);
/* Empties the caches of a thread that ends. */
void weir__depot_return_all(struct weir__thread *t);

/* A worker goes to sleep: memory that was not needed for a while goes back to the system. True: there is more than a
 * little on the shelves, and it is worth coming again in weir__depot_rest_ns(). */
bool weir__depot_rest(int64_t now_ns);
int64_t weir__depot_rest_ns(void);

#endif
