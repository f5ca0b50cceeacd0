/* turn.c: an actor's turn: it handles messages until none is left, or others are to have their turn. */
#include <assert.h>
#include <string.h>

#include "actor/actor.h"
#include "actor/change.h"
#include "actor/child.h"
#include "actor/dead_letter.h"
#include "actor/edge.h"
#include "actor/link.h"
#include "actor/simulated.h"
#include "actor/stash.h"
#include "channel/bias.h"
#include "channel/breaker.h"
#include "channel/overflow.h"
#include "platform/trap.h"
#include "runtime/strand.h"

enum {
  QUICK_MESSAGES_A_TURN = 1024,
  MESSAGES_A_TURN = 128,    /* of others: so many at most, … */
  SLOW_MESSAGES_A_TURN = 8, /* … so many in any case, … */
  NS_A_TURN = 200000,       /* … and else as take about so long */
  WORDS_MOST = 8,           /* of a reply that is zeroed word by word */
  TOLD = WEIR__STOPPING | WEIR__DRAINING
};

/* ---- one message ---- */

static int no_clause(struct weir__cell *cell, const weir_message *type)
{
  const char *as = weir__behaves_as(cell);
  return weir_error(WEIR_EPROTO, "%s%s%s has no clause for %s", weir__actor_name(cell), as ? " as " : "", as ? as : "",
                    type->name);
}

/* What a handler's code means. */
static int understood(struct weir__cell *cell, const weir_message *type, int rc)
{
  if (rc == WEIR__UNHANDLED) return no_clause(cell, type);
  if (rc == WEIR__THREW) weir__fail_as_noted();
  if (rc > 0 && rc != WEIR_STOP)
    return weir_error(WEIR_EINVAL, "the handler of %s returned %d, which is no code", type->name, rc);
  return rc;
}

WEIR__ENTRY int weir__handle(struct weir__cell *cell, const weir_message *type, const void *value, void *reply)
{
  weir__call call = {
      .type = type, .state = weir__state_of(cell), .payload = value, .reply = reply, .hook = WEIR__MESSAGE_HOOK};
  int rc = weir__dispatch(cell, &call);
  return WEIR__LIKELY(rc == WEIR_OK) ? rc : understood(cell, type, rc);
}

void weir__dead_letter(struct weir__cell *cell, struct weir__message *m, int code, const char *text)
{
  bool told = !m->asker;
  if (m->asker) {
    weir__tell_dead(cell, m->type, code, text, true);
    bool begun = m->attempts || code == WEIR_EFAILED; /* it was tried before */
    told = weir__answer_unbegun(m->asker, begun ? WEIR_EFAILED : code == WEIR_EOPEN ? code : WEIR_EDEAD, text);
  } else if (m->kind != WEIR__OWN_TIMER && m->kind != WEIR__NEWS) { /* those end with their actor */
    weir__lost(cell, m, code, text);
  }
  if (code == WEIR_EOPEN && told) weir__breaker_gave_up(cell);
  weir__message_end(m, WEIR__DEAD);
}

/* The answer as it travels: what the handler filled in, with its texts copied. Consumes the handler's. */
static struct weir__message *make_answer(struct weir__message *filled, int *code)
{
  size_t bytes;
  struct weir__message *answer = NULL;
  if (!filled || (weir__type_traits(filled->type) & WEIR__FLAT)) return filled;
  int rc = weir__measure(filled->type, weir__payload(filled), &bytes);
  if (!rc) answer = weir__message_make(filled->type, weir__payload(filled), bytes);
  if (!answer) *code = rc ? rc : weir_error(WEIR_ENOMEM, "no memory for the answer");
  weir__message_end(filled, WEIR__FREED);
  return answer;
}

/* The common case of settle_asker(): a request that was handled well, and an answer in which nothing is copied. */
static inline bool settle_at_once(struct weir__strand *s, int code)
{
  struct weir__message *answer = s->reply;
  if (code || !s->asker || !answer || !weir__type_is_flat(answer->type)) return false;
  if (!weir__wait_answer(s->asker, WEIR_OK, answer, NULL)) return false;
  s->reply = NULL;
  s->asker = 0;
  return true;
}

