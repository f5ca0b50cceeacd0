/* send.c: sending to actors, and what a handler may do with the message in hand. */
#include "channel/send.h"

#include "actor/actor.h"
#include "actor/dead_letter.h"
#include "actor/edge.h"
#include "actor/relay.h"
#include "actor/simulated.h"
#include "channel/bias.h"
#include "runtime/strand.h"
#include "runtime/task.h"

weir_ref weir_self(void)
{
  struct weir__cell *cell = weir__cell_here();
  return cell ? weir__ref_of(cell) : weir__ref_error_make(WEIR_EDEAD);
}

uint64_t weir__owner_of_tasks(void)
{
  struct weir__cell *cell = weir__cell_here();
  if (!cell) return 0;
  atomic_fetch_or_explicit(&cell->work.flags, WEIR__HAS_TASKS, memory_order_relaxed);
  return weir__ref_of(cell).bits;
}

void weir__cell_wake(struct weir__cell *cell, uintptr_t idle)
{
  if (!idle) return;
  if (idle == WEIR__CELL_IDLE && weir__cell_is_actor(cell))
    weir__schedule(cell->rt, &cell->work);
  else
    weir__channel_wake(cell, idle);
}

/* ---- the three ways to send ---- */

enum mode { WAIT, TRY };

static int dead(weir_ref to) { return weir_error(WEIR_EDEAD, "actor %u is gone", weir__slot_of(to)); }

/* F6: a handler that sends without end lets others run. */
int weir__spend_budget(void)
{
  struct weir__strand *s = weir__strand_here();
  if (!s || !s->self || --s->budget) return WEIR_OK;
  struct weir__worker *w = weir__worker_here();
  struct weir__simulation *simulation = weir__simulation_here();
  s->budget = simulation ? weir__simulation_budget(simulation) : WEIR__SEND_BUDGET;
  return w ? weir__give_way(w) : WEIR_OK; /* on the blocking pool nobody is kept waiting */
}

static int send_parcel(weir_ref to, struct weir__cell *cell, struct weir__parcel *p, enum mode mode,
                       int64_t deadline_ns)
{
  uint32_t generation = weir__generation_of(to);
  int rc = mode == WAIT ? weir__cell_send(cell, generation, p, deadline_ns, WEIR_EDEAD)
                        : weir__cell_try_send(cell, generation, p, WEIR_EDEAD);
  return rc == WEIR_EDEAD ? dead(to) : rc;
}

int weir__send_to_actor(weir_ref to, struct weir__parcel *p, bool waits, int64_t deadline_ns)
{
  int rc = waits ? weir__spend_budget() : WEIR_OK;
  return rc ? rc : send_parcel(to, weir__cell_at(weir__slot_of(to)), p, waits ? WAIT : TRY, deadline_ns);
}

/* To an edge or a route. */
static int relay_value(weir_ref to, struct weir__cell *cell, const weir_message *type, const void *value,
                       enum mode mode, int64_t deadline_ns)
{
  struct weir__parcel parcel;
  /* An edge measures by itself, where it must. */
  if (type && value && atomic_load_explicit(&cell->kind, memory_order_relaxed) == WEIR__CELL_EDGE)
    return weir__edge_send(cell, type, value, mode == WAIT, deadline_ns);
  int rc = weir__parcel_of(&parcel, type, value);
  return rc ? rc : weir__relay_send(cell, to, &parcel, mode == WAIT, deadline_ns);
}

static int send_plainly(weir_ref to, const weir_message *type, const void *value, enum mode mode, weir_duration within)
{
  struct weir__parcel parcel;
  int rc = weir__ref_check(to);
  struct weir__cell *cell = weir__cell_at(weir__slot_of(to));
  if (rc && !to.bits) weir__misuse(rc, "a send to a ref that was never set");
  if (!rc && !cell) rc = dead(to);
  if (rc) return weir__tell_refused(to, type, weir__turned_away(rc), false);
  if ((rc = weir__edge_check(cell))) return rc;
  int64_t deadline_ns = mode == WAIT ? weir__deadline(within) : 0;
  if (weir__is_relay(cell, to)) return weir__heeded(relay_value(to, cell, type, value, mode, deadline_ns));
  if (mode == WAIT) rc = weir__spend_budget();
  if (!rc) rc = weir__parcel_of(&parcel, type, value);
  if (!rc) rc = send_parcel(to, cell, &parcel, mode, deadline_ns);
  return rc == WEIR_EDEAD ? weir__tell_refused(to, type, rc, false) : weir__heeded(rc);
}

