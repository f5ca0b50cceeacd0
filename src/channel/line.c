/* line.c: see line.h. */
#include "channel/line.h"

enum { BUCKETS = 1024 };

static struct weir__bucket buckets[BUCKETS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_buckets(void)
{
  for (int i = 0; i < BUCKETS; i++) pthread_mutex_init(&buckets[i].lock, NULL);
}

/* Neighbours in the table of cells come in different buckets. */
static struct weir__bucket *bucket_of(const struct weir__cell *cell)
{
  return &buckets[((uintptr_t)cell / sizeof *cell) % BUCKETS];
}

static struct weir__bucket *lock_bucket(struct weir__bucket *bucket)
{
  pthread_once(&once, init_buckets);
  pthread_mutex_lock(&bucket->lock);
  return bucket;
}

struct weir__bucket *weir__bucket_lock(const struct weir__cell *cell) { return lock_bucket(bucket_of(cell)); }

/* Extras, tasks and the contexts of threads are of 64 bytes and more. */
struct weir__bucket *weir__bucket_lock_for(const void *thing)
{
  return lock_bucket(&buckets[(uintptr_t)thing / 64 % BUCKETS]);
}

void weir__bucket_unlock(struct weir__bucket *bucket) { pthread_mutex_unlock(&bucket->lock); }

void weir__line_join(struct weir__bucket *bucket, struct weir__cell *cell, struct weir__wait *w)
{
  w->cell = cell;
  weir__tally(cell)->waiting++;
  w->line_next = NULL;
  w->line_previous = bucket->last;
  if (bucket->last)
    bucket->last->line_next = w;
  else
    bucket->first = w;
  bucket->last = w;
}

void weir__line_leave(struct weir__bucket *bucket, struct weir__wait *w)
{
  if (!w->cell) return;
  if (w->line_previous)
    w->line_previous->line_next = w->line_next;
  else
    bucket->first = w->line_next;
  if (w->line_next)
    w->line_next->line_previous = w->line_previous;
  else
    bucket->last = w->line_previous;
  weir__tally(w->cell)->waiting--;
  w->cell = NULL;
}

struct weir__wait *weir__line_first(struct weir__bucket *bucket, const struct weir__cell *cell)
{
  struct weir__wait *w = bucket->first;
  while (w && w->cell != cell) w = w->line_next;
  return w;
}
