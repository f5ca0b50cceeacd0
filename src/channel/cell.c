/* cell.c: the table of cells.
 *
 * Slabs of SLAB_CELLS cells. Each worker takes cells from a slab of its own; plain threads share one set, under a lock.
 *
 * S1  A slab's owner is a thread's context, or `outside`. The owner alone takes from `free`, and `used` is its.
 * S2  Who is not the owner frees into `returned` (pushed by CAS); the owner takes that as a whole.
 * S3  A slab whose cells are all free goes back to the pool; its pages are given back, its next generation is
 *     remembered, so that a ref to one of its former cells stays stale for ever (C3). A slab with a survivor stays with
 *     its owner: it is pinned.
 * S4  A cell whose generations are used up is not put back: `used` keeps counting it (C3). */
#include "channel/cell.h"

#include <assert.h>
#include <string.h>

#include "channel/line.h"
#include "platform/region.h"

enum { SLAB_CELLS = 1024, SLABS_MOST = 1 << 16, SLABS_FEWEST = 64, COMMIT_SLABS = 4 };
#define SLAB_BYTES ((size_t)SLAB_CELLS * sizeof(struct weir__cell))
#define TALLY_BYTES ((size_t)SLAB_CELLS * sizeof(struct weir__tally))
#define GENERATION_LAST UINT32_MAX
_Static_assert(SLAB_CELLS * sizeof(struct weir__cell) % WEIR__REGION_UNIT == 0, "a slab's memory is its own (C3)");
_Static_assert(SLAB_CELLS * sizeof(struct weir__tally) % WEIR__REGION_UNIT == 0, "and its tallies'");

struct weir__slab {
  uint32_t index;
  uint32_t used;              /* S1: cells that were taken and are not in `free` */
  uint32_t untouched;         /* S1: cells from here on have never been used since the pages were (re)taken */
  uint32_t generation;        /* what an untouched cell begins with */
  uint32_t newest;            /* S1: no cell in `free` has a newer one; what the slab begins with the next time (S3) */
  uint32_t free;              /* S1: slot + 1 of a free cell, linked through `child`; 0: none */
  _Atomic(uint32_t) returned; /* S2: likewise. Release by who frees, acquire by the owner */
  _Atomic(uintptr_t) owner; /* a thread's context, OUTSIDE, or 0; written under table.lock or by the owner; relaxed: who
                               frees a cell either is the owner, who knows, or is not */
  struct weir__slab *next;  /* in the owner's list, or the pool's */
};
#define OUTSIDE ((uintptr_t)1)

static struct {
  pthread_mutex_t lock; /* guards all */
  uint32_t most, made, committed;
  struct weir__slab *slabs;    /* by index */
  struct weir__tally *tallies; /* by slot; written before weir__cells */
  struct weir__slab *pool;     /* without living cells */
  struct weir__slab *outside;  /* of the plain threads */
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct weir__cells weir__cells;

weir_ref weir__ref_error_make(int code) { return (weir_ref){(uint32_t)code}; }

int weir_ref_error(weir_ref ref)
{
  if (weir__generation_of(ref)) return WEIR_OK;
  int code = (int32_t)(uint32_t)ref.bits;
  return code ? code : WEIR_EDEAD; /* all zero: a ref that nobody has set */
}

int weir__ref_check(weir_ref ref)
{
  int rc = weir_ref_error(ref);
  return rc ? weir_error(rc, "a ref that names nobody: it holds the error of what was to make it") : WEIR_OK;
}

/* ---- slabs ---- */

/* Lock held. */
static bool reserve_table(void)
{
  if (table.slabs) return true;
  size_t unit = WEIR__REGION_UNIT;
  for (uint32_t most = SLABS_MOST; most >= SLABS_FEWEST; most /= 2) {
    size_t cells = most * SLAB_BYTES, tallies = most * TALLY_BYTES;
    size_t books = (most * sizeof(struct weir__slab) + unit - 1) / unit * unit;
    char *base = weir__region_reserve(cells + tallies + books);
    if (!base) continue;
    if (!weir__region_commit(base + cells + tallies, books)) return false;
    table.most = most;
    table.tallies = (struct weir__tally *)(void *)(base + cells);
    table.slabs = (struct weir__slab *)(void *)(base + cells + tallies);
    atomic_store_explicit(&weir__cells.first, (struct weir__cell *)(void *)base, memory_order_relaxed);
    atomic_store_explicit(&weir__cells.most, (uint32_t)(most * SLAB_CELLS), memory_order_release);
    return true;
  }
  return false;
}

/* Lock held. */
static struct weir__slab *new_slab(void)
{
  if (!reserve_table() || table.made == table.most) return NULL;
  if (table.made == table.committed) {
    char *base = (char *)atomic_load_explicit(&weir__cells.first, memory_order_relaxed);
    char *tallies = (char *)table.tallies;
    if (!weir__region_commit(base + table.committed * SLAB_BYTES, COMMIT_SLABS * SLAB_BYTES) ||
        !weir__region_commit(tallies + table.committed * TALLY_BYTES, COMMIT_SLABS * TALLY_BYTES))
      return NULL;
    table.committed += COMMIT_SLABS;
  }
  struct weir__slab *slab = &table.slabs[table.made];
  slab->index = table.made++;
  slab->generation = slab->newest = 1;
  return slab;
}

/* Lock held. */
static struct weir__slab *take_slab(uintptr_t owner)
{
  struct weir__slab *slab = table.pool;
  if (slab)
    table.pool = slab->next;
  else
    slab = new_slab();
  if (!slab) return NULL;
  slab->untouched = slab->index * SLAB_CELLS;
  atomic_store_explicit(&slab->owner, owner, memory_order_relaxed);
  return slab;
}

/* Lock held; no cell of it lives (S3). */
static void return_slab(struct weir__slab *slab)
{
  weir__region_give_back((char *)weir__cell_at(slab->index * SLAB_CELLS), SLAB_BYTES);
  weir__region_give_back((char *)table.tallies + slab->index * TALLY_BYTES, TALLY_BYTES);
  slab->generation = slab->newest;
  slab->free = 0;
  atomic_store_explicit(&slab->owner, 0, memory_order_relaxed);
  slab->next = table.pool;
  table.pool = slab;
}

/* Of a free cell `child` is the link. Relaxed: handed on with `returned`. */
static uint32_t next_free(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->child, memory_order_relaxed);
}

