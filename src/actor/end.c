/* end.c: telling an actor to stop, failing, and the steps of an end. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "actor/actor.h"
#include "actor/change.h"
#include "actor/child.h"
#include "actor/edge.h"
#include "actor/link.h"
#include "actor/relay.h"
#include "actor/simulated.h"
#include "actor/stash.h"
#include "channel/breaker.h"
#include "channel/line.h"
#include "channel/mpsc.h"
#include "channel/notice.h"
#include "platform/trap.h"
#include "runtime/scope.h"
#include "runtime/strand.h"
#include "runtime/task.h"

/* ---- telling ---- */

/* Lock held. Returns what is to be woken. */
static uintptr_t tell(struct weir__bucket *bucket, struct weir__cell *cell, uint32_t generation, uint32_t flags)
{
  if (!(flags & WEIR__VICTIM)) weir__mpsc_close(bucket, cell, generation, WEIR_EDEAD);
  /* seq_cst: first the flag, then the wait is looked at, and IDLE; it publishes its wait, or IDLE, and then looks at
   * the flag. */
  atomic_fetch_or_explicit(&cell->work.flags, flags, memory_order_seq_cst);
  if (flags & WEIR__CANCELLED) weir__wait_cancel(&cell->waiting);
  return weir__mpsc_nudge(cell);
}

uintptr_t weir__tell_exit(struct weir__bucket *bucket, struct weir__cell *cell, uint32_t flags, int code)
{
  uint32_t before = atomic_load_explicit(&cell->work.flags, memory_order_relaxed); /* these are set under the lock */
  bool counts = flags & WEIR__KILLED ? !(before & WEIR__KILLED) : !(before & (WEIR__EXITED | WEIR__STOPPING));
  if (!counts) return 0;
  weir__tally(cell)->exit_code = code;
  flags |= WEIR__EXITED | WEIR__STOPPING | WEIR__CANCELLED;
  uintptr_t wake = tell(bucket, cell, weir__generation_of(weir__ref_of(cell)), flags);
  if (flags & WEIR__KILLED) weir__wait_kill(&cell->waiting);
  return wake;
}

static bool names(const struct weir__cell *cell, weir_ref ref)
{
  return weir__generation_in(atomic_load_explicit(&cell->places, memory_order_acquire)) == weir__generation_of(ref) &&
         weir__cell_is_actor(cell);
}

static int gone(weir_ref ref) { return weir_error(WEIR_EDEAD, "actor %u is gone", weir__slot_of(ref)); }

static int tell_instances(weir_ref ref, uint32_t flags)
{
  return weir__route_each(ref, weir__tell, flags) ? WEIR_OK : gone(ref);
}

int weir__tell(weir_ref ref, uint32_t flags)
{
  int rc = weir__ref_check(ref);
  if (rc) return rc;
  struct weir__cell *cell = weir__cell_at(weir__slot_of(ref));
  if (!cell) return gone(ref);
  if (weir__is_relay(cell, ref)) return tell_instances(ref, flags);
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  bool lives = names(cell, ref);
  uintptr_t wake = lives ? tell(bucket, cell, weir__generation_of(ref), flags) : 0;
  weir__bucket_unlock(bucket);
  weir__cell_wake(cell, wake);
  return lives ? WEIR_OK : gone(ref);
}

int weir_stop(weir_ref ref) { return weir__tell(ref, WEIR__STOPPING | WEIR__CANCELLED); }
int weir_drain(weir_ref ref) { return weir__tell(ref, WEIR__DRAINING); }

static int is_alive(weir_ref ref, uint32_t unused)
{
  (void)unused;
  return weir_alive(ref) ? WEIR_OK : WEIR_EDEAD;
}

bool weir_alive(weir_ref ref)
{
  struct weir__cell *cell = weir_ref_error(ref) ? NULL : weir__cell_at(weir__slot_of(ref));
  if (!cell) return false;
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  if (weir__generation_in(places) != weir__generation_of(ref)) return false;
  return !(places & WEIR__CLOSED) || (weir__is_relay(cell, ref) && weir__route_each(ref, is_alive, 0));
}

