/* stash.c: see stash.h. */
#include "actor/stash.h"

#include <weir/stash.h>

#include <assert.h>
#include <stdlib.h>

#include "channel/mpsc.h"
#include "runtime/strand.h"

int weir__kept_make(struct weir__cell *cell)
{
  struct weir__rare *rare = weir__rare(cell);
  struct weir__kept *kept = rare ? calloc(1, sizeof *kept) : NULL;
  if (!kept) return weir_error(WEIR_ENOMEM, "no memory for an actor");
  kept->stash_end = &kept->stash;
  rare->kept = kept;
  cell->special |= WEIR__KEEPS_PLACES;
  return WEIR_OK;
}

struct weir__kept *weir__kept_here(const char *what)
{
  struct weir__cell *cell = weir__cell_here();
  if (cell && cell->type->keeps_places) return cell->extras->rare->kept;
  if (cell)
    weir_error(WEIR_EINVAL, "%s: the type %s does not say .keeps_places = true", what, cell->type->name);
  else
    weir_error(WEIR_EINVAL, "%s is for an actor's handler", what);
  return NULL;
}

/* ---- the place of the message in hand ---- */

void weir__place_in_hand(struct weir__cell *cell, const struct weir__message *m)
{
  struct weir__kept *kept = cell->extras->rare->kept;
  assert(kept->hand == 0);
  if (m->kind != WEIR__OWN_TIMER) kept->hand = weir__places(m->payload_bytes);
}

void weir__place_back(struct weir__cell *cell)
{
  struct weir__kept *kept = cell->extras->rare->kept;
  uint32_t places = kept->hand;
  kept->hand = 0;
  if (places) weir__mpsc_places_back(cell, places);
}

uint32_t weir__places_kept(const struct weir__cell *cell)
{
  const struct weir__kept *kept = weir__keeps_places(cell) ? cell->extras->rare->kept : NULL;
  return kept ? kept->stash_places + kept->hand : 0;
}

/* ---- the stash ---- */

/* The oldest `count` go in front of what is queued. */
static void put_back(struct weir__cell *cell, struct weir__kept *kept, size_t count)
{
  struct weir__message **end = &kept->stash;
  for (; count && *end; count--) {
    kept->stash_count--;
    kept->stash_places -= weir__places((*end)->payload_bytes);
    end = &(*end)->next;
  }
  if (end == &kept->stash) return;
  struct weir__message *first = kept->stash, *rest = *end;
  *end = cell->queued;
  if (!cell->queued) cell->queued_end = end;
  cell->queued = first;
  kept->stash = rest;
  if (!rest) kept->stash_end = &kept->stash;
}

/* Those whose askers have gone give their places to others. */
static void drop_unwanted(struct weir__cell *cell, struct weir__kept *kept)
{
  struct weir__message **at = &kept->stash;
  while (*at) {
    struct weir__message *m = *at;
    if (!m->asker || (weir__wait_phase(m->asker) & WEIR__QUEUED)) {
      at = &m->next;
      continue;
    }
    uint32_t places = weir__places(m->payload_bytes);
    *at = m->next;
    kept->stash_count--;
    kept->stash_places -= places;
    weir__message_end(m, WEIR__WITHDRAWN);
    weir__mpsc_places_back(cell, places);
  }
  kept->stash_end = at;
}

static bool leaves_a_place(struct weir__cell *cell, struct weir__kept *kept)
{
  uint32_t capacity = atomic_load_explicit(&cell->capacity, memory_order_relaxed);
  if (kept->stash_places + kept->hand < capacity) return true;
  drop_unwanted(cell, kept);
  return kept->stash_places + kept->hand < capacity;
}

static int check(struct weir__cell *cell, struct weir__kept *kept)
{
  const struct weir__message *m = cell->in_hand;
  if (!m) return weir__misuse(WEIR_EINVAL, "weir_stash(): there is no message in hand");
  if (m->kind == WEIR__BATCH)
    return weir_error(WEIR_EINVAL, "weir_stash(): a record of a batch has no place of its own");
  if (!kept->hand)
    return weir_error(WEIR_EINVAL,
                      "weir_stash(): a message of its own timer, or of an end, takes no place: weir_keep() it");
  if (leaves_a_place(cell, kept)) return WEIR_OK;
  return weir_error(WEIR_EFULL, "%s: with this one all its %u places would be stashed", weir__actor_name(cell),
                    atomic_load_explicit(&cell->capacity, memory_order_relaxed));
}

int weir_stash(void)
{
  struct weir__kept *kept = weir__kept_here("weir_stash()");
  struct weir__cell *cell = weir__cell_here();
  struct weir__strand *s = weir__strand_here();
  int rc = kept ? check(cell, kept) : WEIR_EINVAL;
  if (rc) return rc;
  struct weir__message *m = cell->in_hand;
  cell->in_hand = NULL;
  m->asker = s->asker; /* 0 when the duty was taken before */
  if (!m->asker) m->deadline = INT64_MAX;
  s->asker = 0;
  if (m->asker && !weir__wait_move(m->asker, WEIR__BEGUN, WEIR__QUEUED)) {
    weir__message_end(m, WEIR__WITHDRAWN); /* nobody waits for it any more */
    return WEIR_OK;
  }
  m->next = NULL;
  *kept->stash_end = m;
  kept->stash_end = &m->next;
  kept->stash_count++;
  kept->stash_places += kept->hand;
  kept->hand = 0;
  return WEIR_OK;
}

int weir_unstash(size_t count)
{
  struct weir__kept *kept = weir__kept_here("weir_unstash()");
  if (!kept) return WEIR_EINVAL;
  put_back(weir__cell_here(), kept, count);
  return WEIR_OK;
}

size_t weir_stashed(void)
{
  struct weir__cell *cell = weir__cell_here();
  return cell && cell->type->keeps_places ? cell->extras->rare->kept->stash_count : 0;
}

void weir__hand_to_queue(struct weir__cell *cell, struct weir__message *m)
{
  cell->extras->rare->kept->hand = 0;
  m->next = cell->queued;
  if (!cell->queued) cell->queued_end = &m->next;
  cell->queued = m;
}

void weir__kept_put_back(struct weir__cell *cell)
{
  if (!weir__keeps_places(cell)) return;
  put_back(cell, cell->extras->rare->kept, SIZE_MAX);
  weir__place_back(cell);
}

void weir__kept_end(struct weir__cell *cell)
{
  weir__kept_put_back(cell);
  cell->special &= (uint8_t)~WEIR__KEEPS_PLACES;
}