static void settle_asker(struct weir__strand *s, int code)
{
  if (WEIR__LIKELY(settle_at_once(s, code))) return;
  struct weir__message *answer = s->reply;
  s->reply = NULL;
  if (answer && !code) answer = make_answer(answer, &code);
  if (answer && (code || !s->asker)) {
    weir__message_end(answer, WEIR__FREED);
    answer = NULL;
  }
  if (s->asker) weir__answer(s->asker, code, answer, code ? weir__error_text_of(code) : NULL);
  s->asker = 0;
}

/* A topology is told of a failure by its actor's end; not so of the records that were lost with it. */
static void tell_given_up(struct weir__cell *cell, struct weir__message *m, int code)
{
  if (code != WEIR_EFAILED || m->kind == WEIR__BATCH)
    weir__lost(cell, m, code, weir__error_text_of(code));
  else
    weir__tell_dead(cell, m->type, code, weir__error_text_of(code), false);
}

static void count_handled(struct weir__cell *cell) { weir__count_up(&cell->handled); }

void weir__settle(struct weir__cell *cell, int code)
{
  struct weir__strand *s = weir__strand_here();
  struct weir__message *m = cell->in_hand; /* NULL: the handler kept it */
  bool asked = s->asker != 0;
  int told = code == WEIR_STOP ? WEIR_OK : code;
  if (WEIR__UNLIKELY(weir__is_guarded(cell)) && !weir_cancelled())
    weir__breaker_hears(cell, code); /* before its asker goes on, who may ask again */
  if (told == WEIR_ECANCELED && weir_cancelled())
    told = weir_error(WEIR_EFAILED, "%s was stopped while it handled the message", weir__actor_name(cell));
  if (!told) count_handled(cell); /* before its asker goes on, who may look */
  settle_asker(s, told);
  s->deadline = INT64_MAX;
  cell->in_hand = NULL;
  if (m && told && !asked) tell_given_up(cell, m, told);
  if (m) weir__message_end(m, told ? WEIR__DEAD : WEIR__HANDLED);
}

static inline struct weir__message *reply_room(const weir_message *type, size_t bytes)
{
  struct weir__thread *t = weir__thread_here;
  bool fits = t && weir__depot_class(WEIR__ENVELOPE + bytes) == 0;
  struct weir__message *m = fits ? weir__depot_next(t, 0) : NULL;
  if (WEIR__UNLIKELY(!m)) return weir__message_room(type, bytes);
  weir__depot_take_next(t, 0);
  weir__message_begin(m, type, bytes, 0);
  return m;
}

/* The reply that the handler is to fill in. False: no memory. */
static bool make_reply(struct weir__strand *s, const weir_message *request)
{
  s->reply = NULL;
  if (!request->reply) return true;
  const weir_message *type = request->reply();
  struct weir__message *m = s->reply = reply_room(type, weir__value_align(type->size));
  if (!m) return false;
  weir__note_answer(request, type);
  uint64_t *words = weir__payload(m);
  for (size_t i = 0; i < m->payload_bytes / 8 && i < WORDS_MOST; i++) words[i] = 0; /* most are of a few words */
  if (m->payload_bytes > 8 * WORDS_MOST) memset(words, 0, m->payload_bytes);
  return true;
}

bool weir__take_in_hand(struct weir__cell *cell, struct weir__message *m)
{
  struct weir__strand *s = weir__strand_here();
  if (m->asker && !weir__wait_begins(weir__wait_of(m->asker), m->asker)) {
    weir__message_end(m, WEIR__WITHDRAWN);
    weir__missed_again(cell);
    return false;
  }
  weir__strand_message(s, m->asker, m->asker ? m->deadline : INT64_MAX);
  weir__strand_takes(s, m->type);
  cell->in_hand = m;
  if (make_reply(s, m->type)) return true;
  weir__settle(cell, weir_error(WEIR_ENOMEM, "no memory for the answer"));
  return false;
}

WEIR__ENTRY static int handle_plain(struct weir__cell *cell, struct weir__message *m)
{
  if (!weir__take_in_hand(cell, m)) return WEIR_OK;
  struct weir__strand *s = weir__strand_here();
  int rc = weir__handle(cell, m->type, weir__payload(m), s->reply ? weir__payload(s->reply) : NULL);
  weir__settle(cell, rc);
  return rc;
}