static void set_next_free(struct weir__cell *cell, uint32_t next)
{
  atomic_store_explicit(&cell->child, next, memory_order_relaxed);
}

/* The owner's: a cell is free. */
static void add_free(struct weir__slab *slab, struct weir__cell *cell)
{
  uint32_t generation = weir__generation_in(atomic_load_explicit(&cell->places, memory_order_relaxed));
  if (generation > slab->newest) slab->newest = generation;
  set_next_free(cell, slab->free);
  slab->free = cell->slot + 1;
  slab->used--;
}

/* S2. The owner's. */
static void collect_returned(struct weir__slab *slab)
{
  if (!atomic_load_explicit(&slab->returned, memory_order_relaxed)) return;
  uint32_t at = atomic_exchange_explicit(&slab->returned, 0, memory_order_acquire);
  while (at) {
    struct weir__cell *cell = weir__cell_at(at - 1);
    at = next_free(cell);
    add_free(slab, cell);
  }
}

static bool has_cell(const struct weir__slab *slab)
{
  return slab->free || slab->untouched < (slab->index + 1) * SLAB_CELLS;
}

/* A slab of this list with a free cell, moved to its front; those without a living cell go back, but for one. The
 * owner's, that of `outside` anybody's; table.lock held. */
static struct weir__slab *find_slab(struct weir__slab **list)
{
  struct weir__slab *found = NULL, **at = list;
  while (*at) {
    struct weir__slab *slab = *at;
    collect_returned(slab);
    bool idle = slab->used == 0;
    if ((idle && found) || (!found && has_cell(slab))) {
      *at = slab->next;
      if (found)
        return_slab(slab);
      else
        found = slab;
    } else {
      at = &slab->next;
    }
  }
  if (found) found->next = *list, *list = found;
  return found;
}

static struct weir__slab *slab_with_room(struct weir__slab **list, uintptr_t owner)
{
  struct weir__slab *slab = find_slab(list);
  if (slab) return slab;
  slab = take_slab(owner);
  if (slab) slab->next = *list, *list = slab;
  return slab;
}

/* ---- tallies ---- */

void weir__cell_mark(struct weir__cell *cell, unsigned marks)
{
  unsigned before = atomic_load_explicit(&cell->marks, memory_order_relaxed);
  if ((before & marks) != marks) atomic_store_explicit(&cell->marks, (uint8_t)(before | marks), memory_order_relaxed);
}

struct weir__tally *weir__tally(struct weir__cell *cell)
{
  weir__cell_mark(cell, WEIR__TALLIED);
  return &table.tallies[cell->slot];
}

const struct weir__tally *weir__tally_look(const struct weir__cell *cell)
{
  static const struct weir__tally none; /* the page of one that has none is not looked at */
  return atomic_load_explicit(&cell->marks, memory_order_relaxed) & WEIR__TALLIED ? &table.tallies[cell->slot] : &none;
}

