/* mpsc.h: the bounded queue of a cell: many senders, one owner.
 *
 *              reserve                 push                  pop
 *     FREE -------------> PERMIT -------------> QUEUED -------------> FREE
 *      ^                     |                                         |
 *      |                     +--------------- give back -------------> +
 *      +--- somebody stands in line: the place is filled from there (M3) at once
 *
 * Q1  reserved − popped (mod 2^29) places are permits or queued; never more than the capacity. Senders raise `reserved`
 *     by CAS, the owner alone raises `popped` (M1).
 * Q2  While WAITERS is set only the holder of the bucket's lock raises `reserved`: nobody overtakes.
 * Q3  Only who holds a permit pushes a message that takes a place; the permit keeps the cell alive (C4).
 * Q4  `inbox` decides alone who wakes the owner: who takes the idle mark away does (M4). After a push the cell may be
 *     gone, unless it must be woken as WEIR__CELL_IDLE says: so what else is needed to wake is in the mark itself.
 *
 * O1  reserve: CAS(places), acq_rel: pairs with the release of `popped` and of the generation: the cell is the one that
 *     was meant.
 * O2  push: CAS(inbox), acq_rel: release publishes the message, acquire on IDLE: what the owner left behind in the cell
 *     is there before who schedules it runs it.
 * O3  idle: CAS(inbox, 0 -> IDLE), release: pairs with O2.
 * O4  A sender sets WAITERS (seq_cst), then reads `popped`; the owner writes `popped` (seq_cst), then reads WAITERS, at
 *     the end of its turn and before its handler suspends (M2): one of them sees the other.
 * O5  LINE_WAITS, in the work's flags, is a hint without a fence (relaxed): who stands in line sets it, and the owner,
 *     who reads that line of memory anyway, serves the line at each pop. What the hint misses O4 finds. */
#ifndef WEIR__MPSC_H
#define WEIR__MPSC_H

#include "channel/cell.h"

/* The last one: its breaker is open. */
enum weir__reserve { WEIR__GOT, WEIR__FULL, WEIR__GONE, WEIR__TOO_LARGE, WEIR__TURNED_AWAY };

/* Queued or permitted, by a word that was read before. Right if the word is still the same afterwards, or belongs to the
 * caller: what was read is old else, and `popped` may be beyond it. */
static inline uint32_t weir__used(const struct weir__cell *cell, uint64_t places)
{
  return weir__used_of(places, atomic_load_explicit(&cell->popped, memory_order_acquire));
}

static inline uint64_t weir__plus_places(uint64_t places, uint32_t n) { return places + n * WEIR__ONE_PLACE; }

/* The same for a mailbox that is a worker's (bias.h). GOT: it is the caller's worker; else it is not any more. */
enum weir__reserve weir__mpsc_reserve_biased(struct weir__cell *cell, uint32_t generation, uint32_t n);

/* Takes n places for a message to the cell of that generation, without waiting. FULL: no room, or others wait.
 * TOO_LARGE: without the lock that may be the capacity of the cell's successor. */
static inline enum weir__reserve weir__mpsc_reserve(struct weir__cell *cell, uint32_t generation, uint32_t n)
{
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  for (;;) {
    if (weir__generation_in(places) != generation || (places & WEIR__CLOSED)) return WEIR__GONE;
    if (WEIR__UNLIKELY(places & WEIR__BIASED)) {
      if (weir__mpsc_reserve_biased(cell, generation, n) == WEIR__GOT) return WEIR__GOT;
      places = atomic_load_explicit(&cell->places, memory_order_acquire);
      continue;
    }
    uint32_t capacity = atomic_load_explicit(&cell->capacity, memory_order_relaxed);
    if (n > capacity) return WEIR__TOO_LARGE;
    if ((places & WEIR__WAITERS) || weir__used(cell, places) + n > capacity) {
      uint64_t now = atomic_load_explicit(&cell->places, memory_order_acquire);
      if (now == places) return WEIR__FULL;
      places = now;
      continue;
    }
    if (atomic_compare_exchange_weak_explicit(&cell->places, &places, weir__plus_places(places, n),
                                              memory_order_acq_rel, memory_order_acquire))
      return WEIR__GOT;
  }
}