static void stop_if_of(struct weir__cell *cell, void *runtime)
{
  if (!atomic_load_explicit(&cell->places, memory_order_relaxed)) return; /* C3: an unused page stays one */
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  /* A closed cell is free, being made, or ends by itself, unless it was told to: then it drains. */
  uint32_t told = WEIR__STOPPING | WEIR__DRAINING;
  bool lives = !(places & WEIR__CLOSED) || (atomic_load_explicit(&cell->work.flags, memory_order_relaxed) & told);
  bool of = lives && weir__cell_is_actor(cell) && cell->rt == runtime;
  uint32_t flags = WEIR__STOPPING | WEIR__CANCELLED | WEIR__FOR_GOOD;
  uintptr_t wake = of ? tell(bucket, cell, weir__generation_in(places), flags) : 0;
  weir__bucket_unlock(bucket);
  weir__cell_wake(cell, wake);
}

/* S2: in the order in which they were spawned, wherever their cells lie. */
static void stop_simulated(struct weir_runtime *rt)
{
  for (size_t i = 0; i < weir__simulation_actors(rt->simulation); i++) {
    weir_ref ref = {weir__simulation_actor(rt->simulation, i)};
    struct weir__cell *cell = weir__cell_at(weir__slot_of(ref));
    if (cell && names(cell, ref)) stop_if_of(cell, rt);
  }
}

void weir__stop_all_actors(struct weir_runtime *rt)
{
  if (rt->simulation && !weir__simulation_is_broken(rt->simulation))
    stop_simulated(rt);
  else
    weir__cells_each(stop_if_of, rt);
}

/* ---- failing: whatever makes an actor fail notes an error, and comes here ---- */

static void end_failed(struct weir__strand *s)
{
  struct weir__cell *cell = weir__cell_of_work(s->self);
  struct weir__error error = s->error;
  weir__simulated_end(cell, error.code);
  bool ending = cell->phase == WEIR__ENDS; /* it failed in its end clause: the rest of the end follows */
  if (weir__is_guarded(cell) && !ending && !weir_cancelled()) weir__breaker_failed(cell);
  if (!weir__tried_again(cell, cell->in_hand))
    weir__settle(cell, weir_error(WEIR_EFAILED, "%s failed: %s", weir__actor_name(cell), error.text));
  *weir__strand_error(s) = error;
  if (ending)
    weir__actor_end_rest(cell, error.code, error.text);
  else
    weir__actor_end(cell, error.code, error.text);
  weir__strand_rest(s);
}

/* T3: its own end clause might walk through what the crash has left half changed. */
void weir__actor_crashed(struct weir__strand *s)
{
  s->crashed = true;
  end_failed(s);
  s->crashed = false;
}

void weir__heed_kill(void)
{
  struct weir__strand *s = weir__strand_here();
  struct weir__cell *cell = weir__cell_here();
  weir__spend_budget(); /* one that tries again and again, told to stop, keeps nobody from killing it */
  if (!cell || !s->heeds) return;
  if (!(atomic_load_explicit(&cell->work.flags, memory_order_relaxed) & WEIR__KILLED)) return;
  weir_error(WEIR_EKILLED, "it was killed");
  weir__drop(end_failed);
}

void weir__fail_as_noted(void)
{
  if (weir__cell_here()) weir__drop(end_failed);
  fprintf(stderr, "weir_fail() outside of an actor or task: %s\n", weir_error_text());
  abort();
}

void weir_fail(int code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  weir__errorv(code < 0 ? code : WEIR_EINVAL, format, args);
  va_end(args);
  if (!weir__cell_here()) weir__task_fail(code);
  weir__fail_as_noted();
}

int weir__threw(const char *what)
{
  weir_error(WEIR_EFAILED, "%s", what ? what : "an exception that is no std::exception");
  return WEIR__THREW;
}

/* ---- the end ---- */

WEIR__ENTRY_APART static void run_end_clause(struct weir__cell *cell)
{
  weir__call call = {.state = weir__state_of(cell), .hook = WEIR__ENDED};
  struct weir__strand *s = weir__strand_here();
  weir__strand_message(s, 0, INT64_MAX);
  s->heeds = WEIR__KILLED;
  if (cell->type->dispatch(&call) == WEIR__THREW) weir__fail_as_noted();
}

/* Of the actor, and of a version of it that was on its way out (change.h, X3). */
static void run_end_clauses(struct weir__cell *cell)
{
  run_end_clause(cell);
  weir__outgoing_end(cell);
}