void weir__count_blocked(struct weir__cell *cell, int64_t ns)
{
  if (!(atomic_load_explicit(&cell->marks, memory_order_relaxed) & WEIR__TALLIED)) {
    struct weir__bucket *bucket = weir__bucket_lock(cell);
    weir__tally(cell);
    weir__bucket_unlock(bucket);
  }
  _Atomic(uint64_t) *blocked_ns = &table.tallies[cell->slot].blocked_ns;
  uint64_t sum = atomic_load_explicit(blocked_ns, memory_order_relaxed) + (uint64_t)ns;
  atomic_store_explicit(blocked_ns, sum, memory_order_relaxed);
}

/* Lock held, of a cell that ends. */
static void clear_tally(struct weir__cell *cell)
{
  if (atomic_load_explicit(&cell->marks, memory_order_relaxed) & WEIR__TALLIED)
    memset((void *)&table.tallies[cell->slot], 0, sizeof table.tallies[0]);
  atomic_store_explicit(&cell->marks, 0, memory_order_relaxed);
}

/* ---- cells ---- */

static struct weir__cell *take_from(struct weir__slab *slab)
{
  struct weir__cell *cell;
  slab->used++;
  if (slab->free) {
    cell = weir__cell_at(slab->free - 1);
    slab->free = next_free(cell);
    return cell;
  }
  cell = weir__cell_at(slab->untouched);
  cell->slot = slab->untouched++;
  atomic_store_explicit(&cell->places, WEIR__CLOSED | slab->generation, memory_order_relaxed);
  return cell;
}

static struct weir__cell *take_outside(void)
{
  pthread_mutex_lock(&table.lock);
  struct weir__slab *slab = table.outside;
  if (!slab || !has_cell(slab)) slab = slab_with_room(&table.outside, OUTSIDE);
  struct weir__cell *cell = slab ? take_from(slab) : NULL;
  pthread_mutex_unlock(&table.lock);
  return cell;
}

static struct weir__cell *take_inside(struct weir__thread *t)
{
  struct weir__slab *slab = t->slab;
  if (!slab || !has_cell(slab)) {
    pthread_mutex_lock(&table.lock);
    slab = slab_with_room(&t->slab, (uintptr_t)t);
    pthread_mutex_unlock(&table.lock);
  }
  return slab ? take_from(slab) : NULL;
}

struct weir__cell *weir__cell_take(void)
{
  struct weir__thread *t = weir__thread();
  if (!t) return NULL;
  struct weir__cell *cell = t->worker ? take_inside(t) : take_outside();
  if (!cell) return NULL;
  /* Whoever comes with a stale ref reads `places`, `inbox` and `popped` only; those are as they were left. */
  cell->extras = NULL;
  cell->type = NULL;
  cell->rt = NULL;
  atomic_store_explicit(&cell->overflow, 0, memory_order_relaxed);
  cell->phase = 0;
  cell->popped_unseen = cell->became = false;
  cell->special = 0;
  atomic_store_explicit(&cell->warm, 0, memory_order_relaxed);
  cell->urgent = cell->queued = cell->in_hand = cell->owned = NULL;
  cell->urgent_end = &cell->urgent;
  cell->queued_end = &cell->queued;
  atomic_store_explicit(&cell->child, 0, memory_order_relaxed);
  cell->elder = cell->younger = 0;
  atomic_store_explicit(&cell->high_water, 0, memory_order_relaxed);
  atomic_store_explicit(&cell->handled, 0, memory_order_relaxed);
  cell->work.next = NULL;
  atomic_store_explicit(&cell->work.near, 0, memory_order_relaxed); /* who had it last may not touch it any more */
  atomic_store_explicit(&cell->work.flags, 0, memory_order_relaxed);
  atomic_store_explicit(&cell->waiting, 0, memory_order_relaxed);
  atomic_store_explicit(&cell->parent, 0, memory_order_relaxed);
  memset(&cell->small, 0, sizeof cell->small);
  return cell;
}

void weir__cell_open(struct weir__cell *cell)
{
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_relaxed);
  assert((places & WEIR__CLOSED) && weir__generation_in(places));
  bool drops_oldest = atomic_load_explicit(&cell->overflow, memory_order_relaxed) == WEIR_DROP_OLDEST;
  places = (places & ~(WEIR__CLOSED | WEIR__WAITERS)) | (drops_oldest ? WEIR__WAITERS : 0); /* V1 of overflow.h */
  atomic_store_explicit(&cell->places, places, memory_order_release);
}

