/* ask.c: a request, and its answer: a send with a wait record (runtime/wait.h) that the envelope names. */
#include <stdlib.h>
#include <string.h>

#include <weir/bytes.h>

#include "actor/actor.h"
#include "actor/dead_letter.h"
#include "actor/edge.h"
#include "actor/relay.h"
#include "actor/simulated.h"
#include "channel/breaker.h"
#include "channel/line.h"
#include "channel/mpsc.h"
#include "channel/overflow.h"
#include "channel/send.h"
#include "runtime/strand.h"

/* ---- the answer ---- */

void weir__answer(uint64_t asker, int code, struct weir__message *message, const char *text)
{
  char *copy = code && text ? strdup(text) : NULL; /* without memory the code alone travels */
  if (WEIR__LIKELY(weir__wait_answer(asker, code, message, copy))) return;
  free(copy);
  if (message) weir__message_end(message, WEIR__FREED);
}

bool weir__answer_unbegun(uint64_t asker, int code, const char *text)
{
  if (!weir__wait_claim(asker, WEIR__QUEUED)) return false;
  weir__wait_finish(weir__wait_at(asker), code, NULL, text ? strdup(text) : NULL);
  return true;
}

bool weir_wanted(void)
{
  struct weir__strand *s = weir__strand_here();
  return !s || !s->asker || (weir__wait_phase(s->asker) & WEIR__BEGUN);
}

void weir_ignore_deadline(void)
{
  struct weir__strand *s = weir__strand_here();
  if (s) s->notes = s->no_deadline = true;
}

/* ---- the ask ---- */

static inline int64_t deadline_of(const struct weir__strand *s, weir_duration within)
{
  int64_t own = within.ns == INT64_MAX ? INT64_MAX : weir__deadline(within);
  return s && s->self && !s->no_deadline && s->deadline < own ? s->deadline : own;
}

int64_t weir__ask_deadline(weir_duration within) { return deadline_of(weir__strand_here(), within); }

static void default_text(weir_ref to, int code)
{
  switch (code) {
  case WEIR_ETIMEDOUT:
    weir_error(code, "actor %u had not begun with the request", weir__slot_of(to));
    break;
  case WEIR_EINDOUBT:
    weir_error(code, "actor %u had begun with the request", weir__slot_of(to));
    break;
  case WEIR_EDEAD:
    weir_error(code, "actor %u is gone", weir__slot_of(to));
    break;
  default: /* none was given, or there was no memory for it; a program's own codes speak for themselves */
    if (code <= WEIR_EUSER(0))
      weir__error_with(code, NULL);
    else
      weir_error(code, "an ask of actor %u: %s", weir__slot_of(to), weir_strerror(code));
    break;
  }
}

WEIR__SLOW static int take_refusal(weir_ref to, struct weir__wait *w)
{
  int rc = w->result;
  if (w->message) weir__message_end(w->message, WEIR__UNSENT); /* the request: it never got a place */
  if (w->text)
    weir__error_with(rc, w->text);
  else
    default_text(to, rc);
  return rc;
}

int weir__take_answer(weir_ref to, struct weir__wait *w, const weir_message *request, void *out)
{
  int rc = w->result;
  struct weir__message *m = w->message;
  if (WEIR__UNLIKELY(rc))
    rc = take_refusal(to, w);
  else if (m && out)
    *(void **)out = weir__message_hand_out(m);
  else if (m)
    weir__message_end(m, WEIR__FREED);
  else if (out && request->reply) /* nobody is left with WEIR_OK and a null pointer */
    rc = weir_error(WEIR_EPROTO, "actor %u answered a %s without a %s", weir__slot_of(to), request->name,
                    request->reply()->name);
  weir__wait_close(w);
  return rc;
}

/* Nothing of it was published. */
static int not_asked(weir_ref to, struct weir__wait *w, struct weir__parcel *p, int code)
{
  weir__tell_refused(to, p->type, code, true);
  if (!p->message) weir__turned_away_from(weir__cell_at(weir__slot_of(to)), weir__generation_of(to), code);
  weir__parcel_drop(p);
  weir__wait_close(w);
  return code;
}

