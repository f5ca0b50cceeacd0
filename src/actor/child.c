/* child.c: see child.h. */
#include "actor/child.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "actor/change.h"
#include "actor/edge.h"
#include "actor/link.h"
#include "actor/stash.h"
#include "channel/bias.h"
#include "channel/breaker.h"
#include "channel/line.h"
#include "runtime/scope.h"
#include "runtime/strand.h"
#include "runtime/wait.h"

static struct weir__papers *papers_in(struct weir__message *m) { return weir__payload(m); }

static uint32_t flags_of(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->work.flags, memory_order_seq_cst);
}

/* ---- papers and reports ---- */

struct weir__message *weir__papers_make(const struct weir__papers *papers)
{
  const weir_message *type = weir_message_weir__child_down();
  struct weir__message *m = weir__message_room(type, weir__value_align(type->size));
  if (m)
    *papers_in(m) = *papers;
  else
    weir_error(WEIR_ENOMEM, "no memory for the papers of a child");
  return m;
}

uint32_t weir__papers_retries(struct weir__message *papers) { return papers_in(papers)->retries; }

static void drop(struct weir__message *m)
{
  if (m) weir__message_end(m, WEIR__FREED);
}

/* Unless an order that is among `unless` has come. */
static struct weir__message *take_papers(struct weir__cell *cell, uint32_t unless)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  bool stay = flags_of(cell) & unless;
  struct weir__message *m = stay ? NULL : cell->extras->papers;
  if (!stay) cell->extras->papers = NULL;
  weir__bucket_unlock(bucket);
  return m;
}

static char *copy_of(const char *text) { return text && *text ? strdup(text) : NULL; }

/* False: it does not wait any more. */
static bool answer_waiter(uint64_t waiter, int code, const char *why)
{
  char *text = waiter ? copy_of(why) : NULL;
  if (waiter && weir__wait_answer(waiter, code, NULL, text)) return true;
  free(text);
  return false;
}

/* With the whole text, if there is memory for it. */
static struct weir__message *as_down(struct weir__message *m, int code, const char *why)
{
  size_t bytes;
  struct weir__child_down down = {why, papers_in(m)->child, papers_in(m)->incarnation, code};
  struct weir__message *fuller =
      weir__measure(m->type, &down, &bytes) ? NULL : weir__message_make(m->type, &down, bytes);
  if (fuller) {
    drop(m);
    return fuller;
  }
  down.text = weir__ended_well(code) ? "" : weir_strerror(code);
  *(struct weir__child_down *)weir__payload(m) = down;
  return m;
}

static struct weir__message *as_gone(struct weir__message *m)
{
  struct weir__child_gone gone = {papers_in(m)->child, papers_in(m)->incarnation};
  m->type = weir_message_weir__child_gone();
  *(struct weir__child_gone *)weir__payload(m) = gone;
  return m;
}

/* False: the supervisor has ended. Owns the papers. */
static bool report(struct weir__message *m, int code, const char *why, bool ended)
{
  weir_ref supervisor = papers_in(m)->supervisor;
  bool starting = papers_in(m)->starting && !papers_in(m)->ending;
  /* Who waits for its start learns of an end before that by another code; and of one that is to start with its
   * configuration before. */
  bool again = code == WEIR_RESTART && !ended;
  int told = !starting ? WEIR_OK : again ? WEIR_RESTART : weir__ended_well(code) ? WEIR_STOP : code;
  uint64_t waiter = m->asker;
  m->asker = 0;
  if (answer_waiter(waiter, told, why)) {
    drop(m);
    return true;
  }
  m = ended ? as_gone(m) : as_down(m, code, why);
  struct weir__cell *cell = weir__cell_at(weir__slot_of(supervisor));
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  bool there = weir__is_there(cell, supervisor);
  uintptr_t wake = there ? weir__push_news(cell, m) : 0;
  weir__bucket_unlock(bucket);
  weir__cell_wake(cell, wake);
  if (!there) drop(m);
  return there;
}

/* ---- the child ---- */

void weir__child_started(struct weir__cell *cell)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  struct weir__message *m = cell->extras->papers;
  uint64_t waiter = papers_in(m)->ending ? 0 : m->asker;
  if (!papers_in(m)->ending) m->asker = 0;
  papers_in(m)->starting = false;
  weir__bucket_unlock(bucket);
  answer_waiter(waiter, WEIR_OK, NULL);
}