/* The next of its children, taken out of the list; nobody: none is left. */
static weir_ref take_child(struct weir__cell *cell)
{
  weir_ref ref = {0};
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uint32_t first = atomic_load_explicit(&cell->child, memory_order_relaxed);
  if (first) {
    struct weir__cell *child = weir__cell_linked(cell, first);
    ref = weir__ref_of(child);
    atomic_store_explicit(&cell->child, child->elder, memory_order_relaxed);
    if (child->elder) weir__cell_linked(cell, child->elder)->younger = 0;
    atomic_store_explicit(&child->parent, 0, memory_order_release); /* from here on it may be gone */
  }
  weir__bucket_unlock(bucket);
  return ref;
}

static bool has_children(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->child, memory_order_relaxed) != 0;
}

static void stop_children(struct weir__cell *cell)
{
  while (has_children(cell)) {
    weir_ref child = take_child(cell);
    if (weir__generation_of(child)) weir__tell(child, WEIR__STOPPING | WEIR__CANCELLED | WEIR__FOR_GOOD);
  }
}

/* Tells those that have not been told, and leaves them in the list until they end. `refs`: room for some. */
static size_t some_children(struct weir__cell *cell, weir_ref *refs, size_t room)
{
  size_t n = 0;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  atomic_fetch_or_explicit(&cell->work.flags, WEIR__AWAITS_CHILDREN, memory_order_relaxed); /* read under the lock */
  uint32_t link = atomic_load_explicit(&cell->child, memory_order_relaxed);
  while (link && n < room) {
    struct weir__cell *child = weir__cell_linked(cell, link);
    bool told = atomic_load_explicit(&child->work.flags, memory_order_relaxed) & WEIR__FOR_GOOD;
    if (!told) refs[n++] = weir__ref_of(child);
    link = child->elder;
  }
  weir__bucket_unlock(bucket);
  return n;
}

enum { TOLD_AT_ONCE = 64 };

static void tell_children(struct weir__cell *cell)
{
  weir_ref refs[TOLD_AT_ONCE];
  size_t n;
  while (has_children(cell) && (n = some_children(cell, refs, TOLD_AT_ONCE)))
    for (size_t i = 0; i < n; i++) weir__tell(refs[i], WEIR__STOPPING | WEIR__CANCELLED | WEIR__FOR_GOOD);
}

static void leave_family(struct weir__cell *cell)
{
  uint32_t parent_slot = atomic_load_explicit(&cell->parent, memory_order_acquire);
  if (!parent_slot) return;
  struct weir__cell *parent = weir__cell_linked(cell, parent_slot);
  uintptr_t wake = 0;
  struct weir__bucket *bucket = weir__bucket_lock(parent);
  /* Unless the parent has ended and let us go meanwhile. */
  if (atomic_load_explicit(&cell->parent, memory_order_relaxed)) {
    if (cell->younger)
      weir__cell_linked(cell, cell->younger)->elder = cell->elder;
    else
      atomic_store_explicit(&parent->child, cell->elder, memory_order_relaxed);
    if (cell->elder) weir__cell_linked(cell, cell->elder)->younger = cell->younger;
    atomic_store_explicit(&cell->parent, 0, memory_order_relaxed);
    bool last = atomic_load_explicit(&parent->child, memory_order_relaxed) == 0;
    uint32_t flags = last ? atomic_load_explicit(&parent->work.flags, memory_order_relaxed) : 0;
    if (WEIR__UNLIKELY(flags & WEIR__AWAITS_CHILDREN)) wake = weir__mpsc_nudge(parent);
  }
  weir__bucket_unlock(bucket);
  weir__cell_wake(parent, wake);
}

void weir__dead_letter_queue(struct weir__cell *cell, int code, const char *text)
{
  struct weir__message *m;
  weir__mpsc_collect(cell);
  while ((m = weir__mpsc_pop(cell))) {
    bool own = m->kind == WEIR__OWN_TIMER;
    if (weir__keeps_places(cell) && !own) weir__mpsc_places_back(cell, weir__places(m->payload_bytes)); /* M6 */
    weir__dead_letter(cell, m, code, text);
  }
  weir__mpsc_serve(cell);
}

static void free_owned(struct weir__cell *cell)
{
  while (cell->owned) {
    struct weir__message *m = cell->owned;
    cell->owned = m->next;
    weir__message_free(m);
  }
}