/* What stays the same for a turn, and is kept in registers: an actor stays on its thread and its strand for a turn. */
struct turn {
  struct weir__cell *cell;
  struct weir__strand *strand;
  struct weir__thread *thread;
  struct weir__worker *worker; /* NULL: on the blocking pool */
};

/* The common case of handle_plain(), in one piece: a message that nobody waits for, and whose handler has nothing to
 * say. The strand is as the message before has left it: without asker, deadline and reply. Another message of the turn
 * leaves but type and payload of the call to be filled in. */
WEIR__ENTRY static WEIR__INLINED int handle_sent(struct turn t, weir__call *call, struct weir__message *m, bool small)
{
  struct weir__cell *cell = t.cell;
  const weir_message *type = m->type;
  weir__strand_forget(t.strand);
  t.strand->request = type;
  if (t.worker) atomic_store_explicit(&t.worker->handling, type, memory_order_relaxed);
  cell->in_hand = m;
  call->type = type;
  call->payload = weir__payload(m);
  int rc = weir__dispatch(cell, call);
  if (WEIR__UNLIKELY(rc || cell->in_hand != m)) {
    rc = understood(cell, call->type, rc); /* the handler may have kept the message, and freed it or passed it on */
    weir__settle(cell, rc);
    return rc;
  }
  count_handled(cell);
  cell->in_hand = NULL;
  if (small)
    weir__message_end_small(t.thread, m, WEIR__HANDLED);
  else
    weir__message_end(m, WEIR__HANDLED);
  return WEIR_OK;
}

/* Likewise, on a worker: one whose answer somebody waits for, small, as its answer is, in which nothing points elsewhere.
 * What takes it out of the mailbox is done. */
WEIR__ENTRY_APART static int handle_asked(struct weir__cell *cell, struct weir__strand *s, weir__call *call,
                                          struct weir__message *m)
{
  struct weir__thread *t = weir__thread_here;
  const weir_message *type = m->type, *answers = weir__small_answer(type);
  struct weir__message *reply = weir__depot_next(t, 0);
  uint64_t asker = m->asker;
  if (WEIR__UNLIKELY(!asker || !answers || !reply)) return handle_plain(cell, m);
  struct weir__wait *w = weir__wait_of(asker);
  if (WEIR__UNLIKELY(!weir__wait_begins(w, asker))) {
    weir__message_end(m, WEIR__WITHDRAWN);
    weir__missed_again(cell);
    return WEIR_OK;
  }
  weir__depot_take_next(t, 0);
  weir__message_begin_zeroed(t, reply, answers);
  weir__strand_message(s, asker, m->deadline);
  weir__strand_takes(s, type);
  s->reply = reply;
  cell->in_hand = m;
  call->type = type;
  call->payload = weir__payload(m);
  call->reply = weir__payload(reply);
  int rc = weir__dispatch(cell, call);
  call->reply = NULL;
  if (WEIR__UNLIKELY(rc || cell->in_hand != m || s->asker != asker)) {
    rc = understood(cell, type, rc);
    weir__settle(cell, rc);
    return rc;
  }
  count_handled(cell); /* before its asker goes on, who may look */
  s->reply = NULL;
  s->asker = 0;
  s->deadline = INT64_MAX;
  cell->in_hand = NULL;
  if (WEIR__UNLIKELY(!weir__wait_answer_at(s->worker, w, asker, reply))) weir__message_end(reply, WEIR__FREED);
  weir__message_end_small(t, m, WEIR__HANDLED);
  return WEIR_OK;
}

WEIR__ENTRY static int handle_timer(struct weir__cell *cell, struct weir__message *m)
{
  if (weir__timer_taken(m->timer)) return handle_plain(cell, m);
  weir__message_end(m, WEIR__FREED);
  weir__missed_again(cell);
  return WEIR_OK;
}

WEIR__ENTRY static int handle_news(struct weir__cell *cell, struct weir__message *m)
{
  weir__news_popped(cell, m);
  return handle_plain(cell, m);
}

WEIR__ENTRY static int handle_as_it_is(struct weir__cell *cell, struct weir__message *m)
{
  switch ((enum weir__message_kind)m->kind) {
  case WEIR__OWN_TIMER:
    return handle_timer(cell, m);
  case WEIR__BATCH:
    return weir__batch_handle(cell, m);
  case WEIR__EDGE_END:
    return weir__edge_ended(cell, m);
  case WEIR__NEWS:
    return handle_news(cell, m);
  case WEIR__CHANGE:
    return weir__change_handle(cell, m);
  case WEIR__PLAIN:
    break;
  }
  return handle_plain(cell, m);
}