bool weir__may_come_again(const struct weir__cell *cell, int code)
{
  uint32_t flags = flags_of(cell);
  /* First: of one that is DOWN its supervisor may bring papers just now (H1). */
  if ((flags & WEIR__FOR_GOOD) || !weir__is_child(cell)) return false;
  const struct weir__papers *papers = papers_in(cell->extras->papers);
  if ((flags & WEIR__VICTIM) || code == WEIR_RESTART) return true;
  bool well = weir__ended_well(code);
  if (papers->starting && well) return false; /* it did not want to start */
  return papers->restart == WEIR__PERMANENT_CHILD || (papers->restart == WEIR__TRANSIENT_CHILD && !well);
}

/* Whatever is queued; but nobody waits for one whose breaker is open. What was queued then has been given up; what had its
 * place by then may come later. */
static void sleep_now(struct weir__cell *cell)
{
  weir__mpsc_serve(cell);
  weir__work_is_far(&cell->work);
  do {
    weir__mpsc_collect(cell);
    if (weir__breaker_is_open(cell)) weir__dead_letter_queue(cell, WEIR_EOPEN, weir_strerror(WEIR_EOPEN));
  } while (!weir__mpsc_sleep(cell));
}

/* Looks again if it was told something meanwhile, by one who found it at work. */
static void go_to_rest(struct weir__cell *cell)
{
  sleep_now(cell);
  if (flags_of(cell) & (WEIR__RESTART | WEIR__FOR_GOOD)) weir__cell_wake(cell, weir__mpsc_nudge(cell));
}

bool weir__held_turn(struct weir__cell *cell)
{
  const uint32_t told = WEIR__STOPPING | WEIR__DRAINING;
  if ((flags_of(cell) & (WEIR__HELD | told)) != WEIR__HELD) return false;
  weir__strand_rest(weir__strand_here());
  sleep_now(cell);
  /* The cell is not ours any more: as in put_down() of turn.c. */
  if ((flags_of(cell) & (WEIR__HELD | told)) != WEIR__HELD) weir__cell_wake(cell, weir__mpsc_nudge(cell));
  return true;
}

/* H5. Not if there is an order already: then it can run. Who gives one takes the wait away, under the same lock. */
static void publish_wait(struct weir__cell *cell, weir_ref supervisor)
{
  struct weir__wait *w = weir__wait_open_for(WEIR__BEGUN, weir__slot_of(supervisor) + 1);
  if (!w) return; /* nobody sees it waiting */
  uint64_t name = weir__wait_name(w);
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  bool waits = !(flags_of(cell) & (WEIR__RESTART | WEIR__FOR_GOOD));
  if (waits) /* W1: first this, then it is looked */
    atomic_store_explicit(&cell->waiting, name | WEIR__UNCANCELLED | WEIR__UNKILLED, memory_order_seq_cst);
  weir__bucket_unlock(bucket);
  if (waits)
    weir__deadlock_look(name);
  else
    weir__wait_close(w);
}

/* Lock held. It can run now: nobody who looks for a deadlock takes it for waiting. */
static void end_wait(struct weir__cell *cell)
{
  uint64_t name = weir__wait_published(&cell->waiting);
  if (name) weir__wait_claim(name, WEIR__BEGUN);
}

static void withdraw_wait(struct weir__cell *cell)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uint64_t name = weir__wait_published(&cell->waiting);
  end_wait(cell);
  atomic_store_explicit(&cell->waiting, 0, memory_order_relaxed);
  weir__bucket_unlock(bucket);
  if (name) weir__wait_close(weir__wait_of(name));
}

/* Told meanwhile to end for good it says nothing yet: who told it waits for that end (H6). */
void weir__child_rests(struct weir__cell *cell, int code, const char *why)
{
  struct weir__message *m = take_papers(cell, WEIR__FOR_GOOD);
  weir_ref supervisor = m ? papers_in(m)->supervisor : (weir_ref){0};
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  weir__tally(cell)->exit_code = code; /* if it does not come again, that was why */
  weir__unbias(cell);                  /* it is woken by those who push, and rests without its worker's guard */
  weir__bucket_unlock(bucket);
  cell->phase = WEIR__DOWN;
  if (m && report(m, code, why, false))
    publish_wait(cell, supervisor);
  else if (m)
    atomic_fetch_or_explicit(&cell->work.flags, WEIR__FOR_GOOD, memory_order_seq_cst); /* H4 */
  go_to_rest(cell);
}