/* The common case: one place. False: it was not got, for whatever reason. */
static inline bool weir__mpsc_reserve_one(struct weir__cell *cell, uint32_t generation)
{
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  bool open = weir__generation_in(places) == generation && !(places & (WEIR__CLOSED | WEIR__WAITERS | WEIR__BIASED));
  return WEIR__LIKELY(open) &&
         WEIR__LIKELY(weir__used(cell, places) < atomic_load_explicit(&cell->capacity, memory_order_relaxed)) &&
         atomic_compare_exchange_strong_explicit(&cell->places, &places, weir__plus_places(places, 1),
                                                 memory_order_acq_rel, memory_order_relaxed);
}

/* Queues a message. Returns the idle mark that it replaced, for weir__cell_wake(), or 0. Needs a permit, or the lock of
 * the bucket and a cell that is not free. */
static inline uintptr_t weir__mpsc_push(struct weir__cell *cell, struct weir__message *m)
{
  uintptr_t newest = atomic_load_explicit(&cell->inbox, memory_order_relaxed);
  do m->next = weir__is_idle(newest) ? NULL : (struct weir__message *)newest;
  while (!atomic_compare_exchange_weak_explicit(&cell->inbox, &newest, (uintptr_t)m, memory_order_acq_rel,
                                                memory_order_relaxed));
  return weir__is_idle(newest) ? newest : 0;
}

/* Takes what was pushed into the private lists. */
void weir__mpsc_collect(struct weir__cell *cell);

/* Before a push. What a channel holds is counted apart: no runtime empties it (L2). */
static inline void weir__count_entry(const struct weir__cell *cell)
{
  if (atomic_load_explicit(&cell->kind, memory_order_relaxed) == WEIR__CELL_CHANNEL) weir__count(WEIR__ENTERED);
}

/* Nothing is queued, but the owner is to look. Returns the idle mark that it took away, or 0. Permit or lock, as for a
 * push. */
uintptr_t weir__mpsc_nudge(struct weir__cell *cell);

/* ---- the owner's ---- */

/* Likewise, but for the common case. */
struct weir__message *weir__mpsc_pop_slowly(struct weir__cell *cell);
/* M2: before the owner ends its turn, suspends or idles: sees to those that wait in line. */
void weir__mpsc_serve(struct weir__cell *cell);

/* The most places are taken just before one goes back. */
static inline void weir__mpsc_note_high_water(struct weir__cell *cell, uint64_t places, uint32_t popped)
{
  uint32_t used = weir__used_of(places, popped);
  if (WEIR__UNLIKELY(used > atomic_load_explicit(&cell->high_water, memory_order_relaxed)))
    atomic_store_explicit(&cell->high_water, used, memory_order_relaxed);
}

/* M1 */
static inline void weir__mpsc_raise_popped(struct weir__cell *cell, uint32_t n)
{
  uint32_t popped = atomic_load_explicit(&cell->popped, memory_order_relaxed);
  weir__mpsc_note_high_water(cell, atomic_load_explicit(&cell->places, memory_order_relaxed), popped);
  atomic_store_explicit(&cell->popped, popped + n * WEIR__ONE_POPPED, memory_order_release);
}

/* Places of messages that were popped go back: at once, or (M6) later. O5 */
static inline void weir__mpsc_places_back(struct weir__cell *cell, uint32_t n)
{
  weir__mpsc_raise_popped(cell, n);
  cell->popped_unseen = true;
  if (WEIR__UNLIKELY(atomic_load_explicit(&cell->work.flags, memory_order_relaxed) & WEIR__LINE_WAITS))
    weir__mpsc_serve(cell);
}

/* The next message, urgent ones first, its places given back unless the owner keeps them; NULL: nothing is there. */
static inline struct weir__message *weir__mpsc_pop(struct weir__cell *cell)
{
  bool misses = atomic_load_explicit(&cell->work.flags, memory_order_relaxed) & WEIR__MISSES;
  if (WEIR__UNLIKELY(misses || cell->special & (WEIR__DROPS_OLDEST | WEIR__KEEPS_PLACES))) /* V2 */
    return weir__mpsc_pop_slowly(cell);
  struct weir__message *m = cell->queued;
  if (WEIR__UNLIKELY(!m || cell->urgent)) return weir__mpsc_pop_slowly(cell);
  cell->queued = m->next;
  if (!m->next) cell->queued_end = &cell->queued;
  m->next = NULL;
  weir__mpsc_places_back(cell, weir__places(m->payload_bytes));
  return m;
}
/* The first queued message of which f says so, one that takes no place, taken out; NULL: none. */
struct weir__message *weir__mpsc_take_out(struct weir__cell *cell,
                                          bool (*f)(const struct weir__message *, const void *), const void *arg);