static bool has_policy(const struct weir__cell *cell) { return cell->special & WEIR__HAS_POLICY; }

/* K4 of channel/breaker.h */
WEIR__ENTRY_APART static int handle_guarded(struct weir__cell *cell, struct weir__message *m)
{
  bool counts = m->kind == WEIR__PLAIN; /* stages have breakers of their own: edge.c */
  if (counts && !weir__breaker_admits(cell)) {
    weir__dead_letter(cell, m, WEIR_EOPEN, weir_strerror(WEIR_EOPEN));
    weir__missed_again(cell);
    return WEIR_OK;
  }
  weir__breaker_in_hand(cell, counts);
  int rc = handle_as_it_is(cell, m);
  weir__breaker_was_withdrawn(cell);
  return rc;
}

WEIR__ENTRY_APART static int handle_by_policy(struct weir__cell *cell, struct weir__message *m)
{
  int rc = weir__is_guarded(cell) ? handle_guarded(cell, m) : handle_as_it_is(cell, m);
  if (atomic_load_explicit(&cell->marks, memory_order_relaxed) & WEIR__LIMITED) weir__memory_look(cell);
  return rc;
}

WEIR__ENTRY static int handle_by_kind(struct weir__cell *cell, struct weir__message *m)
{
  return WEIR__LIKELY(!has_policy(cell)) ? handle_as_it_is(cell, m) : handle_by_policy(cell, m);
}

WEIR__ENTRY static inline int handle_any(struct weir__cell *cell, struct weir__message *m)
{
  if (!weir__keeps_places(cell)) return handle_by_kind(cell, m);
  weir__place_in_hand(cell, m);
  int rc = handle_by_kind(cell, m);
  weir__place_back(cell);
  return rc;
}

WEIR__ENTRY static WEIR__INLINED int handle_message(struct turn t, weir__call *call, struct weir__message *m)
{
  bool sent = m->kind == WEIR__PLAIN && !m->asked && !(t.cell->special & (WEIR__KEEPS_PLACES | WEIR__HAS_POLICY));
  return WEIR__LIKELY(sent) ? handle_sent(t, call, m, false) : handle_any(t.cell, m);
}

/* For who calls it seldom: so that it is inlined where it is called always. */
WEIR__ENTRY WEIR__SLOW static int handle_slowly(struct weir__cell *cell, struct weir__message *m)
{
  return handle_any(cell, m);
}

/* ---- the turn ---- */

static uint32_t flags_of(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->work.flags, memory_order_seq_cst);
}

WEIR__ENTRY static bool start(struct weir__cell *cell)
{
  struct weir__message *config = weir__config_to_start_with(cell);
  weir__call call = {.config = config ? config->type : NULL,
                     .state = weir__state_of(cell),
                     .payload = config ? weir__payload(config) : NULL,
                     .hook = WEIR__START};
  weir__strand_message(weir__strand_here(), 0, INT64_MAX);
  int rc = cell->type->dispatch(&call);
  if (rc == WEIR__UNHANDLED) rc = WEIR_OK; /* it has no start clause */
  if (rc == WEIR__THREW) rc = WEIR_EFAILED;
  assert(cell->phase == WEIR__STARTS);
  if (rc == WEIR_ECANCELED && (flags_of(cell) & WEIR__STOPPING)) rc = WEIR_STOP;
  if (rc && rc != WEIR_STOP && weir__is_guarded(cell)) weir__breaker_failed(cell);
  if (!rc) cell->phase = WEIR__LIVES; /* else actor/change.h, X2 */
  if (!rc && weir__is_child(cell)) weir__change_started(cell), weir__child_started(cell);
  if (!rc) return true;
  if (rc == WEIR_STOP && (flags_of(cell) & WEIR__STOPPING))
    weir__actor_end_told(cell);
  else if (rc == WEIR_STOP)
    weir__actor_end(cell, WEIR_OK, NULL);
  else
    weir__actor_end(cell, rc > 0 ? WEIR_EINVAL : rc,
                    weir__error_text_of(rc) ? weir__error_text_of(rc) : weir_strerror(rc));
  return false;
}

