/* depot.c: see depot.h. */
#include "runtime/depot.h"

#include <stdlib.h>

#include "platform/sanitizer.h"

enum {
  SMALLEST = 64,    /* bytes of class 0; each class is twice the one before */
  BATCH = 64,       /* blocks exchanged at once */
  KEPT_BATCHES = 32 /* a class keeps at most so many in the depot; what is over goes back to the system */
};

/* A block that is free. In a batch the first block carries the batch. */
struct block {
  struct block *next;
  struct block *next_batch;
};

static struct shelf {
  pthread_mutex_t lock;
  struct block *batches; /* under the lock */
  unsigned count;
} shelves[WEIR__CLASSES] = {
    {.lock = PTHREAD_MUTEX_INITIALIZER}, {.lock = PTHREAD_MUTEX_INITIALIZER}, {.lock = PTHREAD_MUTEX_INITIALIZER},
    {.lock = PTHREAD_MUTEX_INITIALIZER}, {.lock = PTHREAD_MUTEX_INITIALIZER}, {.lock = PTHREAD_MUTEX_INITIALIZER},
    {.lock = PTHREAD_MUTEX_INITIALIZER}, {.lock = PTHREAD_MUTEX_INITIALIZER},
};

static size_t class_bytes(unsigned class) { return (size_t)SMALLEST << class; }

unsigned weir__depot_class(size_t bytes)
{
  if (bytes <= SMALLEST) return 0;
  unsigned class = (unsigned)(64 - __builtin_clzll((bytes - 1) / SMALLEST));
  return class < WEIR__CLASSES ? class : WEIR__NO_CLASS;
}

static void free_batch(struct block *b)
{
  while (b) {
    struct block *next = b->next;
    free(b);
    b = next;
  }
}

static struct block *take_batch(unsigned class)
{
  struct shelf *s = &shelves[class];
  pthread_mutex_lock(&s->lock);
  struct block *b = s->batches;
  if (b) s->batches = b->next_batch, s->count--;
  pthread_mutex_unlock(&s->lock);
  return b;
}

static void put_batch(unsigned class, struct block *b)
{
  struct shelf *s = &shelves[class];
  pthread_mutex_lock(&s->lock);
  bool room = s->count < KEPT_BATCHES;
  if (room) b->next_batch = s->batches, s->batches = b, s->count++;
  pthread_mutex_unlock(&s->lock);
  if (!room) free_batch(b);
}

/* Cuts the first `BATCH` blocks off a cache that holds more. */
static struct block *cut_batch(struct weir__cache *c)
{
  struct block *first = c->head, *last = first;
  for (int i = 1; i < BATCH; i++) last = last->next;
  c->head = last->next;
  c->count -= BATCH;
  last->next = NULL;
  return first;
}

static bool refill(struct weir__cache *c, unsigned class)
{
  c->head = take_batch(class);
  c->count = c->head ? BATCH : 0;
  return c->head != NULL;
}

void *weir__depot_take(unsigned class, size_t bytes)
{
  struct weir__thread *t = weir__thread();
  if (WEIR__ASAN || class == WEIR__NO_CLASS || !t) return malloc(class == WEIR__NO_CLASS ? bytes : class_bytes(class));
  struct weir__cache *c = &t->messages[class];
  if (!c->head && !refill(c, class)) return aligned_alloc(SMALLEST, class_bytes(class));
  struct block *b = c->head;
  c->head = b->next;
  c->count--;
  return b;
}

void weir__depot_put(unsigned class, void *block)
{
  struct weir__thread *t = weir__thread_here;
  if (WEIR__ASAN || class == WEIR__NO_CLASS || !t) {
    free(block);
    return;
  }
  struct weir__cache *c = &t->messages[class];
  struct block *b = block;
  b->next = c->head;
  c->head = b;
  if (++c->count >= 2 * BATCH) put_batch(class, cut_batch(c));
}

void weir__depot_return_all(struct weir__thread *t)
{
  for (unsigned class = 0; class < WEIR__CLASSES; class ++) {
    struct weir__cache *c = &t->messages[class];
    while (c->count >= BATCH) put_batch(class, cut_batch(c));
    free_batch(c->head);
    *c = (struct weir__cache){0};
  }
}