/* The state outlives the close callbacks of its handles (T3). */
static void free_state(struct weir__cell *cell)
{
  struct weir__extras *extras = cell->extras;
  weir__state_free(cell, cell->type->state_bytes);
  if (!extras) return;
  weir__outgoing_free(cell);
  weir__scope_free(extras->scope);
  /* Who looks at an actor from elsewhere reads its name (actor/deadlock.c) and its node (actor/rewire.c) under the lock. */
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  cell->extras = NULL;
  weir__bucket_unlock(bucket);
  if (extras->node) weir__node_free(extras->node);
  if (extras->name) weir__name_free(extras->name);
  weir__extras_free(extras);
}

static bool handles_open(const struct weir__cell *cell) { return weir__rare_of(cell) && weir__rare_of(cell)->handles; }

/* Somebody still has a place: what comes with it is lost, and the node is to tell that. */
static bool node_waits(struct weir__cell *cell)
{
  if (!cell->extras || !cell->extras->node) return false;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  bool waits = weir__mpsc_length(cell) > 0;
  weir__bucket_unlock(bucket);
  return waits;
}

void weir__zombie_turn(struct weir__cell *cell)
{
  struct weir_runtime *rt = cell->rt;
  uint16_t home = cell->work.home;
  weir__work_is_far(&cell->work); /* it is closed, so it is not biased */
  do {
    weir__dead_letter_queue(cell, WEIR_EDEAD, NULL);
    if (handles_open(cell) || node_waits(cell)) continue;
    free_state(cell);
    if (!weir__cell_free_if_done(cell)) continue;
    weir__leave_home(rt, home);
    weir__runtime_leave(rt);
    return;
  } while (!weir__mpsc_idle(cell, WEIR__CELL_IDLE));
}

struct weir__scope **weir__actor_scope(struct weir__work *self)
{
  struct weir__extras *extras = weir__extras(weir__cell_of_work(self));
  return extras ? &extras->scope : NULL;
}

/* One that fails is followed by the others all the same: then we come here again. */
static void run_deferred(struct weir__cell *cell)
{
  weir__strand_here()->heeds = WEIR__KILLED;
  while (cell->extras && weir__scope_run_one(cell->extras->scope)) continue;
  weir__strand_here()->heeds = 0;
}

/* What one incarnation has. */
static void end_lists(struct weir__cell *cell, int code, const char *why)
{
  if (weir__rare_of(cell)) weir__groups_end(cell);
  weir__timers_end(cell);
  weir__asks_end(cell);
  if (!weir__rare_of(cell)) return;
  weir__debts_end(cell, weir__ended_well(code) ? "" : why);
  weir__monitors_end(cell);
  weir__permits_end(&cell->extras->rare->permits);
  weir__handles_close(cell);
}

static void end_extras(struct weir__cell *cell, int code, const char *why)
{
  weir__node_end(cell, weir__ended_well(code) ? WEIR_OK : code, why);
  end_lists(cell, code, why);
  if (weir__rare_of(cell)) weir__change_given_up(cell);
  if (cell->extras->name) weir__name_unlist(cell->rt, cell->extras->name);
  if (weir__rare_of(cell)) weir__route_leave(cell);
}

static bool has_tasks(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->work.flags, memory_order_relaxed) & WEIR__HAS_TASKS;
}

static bool is_furnished(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->work.flags, memory_order_relaxed) & WEIR__FURNISHED;
}

static void end_notices(struct weir__cell *cell)
{
  if (weir__rare_of(cell)) weir__notices_end(&cell->extras->rare->notices);
}

static void close_mailbox(struct weir__cell *cell)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  weir__mpsc_close(bucket, cell, weir__generation_of(weir__ref_of(cell)), WEIR_EDEAD);
  weir__bucket_unlock(bucket);
  weir__kept_end(cell);
}

static bool is_closed(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->places, memory_order_relaxed) & WEIR__CLOSED;
}

/* The end of an incarnation that may be followed by another one: its mailbox, its name, its watchers and its links stay.
 * News of what it had watched go with it, as its timers do. */
