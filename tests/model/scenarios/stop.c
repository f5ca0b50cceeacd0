/* stop.c: tasks and handlers that wait while they are told to stop, killed, joined; whoever is faster (F3, F6). */
#include <weir/task.h>

#include "scenarios/handlers_fixture.h"

/* ---- tasks ---- */

static weir_task *task;
static int gave; /* plain: what a task did is seen by who has joined it */
static int five(void *unused)
{
  (void)unused;
  gave = 5;
  return 5;
}
static int sleep_for_ever(void *unused)
{
  (void)unused;
  MODEL_CHECK(weir_sleep(WEIR_FOREVER) == WEIR_ECANCELED);
  MODEL_CHECK(weir_sleep(WEIR_FOREVER) == WEIR_ECANCELED); /* and so on */
  return WEIR_OK;
}
static int start_a_sleeper(void *unused)
{
  weir_task_detach(weir_task_start(NULL, sleep_for_ever, unused));
  return WEIR_OK;
}
static void a_task(int (*f)(void *))
{
  make_workers(1);
  task = weir_task_start(&runtime, f, NULL);
  MODEL_CHECK(task);
}
static void a_short_one(void) { a_task(five); }
static void a_sleeper(void) { a_task(sleep_for_ever); }
static void a_parent(void) { a_task(start_a_sleeper); }

static void join_it(void)
{
  int result;
  MODEL_CHECK(weir_task_join(task, WEIR_FOREVER, &result) == WEIR_OK);
  MODEL_CHECK(result == 5 && gave == 5);
  stop_workers();
}
static void nothing_lives(void) { MODEL_CHECK(!weir__runtime_lives(&runtime) && runtime.tasks == NULL); }
MODEL_SCENARIO(task_joined, .about = "F6, I1 of task.c: who joins a task waits for its end, or finds it",
               .setup = a_short_one, .begin = begin_handlers, .bound = 3, .threads = {work_0, join_it},
               .finish = nothing_lives);

static void join_in_time_then_for_ever(void)
{
  int rc = weir_task_join(task, WEIR_MILLIS(1), NULL);
  MODEL_CHECK(rc == WEIR_OK || rc == WEIR_ETIMEDOUT);
  if (rc) MODEL_CHECK(weir_task_join(task, WEIR_FOREVER, NULL) == WEIR_OK);
  stop_workers();
}
MODEL_SCENARIO(task_joined_in_time, .about = "F6: time is over, or it has ended; then it may be joined again",
               .setup = a_short_one, .begin = begin_handlers, .bound = 2, .old_reads = 1,
               .threads = {work_0, join_in_time_then_for_ever}, .finish = nothing_lives);

static void detach_it(void)
{
  weir_task_detach(task);
  while (weir__runtime_lives(&runtime)) model_pause();
  stop_workers();
}
MODEL_SCENARIO(task_detached, .about = "I1 of task.c: a task that ends while it is detached is freed once",
               .setup = a_short_one, .begin = begin_handlers, .bound = 3, .old_reads = 1,
               .threads = {work_0, detach_it}, .finish = nothing_lives);

static void cancel_and_join(void)
{
  weir_task_cancel(task);
  MODEL_CHECK(weir_task_join(task, WEIR_FOREVER, NULL) == WEIR_OK);
  stop_workers();
}
MODEL_SCENARIO(task_cancelled, .about = "F6: who begins to wait while it is cancelled does not wait",
               .setup = a_sleeper, .begin = begin_handlers, .bound = 2, .threads = {work_0, cancel_and_join},
               .finish = nothing_lives);
MODEL_SCENARIO(task_cancelled_with_child, .about = "F6: a child that is started while its parent is cancelled is, too",
               .setup = a_parent, .begin = begin_handlers, .bound = 2, .old_reads = 1,
               .threads = {work_0, cancel_and_join}, .finish = nothing_lives);

/* ---- handlers ---- */

struct question {
  int64_t n;
};
WEIR_REQUEST(question, number, WEIR_FIELD(n));

struct asks {
  int64_t unused;
};
static int asked, gone_on;
static int ask_second(struct asks *self, const struct number *m)
{
  struct number *answer = NULL;
  (void)self, (void)m;
  asked = weir_ask(refs[1], WEIR_FOREVER, &answer, question, .n = 1);
  gone_on = 1;
  MODEL_CHECK(asked == WEIR_OK || asked == WEIR_ECANCELED);
  if (!asked) weir_free(answer);
  return WEIR_OK;
}
WEIR_ACTOR(asks, WEIR_ON(number, ask_second));

struct answers {
  int64_t unused;
};
static int answer_it(struct answers *self, const struct question *q, struct number *answer)
{
  (void)self;
  answer->n = q->n;
  return WEIR_OK;
}
WEIR_ACTOR(answers, WEIR_ON(question, answer_it));

static uint32_t generation;
static void one_asks(void)
{
  make_workers(1);
  make_actor(0, &asks, 0, 4);
  make_actor(1, &answers, 0, 4);
  generation = weir__generation_of(refs[0]);
  send_number(0, 1);
}
static void one_asks_in_vain(void)
{
  one_asks();
  atomic_store_explicit(&actors[1]->inbox, 0, memory_order_relaxed); /* as if it ran, for ever */
}
static bool has_ended(void)
{
  return weir__generation_in(atomic_load_explicit(&actors[0]->places, memory_order_acquire)) != generation;
}
static void end_when_gone(void)
{
  while (!has_ended()) model_pause();
  stop_workers();
}
static void stop_it(void)
{
  MODEL_CHECK(weir_stop(refs[0]) == WEIR_OK);
  end_when_gone();
}
static void kill_it(void)
{
  MODEL_CHECK(weir_kill(refs[0]) == WEIR_OK);
  end_when_gone();
}
static void all_is_told(void)
{
  weir_accounts a;
  uint64_t queued;
  MODEL_CHECK(weir__accounts_balance(&a, &queued) && queued == 0 && a.live == 0);
}
static void nobody_answered(void)
{
  struct weir__message *m;
  MODEL_CHECK(!gone_on || asked == WEIR_ECANCELED);
  weir__mpsc_collect(actors[1]);
  while ((m = weir__mpsc_pop(actors[1]))) weir__message_end(m, WEIR__WITHDRAWN);
  all_is_told();
}
static void goes_on_when_answered(void)
{
  MODEL_CHECK(!gone_on || asked == WEIR_OK);
  all_is_told();
}
MODEL_SCENARIO(stop_who_waits, .about = "F6: a handler that waits, or begins to, is told to stop",
               .setup = one_asks_in_vain, .begin = begin_handlers, .bound = 2, .old_reads = 1,
               .threads = {work_0, stop_it}, .finish = nobody_answered);
MODEL_SCENARIO(kill_who_waits, .about = "F3: a kill ends the wait, and the fiber is dropped: nothing is lost with it",
               .setup = one_asks, .begin = begin_handlers, .bound = 1, .threads = {work_0, kill_it},
               .finish = goes_on_when_answered);
