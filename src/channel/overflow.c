/* overflow.c: see overflow.h. */
#include "channel/overflow.h"

#include "channel/mpsc.h"
#include "runtime/wait.h"

/* Lock held. */
static bool is_open(const struct weir__cell *cell, uint32_t generation)
{
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  return weir__generation_in(places) == generation && !(places & WEIR__CLOSED);
}

/* Lock held. The owner looks for what it has missed when it next pops. */
static void count_dropped(struct weir__cell *cell, uint64_t n)
{
  weir__tally(cell)->dropped += n;
  atomic_fetch_or_explicit(&cell->work.flags, WEIR__MISSES, memory_order_relaxed);
}

/* ---- drop_newest ---- */

static int drop_newest(struct weir__cell *cell, uint32_t generation, struct weir__parcel *p, int gone)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  bool open = is_open(cell, generation);
  if (open) count_dropped(cell, 1);
  weir__bucket_unlock(bucket);
  if (!open) return gone;
  if (p->asker) return WEIR_EFULL;
  if (p->message)
    weir__message_end(p->message, WEIR__EVICTED);
  else
    weir__count(WEIR__DROPPED);
  p->message = NULL;
  return WEIR_OK;
}

/* ---- drop_oldest ---- */

bool weir__evict_for(struct weir__cell *cell, uint32_t n, struct weir__message **victims)
{
  uint64_t count = 0;
  bool got;
  struct weir__message *m;
  while (!(got = weir__mpsc_take_room(cell, n)) && (m = weir__mpsc_evict(cell))) {
    m->next = *victims;
    *victims = m;
    count++;
  }
  if (count) count_dropped(cell, count);
  return got;
}

void weir__evicted(struct weir__message *victims)
{
  while (victims) {
    struct weir__message *m = victims;
    victims = m->next;
    if (m->asker && weir__wait_claim(m->asker, WEIR__QUEUED))
      weir__wait_finish(weir__wait_at(m->asker), WEIR_EFULL, NULL, NULL);
    weir__message_end(m, WEIR__EVICTED);
  }
}

/* Its message is the newest: there was none that could go instead of it. */
static int drop_itself(struct weir__parcel *p)
{
  if (p->asker) return WEIR_EFULL;
  weir__message_end(p->message, WEIR__EVICTED);
  p->message = NULL;
  return WEIR_OK;
}

static int drop_oldest(struct weir__cell *cell, uint32_t generation, struct weir__parcel *p, int gone)
{
  struct weir__message *m = weir__parcel_message(p), *victims = NULL;
  if (!m) return weir_error(WEIR_ENOMEM, "no memory for the message");
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  bool open = is_open(cell, generation);
  bool got = open && weir__evict_for(cell, weir__places(p->bytes), &victims);
  if (got && p->forwarded) weir__wait_turn_to(m->asker, cell->slot + 1);
  uintptr_t wake = got ? weir__mpsc_push(cell, m) : 0;
  if (open && !got) count_dropped(cell, 1);
  weir__bucket_unlock(bucket);
  weir__cell_wake(cell, wake);
  weir__evicted(victims);
  if (!open) return gone;
  if (!got) return drop_itself(p);
  p->message = NULL;
  return WEIR_OK;
}

/* ---- all ---- */

int weir__overflow(struct weir__cell *cell, uint32_t generation, struct weir__parcel *p, int gone)
{
  if (weir__drops_oldest(cell)) return drop_oldest(cell, generation, p, gone);
  if (weir__overflow_of(cell) == WEIR_DROP_NEWEST && !weir__must_arrive(p))
    return drop_newest(cell, generation, p, gone);
  return WEIR_EFULL;
}

int weir__turned_away_from(struct weir__cell *cell, uint32_t generation, int code)
{
  if (code == WEIR_EFULL && weir__overflow_of(cell) <= WEIR_REJECT) { /* else it is among the dropped */
    struct weir__bucket *bucket = weir__bucket_lock(cell);
    if (is_open(cell, generation)) weir__tally(cell)->refused++;
    weir__bucket_unlock(bucket);
  }
  return weir__turned_away(code);
}

void weir__missed_again(struct weir__cell *cell)
{
  if (!(atomic_load_explicit(&cell->work.flags, memory_order_relaxed) & WEIR__MISSES))
    return; /* the owner takes it away */
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  struct weir__tally *tally = weir__tally(cell);
  tally->seen -= tally->missed;
  tally->missed = 0;
  weir__bucket_unlock(bucket);
}

void weir__missed_one(struct weir__cell *cell, uint32_t generation)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  if (is_open(cell, generation)) count_dropped(cell, 1);
  weir__bucket_unlock(bucket);
}
