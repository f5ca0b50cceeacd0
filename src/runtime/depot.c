/* depot.c: see depot.h.
 *
 *   chunk --carve--> batch --take--> cache <--> the thread's messages
 *     ^                ^                |
 *     |                '----- put ------'
 *     '--trim: a chunk whose blocks are all on the shelf, and were not needed of late, goes back to the system
 *
 * I1  A block is in a thread's cache, in a batch on its class's shelf, or in use. What is not carved yet is below
 *     `carved` of the newest chunk.
 * I2  A shelf is guarded by its lock, and so are the heads of the chunks of its class.
 * I3  `unused` is the fewest blocks that the shelf has held since it was last looked at: so many were not needed. */
#include "runtime/depot.h"

#include <stdlib.h>

#include "platform/region.h"
#include "platform/sanitizer.h"
#include "runtime/simulation.h"

enum {
  CHUNK_LEAST = 128 << 10, /* bytes of a chunk, … */
  CHUNK_BLOCKS = 16, /* … which holds so many blocks at least. It is aligned to its size: so a block finds its head */
  TRIM_BYTES = 1 << 20, /* less than this is not worth a trim … */
  TRIM_NS = 200000000   /* … nor is one so soon after another */
};

/* The head of a chunk: in the place of its first block. */
struct chunk {
  struct chunk *next; /* of its class; I2 */
  unsigned on_shelf;  /* the trimmer's: blocks that it has found */
  bool goes;          /* the trimmer's */
};
_Static_assert(sizeof(struct chunk) <= WEIR__SMALLEST, "a chunk's head is a block");

static struct shelf {
  pthread_mutex_t lock; /* I2: guards what follows, but for reads of `count` and `unused` as hints: relaxed */
  struct weir__block *batches;
  _Atomic(unsigned) count;  /* of blocks */
  _Atomic(unsigned) unused; /* I3 */
  struct chunk *chunks;
  char *carved, *end; /* of the newest chunk: from `carved` on nothing has been a block yet */
  int64_t seen_ns;    /* when `unused` began to count */
  bool trimming;      /* somebody has taken the batches away to look through them */
} shelves[WEIR__CLASSES] = {
    {.lock = PTHREAD_MUTEX_INITIALIZER}, {.lock = PTHREAD_MUTEX_INITIALIZER}, {.lock = PTHREAD_MUTEX_INITIALIZER},
    {.lock = PTHREAD_MUTEX_INITIALIZER}, {.lock = PTHREAD_MUTEX_INITIALIZER}, {.lock = PTHREAD_MUTEX_INITIALIZER},
    {.lock = PTHREAD_MUTEX_INITIALIZER}, {.lock = PTHREAD_MUTEX_INITIALIZER}, {.lock = PTHREAD_MUTEX_INITIALIZER},
    {.lock = PTHREAD_MUTEX_INITIALIZER}, {.lock = PTHREAD_MUTEX_INITIALIZER}, {.lock = PTHREAD_MUTEX_INITIALIZER},
};

static size_t class_bytes(unsigned class) { return (size_t)WEIR__SMALLEST << class; }

/* How many are exchanged at once: 32 KiB of them, but 2 at least, and 64 at most: the lock costs less than a nanosecond
 * a block then. Of the smallest so many that a cache holds all that a handler sends before it gives way (WEIR__SEND_BUDGET):
 * who makes and who frees them on one worker needs no shelf. */
enum { BATCH_OF_SMALLEST = 128 };
static const unsigned char batch_blocks[WEIR__CLASSES] = {BATCH_OF_SMALLEST, 64, 64, 64, 32, 16, 8, 4, 2, 2, 2, 2};
_Static_assert(WEIR__CACHE_MOST == 2 * BATCH_OF_SMALLEST - 1, "the next one leaves a batch");

/* ---- chunks: the lock of their shelf is held ---- */

static size_t chunk_bytes(unsigned class)
{
  size_t n = CHUNK_BLOCKS * class_bytes(class);
  return n > CHUNK_LEAST ? n : CHUNK_LEAST;
}

static struct chunk *chunk_of(const void *block, unsigned class)
{
  return (struct chunk *)((uintptr_t)block & ~(uintptr_t)(chunk_bytes(class) - 1));
}

static unsigned blocks_of_chunk(unsigned class) { return (unsigned)(chunk_bytes(class) / class_bytes(class)) - 1; }

static bool new_chunk(struct shelf *s, unsigned class)
{
  struct chunk *c = weir__region_take(chunk_bytes(class));
  if (!c) return false;
  *c = (struct chunk){.next = s->chunks};
  s->chunks = c;
  s->carved = (char *)c + class_bytes(class);
  s->end = (char *)c + chunk_bytes(class);
  return true;
}