static void wait_in_line(struct weir__wait *w, int64_t deadline_ns)
{
  struct weir__strand *s = weir__wait_sleeper(w);
  if (s) s->asks = true;
  weir__wait_for_place(w, deadline_ns);
  if (s) s->asks = false;
}

static int ask_in_line(weir_ref to, struct weir__cell *cell, struct weir__wait *w, struct weir__parcel *p,
                       int64_t deadline_ns, void *out)
{
  struct weir__message *m = weir__parcel_message(p);
  if (!m) return not_asked(to, w, p, weir_error(WEIR_ENOMEM, "no memory for the message"));
  weir__wait_set_in_line(w, m, weir__places(p->bytes));
  switch (weir__mpsc_join(cell, weir__generation_of(to), w)) {
  case WEIR__FULL:
    wait_in_line(w, deadline_ns);
    break;
  case WEIR__GOT:
    w->message = NULL;
    weir__wait_set_phase(w, WEIR__QUEUED);
    weir__cell_wake(cell, weir__mpsc_push(cell, m));
    weir__wait_sleep(w, deadline_ns);
    break;
  case WEIR__TOO_LARGE:
    return not_asked(to, w, p, weir_error(WEIR_ERANGE, "the mailbox has become too small for this message"));
  case WEIR__TURNED_AWAY: /* its breaker has opened just now */
    return not_asked(to, w, p, weir__breaker_refuses(cell, weir__generation_of(to), p));
  default:
    return not_asked(to, w, p, weir_error(WEIR_EDEAD, "actor %u is gone", weir__slot_of(to)));
  }
  if (w->result) weir__line_leave_late(w);
  return weir__take_answer(to, w, p->type, out);
}

static int ask(weir_ref to, struct weir__cell *cell, struct weir__parcel *p, int64_t deadline_ns, void *out)
{
  struct weir__wait *w = weir__wait_open_for(WEIR__QUEUED, cell->slot + 1);
  if (!w) {
    weir__parcel_drop(p);
    return weir_error(WEIR_ENOMEM, "no memory to wait with");
  }
  p->asker = weir__wait_name(w);
  p->deadline = deadline_ns;
  weir__wait_attach(w);
  int rc = weir__cell_try(cell, weir__generation_of(to), p, WEIR_EDEAD);
  if (rc == WEIR_EFULL && weir__makes_wait(cell)) return ask_in_line(to, cell, w, p, deadline_ns, out);
  if (rc == WEIR_EDEAD) weir_error(rc, "actor %u is gone", weir__slot_of(to));
  if (rc) return not_asked(to, w, p, rc);
  weir__wait_sleep(w, deadline_ns);
  return weir__take_answer(to, w, p->type, out);
}

int weir__ask_parcel(weir_ref to, struct weir__parcel *p, weir_duration within)
{
  struct weir__cell *cell = weir__cell_at(weir__slot_of(to));
  if (cell) return weir__heeded(ask(to, cell, p, weir__ask_deadline(within), NULL));
  weir__parcel_drop(p);
  return weir__turned_away(weir_error(WEIR_EDEAD, "actor %u is gone", weir__slot_of(to)));
}

/* ---- the common case of an ask, in one piece ---- */

/* The fiber that runs here, if it may wait as it is; NULL: weir__may_wait() has something to do, or to say. */
static inline struct weir__strand *ready_to_wait(const struct weir__thread *t)
{
  struct weir__worker *worker = t ? t->worker : NULL;
  struct weir__strand *s = worker ? t->strand : NULL;
  bool ready = s && s->waiting && worker->pool && !s->before_wait && !weir__told_to_stop(s);
  return WEIR__LIKELY(ready) ? s : NULL;
}

/* It was published, and its request queued: what may end it, or be ended by it? */
static WEIR__INLINED void look_after_publishing(struct weir__strand *s, bool may_be_stuck, uint64_t name)
{
  if (WEIR__UNLIKELY(weir__told_to_stop(s)))
    weir__wait_end(name, WEIR_ECANCELED);
  else if (WEIR__UNLIKELY(may_be_stuck))
    weir__deadlock_look(name);
}

/* Of any other actor with room, a flat value of one line of memory. As publish() in runtime/wait.c, with the push of the
 * request as the fence: says who waits, queues the request, and looks then whether its owner was told to stop meanwhile
 * (F6), and whether who is asked waits, too (W1). What happens to the request later is looked at by whom it happens to:
 * they see this one waiting. False: nothing was done. */
