/* mailbox.c: an actor's mailbox seen and changed from outside: see weir/mailbox.h. */
#include <weir/mailbox.h>

#include "actor/actor.h"
#include "actor/relay.h"
#include "channel/breaker.h"
#include "channel/line.h"
#include "channel/mpsc.h"

static int gone(weir_ref ref) { return weir_error(WEIR_EDEAD, "actor %u is gone", weir__slot_of(ref)); }

/* The cell of an actor, which may be gone by now. NULL: *rc says why. */
static struct weir__cell *actor_at(weir_ref ref, int *rc)
{
  *rc = weir__ref_check(ref);
  struct weir__cell *cell = *rc ? NULL : weir__cell_at(weir__slot_of(ref));
  if (!*rc && !cell) *rc = gone(ref);
  if (!*rc && weir__is_relay(cell, ref)) *rc = weir_error(WEIR_EINVAL, "an output or a route has no mailbox");
  return *rc ? NULL : cell;
}

/* ---- statistics ---- */

/* Lock held. */
static void read_stats(struct weir__cell *cell, weir_stats *stats)
{
  const struct weir__tally *tally = weir__tally_look(cell);
  uint64_t used = weir__mpsc_length(cell), high = atomic_load_explicit(&cell->high_water, memory_order_relaxed);
  *stats = (weir_stats){.length = used - tally->permit_places,
                        .capacity = atomic_load_explicit(&cell->capacity, memory_order_relaxed),
                        .permits = tally->permit_places,
                        .waiting = tally->waiting,
                        .high_water = used > high ? used : high,
                        .handled = atomic_load_explicit(&cell->handled, memory_order_relaxed),
                        .dropped = tally->dropped,
                        .refused = tally->refused,
                        .blocked_ns = atomic_load_explicit(&tally->blocked_ns, memory_order_relaxed)};
  weir__breaker_look(cell, stats);
}

int weir_stats_read(weir_ref ref, weir_stats *stats)
{
  int rc;
  struct weir__cell *cell = actor_at(ref, &rc);
  *stats = (weir_stats){0};
  if (!cell) return rc;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  bool is = weir__generation_in(atomic_load_explicit(&cell->places, memory_order_acquire)) == weir__generation_of(ref);
  if (is) read_stats(cell, stats);
  weir__bucket_unlock(bucket);
  return is ? WEIR_OK : gone(ref);
}

uint64_t weir_missed(void)
{
  struct weir__cell *cell = weir__cell_here();
  if (!cell) return 0;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uint64_t missed = weir__tally_look(cell)->missed;
  weir__bucket_unlock(bucket);
  return missed;
}

/* ---- capacity ---- */

int weir_set_capacity(weir_ref ref, size_t capacity)
{
  int rc;
  struct weir__cell *cell = actor_at(ref, &rc);
  return cell ? weir__mpsc_set_capacity(cell, weir__generation_of(ref), capacity, WEIR_EDEAD) : rc;
}
