/* mpsc.c: see mpsc.h. */
#include "channel/mpsc.h"

#include <assert.h>

#include "channel/bias.h"
#include "channel/breaker.h"
#include "channel/line.h"
#include "channel/message.h"
#include "channel/notice.h"
#include "channel/overflow.h"
#include "channel/permit.h"
#include "platform/clock.h"

/* Messages that wait in a line and never get a place. */
static void unsent(struct weir__message *m)
{
  if (m) weir__message_end(m, WEIR__UNSENT);
}

uintptr_t weir__mpsc_nudge(struct weir__cell *cell)
{
  uintptr_t idle = atomic_load_explicit(&cell->inbox, memory_order_seq_cst);
  while (weir__is_idle(idle))
    if (atomic_compare_exchange_weak_explicit(&cell->inbox, &idle, 0, memory_order_seq_cst, memory_order_seq_cst))
      return idle;
  return 0;
}

/* ---- the owner's ---- */

static void sort_in(struct weir__cell *cell, struct weir__message *m)
{
  struct weir__message ***end = m->kind == WEIR__OWN_TIMER ? &cell->urgent_end : &cell->queued_end;
  m->next = NULL;
  **end = m;
  *end = &m->next;
}

static void sort_in_all(struct weir__cell *cell, struct weir__message *oldest)
{
  while (oldest) {
    struct weir__message *next = oldest->next;
    sort_in(cell, oldest);
    oldest = next;
  }
}

static void collect(struct weir__cell *cell)
{
  uintptr_t taken = atomic_load_explicit(&cell->inbox, memory_order_relaxed);
  if (!taken || weir__is_idle(taken)) return;
  struct weir__message *newest =
      (struct weir__message *)atomic_exchange_explicit(&cell->inbox, 0, memory_order_acquire);
  weir__cool_down(cell);
  struct weir__message *oldest = NULL, *last = newest;
  bool timers = false;
  while (newest) {
    struct weir__message *next = newest->next;
    timers |= newest->kind == WEIR__OWN_TIMER;
    newest->next = oldest;
    oldest = newest;
    newest = next;
  }
  if (WEIR__UNLIKELY(timers)) {
    sort_in_all(cell, oldest);
    return;
  }
  *cell->queued_end = oldest;
  cell->queued_end = &last->next;
}

void weir__mpsc_collect(struct weir__cell *cell)
{
  if (WEIR__LIKELY(!weir__drops_oldest(cell))) {
    collect(cell);
    return;
  }
  struct weir__bucket *bucket = weir__bucket_lock(cell); /* V2 */
  collect(cell);
  weir__bucket_unlock(bucket);
}

static struct weir__message *take(struct weir__message **list, struct weir__message ***end)
{
  struct weir__message *m = *list;
  *list = m->next;
  if (!*list) *end = list;
  m->next = NULL;
  return m;
}

/* Lock held. How many messages were dropped between the last one that was popped and this one. */
static void note_missed(struct weir__cell *cell)
{
  if (!(atomic_load_explicit(&cell->work.flags, memory_order_relaxed) & WEIR__MISSES)) return;
  struct weir__tally *tally = weir__tally(cell);
  tally->missed = tally->dropped - tally->seen;
  tally->seen = tally->dropped;
  /* The flag stays for the next one, which may have missed nothing. */
  if (!tally->missed) atomic_fetch_and_explicit(&cell->work.flags, ~(uint32_t)WEIR__MISSES, memory_order_relaxed);
}

/* V2 */
static struct weir__message *pop_locked(struct weir__cell *cell)
{
  struct weir__message *m = NULL;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  if (cell->urgent) {
    m = take(&cell->urgent, &cell->urgent_end);
  } else if (cell->queued) {
    m = take(&cell->queued, &cell->queued_end);
    weir__mpsc_raise_popped(cell, weir__places(m->payload_bytes));
  }
  if (m) note_missed(cell);
  weir__bucket_unlock(bucket);
  return m;
}

static void look_for_missed(struct weir__cell *cell)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  note_missed(cell);
  weir__bucket_unlock(bucket);
}

struct weir__message *weir__mpsc_pop_slowly(struct weir__cell *cell)
{
  if (WEIR__UNLIKELY(weir__drops_oldest(cell))) return pop_locked(cell);
  bool misses = atomic_load_explicit(&cell->work.flags, memory_order_relaxed) & WEIR__MISSES;
  if (WEIR__UNLIKELY(misses) && weir__mpsc_holds(cell)) look_for_missed(cell);
  if (cell->urgent) return take(&cell->urgent, &cell->urgent_end);
  if (!cell->queued) return NULL;
  struct weir__message *m = take(&cell->queued, &cell->queued_end);
  if (WEIR__LIKELY(!weir__keeps_places(cell))) weir__mpsc_places_back(cell, weir__places(m->payload_bytes));
  return m;
}