/* Forgets all that the last incarnation had been told. False: it is to end for good. */
static bool begin_anew(struct weir__cell *cell, bool *flush)
{
  const uint32_t forgotten = WEIR__CANCELLED | WEIR__STOPPING | WEIR__DRAINING | WEIR__HAS_TASKS | WEIR__TIMER_CAME |
                             WEIR__EXITED | WEIR__KILLED | WEIR__TRAPS | WEIR__EXIT_NEWS | WEIR__VICTIM |
                             WEIR__RESTART | WEIR__FLUSH;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uint32_t flags = flags_of(cell);
  bool again = !(flags & WEIR__FOR_GOOD);
  *flush = flags & WEIR__FLUSH;
  if (again) {
    atomic_fetch_and_explicit(&cell->work.flags, ~forgotten, memory_order_seq_cst);
    weir__tally(cell)->exit_code = 0;
    weir__mpsc_reopen(cell);
  }
  weir__bucket_unlock(bucket);
  return again;
}

static void make_ready(struct weir__cell *cell)
{
  struct weir__extras *extras = cell->extras;
  weir__outgoing_free(cell);
  weir__scope_free(extras->scope);
  extras->scope = NULL;
  cell->became = false;
  memset(weir__state_of(cell), 0, cell->type->state_bytes);
  cell->phase = WEIR__STARTS;
}

/* Of the incarnation before (H2): something is left that will schedule it once more. */
static bool is_left(const struct weir__cell *cell)
{
  return (cell->extras->rare && cell->extras->rare->handles) ||
         atomic_load_explicit(&cell->child, memory_order_relaxed);
}

bool weir__down_turn(struct weir__cell *cell)
{
  bool flush;
  uint32_t flags = flags_of(cell);
  if (flags & WEIR__FOR_GOOD) {
    withdraw_wait(cell);
    weir__actor_end_down(cell);
    return false;
  }
  if (!(flags & WEIR__RESTART) || is_left(cell)) {
    go_to_rest(cell);
    return false;
  }
  withdraw_wait(cell);
  if (!begin_anew(cell, &flush)) {
    weir__actor_end_down(cell);
    return false;
  }
  if (flush) weir__dead_letter_queue(cell, WEIR_EDEAD, "its receiver was restarted together with another one");
  make_ready(cell);
  return true;
}

void weir__child_ended(struct weir__cell *cell, int code, const char *why)
{
  struct weir__message *m = cell->extras ? take_papers(cell, 0) : NULL;
  if (m) report(m, code, why, true);
}

bool weir__tried_again(struct weir__cell *cell, struct weir__message *m)
{
  struct weir__strand *s = weir__strand_here();
  if (!weir__is_child(cell) || !m || !weir__keeps_places(cell)) return false;
  if (flags_of(cell) & WEIR__STOPPING) return false;
  if (m->kind == WEIR__EDGE_END) return weir__batch_again(cell, m); /* it takes no place */
  if (!cell->extras->rare->kept->hand) return false;
  if (m->kind == WEIR__BATCH) return weir__batch_again(cell, m);
  if (m->kind != WEIR__PLAIN || m->attempts >= papers_in(cell->extras->papers)->retries) return false;
  if (s->asker && !weir__wait_try_again(s->asker)) return false; /* nobody waits for it any more */
  m->attempts++;
  m->asker = s->asker;
  s->asker = 0;
  if (s->reply) weir__message_end(s->reply, WEIR__FREED);
  s->reply = NULL;
  cell->in_hand = NULL;
  weir__hand_to_queue(cell, m);
  return true;
}

/* ---- orders ---- */

/* A wait of the supervisor for what an order comes to. NULL: `outcome` says why. */
static struct weir__wait *begin_to_wait(uint32_t edge, struct weir__outcome *outcome)
{
  outcome->code = weir__may_wait();
  outcome->text[0] = 0;
  if (outcome->code) return NULL;
  struct weir__wait *w = weir__wait_open_for(WEIR__BEGUN, edge);
  if (!w)
    outcome->code = WEIR_ENOMEM;
  else
    weir__wait_attach(w);
  return w;
}

static void take_outcome(struct weir__wait *w, struct weir__outcome *outcome)
{
  outcome->code = w->result;
  snprintf(outcome->text, sizeof outcome->text, "%s", w->text ? w->text : "");
  weir__wait_close(w);
}

void weir__child_start(const weir_actor *type, const weir_spawn_options *options, struct weir__message *papers,
                       weir_ref *ref, struct weir__outcome *outcome)
{
  *ref = weir__ref_error_make(WEIR_EDEAD);
  struct weir__wait *w = begin_to_wait(WEIR__NO_EDGE, outcome);
  if (!w) {
    drop(papers);
    return;
  }
  papers->asker = weir__wait_name(w);
  papers_in(papers)->starting = true;
  *ref = weir__spawn_child(type, options, papers);
  outcome->code = weir_ref_error(*ref);
  if (outcome->code) {
    snprintf(outcome->text, sizeof outcome->text, "%s", weir_error_text());
    weir__wait_close(w); /* its name went nowhere */
    return;
  }
  weir__wait_owe(weir__wait_name(w), weir__slot_of(*ref) + 1); /* W1 */
  weir__wait_sleep(w, INT64_MAX);
  take_outcome(w, outcome);
}

