/* select.c: selective receive: a handler waits for one message among those that are queued.
 *
 * While it looks and waits nobody else touches the cell's lists (A1). It walks each of them once: `at` is the link
 * behind the last message that was skipped, and new ones are appended beyond it.
 *
 *   LOOKS --found--> taken
 *     |  ^ '--nothing can come any more--> WEIR_EDEADLOCK, WEIR_EDEAD
 *     |  '------ something was pushed, or it was told something ------.
 *     '-- its wait is the idle mark of the inbox --> SLEEPS ----------'--time over, told to stop--> WEIR_ETIMEDOUT …
 *
 * I1  The idle mark of an actor that is not scheduled is WEIR__CELL_IDLE; here it names a wait, as a channel's receiver
 *     does, so that who pushes wakes that and does not schedule the actor (Q4).
 * I2  The line is served before the mark is set: from then on until the sleep nothing is popped, so nothing is served,
 *     and no push comes from the owner itself, who would not wake anybody. */
#include <weir/stash.h>

#include <assert.h>

#include "actor/link.h"
#include "actor/stash.h"
#include "channel/breaker.h"
#include "channel/line.h"
#include "channel/mpsc.h"
#include "runtime/strand.h"

struct search {
  struct weir__cell *cell;
  const weir_message *type;
  const weir_select_options *options;
  struct weir__message **at_urgent, **at_queued; /* see above */
  uint32_t skipped;                              /* places of those that were skipped in `queued` */
};

static bool matches(const struct search *s, struct weir__message *m)
{
  if (m->kind != WEIR__PLAIN && m->kind != WEIR__OWN_TIMER && m->kind != WEIR__NEWS) return false;
  if (!weir_message_same(m->type, s->type)) return false;
  return !s->options->when || s->options->when(weir__payload(m), s->options->arg);
}

static struct weir__message *unlink_at(struct weir__message **at, struct weir__message ***end)
{
  struct weir__message *m = *at;
  *at = m->next;
  if (*end == &m->next) *end = at;
  m->next = NULL;
  return m;
}

/* Out of the mailbox. NULL: its asker has gone. */
static struct weir__message *take_queued(struct search *s)
{
  struct weir__message *m = unlink_at(s->at_queued, &s->cell->queued_end);
  weir__mpsc_places_back(s->cell, weir__places(m->payload_bytes));
  if (m->kind == WEIR__NEWS) weir__news_popped(s->cell, m);
  if (!m->asker || weir__wait_move(m->asker, WEIR__QUEUED, WEIR__BEGUN)) return m;
  weir__message_end(m, WEIR__WITHDRAWN);
  return NULL;
}

/* Likewise. NULL: its timer was cancelled. */
static struct weir__message *take_urgent(struct search *s)
{
  struct weir__message *m = unlink_at(s->at_urgent, &s->cell->urgent_end);
  if (!weir__timer_taken(m->timer)) {
    weir__message_end(m, WEIR__FREED);
    return NULL;
  }
  m->kind = WEIR__PLAIN;
  m->deadline = INT64_MAX;
  return m;
}

/* The oldest that matches, of those that have not been looked at; NULL: none. */
static struct weir__message *look(struct search *s)
{
  weir__mpsc_collect(s->cell);
  while (*s->at_urgent) {
    if (!matches(s, *s->at_urgent)) {
      s->at_urgent = &(*s->at_urgent)->next;
      continue;
    }
    struct weir__message *m = take_urgent(s);
    if (m) return m;
  }
  while (*s->at_queued) {
    struct weir__message *m = *s->at_queued;
    if (matches(s, m)) {
      m = take_queued(s);
      if (m) return m;
      continue;
    }
    s->skipped += weir__places(m->payload_bytes);
    s->at_queued = &m->next;
  }
  return NULL;
}

/* M6. Nothing is in the lists beyond what was skipped. Lock held, so that who joins the line is in it, or is not. */
static int can_come_locked(const struct search *s)
{
  struct weir__cell *cell = s->cell;
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  uint32_t used = weir__mpsc_length(cell);
  uint32_t capacity = atomic_load_explicit(&cell->capacity, memory_order_relaxed);
  if (used != s->skipped + weir__places_kept(cell)) return WEIR_OK; /* somebody has a place, and will push */
  if (places & WEIR__CLOSED) return WEIR_EDEAD;
  bool line = (places & WEIR__WAITERS) && !weir__is_shut(cell);
  return used >= capacity || line ? WEIR_EDEADLOCK : WEIR_OK;
}