/* Of a mailbox that drops the oldest: lock held (V2). */
static struct weir__message *take_out(struct weir__cell *cell, bool (*f)(const struct weir__message *, const void *),
                                      const void *arg)
{
  collect(cell);
  struct weir__message **at = &cell->queued;
  while (*at && !f(*at, arg)) at = &(*at)->next;
  struct weir__message *m = *at;
  if (!m) return NULL;
  *at = m->next;
  if (!m->next) cell->queued_end = at;
  m->next = NULL;
  return m;
}

struct weir__message *weir__mpsc_take_out(struct weir__cell *cell,
                                          bool (*f)(const struct weir__message *, const void *), const void *arg)
{
  if (!weir__drops_oldest(cell)) return take_out(cell, f, arg);
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  struct weir__message *m = take_out(cell, f, arg);
  weir__bucket_unlock(bucket);
  return m;
}

static bool is_news(const struct weir__message *m, const void *unused)
{
  (void)unused;
  return m->kind == WEIR__NEWS;
}

void weir__mpsc_forget_own(struct weir__cell *cell)
{
  struct weir__message *m;
  weir__mpsc_collect(cell);
  while (cell->urgent) weir__message_end(take(&cell->urgent, &cell->urgent_end), WEIR__DEAD);
  while ((m = weir__mpsc_take_out(cell, is_news, NULL))) weir__message_end(m, WEIR__DEAD);
}

void weir__mpsc_serve(struct weir__cell *cell)
{
  if (!cell->popped_unseen) return;
  cell->popped_unseen = false;
  /* O4: the store and the load are one in the order of all seq_cst operations, after each other. */
  atomic_store_explicit(&cell->popped, atomic_load_explicit(&cell->popped, memory_order_relaxed), memory_order_seq_cst);
  if (!(atomic_load_explicit(&cell->places, memory_order_seq_cst) & WEIR__WAITERS)) return;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  weir__mpsc_fill(bucket, cell); /* the owner runs: it need not be scheduled */
  weir__bucket_unlock(bucket);
}

static bool set_idle(struct weir__cell *cell, uintptr_t idle)
{
  uintptr_t nothing = 0;
  return atomic_compare_exchange_strong_explicit(&cell->inbox, &nothing, idle, memory_order_seq_cst,
                                                 memory_order_relaxed);
}

bool weir__mpsc_idle(struct weir__cell *cell, uintptr_t idle)
{
  if (WEIR__LIKELY(!weir__drops_oldest(cell))) return set_idle(cell, idle);
  struct weir__bucket *bucket = weir__bucket_lock(cell); /* V2 */
  bool rests = !cell->queued && !cell->urgent && set_idle(cell, idle);
  weir__bucket_unlock(bucket);
  return rests;
}

bool weir__mpsc_sleep(struct weir__cell *cell) { return set_idle(cell, WEIR__CELL_IDLE); }

/* Lock held: V1 and K1. */
static bool keeps_waiters(const struct weir__cell *cell) { return weir__drops_oldest(cell) || weir__is_shut(cell); }

void weir__mpsc_reopen(struct weir__cell *cell)
{
  if (keeps_waiters(cell)) atomic_fetch_or_explicit(&cell->places, WEIR__WAITERS, memory_order_seq_cst);
  atomic_fetch_and_explicit(&cell->places, ~WEIR__CLOSED, memory_order_seq_cst);
}

uint32_t weir__mpsc_length(const struct weir__cell *cell)
{
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  for (;;) {
    uint32_t used = weir__used(cell, places);
    uint64_t now = atomic_load_explicit(&cell->places, memory_order_acquire);
    if (now == places) return used;
    places = now;
  }
}

bool weir__mpsc_look(const struct weir__cell *cell, uint32_t generation, uint32_t *room, uint32_t *length)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  bool is = weir__generation_in(places) == generation;
  uint32_t used = is ? weir__mpsc_length(cell) : 0;
  uint32_t capacity = is ? atomic_load_explicit(&cell->capacity, memory_order_relaxed) : 0;
  uint32_t permits = is ? (uint32_t)weir__tally_look(cell)->permit_places : 0;
  bool closed = places & WEIR__CLOSED;
  weir__bucket_unlock(bucket);
  *room = used < capacity && !closed ? capacity - used : 0;
  *length = used - permits;
  return is;
}