enum given { GIVEN, IS_DOWN_ALREADY, NOBODY_THERE, NO_PAPERS };

/* Lock held. Of an incarnation that lives. */
static uintptr_t order_to_living(struct weir__bucket *bucket, struct weir__cell *cell, uint32_t flags, uint64_t waiter)
{
  cell->extras->papers->asker = waiter;
  papers_in(cell->extras->papers)->ending = true;
  if (flags & WEIR__FOR_GOOD) weir__mpsc_close(bucket, cell, weir__generation_of(weir__ref_of(cell)), WEIR_EDEAD);
  if (flags & WEIR__DRAINING) { /* it ends by itself */
    atomic_fetch_or_explicit(&cell->work.flags, flags, memory_order_seq_cst);
    return weir__mpsc_nudge(cell);
  }
  uintptr_t wake = weir__tell_exit(bucket, cell, flags, flags & WEIR__KILLED ? WEIR_EKILLED : WEIR_ESHUTDOWN);
  atomic_fetch_or_explicit(&cell->work.flags, flags,
                           memory_order_seq_cst); /* also if it had been told to stop before */
  return wake;
}

/* Lock held. Of one that is DOWN, or is about to be: it looks at its flags then (go_to_rest()). */
static enum given order_to_down(struct weir__cell *cell, uint32_t flags, uint64_t waiter, struct weir__message **papers,
                                uintptr_t *wake)
{
  if (!(flags & (WEIR__FOR_GOOD | WEIR__RESTART))) return IS_DOWN_ALREADY;
  cell->extras->papers = *papers;
  *papers = NULL;
  if (cell->extras->papers) cell->extras->papers->asker = waiter;
  end_wait(cell);
  atomic_fetch_or_explicit(&cell->work.flags, flags & ~(uint32_t)WEIR__KILLED, memory_order_seq_cst);
  *wake = weir__mpsc_nudge(cell);
  return cell->extras->papers ? GIVEN : NO_PAPERS;
}

static enum given give_order(weir_ref ref, uint32_t flags, uint64_t waiter, struct weir__message **papers)
{
  struct weir__cell *cell = weir__cell_at(weir__slot_of(ref));
  enum given given = NOBODY_THERE;
  uintptr_t wake = 0;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  bool there = weir__is_there(cell, ref);
  if (there && cell->extras->papers)
    given = GIVEN, wake = order_to_living(bucket, cell, flags, waiter);
  else if (there)
    given = order_to_down(cell, flags, waiter, papers, &wake);
  weir__bucket_unlock(bucket);
  weir__cell_wake(cell, wake);
  return given;
}

static void order(weir_ref ref, uint32_t flags, struct weir__message *papers, int64_t deadline_ns,
                  struct weir__outcome *outcome)
{
  struct weir__wait *w = begin_to_wait(weir__slot_of(ref) + 1, outcome);
  enum given given = give_order(ref, flags, w ? weir__wait_name(w) : 0, &papers);
  drop(papers); /* not needed */
  if (!w) return;
  if (given == GIVEN) {
    weir__wait_sleep(w, deadline_ns);
    take_outcome(w, outcome);
    return;
  }
  outcome->code = given == NOBODY_THERE ? WEIR_EDEAD : given == NO_PAPERS ? WEIR_ENOMEM : WEIR_OK;
  weir__wait_close(w); /* its name went nowhere */
}

bool weir__child_is_down(weir_ref ref)
{
  struct weir__cell *cell = weir__cell_at(weir__slot_of(ref));
  if (!cell) return false;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  bool down = weir__is_there(cell, ref) && !cell->extras->papers;
  weir__bucket_unlock(bucket);
  return down;
}

void weir__child_restart(weir_ref ref, bool flush, struct weir__message *papers, struct weir__outcome *outcome)
{
  papers_in(papers)->starting = true;
  order(ref, WEIR__RESTART | (flush ? WEIR__FLUSH : 0), papers, INT64_MAX, outcome);
}

void weir__child_end(weir_ref ref, uint32_t flags, struct weir__message *papers, int64_t deadline_ns,
                     struct weir__outcome *outcome)
{
  order(ref, flags, papers, deadline_ns, outcome);
}

void weir__child_tell(weir_ref ref, uint32_t flags)
{
  struct weir__cell *cell = weir__cell_at(weir__slot_of(ref));
  struct weir__message *none = NULL;
  if (cell) give_order(ref, flags, 0, &none);
}