static int can_come(const struct search *s)
{
  struct weir__bucket *bucket = weir__bucket_lock(s->cell);
  int rc = can_come_locked(s);
  weir__bucket_unlock(bucket);
  if (!rc || weir__timers_may_bring(s->cell, s->type) || weir__is_news(s->type)) return WEIR_OK;
  if (weir_cancelled()) return weir_error(WEIR_ECANCELED, "told to stop"); /* just now: that closed the mailbox */
  const char *who = weir__actor_name(s->cell);
  if (rc == WEIR_EDEAD) return weir_error(rc, "%s drains, and nothing that is queued is a %s", who, s->type->name);
  return weir_error(rc,
                    "%s waits for a %s, which can't come: its mailbox of %u is full of what it skipped, stashed or has "
                    "in hand",
                    who, s->type->name, atomic_load_explicit(&s->cell->capacity, memory_order_relaxed));
}

static bool is_closed(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->places, memory_order_seq_cst) & WEIR__CLOSED;
}

/* Until something may be there. After weir__may_wait(). `closed`: it was, when it was looked at whether one can come:
 * whoever closes it nudges afterwards, and finds the mark, or is seen here (seq_cst). */
static int sleep_until_pushed(struct weir__cell *cell, bool closed, int64_t deadline_ns)
{
  struct weir__wait *w = weir__wait_open(WEIR__IDLE);
  if (!w) return weir_error(WEIR_ENOMEM, "no memory to wait with");
  weir__wait_attach(w);
  weir__mpsc_serve(cell); /* I2 */
  bool rests = weir__mpsc_idle(cell, weir__idle_mark_of(weir__wait_name(w)));
  if (rests && !closed && is_closed(cell) && weir__mpsc_nudge(cell)) rests = false;
  if (!rests) {
    weir__wait_close(w);
    return WEIR_OK;
  }
  assert(!cell->popped_unseen);
  weir__wait_sleep(w, deadline_ns);
  weir__mpsc_nudge(cell); /* the mark, if it is still there: it names nobody any more */
  int rc = w->result;
  weir__wait_close(w);
  return rc;
}

/* The duty to answer a message that was taken, and counts as begun. */
static int settle_duty(struct search *s, uint64_t asker)
{
  if (s->options->asker) *s->options->asker = (weir_asker){0};
  if (!asker) return WEIR_OK;
  if (!s->options->asker) {
    weir__answer(asker, WEIR_OK, NULL, NULL);
    return WEIR_OK;
  }
  *s->options->asker = weir__owe(s->cell, asker, s->type);
  if (s->options->asker->bits) return WEIR_OK;
  weir__answer(asker, WEIR_ENOMEM, NULL, weir__error_text_of(WEIR_ENOMEM));
  return WEIR_ENOMEM;
}

static int hand_out(struct search *s, struct weir__message *m, void *out)
{
  int rc = settle_duty(s, m->asker);
  m->asker = 0;
  if (rc)
    weir__message_end(m, WEIR__DEAD);
  else
    *(void **)out = weir__message_hand_out(m);
  return rc;
}

static int search(struct search *s, int64_t deadline_ns, bool waits, void *out)
{
  for (;;) {
    struct weir__message *m = look(s);
    if (m) return hand_out(s, m, out);
    if (!waits) return weir_error(WEIR_ETIMEDOUT, "no %s is queued", s->type->name);
    int rc = weir__may_wait();
    bool closed = is_closed(s->cell);
    if (!rc) rc = can_come(s);
    if (!rc) rc = sleep_until_pushed(s->cell, closed, deadline_ns);
    if (rc == WEIR_ETIMEDOUT) return weir_error(rc, "no %s came in time", s->type->name);
    if (rc) return rc;
  }
}

int weir__select(weir_duration within, const weir_message *type, void *out, const weir_select_options *options)
{
  static const weir_select_options none;
  *(void **)out = NULL;
  struct weir__cell *cell = weir__cell_here();
  if (!weir__kept_here("weir_select()")) return WEIR_EINVAL;
  struct search s = {.cell = cell,
                     .type = type,
                     .options = options ? options : &none,
                     .at_urgent = &cell->urgent,
                     .at_queued = &cell->queued};
  if (type->reply && !s.options->asker)
    return weir_error(WEIR_EINVAL, "%s is a request: weir_select(within, &m, %s, .asker = &who)", type->name,
                      type->name);
  if (cell->phase == WEIR__ENDS)
    return weir_error(WEIR_EDEAD, "%s ends: nothing comes any more", weir__actor_name(cell));
  return weir__heeded(search(&s, weir__deadline(within), within.ns > 0, out));
}