static struct weir__message *next_message(struct weir__cell *cell)
{
  if (WEIR__UNLIKELY(weir__drops_oldest(cell))) {
    weir__mpsc_collect(cell); /* its lists are others', too */
  } else if (!cell->queued && !cell->urgent) {
    if (!atomic_load_explicit(&cell->inbox, memory_order_relaxed)) return NULL;
    weir__mpsc_collect(cell);
  }
  return weir__mpsc_pop(cell);
}

enum outcome { MORE, NOTHING_LEFT, RESTS, ENDED };

static void collect_timers(struct weir__cell *cell)
{
  /* Acquire: what was pushed before it was set is there. */
  atomic_fetch_and_explicit(&cell->work.flags, ~(uint32_t)WEIR__TIMER_CAME, memory_order_acquire);
  weir__mpsc_collect(cell);
}

static enum outcome end(struct weir__cell *cell)
{
  weir__actor_end(cell, weir__reason_to_end(cell), NULL);
  return ENDED;
}

/* It was told to: with the reason that it was given. */
static enum outcome end_told(struct weir__cell *cell)
{
  weir__strand_takes(weir__strand_here(), NULL);
  weir__actor_end_told(cell);
  return ENDED;
}

/* As handle_any_way(), while each message is noted, and may meet a fault. */
WEIR__SLOW static enum outcome handle_simulated(struct weir__cell *cell, struct weir__worker *w)
{
  struct weir__simulation *s = w->rt->simulation;
  for (int left = weir__simulation_turn(s); left > 0; left--) {
    uint32_t flags = flags_of(cell);
    if (flags & WEIR__STOPPING) return end_told(cell);
    if (flags & WEIR__TIMER_CAME) collect_timers(cell);
    weir__mpsc_collect(cell);
    struct weir__message *m = weir__mpsc_pop_slowly(cell);
    if (!m) return NOTHING_LEFT;
    weir__simulated_takes(s, cell, m);
    int rc = handle_slowly(cell, m);
    weir__simulated_took(s, cell, rc);
    if (rc == WEIR_STOP) return end(cell);
  }
  return MORE;
}

static WEIR__INLINED struct turn turn_of(struct weir__cell *cell, struct weir__strand *s)
{
  struct weir__thread *thread = weir__thread_here;
  return (struct turn){.cell = cell, .strand = s, .thread = thread, .worker = thread->worker};
}

/* Handles one message, whatever it is. */
WEIR__ENTRY_APART static enum outcome handle_one(struct weir__cell *cell, struct weir__strand *s, weir__call *call)
{
  struct turn t = turn_of(cell, s);
  uint32_t flags = flags_of(cell);
  if (WEIR__UNLIKELY(flags & WEIR__STOPPING)) return end_told(cell);
  if (WEIR__UNLIKELY(flags & WEIR__TIMER_CAME)) collect_timers(cell);
  struct weir__message *m = next_message(cell);
  if (!m) return NOTHING_LEFT;
  if (t.worker) weir__worker_did(t.worker, 1);
  return WEIR__LIKELY(handle_message(t, call, m) != WEIR_STOP) ? MORE : end(cell);
}

/* Of quick messages there may be more: else a mailbox of the usual size is never emptied in one turn. Not where the
 * program's own callbacks wait for the slice to end (runtime/embed.h). Of slow ones less: whoever else is bound to this
 * worker, a sender that has got its place, say, waits for it. */
static int most_of(const struct weir__worker *w)
{
  if (WEIR__LIKELY(!w->apart && weir__worker_is_quick(w))) return QUICK_MESSAGES_A_TURN;
  unsigned pace_ns = atomic_load_explicit(&w->pace_ns, memory_order_relaxed);
  if (pace_ns <= NS_A_TURN / MESSAGES_A_TURN) return MESSAGES_A_TURN;
  return pace_ns < NS_A_TURN / SLOW_MESSAGES_A_TURN ? NS_A_TURN / (int)pace_ns : SLOW_MESSAGES_A_TURN;
}

