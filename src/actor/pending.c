/* pending.c: several asks at once: wait records that outlive the call that made them.
 *
 *   begin: QUEUED, `keeps` ----> BEGUN ----> DONE ---- await, cancel ----> closed
 *                  '----- time over in await, cancel, the actor's end -----'
 *
 * I1  The record of an actor's ask is in its cell's list until it is closed; `line_next` and `line_previous` are its
 *     links, since it stands in no line itself: while begin waits for a place another record does. The actor's fiber
 *     and thread alone touch the list. */
#include <weir/ask.h>

#include <sched.h>

#include "actor/actor.h"
#include "actor/dead_letter.h"
#include "actor/edge.h"
#include "actor/relay.h"
#include "actor/simulated.h"
#include "channel/send.h"
#include "runtime/wait.h"

/* ---- the actor's list ---- */

static void link_pending(struct weir__extras *extras, struct weir__wait *w)
{
  w->line_previous = NULL;
  w->line_next = extras->asks;
  if (w->line_next) w->line_next->line_previous = w;
  extras->asks = w;
}

static void unlink_pending(struct weir__wait *w)
{
  struct weir__cell *owner = w->joined;
  if (!owner) return;
  if (w->line_previous)
    w->line_previous->line_next = w->line_next;
  else
    owner->extras->asks = w->line_next;
  if (w->line_next) w->line_next->line_previous = w->line_previous;
  w->joined = NULL;
}

static bool is_anothers(const struct weir__wait *w) { return w->joined && w->joined != weir__cell_here(); }

/* ---- begin ---- */

static struct weir__wait *open_pending(const struct weir__cell *to)
{
  struct weir__cell *here = weir__cell_here();
  struct weir__extras *extras = here ? weir__extras(here) : NULL;
  struct weir__wait *w = here && !extras ? NULL : weir__wait_open_for(WEIR__QUEUED, to->slot + 1);
  if (!w) return NULL;
  atomic_store_explicit(&w->keeps, true, memory_order_relaxed);
  w->joined = here;
  if (here) link_pending(extras, w);
  return w;
}

static void close_pending(struct weir__wait *w)
{
  unlink_pending(w);
  weir__wait_close(w);
}

/* Perhaps a dead letter. */
static int refused(weir_ref to, const weir_message *type, int code) { return weir__tell_refused(to, type, code, true); }

static int begin(weir_pending *p, weir_value value)
{
  struct weir__parcel parcel;
  int rc = weir__ref_check(p->to);
  if (rc) return refused(p->to, value.type ? value.type() : NULL, weir__turned_away(rc));
  struct weir__cell *cell = weir__cell_at(weir__slot_of(p->to));
  rc = weir__parcel_of_value(&parcel, value);
  if (rc) return rc;
  if (!cell) return weir__turned_away(weir_error(WEIR_EDEAD, "actor %u is gone", weir__slot_of(p->to)));
  if ((rc = weir__edge_check(cell))) return rc;
  if (weir__is_relay(cell, p->to)) {
    rc = weir__relay_pick(&p->to, parcel.type, parcel.value, "asked");
    if (rc) return refused(p->to, parcel.type, weir__turned_away(rc));
    cell = weir__cell_at(weir__slot_of(p->to));
  }
  struct weir__wait *w = open_pending(cell);
  if (!w) return weir_error(WEIR_ENOMEM, "no memory to ask with");
  parcel.asker = weir__wait_name(w);
  parcel.deadline = p->deadline;
  rc = weir__cell_send(cell, weir__generation_of(p->to), &parcel, p->deadline, WEIR_EDEAD);
  if (rc)
    close_pending(w); /* its name went nowhere */
  else
    p->bits = parcel.asker;
  return refused(p->to, parcel.type, rc);
}

weir_pending weir_ask_begin_value(weir_ref to, weir_duration within, weir_value value)
{
  weir_pending p = {.to = to, .deadline = weir__ask_deadline(within)};
  struct weir__simulated_send send =
      weir__simulated_send_begins("asks", to, value.type ? value.type() : NULL, value.at, true);
  p.error = weir__heeded(weir__simulated_send_ends(send, begin(&p, value)));
  return p;
}

/* ---- await ---- */

static bool is_answer_to(const struct weir__wait *w, const weir_message *request)
{
  if (!w->message) return true;
  return request->reply && weir_message_same(w->message->type, request->reply());
}

/* DONE, and the caller's (I6 of wait.h). */
static int take(weir_pending p, struct weir__wait *w, const weir_message *request, void *out)
{
  if (!is_answer_to(w, request)) {
    int rc = weir_error(WEIR_EPROTO, "a %s is no answer to a %s", w->message->type->name, request->name);
    weir__wait_leave(w);
    return rc;
  }
  unlink_pending(w);
  return weir__take_answer(p.to, w, request, out);
}

/* Its time is over. False: it is being answered at this very moment. */
static bool give_up(weir_pending p, struct weir__wait *w)
{
  unsigned phase = weir__wait_claim(p.bits, WEIR__QUEUED | WEIR__BEGUN);
  if (phase) weir__wait_finish(w, weir__wait_late_code(w, p.bits, phase), NULL, NULL);
  return phase;
}

static int await(weir_pending p, const weir_message *request, void *out)
{
  if (out) *(void **)out = NULL;
  if (p.error) return weir_error(p.error, "it was not asked: %s", weir_strerror(p.error));
  struct weir__wait *w = weir__wait_at(p.bits);
  if (!weir__wait_phase(p.bits)) return weir__misuse(WEIR_EINVAL, "awaited or cancelled before");
  if (is_anothers(w)) return weir__misuse(WEIR_EINVAL, "an actor's ask is awaited by that actor");
  for (;;) {
    int rc = weir__wait_phase(p.bits) & WEIR__DONE ? WEIR_OK : weir__may_wait();
    if (!rc) rc = weir__wait_reattach(w);
    if (rc == WEIR_EBUSY) return weir_error(rc, "another one waits for it");
    if (rc == WEIR_STOP) return take(p, w, request, out);
    if (rc == WEIR_ENOMEM) weir_cancel(&p, 1); /* there is no stack to wait upon: it is over */
    if (rc) return rc;
    rc = weir__wait_sleep(w, p.deadline);
    if (!rc || (rc == WEIR_ETIMEDOUT && give_up(p, w))) return take(p, w, request, out);
    weir__wait_leave(w);
    if (rc != WEIR_ETIMEDOUT) return rc;
  }
}

int weir__await(weir_pending p, const weir_message *request, void *out) { return weir__heeded(await(p, request, out)); }

/* ---- cancel ---- */

static void cancel(struct weir__wait *w, uint64_t name)
{
  if (!weir__wait_claim(name, WEIR__QUEUED | WEIR__BEGUN)) {
    /* Answered, or just being so: the claim and the finish follow each other without a wait. */
    while (!(weir__wait_phase(name) & WEIR__DONE)) sched_yield();
    if (w->message) weir__message_end(w->message, WEIR__FREED);
  }
  close_pending(w);
}

void weir_cancel(weir_pending *pending, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (!pending[i].error && weir__wait_phase(pending[i].bits) && !is_anothers(weir__wait_at(pending[i].bits)))
      cancel(weir__wait_at(pending[i].bits), pending[i].bits);
}

void weir__asks_end(struct weir__cell *cell)
{
  while (cell->extras->asks) cancel(cell->extras->asks, weir__wait_name(cell->extras->asks));
}