/* ---- places, under the lock ---- */

/* Lock held, Q2: nobody else raises `reserved` meanwhile, but permits may be given back. */
static void add_places(struct weir__cell *cell, uint32_t n)
{
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_relaxed);
  while (!atomic_compare_exchange_weak_explicit(&cell->places, &places, weir__plus_places(places, n),
                                                memory_order_acq_rel, memory_order_relaxed))
    continue;
}

static bool has_room(const struct weir__cell *cell, uint32_t n)
{
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_seq_cst);
  uint32_t popped = atomic_load_explicit(&cell->popped, memory_order_seq_cst); /* O4 */
  uint32_t used = weir__used_of(places, popped);
  return used + n <= atomic_load_explicit(&cell->capacity, memory_order_relaxed);
}

bool weir__mpsc_take_room(struct weir__cell *cell, uint32_t n)
{
  if (!has_room(cell, n)) return false;
  add_places(cell, n);
  return true;
}

/* The end of an actor upstream, or of one that was watched, is never lost. */
static bool may_go(const struct weir__message *m) { return m->kind != WEIR__EDGE_END && m->kind != WEIR__NEWS; }

struct weir__message *weir__mpsc_evict(struct weir__cell *cell)
{
  collect(cell);
  struct weir__message **at = &cell->queued;
  while (*at && !may_go(*at)) at = &(*at)->next;
  struct weir__message *m = *at;
  if (!m) return NULL;
  *at = m->next;
  if (!m->next) cell->queued_end = at;
  weir__mpsc_raise_popped(cell, weir__places(m->payload_bytes));
  return m;
}

/* It was claimed. Whoever sleeps on it goes on, or is told: from then on record and permit are its. */
static void finish(struct weir__wait *w, int code)
{
  struct weir__notice_record *notice = w->permit ? w->permit->notice : NULL;
  weir__wait_finish(w, code, NULL, NULL);
  if (notice) weir__notice_tell(notice);
}

/* M3: only who reserves gets an empty place. False: its wait had ended before. */
static bool hand_over_place(struct weir__bucket *bucket, struct weir__cell *cell, struct weir__wait *w)
{
  if (!weir__wait_claim(weir__wait_name(w), WEIR__IN_LINE)) return false;
  add_places(cell, w->places);
  weir__permit_grant(bucket, cell, w->permit);
  finish(w, WEIR_OK);
  return true;
}

/* A waiter gets its place: its message is queued for it. False: its wait had ended before. */
static bool hand_over(struct weir__cell *cell, struct weir__wait *w, uintptr_t *wake)
{
  uint64_t name = weir__wait_name(w);
  struct weir__message *m = w->message;
  uint32_t n = w->places;
  bool asks = m->asker == name; /* else it waits for a place alone: a send, an ask that was begun, a forward */
  if (asks) atomic_store_explicit(&w->placed_ns, weir__now_ns(), memory_order_relaxed);
  if (asks ? !weir__wait_move(name, WEIR__IN_LINE, WEIR__QUEUED) : !weir__wait_claim(name, WEIR__IN_LINE)) return false;
  add_places(cell, n);
  assert(weir__mpsc_length(cell) <= atomic_load_explicit(&cell->capacity, memory_order_relaxed));
  weir__count_entry(cell);
  if (!asks && m->asker) weir__wait_turn_to(m->asker, cell->slot + 1); /* forwarded: now it is this one's turn */
  uintptr_t idle = weir__mpsc_push(cell, m);
  if (idle) *wake = idle; /* of several the last: an owner that sleeps again needs no waking for the one before */
  if (!asks) weir__wait_finish(w, WEIR_OK, NULL, NULL);
  return true;
}

/* Lock held: the line is empty. */
static void nobody_waits(struct weir__cell *cell)
{
  if (!keeps_waiters(cell)) atomic_fetch_and_explicit(&cell->places, ~WEIR__WAITERS, memory_order_seq_cst);
  atomic_fetch_and_explicit(&cell->work.flags, ~(uint32_t)WEIR__LINE_WAITS, memory_order_relaxed);
}

uintptr_t weir__mpsc_fill(struct weir__bucket *bucket, struct weir__cell *cell)
{
  uintptr_t wake = 0;
  struct weir__wait *w;
  while ((w = weir__line_first(bucket, cell)) && has_room(cell, w->places)) {
    weir__line_leave(bucket, w);
    if (w->permit)
      hand_over_place(bucket, cell, w);
    else
      hand_over(cell, w, &wake);
  }
  if (!w) nobody_waits(cell);
  return wake;
}