/* Up to a batch of new blocks; NULL: no memory. */
static struct weir__block *carve(struct shelf *s, unsigned class)
{
  struct weir__block *first = NULL, **end = &first;
  unsigned count = 0;
  if (s->carved == s->end && !new_chunk(s, class)) return NULL;
  for (; count < batch_blocks[class] && s->carved < s->end; s->carved += class_bytes(class), count++) {
    *end = (struct weir__block *)(void *)s->carved;
    end = &(*end)->next;
  }
  *end = NULL;
  if (first) first->count = count;
  return first;
}

/* ---- batches ---- */

static unsigned load(_Atomic(unsigned) *hint) { return atomic_load_explicit(hint, memory_order_relaxed); }
static void store(_Atomic(unsigned) *hint, unsigned n) { atomic_store_explicit(hint, n, memory_order_relaxed); }

static struct weir__block *take_batch(unsigned class)
{
  struct shelf *s = &shelves[class];
  pthread_mutex_lock(&s->lock);
  struct weir__block *b = s->batches;
  if (b) {
    s->batches = b->next_batch;
    store(&s->count, load(&s->count) - b->count);
    if (load(&s->count) < load(&s->unused)) store(&s->unused, load(&s->count));
  } else {
    b = carve(s, class);
  }
  pthread_mutex_unlock(&s->lock);
  return b;
}

/* Lock held. */
static void shelve(struct shelf *s, struct weir__block *batch, unsigned count)
{
  batch->count = count;
  batch->next_batch = s->batches;
  s->batches = batch;
  store(&s->count, load(&s->count) + count);
}

static void put_batch(unsigned class, struct weir__block *batch, unsigned count)
{
  struct shelf *s = &shelves[class];
  pthread_mutex_lock(&s->lock);
  shelve(s, batch, count);
  pthread_mutex_unlock(&s->lock);
}

/* Cuts the first `n` blocks off a cache that holds more. */
static struct weir__block *cut_batch(struct weir__cache *c, unsigned n)
{
  struct weir__block *first = c->head, *last = first;
  for (unsigned i = 1; i < n; i++) last = last->next;
  c->head = last->next;
  c->count -= n;
  last->next = NULL;
  return first;
}

/* ---- taking and putting ---- */

/* For a thread without a context: a batch of which it keeps one block. */
static void *take_alone(unsigned class)
{
  struct weir__block *b = take_batch(class);
  if (b && b->next) put_batch(class, b->next, b->count - 1);
  return b;
}

static void *take_malloced(unsigned class, size_t bytes)
{
  if (weir__simulation_has_no_memory()) return NULL;
  return malloc(class == WEIR__NO_CLASS ? bytes : class_bytes(class));
}

/* Enough to be always too many. */
enum { ASIDE = 1 << 30 };

static void *take_aside(struct weir__cache *c, unsigned class)
{
  if (weir__simulation_has_no_memory()) return NULL;
  struct weir__block *b = c->head ? c->head : take_batch(class);
  if (!b) return NULL;
  if (!c->head) c->count = b->count;
  c->head = b->next;
  c->count--;
  return b;
}

/* A cache has become full: a batch leaves it, or, of a cache that is kept aside, the block that came in. */
static void relieve(struct weir__thread *t, unsigned class)
{
  struct weir__cache *c = &t->messages[class];
  if (!t->aside) {
    put_batch(class, cut_batch(c, batch_blocks[class]), batch_blocks[class]);
    return;
  }
  struct weir__cache *aside = &t->aside[class];
  struct weir__block *b = c->head;
  b->next = aside->head;
  aside->head = b;
  aside->count++;
  *c = (struct weir__cache){.count = ASIDE};
}

void weir__depot_set_aside(struct weir__thread *t, struct weir__cache *aside)
{
  for (unsigned class = 0; class < WEIR__CLASSES; class ++) {
    if (aside)
      aside[class] = t->messages[class];
    else
      t->messages[class] = t->aside[class];
    if (aside) t->messages[class] = (struct weir__cache){.count = ASIDE};
  }
  t->aside = aside;
  if (!aside) weir__depot_return_all(t); /* they may be more than a cache holds */
}

void *weir__depot_take(unsigned class, size_t bytes)
{
  struct weir__thread *t = weir__thread();
  if (class == WEIR__NO_CLASS || WEIR__ASAN) return take_malloced(class, bytes);
  if (!t) return take_alone(class);
  struct weir__cache *c = &t->messages[class];
  struct weir__block *b = c->head;
  if (WEIR__UNLIKELY(!b)) {
    if (t->aside) return take_aside(&t->aside[class], class);
    b = take_batch(class);
    if (!b) return NULL;
    c->count = b->count;
  }
  c->head = b->next;
  c->count--;
  return b;
}