/* A turn by steps, each of which looks at everything. */
WEIR__ENTRY_APART static enum outcome handle_any_way(struct weir__cell *cell, struct weir__strand *s)
{
  weir__call call = {.state = weir__state_of(cell), .hook = WEIR__MESSAGE_HOOK};
  struct weir__worker *w = s->worker;
  if (WEIR__UNLIKELY(w && w->rt->simulation)) return handle_simulated(cell, w);
  for (int left = w ? most_of(w) : MESSAGES_A_TURN; left > 0; left--) {
    enum outcome outcome = handle_one(cell, s, &call);
    if (outcome != MORE) return outcome;
    call.state = weir__state_of(cell); /* a newer version has a state of its own (X3) */
  }
  return MORE;
}

/* ---- the same, of most actors: on a worker, where nothing is special but that it may have edges ---- */

static bool is_plain(const struct weir__cell *cell, const struct weir__worker *w)
{
  if (WEIR__UNLIKELY(!w || cell->special & ~WEIR__HAS_EDGES)) return false;
  return WEIR__LIKELY(!w->apart) || !w->rt->simulation; /* each step of those is noted */
}

/* Takes the next message out, which takes so many places; it has missed nothing, and nobody waits for a place. `seen`: what
 * `places` was when the most of it was noted last. */
static WEIR__INLINED void pop_next(struct turn t, struct weir__message *m, uint32_t taken, uint64_t *seen)
{
  struct weir__cell *cell = t.cell;
  weir__worker_did(t.worker, 1);
  cell->queued = m->next;
  if (!m->next) cell->queued_end = &cell->queued;
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_relaxed);
  uint32_t popped = atomic_load_explicit(&cell->popped, memory_order_relaxed);
  if (WEIR__UNLIKELY(places != *seen)) { /* else there were more before the last one was popped */
    *seen = places;
    weir__mpsc_note_high_water(cell, places, popped);
  }
  atomic_store_explicit(&cell->popped, popped + taken * WEIR__ONE_POPPED, memory_order_release);
  cell->popped_unseen = true;
}

/* Of one that is larger. */
WEIR__ENTRY_APART static int handle_larger(struct weir__cell *cell, struct weir__strand *s, weir__call *call,
                                           struct weir__message *m)
{
  struct turn t = turn_of(cell, s);
  uint64_t seen = 0;
  pop_next(t, m, weir__places(m->payload_bytes), &seen);
  return handle_sent(t, call, m, false);
}

enum { STEP_BY_STEP = WEIR__STOPPING | WEIR__TIMER_CAME | WEIR__LINE_WAITS | WEIR__MISSES };

/* There is nothing for it to do. */
static WEIR__INLINED enum outcome nothing_left(struct turn t, uint32_t flags)
{
  bool rests = !(flags & WEIR__DRAINING) && !t.cell->special && weir__rest_at_once(t.worker, t.cell);
  return WEIR__LIKELY(rests) ? RESTS : NOTHING_LEFT;
}

WEIR__ENTRY static WEIR__INLINED enum outcome handle_plain_ones(struct weir__cell *cell, struct weir__strand *s,
                                                                struct weir__worker *worker)
{
  struct turn t = {.cell = cell, .strand = s, .thread = worker->thread, .worker = worker};
  weir__call call = {.state = weir__state_of(cell), .hook = WEIR__MESSAGE_HOOK};
  uint64_t seen = 0; /* no cell's word, and one that has changed is noted anew */
  for (int left = most_of(worker); left > 0; left--) {
    uint32_t flags = flags_of(cell);
    struct weir__message *m = cell->queued;
    bool usual = WEIR__LIKELY(!(flags & STEP_BY_STEP)) && !cell->urgent;
    int rc;
    if (WEIR__LIKELY(usual && m && !m->unusual)) {
      pop_next(t, m, 1, &seen);
      rc = handle_sent(t, &call, m, true);
    } else if (usual && m && m->unusual == WEIR__ASKED) {
      pop_next(t, m, 1, &seen);
      rc = handle_asked(cell, s, &call, m);
    } else if (usual && m && m->kind == WEIR__PLAIN && !m->asked) {
      rc = handle_larger(cell, s, &call, m);
    } else if (usual && !m && !atomic_load_explicit(&cell->inbox, memory_order_relaxed)) {
      return nothing_left(t, flags);
    } else {
      enum outcome outcome = handle_one(cell, s, &call);
      if (outcome != MORE) return outcome;
      call.state = weir__state_of(cell); /* a newer version has a state of its own (X3) */
      continue;
    }
    if (WEIR__UNLIKELY(rc == WEIR_STOP)) return end(cell);
  }
  return MORE;
}