/* Lock held. The word as it was before. */
static uint64_t take_places_away(struct weir__cell *cell, uint32_t n)
{
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_relaxed);
  while (!atomic_compare_exchange_weak_explicit(&cell->places, &places, weir__plus_places(places, 0u - n),
                                                memory_order_seq_cst, memory_order_relaxed))
    continue;
  return places;
}

uintptr_t weir__mpsc_give_back_locked(struct weir__bucket *bucket, struct weir__cell *cell, uint32_t n)
{
  weir__unbias(cell);
  uint64_t places = take_places_away(cell, n);
  /* Of a closed cell this may have been the last place: its owner looks (C4). */
  return places & WEIR__CLOSED ? weir__mpsc_nudge(cell) : weir__mpsc_fill(bucket, cell);
}

uintptr_t weir__mpsc_give_back(struct weir__cell *cell, uint32_t n)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uintptr_t wake = weir__mpsc_give_back_locked(bucket, cell, n);
  weir__bucket_unlock(bucket);
  return wake;
}

/* Lock held. The wait of one that stands in line ends. False: it had ended before. */
static bool turn_away(struct weir__bucket *bucket, struct weir__wait *w, int code)
{
  weir__line_leave(bucket, w);
  if (!weir__wait_claim(weir__wait_name(w), WEIR__IN_LINE)) return false;
  unsent(w->message);
  finish(w, code);
  return true;
}

bool weir__mpsc_close(struct weir__bucket *bucket, struct weir__cell *cell, uint32_t generation, int code)
{
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  if (weir__generation_in(places) == generation && (places & WEIR__BIASED)) {
    weir__unbias(cell);
    places = atomic_load_explicit(&cell->places, memory_order_acquire);
  }
  do {
    if (weir__generation_in(places) != generation || (places & WEIR__CLOSED)) return false;
  } while (!atomic_compare_exchange_weak_explicit(&cell->places, &places, (places | WEIR__CLOSED) & ~WEIR__WAITERS,
                                                  memory_order_seq_cst, memory_order_acquire));
  atomic_fetch_and_explicit(&cell->work.flags, ~(uint32_t)WEIR__LINE_WAITS, memory_order_relaxed);
  struct weir__wait *w;
  while ((w = weir__line_first(bucket, cell))) turn_away(bucket, w, code);
  /* P4 */
  if (weir__cell_is_actor(cell)) take_places_away(cell, weir__permits_revoke(bucket, cell));
  return true;
}

/* ---- a breaker ---- */

/* Who comes through in any case. */
static bool must_arrive(const struct weir__wait *w) { return w->message && w->message->kind == WEIR__EDGE_END; }

/* Lock held. It only sends, and its message is lost: it is told that it went. False: its wait had ended before. */
static bool discard(struct weir__bucket *bucket, struct weir__wait *w, struct weir__message **discarded)
{
  struct weir__message *m = w->message;
  weir__line_leave(bucket, w);
  if (!weir__wait_claim(weir__wait_name(w), WEIR__IN_LINE)) return false;
  m->next = *discarded;
  *discarded = m;
  finish(w, WEIR_OK);
  return true;
}

uint64_t weir__mpsc_shut(struct weir__bucket *bucket, struct weir__cell *cell, bool discards,
                         struct weir__message **discarded)
{
  uint64_t count = 0;
  weir__cell_mark(cell, WEIR__SHUT);
  if (atomic_load_explicit(&cell->places, memory_order_acquire) & WEIR__CLOSED) return 0; /* nobody comes any more */
  weir__unbias(cell);
  atomic_fetch_or_explicit(&cell->places, WEIR__WAITERS, memory_order_seq_cst);
  for (struct weir__wait *w = bucket->first, *next; w; w = next) {
    next = w->line_next;
    if (w->cell != cell || must_arrive(w)) continue;
    bool goes = discards && w->message && !w->message->asker;
    count += goes ? discard(bucket, w, discarded) : turn_away(bucket, w, WEIR_EOPEN);
  }
  return count;
}

void weir__mpsc_unshut(struct weir__bucket *bucket, struct weir__cell *cell)
{
  unsigned marks = atomic_load_explicit(&cell->marks, memory_order_relaxed);
  atomic_store_explicit(&cell->marks, (uint8_t)(marks & ~(unsigned)WEIR__SHUT), memory_order_relaxed);
  if (!(atomic_load_explicit(&cell->places, memory_order_acquire) & WEIR__CLOSED)) weir__mpsc_fill(bucket, cell);
}