void weir__cell_put_back(struct weir__cell *cell)
{
  struct weir__thread *t = weir__thread_here;
  struct weir__slab *slab = &table.slabs[cell->slot / SLAB_CELLS];
  if (t) t->cells_freed++;
  if (t && t->worker && atomic_load_explicit(&slab->owner, memory_order_relaxed) == (uintptr_t)t) {
    add_free(slab, cell);
    return;
  }
  uint32_t newest = atomic_load_explicit(&slab->returned, memory_order_relaxed);
  do set_next_free(cell, newest);
  while (!atomic_compare_exchange_weak_explicit(&slab->returned, &newest, cell->slot + 1, memory_order_release,
                                                memory_order_relaxed));
}

/* Lock held. What tells of the one that ends. */
static void clear_used(struct weir__cell *cell)
{
  clear_tally(cell);
  cell->type = NULL; /* a debugger tells by it who has ended, see share/weir-gdb.py */
  atomic_store_explicit(&cell->work.flags, 0, memory_order_relaxed); /* a free cell has been told nothing */
}

static uint64_t closed_with(uint64_t places, uint32_t generation)
{
  return (places & ~(WEIR__ONE_PLACE - 1)) | WEIR__CLOSED | generation;
}

/* Lock held. The next generation, closed; false: there is none (S4). */
static bool next_generation(struct weir__cell *cell)
{
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_relaxed);
  uint32_t generation = weir__generation_in(places);
  bool last = generation == GENERATION_LAST;
  assert((places & WEIR__CLOSED) && !(places & WEIR__WAITERS));
  clear_used(cell);
  atomic_store_explicit(&cell->places, closed_with(places, last ? 0 : generation + 1), memory_order_release);
  return !last;
}

bool weir__cell_end_empty(struct weir__cell *cell)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_relaxed);
  uint32_t generation = weir__generation_in(places);
  bool empty = weir__used_of(places, atomic_load_explicit(&cell->popped, memory_order_relaxed)) == 0;
  bool watched = atomic_load_explicit(&cell->marks, memory_order_relaxed) & WEIR__WATCHED;
  bool plain = empty && !watched && !(places & (WEIR__CLOSED | WEIR__WAITERS)) && generation != GENERATION_LAST;
  /* acq_rel: whoever takes a place does so before, and then it fails, or finds another generation. */
  bool ended =
      plain && atomic_compare_exchange_strong_explicit(&cell->places, &places, closed_with(places, generation + 1),
                                                       memory_order_acq_rel, memory_order_relaxed);
  if (ended) clear_used(cell), cell->extras = NULL;
  weir__bucket_unlock(bucket);
  return ended;
}

bool weir__cell_free_if_done(struct weir__cell *cell)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  bool done = weir__used_of(places, atomic_load_explicit(&cell->popped, memory_order_relaxed)) == 0;
  bool reusable = done && next_generation(cell);
  weir__bucket_unlock(bucket);
  if (reusable) weir__cell_put_back(cell);
  return done;
}

bool weir__cell_renew(struct weir__cell *cell)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  bool reusable = next_generation(cell);
  weir__bucket_unlock(bucket);
  return reusable;
}

void weir__cell_untake(struct weir__cell *cell)
{
  if (weir__cell_renew(cell)) weir__cell_put_back(cell);
}

void weir__cells_each(void (*f)(struct weir__cell *, void *), void *arg)
{
  pthread_mutex_lock(&table.lock);
  uint32_t made = table.made;
  pthread_mutex_unlock(&table.lock);
  for (uint32_t i = 0; i < made; i++) {
    if (!atomic_load_explicit(&table.slabs[i].owner, memory_order_relaxed)) continue; /* C3: its pages stay unused */
    for (uint32_t slot = i * SLAB_CELLS; slot < (i + 1) * SLAB_CELLS; slot++) f(weir__cell_at(slot), arg);
  }
}

void weir__cell_thread_ends(struct weir__thread *t)
{
  pthread_mutex_lock(&table.lock);
  while (t->slab) {
    struct weir__slab *slab = t->slab;
    t->slab = slab->next;
    collect_returned(slab);
    if (slab->used == 0) {
      return_slab(slab);
    } else {
      /* A survivor (a channel's cell): the plain threads take it over. */
      atomic_store_explicit(&slab->owner, OUTSIDE, memory_order_relaxed);
      slab->next = table.outside;
      table.outside = slab;
    }
  }
  pthread_mutex_unlock(&table.lock);
}

void weir__cell_thread_rests(struct weir__thread *t)
{
  if (t->cells_freed < SLAB_CELLS) return;
  t->cells_freed = 0;
  pthread_mutex_lock(&table.lock);
  find_slab(&t->slab);
  find_slab(&table.outside);
  pthread_mutex_unlock(&table.lock);
}
