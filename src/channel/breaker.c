/* breaker.c: see breaker.h. */
#include "channel/breaker.h"

#include "channel/mpsc.h"
#include "platform/clock.h"

#define RESET_S 15

int weir__breaker_check(const char *who, const weir_breaker *options)
{
  if (options->reset.ns < 0)
    return weir_error(WEIR_EINVAL, "%s: .breaker.reset is %lld", who, (long long)options->reset.ns);
  if (options->while_open < WEIR_OPEN_REFUSES || options->while_open > WEIR_OPEN_DISCARDS)
    return weir_error(WEIR_EINVAL, "%s: .breaker.while_open is %d", who, options->while_open);
  bool some = options->reset.ns || options->while_open || options->counts;
  if (!options->failures && some) return weir_error(WEIR_EINVAL, "%s: .breaker.failures is 0", who);
  return WEIR_OK;
}

static uint8_t state_of(const struct weir__breaker *b) { return atomic_load_explicit(&b->state, memory_order_relaxed); }

static void set_state(struct weir__breaker *b, int state)
{
  atomic_store_explicit(&b->state, (uint8_t)state, memory_order_relaxed);
}

void weir__breaker_begin(struct weir__cell *cell, struct weir__breaker *b, const weir_breaker *options)
{
  *b = (struct weir__breaker){.options = *options};
  if (!b->options.reset.ns) b->options.reset = WEIR_SECONDS(RESET_S);
  set_state(b, WEIR_BREAKER_CLOSED);
  weir__cell_mark(cell, WEIR__GUARDED);
  cell->special |= WEIR__HAS_POLICY;
}

/* Lock held, not CLOSED: is somebody to be let through? */
static bool is_due(const struct weir__breaker *b) { return weir__now_ns() - b->since_ns >= b->options.reset.ns; }

static void let_through(struct weir__breaker *b)
{
  set_state(b, WEIR_BREAKER_HALF_OPEN);
  b->since_ns = weir__now_ns();
}

/* ---- senders' ---- */

enum weir__reserve weir__breaker_reserve_locked(struct weir__cell *cell, uint32_t generation, uint32_t n, bool must)
{
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  if (weir__generation_in(places) != generation || (places & WEIR__CLOSED)) return WEIR__GONE;
  struct weir__breaker *b = weir__breaker_of(cell);
  if (state_of(b) == WEIR_BREAKER_CLOSED) return weir__mpsc_reserve(cell, generation, n);
  if ((must || is_due(b)) && weir__mpsc_take_room(cell, n)) {
    if (!must) let_through(b);
    return WEIR__GOT;
  }
  if (must) return WEIR__FULL;
  b->turned_away++;
  return WEIR__TURNED_AWAY;
}

enum weir__reserve weir__breaker_reserve(struct weir__cell *cell, uint32_t generation, uint32_t n, bool must)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  if (weir__generation_in(atomic_load_explicit(&cell->places, memory_order_acquire)) == generation) weir__unbias(cell);
  enum weir__reserve got = weir__breaker_reserve_locked(cell, generation, n, must);
  weir__bucket_unlock(bucket);
  return got;
}

int weir__breaker_refuses(struct weir__cell *cell, uint32_t generation, struct weir__parcel *p)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  struct weir__breaker *b = weir__generation_in(places) == generation ? weir__breaker_of(cell) : NULL;
  bool discards = b && b->options.while_open == WEIR_OPEN_DISCARDS && !p->asker;
  weir__bucket_unlock(bucket);
  if (!discards) return weir_error(WEIR_EOPEN, "%s", weir_strerror(WEIR_EOPEN));
  weir__breaker_discarded(cell, generation, p->type);
  if (p->message)
    weir__message_end(p->message, WEIR__DEAD);
  else
    weir__count(WEIR__REFUSED_OPEN);
  p->message = NULL;
  return WEIR_OK;
}

void weir__breaker_look(const struct weir__cell *cell, weir_stats *stats)
{
  const struct weir__breaker *b = weir__breaker_of(cell);
  if (!b) return;
  stats->breaker = state_of(b) == WEIR_BREAKER_OPEN && is_due(b) ? WEIR_BREAKER_HALF_OPEN : state_of(b); /* K3 */
  stats->failures = b->failures;
  stats->opened = b->opened;
  stats->turned_away = b->turned_away;
}

/* ---- the owner's ---- */

bool weir__breaker_admits(struct weir__cell *cell)
{
  struct weir__breaker *b = weir__breaker_of(cell);
  if (state_of(b) == WEIR_BREAKER_CLOSED) return true;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  bool admits = state_of(b) == WEIR_BREAKER_HALF_OPEN || is_due(b);
  if (admits && state_of(b) == WEIR_BREAKER_OPEN) let_through(b);
  weir__bucket_unlock(bucket);
  return admits;
}

void weir__breaker_in_hand(struct weir__cell *cell, bool counts) { weir__breaker_of(cell)->in_hand = counts; }

void weir__breaker_was_withdrawn(struct weir__cell *cell)
{
  struct weir__breaker *b = weir__breaker_of(cell);
  if (!b->in_hand) return;
  b->in_hand = false;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  if (state_of(b) == WEIR_BREAKER_HALF_OPEN) b->since_ns = weir__now_ns() - b->options.reset.ns; /* the next one may */
  weir__bucket_unlock(bucket);
}

void weir__breaker_gave_up(struct weir__cell *cell)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  weir__breaker_of(cell)->turned_away++;
  weir__bucket_unlock(bucket);
}

static void went_well(struct weir__cell *cell, struct weir__breaker *b)
{
  if (!b->failures && state_of(b) == WEIR_BREAKER_CLOSED) return;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  b->failures = 0;
  if (state_of(b) != WEIR_BREAKER_CLOSED) {
    set_state(b, WEIR_BREAKER_CLOSED);
    weir__mpsc_unshut(bucket, cell);
  }
  weir__bucket_unlock(bucket);
}

/* Those that were discarded in the line. */
static void end_discarded(struct weir__cell *cell, struct weir__message *m)
{
  while (m) {
    struct weir__message *next = m->next;
    weir__breaker_discarded(cell, weir__generation_of(weir__ref_of(cell)), m->type);
    weir__message_end(m, WEIR__DEAD);
    m = next;
  }
}

static void went_wrong(struct weir__cell *cell, struct weir__breaker *b)
{
  struct weir__message *discarded = NULL;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  bool opens = ++b->failures >= b->options.failures || state_of(b) == WEIR_BREAKER_HALF_OPEN;
  if (opens) {
    if (state_of(b) != WEIR_BREAKER_OPEN) b->opened++;
    set_state(b, WEIR_BREAKER_OPEN);
    b->since_ns = weir__now_ns();
    b->turned_away += weir__mpsc_shut(bucket, cell, b->options.while_open == WEIR_OPEN_DISCARDS, &discarded);
  }
  weir__bucket_unlock(bucket);
  end_discarded(cell, discarded);
}

void weir__breaker_hears(struct weir__cell *cell, int code)
{
  struct weir__breaker *b = weir__breaker_of(cell);
  if (!b->in_hand) return;
  b->in_hand = false;
  if (code == WEIR_OK || code == WEIR_STOP)
    went_well(cell, b);
  else if (!b->options.counts || b->options.counts(code))
    went_wrong(cell, b);
}

void weir__breaker_failed(struct weir__cell *cell)
{
  struct weir__breaker *b = weir__breaker_of(cell);
  b->in_hand = false;
  went_wrong(cell, b);
}