/* ---- another capacity ---- */

/* Lock held. */
static void turn_away_larger(struct weir__bucket *bucket, struct weir__cell *cell, uint32_t capacity)
{
  for (struct weir__wait *w = bucket->first, *next; w; w = next) {
    next = w->line_next;
    if (w->cell == cell && w->places > capacity) turn_away(bucket, w, WEIR_ERANGE);
  }
}

int weir__mpsc_set_capacity(struct weir__cell *cell, uint32_t generation, size_t capacity, int gone)
{
  if (capacity < 1 || capacity > WEIR__CAPACITY_MAX)
    return weir_error(WEIR_ERANGE, "capacity is %zu: 1 to %d", capacity, WEIR__CAPACITY_MAX);
  uintptr_t wake = 0;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  bool open = weir__generation_in(places) == generation && !(places & WEIR__CLOSED);
  if (open) {
    weir__unbias(cell);
    atomic_store_explicit(&cell->capacity, (uint32_t)capacity, memory_order_relaxed);
    turn_away_larger(bucket, cell, (uint32_t)capacity);
    wake = weir__mpsc_fill(bucket, cell);
  }
  weir__bucket_unlock(bucket);
  weir__cell_wake(cell, wake);
  return open ? WEIR_OK : weir_error(gone, "the mailbox is gone");
}

bool weir__mpsc_is_too_large(const struct weir__cell *cell, uint32_t generation, uint32_t n)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  bool open = weir__generation_in(places) == generation && !(places & WEIR__CLOSED);
  bool too_large = open && n > atomic_load_explicit(&cell->capacity, memory_order_relaxed);
  weir__bucket_unlock(bucket);
  return too_large;
}

/* ---- waiting for a place ---- */

/* Lock held. Sets WAITERS, unless there is room and nobody stands in line, or the cell is gone. */
static enum weir__reserve reserve_or_wait(struct weir__bucket *bucket, struct weir__cell *cell, uint32_t generation,
                                          const struct weir__wait *w)
{
  uint32_t n = w->places;
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  for (;;) {
    if (weir__generation_in(places) != generation || (places & WEIR__CLOSED)) return WEIR__GONE;
    if (n > atomic_load_explicit(&cell->capacity, memory_order_relaxed)) return WEIR__TOO_LARGE; /* by now (M9) */
    if (weir__is_shut(cell) && !must_arrive(w)) {
      weir__breaker_of(cell)->turned_away++;
      return WEIR__TURNED_AWAY;
    }
    if (places & WEIR__WAITERS) break;
    if (atomic_compare_exchange_weak_explicit(&cell->places, &places, places | WEIR__WAITERS, memory_order_seq_cst,
                                              memory_order_acquire))
      break;
  }
  /* O4: WAITERS is set; now `popped` is read again. */
  if (weir__line_first(bucket, cell) || !has_room(cell, n)) return WEIR__FULL;
  add_places(cell, n);
  nobody_waits(cell);
  return WEIR__GOT;
}

enum weir__reserve weir__mpsc_join(struct weir__cell *cell, uint32_t generation, struct weir__wait *w)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  weir__unbias(cell);
  enum weir__reserve got = reserve_or_wait(bucket, cell, generation, w);
  w->joined = cell;
  if (got == WEIR__GOT && w->permit) weir__permit_grant(bucket, cell, w->permit);
  /* W1: of an actor's mailbox it is known who must run. */
  if (weir__cell_is_actor(cell)) weir__wait_set_edge(w, cell->slot + 1);
  if (got == WEIR__FULL) {
    weir__line_join(bucket, cell, w);
    atomic_fetch_or_explicit(&cell->work.flags, WEIR__LINE_WAITS, memory_order_relaxed);
  }
  weir__bucket_unlock(bucket);
  return got;
}

void weir__line_leave_late(struct weir__wait *w)
{
  struct weir__cell *cell = w->joined;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  bool was_in = w->cell != NULL; /* then the cell is open, and has not become another one: close empties the line */
  weir__line_leave(bucket, w);
  /* Those behind it may fit where it did not, and an empty line is to be seen as such. */
  uintptr_t wake = was_in ? weir__mpsc_fill(bucket, cell) : 0;
  weir__bucket_unlock(bucket);
  weir__cell_wake(cell, wake);
}