static int send_value(weir_ref to, const weir_message *type, const void *value, enum mode mode, weir_duration within)
{
  if (WEIR__LIKELY(!weir__simulation_here())) return send_plainly(to, type, value, mode, within);
  struct weir__simulated_send send = weir__simulated_send_begins("sends", to, type, value, mode == WAIT);
  return weir__simulated_send_ends(send, send_plainly(to, type, value, mode, within));
}

enum { PLANNED_MOST = 1 << 10 };

/* As weir__message_at_once(), of a small value that points to a few texts. */
static struct weir__message *planned_at_once(struct weir__thread *t, struct weir__cell *cell, uint32_t generation,
                                             const weir_message *type, const void *value)
{
  if (atomic_load_explicit(&cell->kind, memory_order_relaxed) != WEIR__CELL_ACTOR) return NULL;
  size_t bytes;
  const struct weir__known_type *plan = weir__plan_of(type);
  if (!plan || (plan->traits & WEIR__SHARES) || weir__measure(type, value, &bytes) || bytes > PLANNED_MOST) return NULL;
  unsigned class = weir__depot_class(WEIR__ENVELOPE + bytes);
  struct weir__message *m = weir__depot_next(t, class);
  if (!m || !weir__reserve_one(t->worker, cell, generation)) return NULL;
  weir__depot_take_next(t, class);
  weir__message_begin(m, type, bytes, class);
  weir__copy_value(type, value, weir__payload(m), bytes);
  return m;
}

static inline bool is_edge(const struct weir__cell *cell, weir_ref to)
{
  return atomic_load_explicit(&cell->kind, memory_order_relaxed) == WEIR__CELL_EDGE && weir__is_relay(cell, to);
}

enum { NOT_AT_ONCE = 1 };

/* The common cases of a send, in one piece: along an edge; to an actor whose mailbox has room, of a small flat value or
 * one with a few texts, with budget left. NOT_AT_ONCE: nothing was done, and send_value() does it, whatever it is. */
static inline int send_at_once(weir_ref to, const weir_message *type, const void *value, enum mode mode)
{
  struct weir__thread *t = weir__thread_here;
  struct weir__cell *cell = weir__cell_at(weir__slot_of(to));
  struct weir__strand *s = t && mode == WAIT ? t->strand : NULL;
  if (!t || !cell || !type || !value || (s && s->budget <= 1)) return NOT_AT_ONCE;
  struct weir__message *m = weir__message_at_once(t, cell, weir__generation_of(to), type, value);
  if (!m && is_edge(cell, to)) return weir__heeded(weir__edge_send(cell, type, value, mode == WAIT, INT64_MAX));
  if (!m) m = planned_at_once(t, cell, weir__generation_of(to), type, value);
  if (!m) return NOT_AT_ONCE;
  if (s) s->budget--;
  weir__push(t->worker, cell, m);
  return WEIR_OK;
}

/* Any value, to anybody. */
WEIR__APART static int send_any(weir_ref to, const weir_message *type, const void *value, enum mode mode)
{
  int rc = send_at_once(to, type, value, mode);
  return WEIR__LIKELY(rc != NOT_AT_ONCE) ? rc : send_value(to, type, value, mode, WEIR_FOREVER);
}

/* A small value, as in send_typed(), to an actor that is in no line of this worker. */
WEIR__APART static int send_further(weir_ref to, const weir_message *type, const void *value, enum mode mode)
{
  struct weir__thread *t = weir__thread_here;
  struct weir__cell *cell = weir__cell_known(weir__slot_of(to));
  if (atomic_load_explicit(&cell->kind, memory_order_relaxed) != WEIR__CELL_ACTOR ||
      !weir__reserve_one(t->worker, cell, weir__generation_of(to)))
    return send_any(to, type, value, mode);
  if (mode == WAIT) t->strand->budget--;
  weir__push(t->worker, cell, weir__message_make_small(t, type, value, 0));
  return WEIR_OK;
}

