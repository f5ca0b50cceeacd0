/* link.c: an end, and who is told of it; exits, and which reason counts (actor/link.c, M5). */
#include <weir/link.h>

#include "channel/line.h"
#include "runtime/strand.h"
#include "scenarios/actor_fixture.h"

enum { DOWN = 1000 };

/* The second worker's. */
struct watcher {
  int64_t unused;
};
static int watcher_number(struct watcher *self, const struct number *m)
{
  (void)self;
  return take(NULL, m);
}
static int watcher_down(struct watcher *self, const struct weir_down *m)
{
  struct number down = {m->code == WEIR_OK || m->code == WEIR_EDEAD ? DOWN : m->code};
  return watcher_number(self, &down);
}
WEIR_ACTOR(watcher, WEIR_ON(number, watcher_number) WEIR_ON(weir_down, watcher_down));

/* The first worker's: sends on what it gets, and ends. */
struct dying {
  int64_t unused;
};
static int dying_number(struct dying *self, const struct number *m)
{
  (void)self;
  put(m->n);
  return WEIR_STOP;
}
WEIR_ACTOR(dying, WEIR_ON(number, dying_number));

static struct weir__cell *victim;
static weir_ref victim_ref;
static void make_both(void)
{
  make_actor(4, WEIR_WAIT);
  actor->type = &watcher;
  actor->work.home = 1;
  victim = open_actor(weir__cell_take(), 4, WEIR_WAIT);
  victim->type = &dying;
  victim_ref = weir__ref_of(victim);
  atomic_store_explicit(&victim->inbox, 0, memory_order_relaxed);
  workers[0].next = &victim->work;
  MODEL_CHECK(weir_try_send(victim_ref, number, .n = 7) == WEIR_OK);
  MODEL_CHECK(weir_try_send(victim_ref, number, .n = 8) == WEIR_OK); /* is left: the end goes by all its steps */
}
/* It stands in its worker's lines, and what comes goes into its inbox. */
static void make_both_at_work(void)
{
  make_both();
  atomic_store_explicit(&actor->inbox, 0, memory_order_relaxed);
  workers[1].next = &actor->work;
}

/* As a handler of the watcher does it, on the second worker. */
static void watch(void)
{
  struct weir__strand *s = &strands[1];
  weir__strand_begin(s, &actor->work, &actor->waiting);
  weir__thread_here->strand = s;
  weir_monitor(victim_ref);
  weir__strand_rest(s);
  weir__thread_here->strand = NULL;
}
static void begin_watched(void)
{
  as_workers();
  if (model_thread() == 1) {
    unsigned first = weir__thread_here->worker->index;
    weir__thread_here->worker = &workers[1];
    watch();
    weir__thread_here->worker = &workers[first];
  }
}
static void run_what_came(void)
{
  weir__worker_take_inbox(&workers[1]);
  run_own();
}
static void run_twice(void) { run_what_came(), run_what_came(); }
static void message_then_news(void)
{
  run_the_rest();
  MODEL_CHECK(got_count == 2 && got[0] == 7 && got[1] == DOWN);
  accounts_are_even();
}
MODEL_SCENARIO(link_news_come_behind, .about = "M5: news of an end come behind what the dead actor had sent",
               .setup = make_both_at_work, .begin = begin_watched, .barriers = true, .bound = 3, .old_reads = 1,
               .threads = {run_own, run_twice}, .finish = message_then_news);

static void watch_and_run(void)
{
  watch();
  run_what_came();
}
MODEL_SCENARIO(link_watched_at_the_end, .about = "M5, L2 of link.c: who comes to watch is told once, whenever it comes",
               .setup = make_both, .begin = as_workers, .barriers = true, .bound = 3, .old_reads = 1,
               .threads = {run_own, watch_and_run}, .finish = message_then_news);

/* ---- exits ---- */

static void make_one(void) { make_actor(4, WEIR_WAIT); }
static int first_code; /* as seen after some step */
static int code_now(void) { return weir__tally_look(actor)->exit_code; }
static void the_first_counts(void)
{
  if (!(actor->work.flags & WEIR__EXITED)) return;
  if (!first_code) first_code = code_now();
  MODEL_CHECK(code_now() == first_code);
}
static void exit_7(void) { (void)!weir_exit(ref, -7); }
static void exit_8(void) { (void)!weir_exit(ref, -8); }
static void kill_it(void) { (void)!weir_kill(ref); }
static void one_reason(void)
{
  the_first_counts();
  MODEL_CHECK(actor->work.flags & WEIR__EXITED);
}
static void killed(void) { MODEL_CHECK(code_now() == WEIR_EKILLED && (actor->work.flags & WEIR__KILLED)); }
MODEL_SCENARIO(link_first_exit, .about = "M5: of two exits the first one's reason counts", .setup = make_one,
               .begin = as_plain_threads, .threads = {exit_7, exit_8}, .invariant = the_first_counts,
               .finish = one_reason);
MODEL_SCENARIO(link_kill_wins, .about = "M5: a kill wins over an exit, whichever comes first", .setup = make_one,
               .begin = as_plain_threads, .threads = {exit_7, kill_it}, .finish = killed);
