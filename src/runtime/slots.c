/* slots.c: see slots.h. */
#include "runtime/slots.h"

#include "platform/region.h"

enum { BATCH = 32, COMMIT_BYTES = 256 << 10, FEWEST = 1024 };

/* A free record. In a batch the first one carries the batch. */
struct record {
  struct record *next;
  struct record *next_batch;
};

/* Lock held. */
static bool reserve(struct weir__slots *s)
{
  for (uint32_t most = s->most; most >= FEWEST; most /= 2) {
    void *base = weir__region_reserve(most * s->record_bytes);
    if (!base) continue;
    s->reserved = most;
    atomic_store_explicit(&s->base, base, memory_order_release);
    return true;
  }
  return false;
}

/* Lock held. Makes room for one batch of new records. */
static bool commit(struct weir__slots *s)
{
  if (s->used + BATCH <= s->committed) return true;
  char *base = atomic_load_explicit(&s->base, memory_order_relaxed);
  if (!base && !reserve(s)) return false;
  base = atomic_load_explicit(&s->base, memory_order_relaxed);
  size_t from = s->committed * s->record_bytes, all = s->reserved * s->record_bytes;
  size_t bytes = all - from < COMMIT_BYTES ? all - from : COMMIT_BYTES;
  /* What a record begins on the last unit counts as not committed. */
  from -= from % WEIR__REGION_UNIT;
  if (bytes < BATCH * s->record_bytes || !weir__region_commit(base + from, bytes)) return false;
  s->committed = (uint32_t)((from + bytes) / s->record_bytes);
  return true;
}

/* A batch of records never used before: they are zero, and so are told apart by their generation. */
static struct record *new_batch(struct weir__slots *s)
{
  if (!commit(s)) return NULL;
  char *base = atomic_load_explicit(&s->base, memory_order_relaxed);
  struct record *first = NULL;
  for (int i = BATCH - 1; i >= 0; i--) {
    struct record *r = (struct record *)(base + (s->used + (uint32_t)i) * s->record_bytes);
    r->next = first;
    first = r;
  }
  s->used += BATCH;
  return first;
}

static struct record *take_batch(struct weir__slots *s)
{
  pthread_mutex_lock(&s->lock);
  struct record *first = s->free;
  if (first)
    s->free = first->next_batch;
  else
    first = new_batch(s);
  pthread_mutex_unlock(&s->lock);
  return first;
}

void *weir__slots_take(struct weir__slots *s, struct weir__cache *cache, uint32_t *slot)
{
  if (!cache->head) {
    cache->head = take_batch(s);
    if (!cache->head) return NULL;
    cache->count = BATCH;
  }
  struct record *r = cache->head;
  cache->head = r->next;
  cache->count--;
  char *base = atomic_load_explicit(&s->base, memory_order_relaxed);
  *slot = (uint32_t)((size_t)((char *)r - base) / s->record_bytes);
  r->next = r->next_batch = NULL;
  return r;
}

/* Leaves the first `BATCH` records of a cache that has as many. */
static void put_batch(struct weir__slots *s, struct weir__cache *cache)
{
  struct record *first = cache->head, *last = first;
  for (int i = 1; i < BATCH; i++) last = last->next;
  cache->head = last->next;
  cache->count -= BATCH;
  last->next = NULL;
  pthread_mutex_lock(&s->lock);
  first->next_batch = s->free;
  s->free = first;
  pthread_mutex_unlock(&s->lock);
}

void weir__slots_put(struct weir__slots *s, struct weir__cache *cache, void *record)
{
  struct record *r = record;
  r->next = cache->head;
  cache->head = r;
  if (++cache->count >= WEIR__SLOTS_KEPT) put_batch(s, cache);
}

void weir__slots_return(struct weir__slots *s, struct weir__cache *cache)
{
  while (cache->count >= BATCH) put_batch(s, cache);
}

void *weir__slots_at(struct weir__slots *s, uint32_t slot)
{
  char *base = atomic_load_explicit(&s->base, memory_order_acquire);
  return base && slot < s->reserved ? base + slot * s->record_bytes : NULL;
}

uint32_t weir__slots_used(struct weir__slots *s)
{
  pthread_mutex_lock(&s->lock);
  uint32_t used = s->used;
  pthread_mutex_unlock(&s->lock);
  return used;
}