/* It was resting. */
WEIR__APART static int wake_slowly(struct weir__worker *w, struct weir__work *work)
{
  weir__schedule(w->rt, work);
  return WEIR_OK;
}

/* The shortest way, to an actor in the lines of this worker, of a small value, with budget left. What else is called is
 * called last, so that nothing need be saved. A value is given. */
static WEIR__INLINED int send_typed(weir_ref to, const weir_message *type, const void *value, enum mode mode)
{
  struct weir__thread *t = weir__thread_here;
  struct weir__strand *s = t ? t->strand : NULL;
  struct weir__worker *w = s ? t->worker : NULL; /* on a fiber of its: a libuv callback has no strand */
  if (!w || !weir__depot_next(t, 0) || !weir__cell_exists(weir__slot_of(to)) || (mode == WAIT && s->budget <= 1) ||
      !(weir__noted_traits(type) & WEIR__TOLD))
    return send_any(to, type, value, mode);
  struct weir__cell *cell = weir__cell_known(weir__slot_of(to));
  enum weir__short_way way = weir__reserve_nearby(w, cell, weir__generation_of(to));
  if (WEIR__UNLIKELY(way == WEIR__CLOSED_WAY)) return send_further(to, type, value, mode);
  weir__queue_nearby(w, cell, weir__message_make_small(t, type, value, 0));
  if (mode == WAIT) s->budget--;
  if (way == WEIR__WENT) return WEIR_OK;
  return WEIR__LIKELY(weir__runs_next(w, &cell->work)) ? WEIR_OK : wake_slowly(w, &cell->work);
}

static inline const weir_message *type_of(weir_value value) { return value.type ? value.type() : NULL; }

static inline int send_given(weir_ref to, weir_value value, enum mode mode)
{
  const weir_message *type = type_of(value);
  return WEIR__LIKELY(type && value.at) ? send_typed(to, type, value.at, mode) : send_any(to, type, value.at, mode);
}

int weir__send_typed(weir_ref to, const weir_message *type, const void *value)
{
  return send_typed(to, type, value, WAIT);
}
int weir_send_value(weir_ref to, weir_value value) { return send_given(to, value, WAIT); }
int weir_try_send_value(weir_ref to, weir_value value) { return send_given(to, value, TRY); }
int weir_send_within_value(weir_ref to, weir_duration within, weir_value value)
{
  return send_value(to, type_of(value), value.at, WAIT, within);
}

/* ---- messages of one's own ---- */

void *weir__keep(const void *message)
{
  struct weir__cell *cell = weir__cell_here();
  struct weir__message *m = cell ? cell->in_hand : NULL;
  if (!m || weir__payload(m) != message) {
    weir__misuse(WEIR_EINVAL, "only the message in hand can be kept");
    return NULL;
  }
  cell->in_hand = NULL;
  return weir__message_hand_out(m);
}

int weir_pass(weir_ref to, void *message)
{
  if (!message) return weir__misuse(WEIR_EINVAL, "no message was given");
  struct weir__message *m = weir__message_take_back(message);
  if (!m) return WEIR_EINVAL;
  weir__count(WEIR__CREATED); /* it was received: from now on it is on its way once more */
  m->kind = WEIR__PLAIN;
  struct weir__parcel parcel = {
      .type = m->type, .value = message, .message = m, .deadline = INT64_MAX, .bytes = m->payload_bytes};
  struct weir__cell *cell = weir__cell_at(weir__slot_of(to));
  int rc = weir__ref_check(to);
  if (!rc && !cell) rc = dead(to);
  if (!rc) rc = weir__edge_check(cell);
  if (!rc && !weir__is_relay(cell, to))
    return weir__heeded(weir__tell_refused(to, parcel.type, send_parcel(to, cell, &parcel, WAIT, INT64_MAX), false));
  parcel.message = NULL; /* by a relay copies travel, of what its owner made of it */
  if (!rc) rc = weir__measure(m->type, message, &parcel.bytes);
  if (!rc) rc = weir__relay_send(cell, to, &parcel, true, INT64_MAX);
  weir__message_end(m, rc ? WEIR__UNSENT : WEIR__FREED);
  return weir__heeded(rc);
}
