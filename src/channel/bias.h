/* bias.h: the short way to an actor in the lines of the sender's own worker, and a mailbox that is one worker's for a while
 * (M8).
 *
 *   SHARED --- it rests, empty, after WARM messages in a row by the short way ---> BIASED
 *      ^                                                                             |
 *      '------ somebody else comes (then for good), or it leaves the worker's lines -'
 *
 * B1  A message takes the short way if the actor stands in a line of the sender's own worker, runs there, or rests: it goes
 *     into the actor's list, behind what others have pushed into the inbox before.
 * B2  While BIASED is set in `places`, `near` names the worker whose mailbox it is, `places` and `inbox` are changed by
 *     that one alone, under its guard, with plain stores, and nobody stands in line: the actor rests, is sent to and runs
 *     without an atomic operation.
 * B3  BIASED is set under the lock of the cell's bucket, when nobody has a place, and nothing is in the inbox: so who has a
 *     place in a mailbox that is not biased may push, and who holds the lock may do what needs no place.
 * B4  It is taken away under that lock, the worker frozen (guard.h); or by its own worker, under its guard; or by a thief
 *     that has frozen it. So who is to change `places` or `inbox` otherwise than B2 says does that first.
 * B5  One to which somebody else came is not biased again: that costs microseconds each time.
 * B6  Its own worker, when it finds itself frozen with a place in its hand, pushes into the inbox as anybody would. So it looks
 *     there before it queues something behind, and before it lets the actor rest. */
#ifndef WEIR__BIAS_H
#define WEIR__BIAS_H

#include "channel/mpsc.h"
#include "runtime/runtime.h"

/* cell->warm */
enum { WEIR__WARM = 32, WEIR__SHY = UINT8_MAX };

static inline bool weir__is_near(const struct weir__cell *cell, const struct weir__worker *w)
{
  return atomic_load_explicit(&cell->work.near, memory_order_relaxed) == w->index + 1 && cell->rt == w->rt;
}

static inline unsigned weir__warmth(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->warm, memory_order_relaxed);
}
static inline void weir__warm_up(struct weir__cell *cell)
{
  unsigned warm = weir__warmth(cell);
  if (warm < WEIR__WARM) atomic_store_explicit(&cell->warm, (uint8_t)(warm + 1), memory_order_relaxed);
}
static inline void weir__cool_down(struct weir__cell *cell)
{
  if (weir__warmth(cell) <= WEIR__WARM) atomic_store_explicit(&cell->warm, 0, memory_order_relaxed);
}

static inline bool weir__is_biased(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->places, memory_order_relaxed) & WEIR__BIASED;
}

/* In the guard. Is it a mailbox of this worker, and the one that is meant? */
static inline bool weir__is_ours(const struct weir__cell *cell, const struct weir__worker *w, uint32_t generation,
                                 uint64_t places)
{
  return weir__generation_in(places) == generation && (places & WEIR__BIASED) && weir__is_near(cell, w);
}
static inline bool weir__has_room(const struct weir__cell *cell, uint64_t places, uint32_t n)
{
  return weir__used(cell, places) + n <= atomic_load_explicit(&cell->capacity, memory_order_relaxed);
}

/* Takes n places in a mailbox that is this worker's. False: it is not, or has no room. */
static inline bool weir__biased_reserve(struct weir__worker *w, struct weir__cell *cell, uint32_t generation,
                                        uint32_t n)
{
  if (!weir__guard_enter(&w->guard)) return false;
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_relaxed);
  bool got = weir__is_ours(cell, w, generation, places) && weir__has_room(cell, places, n);
  if (got) atomic_store_explicit(&cell->places, weir__plus_places(places, n), memory_order_relaxed);
  weir__guard_leave(&w->guard);
  return got;
}

enum weir__short_way { WEIR__CLOSED_WAY, WEIR__WENT, WEIR__WENT_AND_WAKES };

/* In the guard, of an actor in this worker's lines, with nothing in its inbox: takes one place, as is quickest. */
static WEIR__INLINED bool weir__place_nearby(struct weir__cell *cell, uint64_t places, bool rests)
{
  uint64_t with = weir__plus_places(places, 1);
  if (WEIR__LIKELY(places & WEIR__BIASED)) {
    atomic_store_explicit(&cell->places, with, memory_order_relaxed);
    if (rests) atomic_store_explicit(&cell->inbox, 0, memory_order_relaxed);
    return true;
  }
  bool got =
      !rests && !weir__keeps_places(cell) && /* as in weir__push_near() */
      atomic_load_explicit(&cell->kind, memory_order_relaxed) == WEIR__CELL_ACTOR &&
      atomic_compare_exchange_strong_explicit(&cell->places, &places, with, memory_order_acq_rel, memory_order_relaxed);
  if (got) weir__warm_up(cell);
  return got;
}

/* B1. Takes a place of an actor in the lines of this worker, if its mailbox has room, and nothing is in its inbox: the
 * worker is in its guard from then on, until weir__queue_nearby(). CLOSED_WAY: nothing was done. */
static WEIR__INLINED enum weir__short_way weir__reserve_nearby(struct weir__worker *w, struct weir__cell *cell,
                                                               uint32_t generation)
{
  if (!weir__guard_enter(&w->guard)) return WEIR__CLOSED_WAY;
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  uintptr_t inbox = atomic_load_explicit(&cell->inbox, memory_order_relaxed);
  bool rests = inbox == WEIR__CELL_IDLE;
  bool open = weir__generation_in(places) == generation && !(places & (WEIR__CLOSED | WEIR__WAITERS)) &&
              weir__is_near(cell, w) && inbox <= WEIR__CELL_IDLE && /* B6 */
              weir__used(cell, places) < atomic_load_explicit(&cell->capacity, memory_order_relaxed);
  if (open && weir__place_nearby(cell, places, rests)) return rests ? WEIR__WENT_AND_WAKES : WEIR__WENT;
  weir__guard_leave(&w->guard);
  return WEIR__CLOSED_WAY;
}