WEIR__APART static bool ask_further(weir_ref to, struct weir__thread *t, struct weir__strand *s, struct weir__wait *w,
                                    int64_t deadline_ns, const weir_message *type, const void *value)
{
  struct weir__cell *cell = weir__cell_at(weir__slot_of(to));
  struct weir__message *m = cell ? weir__message_at_once(t, cell, weir__generation_of(to), type, value) : NULL;
  if (!m) return false;
  uint64_t name = weir__wait_open_next(t, w, WEIR__QUEUED, weir__slot_of(to) + 1, s);
  m->asker = name;
  m->asked = true;
  m->deadline = deadline_ns;
  weir__wait_sleep_begins(w, s, deadline_ns);
  atomic_store_explicit(s->waiting, weir__wait_shown(name, s), memory_order_release);
  uintptr_t idle = 0;
  enum weir__short_way way = weir__push_near(s->worker, cell, m);
  if (way == WEIR__CLOSED_WAY) {
    idle = weir__mpsc_push(cell, m);
    weir__fence_after_change();
  } else {
    atomic_thread_fence(memory_order_seq_cst);
  }
  bool may_be_stuck = weir__wait_published(&cell->waiting) != 0; /* before it is woken: it may be gone then */
  if (way == WEIR__WENT_AND_WAKES)
    weir__schedule(cell->rt, &cell->work);
  else
    weir__cell_wake(cell, idle);
  look_after_publishing(s, may_be_stuck, name);
  return true;
}

/* A small request of an actor in the lines of this worker, from a fiber. The publication is the fence here: who takes the
 * request finds it published, as that is this very thread, or one that has frozen it meanwhile. False: nothing was
 * done. */
static WEIR__INLINED bool ask_nearby(weir_ref to, struct weir__thread *t, struct weir__strand *s, struct weir__wait *w,
                                     int64_t deadline_ns, const weir_message *type, const void *value)
{
  struct weir__worker *worker = s->worker;
  if (!weir__depot_next(t, 0) || !weir__cell_exists(weir__slot_of(to)) || !(weir__noted_traits(type) & WEIR__SMALL))
    return false;
  struct weir__cell *cell = weir__cell_known(weir__slot_of(to));
  if (!weir__is_near(cell, worker)) return false;
  enum weir__short_way way = weir__reserve_nearby(worker, cell, weir__generation_of(to));
  if (WEIR__UNLIKELY(way == WEIR__CLOSED_WAY)) return false;
  struct weir__message *m = weir__message_make_small(t, type, value, WEIR__ASKED);
  m->deadline = deadline_ns;
  uint64_t name = m->asker = weir__wait_open_next(t, w, WEIR__QUEUED, weir__slot_of(to) + 1, s);
  atomic_exchange_explicit(s->waiting, weir__wait_shown(name, s), memory_order_seq_cst);
  weir__queue_nearby(worker, cell, m);
  if (way == WEIR__WENT_AND_WAKES) weir__schedule_nearby(worker, &cell->work);
  if (WEIR__UNLIKELY(deadline_ns != INT64_MAX)) weir__wait_arm(w, worker, deadline_ns);
  bool may_be_stuck = weir__wait_published(&cell->waiting) != 0; /* read by its stale name, it may be anybody's */
  look_after_publishing(s, may_be_stuck, name);
  return true;
}

/* From a fiber, of an actor whose mailbox has room, with a flat value of one cache line. The wait, DONE; NULL: nothing
 * was done, and the long way does it, whatever it is. */
static WEIR__INLINED struct weir__wait *ask_at_once(struct weir__thread *t, struct weir__strand *s, weir_ref to,
                                                    weir_duration within, const weir_message *type, const void *value)
{
  struct weir__wait *w = s ? weir__wait_next(t) : NULL;
  if (!w || !type || !value) return NULL;
  weir__worker_will_sweep(s->worker);
  int64_t deadline_ns = deadline_of(s, within);
  if (!ask_nearby(to, t, s, w, deadline_ns, type, value) && !ask_further(to, t, s, w, deadline_ns, type, value))
    return NULL;
  s->asks = true;
  weir__wait_sleep_through(w, s, deadline_ns);
  s->asks = false;
  return w;
}

