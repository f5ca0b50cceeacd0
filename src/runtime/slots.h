/* slots.h: type-stable records that are named by slot and generation (F4).
 *
 * A record's memory is never given back and never becomes anything else, so that a stale name can be looked up at any
 * time: it finds another generation. A name is `generation << 32 | slot`; generation 0 is never valid. */
#ifndef WEIR__SLOTS_H
#define WEIR__SLOTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/thread.h"

/* A table of records of one kind. */
struct weir__slots {
  size_t record_bytes;
  uint32_t most;        /* slots reserved when the address space allows */
  pthread_mutex_t lock; /* guards what follows */
  void *_Atomic base;   /* of the region; written once. Release, acquire: the region is there */
  uint32_t used, committed, reserved;
  void *free; /* batches of free records, linked through their second word */
};
#define WEIR__SLOTS(type, how_many)                                                                                    \
  {                                                                                                                    \
    .record_bytes = sizeof(type), .most = (how_many), .lock = PTHREAD_MUTEX_INITIALIZER                                \
  }

/* A record: its first two words are zero, the rest is zero when it is new, else as it was put back. `slot` receives its
 * number. NULL: no memory. */
void *weir__slots_take(struct weir__slots *s, struct weir__cache *cache, uint32_t *slot);
void weir__slots_put(struct weir__slots *s, struct weir__cache *cache, void *record);
/* Empties the cache of a thread that ends, but for less than a batch. */
void weir__slots_return(struct weir__slots *s, struct weir__cache *cache);
/* How many slots have been handed to caches. */
uint32_t weir__slots_used(struct weir__slots *s);
/* The record of that slot; NULL: there never was one. */
void *weir__slots_at(struct weir__slots *s, uint32_t slot);

/* ---- the quick way, for what is taken and put back all the time ---- */

enum { WEIR__SLOTS_KEPT = 128 }; /* so many records a cache does not have */

/* As weir__slots_take(), without its number, from the cache alone. NULL: it is empty. */
static inline void *weir__slots_pop(struct weir__cache *cache)
{
  void **record = cache->head;
  if (!record) return NULL;
  cache->head = record[0];
  cache->count--;
  record[0] = record[1] = NULL;
  return record;
}

/* As weir__slots_put(). */
static inline void weir__slots_push(struct weir__slots *s, struct weir__cache *cache, void *record)
{
  if (WEIR__UNLIKELY(cache->count + 1 >= WEIR__SLOTS_KEPT)) {
    weir__slots_put(s, cache, record);
    return;
  }
  *(void **)record = cache->head;
  cache->head = record;
  cache->count++;
}

#endif