static WEIR__INLINED void weir__queue_nearby(struct weir__worker *w, struct weir__cell *cell, struct weir__message *m)
{
  m->next = NULL;
  *cell->queued_end = m;
  cell->queued_end = &m->next;
  weir__guard_leave(&w->guard);
}

/* It rests. True: the caller has it in its lines, or is to hand it to the worker that it is bound to: who takes the idle mark
 * away has it (M4), and sees only then what was written by who ran it, such as its home. In the guard. */
static inline bool weir__rouse_near(struct weir__worker *w, struct weir__cell *cell)
{
  uintptr_t idle = WEIR__CELL_IDLE;
  if (weir__is_near(cell, w)) {
    bool biased = weir__is_biased(cell);
    if (biased) atomic_store_explicit(&cell->inbox, 0, memory_order_relaxed);
    return biased;
  }
  bool free = !atomic_load_explicit(&cell->work.near, memory_order_relaxed) && cell->rt == w->rt;
  if (!free ||
      !atomic_compare_exchange_strong_explicit(&cell->inbox, &idle, 0, memory_order_acq_rel, memory_order_relaxed))
    return false;
  if (cell->work.home == WEIR__ANYWHERE || cell->work.home == w->index) weir__work_is_near(&cell->work, w->index);
  return true;
}

/* B1. Queues a message, on a worker; needs a permit. CLOSED_WAY: nothing was done. WENT_AND_WAKES: it is to be scheduled. */
static inline enum weir__short_way weir__push_near(struct weir__worker *w, struct weir__cell *cell,
                                                   struct weir__message *m)
{
  enum weir__short_way way = WEIR__CLOSED_WAY;
  if (!weir__guard_enter(&w->guard)) return way;
  uintptr_t inbox = atomic_load_explicit(&cell->inbox, memory_order_relaxed);
  if (inbox == WEIR__CELL_IDLE)
    way = weir__rouse_near(w, cell) ? WEIR__WENT_AND_WAKES : WEIR__CLOSED_WAY;
  else if (weir__is_near(cell, w) && !weir__keeps_places(cell)) /* who selects waits for the inbox alone */
    way = WEIR__WENT;
  if (WEIR__LIKELY(way)) {
    if (WEIR__UNLIKELY(inbox > WEIR__CELL_IDLE)) weir__mpsc_collect(cell);
    m->next = NULL;
    *cell->queued_end = m;
    cell->queued_end = &m->next;
    weir__warm_up(cell);
  }
  weir__guard_leave(&w->guard);
  return way;
}

/* Takes one place, if there is room at once: by the way that is open to this worker (NULL: it is none). */
static inline bool weir__reserve_one(struct weir__worker *w, struct weir__cell *cell, uint32_t generation)
{
  if (weir__is_biased(cell)) return w && weir__biased_reserve(w, cell, generation, 1);
  return weir__mpsc_reserve_one(cell, generation);
}

/* Queues a message of an actor by the shortest way, and wakes it if it rests. Needs a permit. */
static inline void weir__push(struct weir__worker *w, struct weir__cell *cell, struct weir__message *m)
{
  enum weir__short_way way = w ? weir__push_near(w, cell, m) : WEIR__CLOSED_WAY;
  if (way == WEIR__CLOSED_WAY)
    weir__cell_wake(cell, weir__mpsc_push(cell, m));
  else if (way == WEIR__WENT_AND_WAKES)
    weir__schedule(cell->rt, &cell->work);
}

/* Sets BIASED, if B3 allows. The owner's, at rest. */
bool weir__bias(struct weir__worker *w, struct weir__cell *cell);

/* It runs on this worker, and has nothing to do: rests if it is biased. False: it is not. In the guard, which is left. */
static WEIR__INLINED bool weir__rest_in_guard(struct weir__worker *w, struct weir__cell *cell)
{
  bool rests = weir__is_biased(cell);
  if (WEIR__LIKELY(rests)) {
    cell->popped_unseen = false; /* B2: nobody stands in line */
    atomic_store_explicit(&cell->inbox, WEIR__CELL_IDLE, memory_order_relaxed);
  }
  weir__guard_leave(&w->guard);
  return rests;
}
/* Unless a thief is at it. */
static WEIR__INLINED bool weir__rest_at_once(struct weir__worker *w, struct weir__cell *cell)
{
  return WEIR__LIKELY(weir__guard_enter(&w->guard)) && weir__rest_in_guard(w, cell);
}
/* Or if it can be biased. */
static inline bool weir__biased_rest(struct weir__worker *w, struct weir__cell *cell)
{
  if (!weir__is_biased(cell) && (weir__warmth(cell) != WEIR__WARM || !weir__bias(w, cell))) return false;
  weir__guard_enter_patiently(&w->guard);
  return weir__rest_in_guard(w, cell);
}

/* Lock of its bucket held: it is not biased from here on, until the lock is given back (B4). */
void weir__unbias_slowly(struct weir__cell *cell);
static inline void weir__unbias(struct weir__cell *cell)
{
  if (WEIR__UNLIKELY(weir__is_biased(cell))) weir__unbias_slowly(cell);
}
/* Lock not held. */
void weir__unbias_for(struct weir__cell *cell, uint32_t generation);

#endif
