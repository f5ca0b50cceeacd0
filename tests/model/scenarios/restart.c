/* restart.c: a child of a supervisor that ends and comes again in the same cell, while others send to it, stop it, kill it, or
 * end it for good (actor/child.h, L1). */
#include "actor/child.h"

#include <weir/link.h>

#include "channel/line.h"
#include "runtime/strand.h"
#include "scenarios/actor_fixture.h"

enum { LAST = 1 };

/* The child: what it takes LAST ends the incarnation. */
struct child {
  int64_t sum;
};
static int child_number(struct child *self, const struct number *m)
{
  self->sum += m->n;
  take(NULL, m);
  return m->n == LAST ? WEIR_STOP : WEIR_OK;
}
WEIR_ACTOR(child, WEIR_ON(number, child_number));

/* The supervisor: only its mailbox; the thread that looks into it does what it would do. */
static struct weir__cell *boss;
static struct weir__outcome outcome;

static struct weir__message *papers_for(uint32_t incarnation)
{
  struct weir__papers papers = {
      .supervisor = weir__ref_of(boss), .child = 1, .incarnation = incarnation, .restart = WEIR__PERMANENT_CHILD};
  struct weir__message *m = weir__papers_make(&papers);
  MODEL_CHECK(m != NULL);
  return m;
}
static void make_child(void)
{
  make_actor(4, WEIR_WAIT);
  actor->type = &child;
  actor->work.home = 0;
  boss = open_actor(weir__cell_take(), 4, WEIR_WAIT);
  atomic_store_explicit(&boss->inbox, 0, memory_order_relaxed); /* it is in its turn */
  weir__extras(actor)->papers = papers_for(1);
  weir_message_weir__child_down(), weir_message_weir__child_gone();
  atomic_store_explicit(&actor->inbox, 0, memory_order_relaxed);
  weir__work_append(&workers[0].ready, &actor->work);
  put(LAST);
}

/* On the first worker: what there is to do, until the others have done what they do. */
static _Atomic(int) over;
static void work_until(int others)
{
  for (;;) {
    bool last = atomic_load_explicit(&over, memory_order_acquire) == others;
    weir__worker_take_inbox(&workers[0]);
    run_own();
    if (last) break;
    model_pause();
  }
}
static void work_for_one(void) { work_until(1); }
static void work_for_two(void) { work_until(2); }
static void is_over(void) { atomic_fetch_add_explicit(&over, 1, memory_order_acq_rel); }

/* The report of an incarnation, taken out of the mailbox. */
static bool await_report(void)
{
  struct weir__message *m;
  for (;;) {
    weir__mpsc_collect(boss);
    if ((m = weir__mpsc_pop(boss))) break;
    model_pause();
  }
  bool down = weir_message_same(m->type, weir_message_weir__child_down());
  weir__message_end(m, WEIR__HANDLED);
  return down;
}
static void restart_it(void)
{
  if (await_report()) weir__child_restart(ref, false, papers_for(2), &outcome);
}

/* Not explored: the end of all, for good. */
static void end_for_good(void)
{
  weir__thread_here->worker = NULL;
  weir__child_tell(ref, WEIR__FOR_GOOD);
  run_the_rest();
  struct weir__message *m;
  weir__mpsc_collect(boss);
  while ((m = weir__mpsc_pop(boss))) weir__message_end(m, WEIR__HANDLED);
  MODEL_CHECK(weir__generation_of(ref) != weir__generation_in(actor->places));
  accounts_are_even();
}
static void begin(void)
{
  as_workers();
  if (model_thread() == 1) return;
  weir__thread_here->worker = NULL;
  weir__wait_close(weir__wait_open(WEIR__IDLE));
}

/* ---- the mailbox stays ---- */

static void send_2_and_restart(void)
{
  put(2);
  restart_it();
  is_over();
}
static void both_came(void)
{
  MODEL_CHECK(outcome.code == WEIR_OK);
  run_the_rest();
  MODEL_CHECK(got_count == 2 && got[0] == LAST && got[1] == 2);
  MODEL_CHECK(((struct child *)weir__state_of(actor))->sum == 2);
  end_for_good();
}
MODEL_SCENARIO(restart_keeps_mailbox, .about = "L1: what is sent while a child ends and starts again is handled then",
               .setup = make_child, .begin = begin, .barriers = true, .bound = 1,
               .threads = {work_for_one, send_2_and_restart}, .finish = both_came);

/* ---- while it is restarted: stopped, killed, ended for good ---- */