void weir__depot_put(unsigned class, void *block)
{
  struct weir__thread *t = weir__thread_here;
  struct weir__block *b = block;
  if (WEIR__ASAN || class == WEIR__NO_CLASS) {
    free(block);
    return;
  }
  if (!t) {
    b->next = NULL;
    put_batch(class, b, 1);
    return;
  }
  struct weir__cache *c = &t->messages[class];
  b->next = c->head;
  c->head = b;
  if (++c->count >= 2u * batch_blocks[class]) relieve(t, class);
}

void weir__depot_return_all(struct weir__thread *t)
{
  for (unsigned class = 0; class < WEIR__CLASSES; class ++) {
    struct weir__cache *c = &t->messages[class];
    if (c->head) put_batch(class, c->head, c->count);
    *c = (struct weir__cache){0};
  }
}

/* ---- trimming ---- */

static void count_blocks(struct weir__block *batches, unsigned class)
{
  for (; batches; batches = batches->next_batch)
    for (struct weir__block *b = batches; b; b = b->next) chunk_of(b, class)->on_shelf++;
}

/* Marks those whose blocks have all been found, for up to `blocks` blocks, and forgets what was counted. */
static void choose(struct weir__block *batches, unsigned class, unsigned blocks)
{
  for (; batches; batches = batches->next_batch)
    for (struct weir__block *b = batches; b; b = b->next) {
      struct chunk *c = chunk_of(b, class);
      if (c->on_shelf == blocks_of_chunk(class) && blocks >= blocks_of_chunk(class)) {
        c->goes = true;
        blocks -= blocks_of_chunk(class);
      }
      c->on_shelf = 0;
    }
}

/* Puts back what stays, in batches. */
static void sort_out(struct weir__block *batches, unsigned class)
{
  struct weir__block *kept = NULL;
  unsigned count = 0;
  while (batches) {
    struct weir__block *b = batches;
    batches = batches->next_batch;
    for (struct weir__block *next; b; b = next) {
      next = b->next;
      if (chunk_of(b, class)->goes) continue;
      b->next = kept;
      kept = b;
      if (++count < batch_blocks[class]) continue;
      put_batch(class, kept, count);
      kept = NULL;
      count = 0;
    }
  }
  if (kept) put_batch(class, kept, count);
}

/* Lock held. The chunks that go, out of the list. */
static struct chunk *take_out(struct shelf *s)
{
  struct chunk *going = NULL, **at = &s->chunks;
  while (*at) {
    struct chunk *c = *at;
    if (!c->goes) {
      at = &c->next;
      continue;
    }
    *at = c->next;
    c->next = going;
    going = c;
  }
  return going;
}

/* Lock held; it is let go of meanwhile: who needs blocks carves new ones. */
static void trim(struct shelf *s, unsigned class, unsigned blocks)
{
  struct weir__block *batches = s->batches;
  s->batches = NULL;
  store(&s->count, 0);
  s->trimming = true;
  pthread_mutex_unlock(&s->lock);
  count_blocks(batches, class);
  choose(batches, class, blocks);
  sort_out(batches, class);
  pthread_mutex_lock(&s->lock);
  struct chunk *going = take_out(s);
  s->trimming = false;
  pthread_mutex_unlock(&s->lock);
  while (going) {
    struct chunk *next = going->next;
    weir__region_return(going, chunk_bytes(class));
    going = next;
  }
  pthread_mutex_lock(&s->lock);
}

/* True: in a while it is worth another look. */
static bool rest(unsigned class, int64_t now)
{
  struct shelf *s = &shelves[class];
  if (load(&s->count) * class_bytes(class) < TRIM_BYTES) return false;
  pthread_mutex_lock(&s->lock);
  if (now - s->seen_ns >= TRIM_NS && !s->trimming) {
    unsigned unused = load(&s->unused);
    if (unused * class_bytes(class) >= TRIM_BYTES) trim(s, class, unused);
    s->seen_ns = now;
    store(&s->unused, load(&s->count));
  }
  pthread_mutex_unlock(&s->lock);
  return load(&s->count) * class_bytes(class) >= TRIM_BYTES;
}

bool weir__depot_rest(int64_t now_ns)
{
  bool again = false;
  for (unsigned class = 0; class < WEIR__CLASSES; class ++) again |= rest(class, now_ns);
  return again;
}

int64_t weir__depot_rest_ns(void) { return TRIM_NS; }