/* Owns the parcel, whatever happens. */
static int ask_slowly(weir_ref to, weir_duration within, void *out, struct weir__parcel *p)
{
  struct weir__cell *cell = weir__cell_at(weir__slot_of(to));
  int rc = weir__may_wait();
  if (!rc && !cell) rc = weir__turned_away(weir_error(WEIR_EDEAD, "actor %u is gone", weir__slot_of(to)));
  if (!rc) rc = weir__edge_check(cell);
  if (!rc && weir__is_relay(cell, to)) {
    const void *value = p->message ? weir__payload(p->message) : p->value;
    rc = weir__relay_pick(&to, p->type, value, "asked");
    if (rc)
      rc = weir__tell_refused(to, p->type, weir__turned_away(rc), true);
    else
      cell = weir__cell_known(weir__slot_of(to));
  }
  if (!rc && cell) return ask(to, cell, p, weir__ask_deadline(within), out);
  weir__parcel_drop(p);
  return rc;
}

/* A request to whoever that ref names, if it names somebody. */
static int make_parcel(struct weir__parcel *p, weir_ref to, const weir_message *type, const void *value)
{
  int rc = weir__ref_check(to);
  if (rc && !to.bits) weir__misuse(rc, "an ask of a ref that was never set");
  if (!rc) return weir__parcel_of(p, type, value);
  weir__tell_refused(to, type, weir__turned_away(rc), true);
  return rc;
}

WEIR__SLOW static int ask_of_value(weir_ref to, weir_duration within, void *out, const weir_message *type,
                                   const void *value)
{
  struct weir__parcel parcel;
  int rc = make_parcel(&parcel, to, type, value);
  return rc ? rc : ask_slowly(to, within, out, &parcel);
}

/* The usual answer: a message that is wanted. */
static WEIR__INLINED int take_at_once(struct weir__thread *t, struct weir__cell *own, weir_ref to, struct weir__wait *w,
                                      const weir_message *type, void **out)
{
  struct weir__message *m = w->message;
  if (WEIR__UNLIKELY(w->result || !m || !out)) return weir__heeded(weir__take_answer(to, w, type, out));
  weir__wait_close_plain(t, w);
  weir__count_at(t, WEIR__RECEIVED);
  *out = weir__message_give(own, m);
  return WEIR_OK;
}

int weir__ask_typed(weir_ref to, weir_duration within, void *out, const weir_message *type, const void *value)
{
  if (out) *(void **)out = NULL;
  struct weir__thread *t = weir__thread_here; /* a fiber stays on its thread */
  struct weir__strand *s = ready_to_wait(t);
  struct weir__cell *own = weir__cell_of_strand(s);
  if (own && own->popped_unseen) weir__mpsc_serve(own); /* M2, before it is seen as waiting, as sooner or later */
  struct weir__wait *w = ask_at_once(t, s, to, within, type, value);
  if (WEIR__LIKELY(w != NULL)) return take_at_once(t, own, to, w, type, out);
  struct weir__simulated_send send = weir__simulated_send_begins("asks", to, type, value, true);
  return weir__heeded(weir__simulated_send_ends(send, ask_of_value(to, within, out, type, value)));
}

int weir__ask_giving(weir_ref to, weir_duration within, void *out, weir_value request, weir_bytes share)
{
  struct weir__parcel parcel;
  *(void **)out = NULL;
  int rc = make_parcel(&parcel, to, request.type(), request.at);
  if (!rc && !weir__parcel_message(&parcel)) rc = weir_error(WEIR_ENOMEM, "no memory for the message");
  weir_bytes_drop(share);
  if (rc) return rc;
  struct weir__simulated_send send =
      weir__simulated_send_begins("asks", to, parcel.type, weir__payload(parcel.message), true);
  return weir__heeded(weir__simulated_send_ends(send, ask_slowly(to, within, out, &parcel)));
}

int weir_ask_value(weir_ref to, weir_duration within, void *out, weir_value value)
{
  return weir__ask_typed(to, within, out, value.type ? value.type() : NULL, value.at);
}