static void restart_and_say_so(void)
{
  restart_it();
  is_over();
}
static void stop_it(void)
{
  (void)!weir_stop(ref);
  is_over();
}
static void kill_it(void)
{
  (void)!weir_kill(ref);
  is_over();
}
static void end_it_for_good(void)
{
  weir__tell(ref, WEIR__STOPPING | WEIR__CANCELLED | WEIR__FOR_GOOD); /* as the end of a runtime does */
  is_over();
}
static void is_or_comes_again(void)
{
  run_the_rest();
  MODEL_CHECK(weir__generation_of(ref) == weir__generation_in(actor->places));
  MODEL_CHECK(actor->phase == WEIR__LIVES || actor->phase == WEIR__DOWN);
  MODEL_CHECK(actor->phase == WEIR__DOWN || !(places_of() & WEIR__CLOSED));
  end_for_good();
}
MODEL_SCENARIO(restart_or_stop, .about = "L1, H3: a stop meets one incarnation or the next", .setup = make_child,
               .begin = begin, .barriers = true, .bound = 1, .old_reads = 1,
               .threads = {work_for_two, restart_and_say_so, stop_it}, .finish = is_or_comes_again);
MODEL_SCENARIO(restart_or_kill, .about = "L1, H3: a kill meets one incarnation or the next", .setup = make_child,
               .begin = begin, .barriers = true, .bound = 1, .old_reads = 1,
               .threads = {work_for_two, restart_and_say_so, kill_it}, .finish = is_or_comes_again);

static void has_ended(void)
{
  run_the_rest();
  MODEL_CHECK(weir__generation_of(ref) != weir__generation_in(actor->places));
  struct weir__message *m;
  weir__mpsc_collect(boss);
  while ((m = weir__mpsc_pop(boss))) weir__message_end(m, WEIR__HANDLED);
  accounts_are_even();
}
MODEL_SCENARIO(restart_or_end, .about = "H3: the end for good wins over a restart, whichever comes first",
               .setup = make_child, .begin = begin, .barriers = true, .bound = 1, .old_reads = 1,
               .threads = {work_for_two, restart_and_say_so, end_it_for_good}, .finish = has_ended);

/* ---- watched ---- */

static struct weir__cell *watcher;
static struct weir__strand lent;
static void make_child_and_watcher(void)
{
  make_child();
  watcher = open_actor(weir__cell_take(), 4, WEIR_WAIT);
  atomic_store_explicit(&watcher->inbox, 0, memory_order_relaxed);
}
static void watch_it(void)
{
  weir__strand_begin(&lent, &watcher->work, &watcher->waiting);
  weir__thread_here->strand = &lent;
  weir_monitor(ref);
  weir__strand_rest(&lent);
  weir__thread_here->strand = NULL;
  is_over();
}
static unsigned news(void)
{
  struct weir__message *m;
  unsigned count = 0;
  weir__mpsc_collect(watcher);
  for (; (m = weir__mpsc_pop(watcher)); count++) weir__message_end(m, WEIR__HANDLED);
  return count;
}
static void told_at_the_end_alone(void)
{
  run_the_rest();
  MODEL_CHECK(news() == 0);
  weir__thread_here->worker = NULL;
  weir__child_tell(ref, WEIR__FOR_GOOD);
  run_the_rest();
  MODEL_CHECK(news() == 1);
}
MODEL_SCENARIO(restart_and_watch, .about = "L1: who watches a child is told when it ends for good, not of a restart",
               .setup = make_child_and_watcher, .begin = begin, .barriers = true, .bound = 1, .old_reads = 1,
               .threads = {work_for_two, restart_and_say_so, watch_it}, .finish = told_at_the_end_alone);

/* ---- W2: who is DOWN waits for its supervisor ---- */

static void begin_as_boss(void)
{
  begin();
  if (model_thread() == 1) return;
  weir__strand_begin(&lent, &boss->work, &boss->waiting);
  weir__thread_here->strand = &lent;
}
static void ask_child(void)
{
  MODEL_CHECK(weir_ask(ref, WEIR_FOREVER, NULL, number, .n = 3) == WEIR_EDEADLOCK);
  is_over();
}
MODEL_SCENARIO(restart_asked_by_boss, .about = "W2, H5: a supervisor asks its child, which is down, or about to be",
               .setup = make_child, .begin = begin_as_boss, .barriers = true, .bound = 1, .old_reads = 1,
               .threads = {work_for_one, ask_child}, .finish = end_for_good);