/* Of an actor whose timers and monitors have ended: what they have queued goes with them. */
void weir__mpsc_forget_own(struct weir__cell *cell);
/* Was something collected and not popped? Of a mailbox that drops the oldest weir__mpsc_idle() looks (V2). */
static inline bool weir__mpsc_holds(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->overflow, memory_order_relaxed) != WEIR_DROP_OLDEST &&
         (cell->queued || cell->urgent);
}
/* False: something was pushed meanwhile; the owner goes on. True: from now on who pushes wakes it. */
bool weir__mpsc_idle(struct weir__cell *cell, uintptr_t idle);
/* Likewise, whatever was collected and not popped: for an actor that handles nothing now. */
bool weir__mpsc_sleep(struct weir__cell *cell);
/* Lock held, of a cell that was closed and is not to end: from now on it takes messages again. */
void weir__mpsc_reopen(struct weir__cell *cell);
/* Is that cell open, with fewer than n places in all? Takes the lock. */
bool weir__mpsc_is_too_large(const struct weir__cell *cell, uint32_t generation, uint32_t n);
/* The places taken: anybody's. */
uint32_t weir__mpsc_length(const struct weir__cell *cell);
/* The places of that generation that are free, and those with messages, queued or on their way in. Takes the lock. False:
 * it is another generation. */
bool weir__mpsc_look(const struct weir__cell *cell, uint32_t generation, uint32_t *room, uint32_t *length);

/* ---- anybody's, not on the fast path ---- */

/* M9: another capacity, for the cell of that generation. WEIR_OK, `gone`, WEIR_ERANGE; with a text. */
int weir__mpsc_set_capacity(struct weir__cell *cell, uint32_t generation, size_t capacity, int gone);
/* Gives n places back unused. Returns what is to be woken. */
uintptr_t weir__mpsc_give_back(struct weir__cell *cell, uint32_t n);

struct weir__bucket;
/* The same, lock held. */
uintptr_t weir__mpsc_give_back_locked(struct weir__bucket *bucket, struct weir__cell *cell, uint32_t n);
struct weir__wait;
/* Lock held: fills free places from the line (M3). Returns what is to be woken. */
uintptr_t weir__mpsc_fill(struct weir__bucket *bucket, struct weir__cell *cell);
/* Lock held, of a mailbox that drops the oldest: takes n places, if there is room; takes the oldest message out, its
 * places given back: NULL: there is none that may go. */
bool weir__mpsc_take_room(struct weir__cell *cell, uint32_t n);
struct weir__message *weir__mpsc_evict(struct weir__cell *cell);
/* Lock held: closes the cell of that generation: no new messages, and whoever stands in line gets `code`. False: it was
 * closed, or is another one, by now. */
bool weir__mpsc_close(struct weir__bucket *bucket, struct weir__cell *cell, uint32_t generation, int code);

/* ---- a breaker (breaker.h): lock held ---- */

/* It opens: nobody gets a place without asking the breaker, and who stands in line is turned away, unless that one must
 * arrive: how many. `discards`: who sends is told WEIR_OK, and its message put in front of `*discarded`. */
uint64_t weir__mpsc_shut(struct weir__bucket *bucket, struct weir__cell *cell, bool discards,
                         struct weir__message **discarded);
/* It closes. The owner's, who runs. */
void weir__mpsc_unshut(struct weir__bucket *bucket, struct weir__cell *cell);

/* ---- waiting for a place ---- */

/* Joins the line with a message to be queued, or a permit to be granted, unless there is room by now. The wait is in
 * phase LINE, with message or permit, and places. WEIR__FULL: it stands in line; WEIR__GOT: it has the places, the permit
 * is granted, and the record is still the caller's alone; TURNED_AWAY: its breaker has opened. */
enum weir__reserve weir__mpsc_join(struct weir__cell *cell, uint32_t generation, struct weir__wait *w);

#endif