/* Nothing is left: what it has gathered for others goes off; told to drain, it ends. `seen`: what it had been told. */
static enum outcome when_nothing_is_left(struct weir__cell *cell, uint32_t *seen)
{
  weir__node_flush(cell); /* may wait, so more may have come */
  *seen = flags_of(cell);
  if (!(*seen & TOLD)) return NOTHING_LEFT;
  weir__mpsc_collect(cell);
  /* but for what it has stashed; news take no place */
  bool empty = weir__mpsc_length(cell) == weir__places_kept(cell) && !weir__mpsc_holds(cell) && !cell->urgent;
  if (!empty && !(*seen & WEIR__STOPPING)) return NOTHING_LEFT;
  weir__strand_takes(weir__strand_here(), NULL);
  weir__actor_end_told(cell);
  return ENDED;
}

static void go_on_later(struct weir__cell *cell)
{
  struct weir__worker *w = weir__worker_here();
  if (w)
    weir__requeue(w, &cell->work);
  else
    weir__schedule(cell->rt, &cell->work); /* from the blocking pool, to the end of its line */
}

/* Between turns: to the end of the line, or idle until somebody pushes. */
static void put_down(struct weir__cell *cell, bool more, uint32_t seen)
{
  /* B6 of channel/bias.h; and with something in the inbox it can't rest in any case. */
  bool rests = !more && !weir__mpsc_holds(cell) && !atomic_load_explicit(&cell->inbox, memory_order_relaxed);
  struct weir__worker *w = weir__worker_here();
  if (rests && w && weir__biased_rest(w, cell)) return;
  weir__mpsc_serve(cell);
  if (rests) weir__work_is_far(&cell->work); /* before it may be another worker's */
  if (!rests || !weir__mpsc_idle(cell, WEIR__CELL_IDLE)) {
    go_on_later(cell);
    return;
  }
  /* Told something meanwhile, by one who found it at work? Then it looks once more. The cell is not ours any more, and
   * may be its successor's, on another worker or runtime, whom it does no harm to look once in vain. */
  if ((flags_of(cell) & TOLD) != (seen & TOLD)) weir__cell_wake(cell, weir__mpsc_nudge(cell));
}

WEIR__ENTRY static void turn(struct weir__cell *cell, struct weir__strand *s)
{
  uint32_t seen = 0;
  struct weir__worker *w = s->worker;
  enum outcome outcome = is_plain(cell, w) ? handle_plain_ones(cell, s, w) : handle_any_way(cell, s);
  if (WEIR__UNLIKELY(outcome == NOTHING_LEFT)) outcome = when_nothing_is_left(cell, &seen);
  weir__strand_rest(s);
  if (outcome == MORE || outcome == NOTHING_LEFT) put_down(cell, outcome == MORE, seen);
}

/* M2: while its handler waits others may have the places that it has given back. */
void weir__actor_serves(struct weir__work *self) { weir__mpsc_serve(weir__cell_of_work(self)); }

/* What comes before its messages. False: they are not to be handled now. */
WEIR__ENTRY_APART static bool begins(struct weir__cell *cell)
{
  weir__strand_takes(weir__strand_here(), NULL);
  if (cell->phase == WEIR__ZOMBIE) {
    weir__strand_rest(weir__strand_here());
    weir__zombie_turn(cell);
    return false;
  }
  if (cell->phase == WEIR__DOWN && !weir__down_turn(cell)) return false;
  weir__node_begins(cell);
  if (cell->phase == WEIR__STARTS && !start(cell)) return false;
  return !(flags_of(cell) & WEIR__HELD) || !weir__held_turn(cell);
}

WEIR__ENTRY void weir__run_actor(struct weir__strand *s, struct weir__work *work)
{
  struct weir__cell *cell = weir__cell_of_work(work);
  WEIR__FORGET_ORIGIN(cell);
  weir__strand_begin(s, work, &cell->waiting);
  weir__strand_shows(s, weir__ref_of(cell).bits);
  if (WEIR__LIKELY(cell->phase == WEIR__LIVES && !cell->special) || begins(cell))
    turn(cell, s);
  else
    weir__strand_rest(s);
}