static void end_incarnation(struct weir__cell *cell, int code, const char *why)
{
  end_lists(cell, code, why);
  tell_children(cell);
  if (has_tasks(cell)) weir__stop_tasks_of(cell->rt, weir__ref_of(cell).bits);
  weir__kept_put_back(cell);
  weir__mpsc_forget_own(cell);
  if (is_closed(cell))
    weir__dead_letter_queue(cell, WEIR_EDEAD, NULL); /* it was told to stop, or to drain */
  else if (weir__breaker_is_open(cell))
    weir__dead_letter_queue(cell, WEIR_EOPEN, weir_strerror(WEIR_EOPEN));
  free_owned(cell);
  end_notices(cell);
  weir__child_rests(cell, code, why);
}

void weir__actor_end_rest(struct weir__cell *cell, int code, const char *why)
{
  run_deferred(cell);
  if (weir__may_come_again(cell, code)) {
    end_incarnation(cell, code, why);
    return;
  }
  if (code == WEIR_RESTART) code = WEIR_OK; /* it was told to end for good meanwhile */
  close_mailbox(cell);
  if (is_furnished(cell)) end_extras(cell, code, why);
  stop_children(cell);
  leave_family(cell);
  if (has_tasks(cell)) weir__stop_tasks_of(cell->rt, weir__ref_of(cell).bits);
  weir__dead_letter_queue(cell, weir__ended_well(code) ? WEIR_EDEAD : WEIR_EFAILED,
                          weir__ended_well(code) ? NULL : why);
  free_owned(cell);
  weir__watchers_told(cell, code, why);
  end_notices(cell); /* last: what was freed may have asked for some */
  weir__child_ended(cell, code, why);
  assert(cell->phase == WEIR__ENDS);
  cell->phase = WEIR__ZOMBIE;
  weir__zombie_turn(cell);
}

static bool is_killed(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->work.flags, memory_order_relaxed) & WEIR__KILLED;
}

/* Of an actor that has nothing but its state and its configuration nothing is left but to free it. */
static bool leaves_nothing(const struct weir__cell *cell)
{
  return !is_furnished(cell) && !cell->owned && !cell->queued && !cell->urgent && !has_children(cell) &&
         !has_tasks(cell) && !weir__clauses_of(cell->type).ends;
}

/* False: there is more to do, by the steps of an end; or it was told to end at the same time. */
static bool end_at_once(struct weir__cell *cell)
{
  struct weir_runtime *rt = cell->rt;
  struct weir__extras *extras = cell->extras;
  size_t state_bytes = cell->type->state_bytes;
  uint16_t home = cell->work.home;
  leave_family(cell);
  if (!weir__cell_end_empty(cell)) return false;
  weir__state_free(cell, state_bytes);
  if (extras) weir__extras_free(extras);
  weir__cell_put_back(cell);
  weir__leave_home(rt, home);
  weir__runtime_leave(rt);
  return true;
}

void weir__actor_end(struct weir__cell *cell, int code, const char *text)
{
  if (!code && leaves_nothing(cell) && end_at_once(cell)) return;
  if (!code) weir__simulated_end(cell, code);
  char why[sizeof((struct weir__error *)0)->text] = "";
  if (text) snprintf(why, sizeof why, "%s", text);
  if (cell->phase == WEIR__STARTS) code = weir__change_failed(cell, code, why);
  if (!weir__may_come_again(cell, code)) close_mailbox(cell);
  assert(cell->phase == WEIR__STARTS || cell->phase == WEIR__LIVES);
  cell->phase = WEIR__ENDS;
  weir__strand_error(weir__strand_here())->code = code;
  if (!is_killed(cell) && !weir__strand_here()->crashed) run_end_clauses(cell);
  weir__actor_end_rest(cell, code, why);
}

void weir__actor_end_told(struct weir__cell *cell)
{
  int code = WEIR_OK;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  if (atomic_load_explicit(&cell->work.flags, memory_order_relaxed) & WEIR__EXITED)
    code = weir__tally_look(cell)->exit_code;
  weir__bucket_unlock(bucket);
  weir__actor_end(cell, code, weir__ended_well(code) ? NULL : weir_strerror(code));
}

void weir__actor_end_down(struct weir__cell *cell)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  int code = weir__tally_look(cell)->exit_code;
  weir__bucket_unlock(bucket);
  assert(cell->phase == WEIR__DOWN);
  cell->phase = WEIR__ENDS;
  weir__actor_end_rest(cell, code, weir__ended_well(code) ? "" : weir_strerror(code));
}
