/* lives.c: what lives in a runtime, and when it is quiet. */
#include "real/runtime.h"
#include "scenarios/worker_fixture.h"

/* ---- R1: does anything live in it? ---- */

/* Each worker, as if a handler ran on it. */
static struct weir__work self[WORKERS_MOST];
static void begin_handler(void)
{
  begin_worker();
  unsigned i = model_thread() - 1;
  if (i >= runtime.worker_count) return;
  workers[i].on_fiber = true;
  workers[i].current->self = &self[i];
}
static void one_lives(void)
{
  make_workers(2);
  weir__runtime_enter_counted(&runtime);
}

static char handed;                         /* a gate */
static int first_ended, second_ended, told; /* plain: what was done is seen by who finds that nothing lives */
static void make_another_and_end(void)
{
  MODEL_CHECK(real_runtime_enter(&runtime));
  model_gate_open(&handed);
  first_ended = 1;
  real_runtime_leave(&runtime);
}
static void end_the_other(void)
{
  model_gate_wait(&handed);
  second_ended = 1;
  real_runtime_leave(&runtime);
}
static void nothing_lives_then(void)
{
  if (!weir__runtime_lives(&runtime)) MODEL_CHECK(first_ended && second_ended);
}
static void nothing_lives(void) { MODEL_CHECK(!weir__runtime_lives(&runtime) && runtime.holds == 0); }
MODEL_SCENARIO(lives_never_missed,
               .about = "R1: what is made by one worker and ends on another is not overlooked between",
               .setup = one_lives, .begin = begin_handler,
               .threads = {make_another_and_end, end_the_other, nothing_lives_then}, .finish = nothing_lives);

/* While it is being stopped. */
static void two_live_in_one_that_stops(void)
{
  one_lives();
  weir__runtime_enter_counted(&runtime);
  runtime.state = WEIR__STOPS;
}
static void end_here(void) { real_runtime_leave(&runtime); }
static void await_the_end(void)
{
  pthread_mutex_lock(&runtime.lock);
  while (weir__runtime_lives(&runtime)) pthread_cond_wait(&runtime.changed, &runtime.lock);
  pthread_mutex_unlock(&runtime.lock);
}
MODEL_SCENARIO(lives_last_two, .about = "R1: of two that leave at the same time one tells who waits for it",
               .setup = two_live_in_one_that_stops, .begin = begin_handler,
               .threads = {end_here, end_here, await_the_end}, .finish = nothing_lives);

static void no_worker_runs(void) { make_workers(1); }
static void begin_outside(void) { MODEL_CHECK(weir__thread() != NULL); }
static void enter_and_leave(void)
{
  if (!real_runtime_enter(&runtime)) return;
  MODEL_CHECK(!told);
  real_runtime_leave(&runtime);
}
static void stop_it(void)
{
  atomic_store_explicit(&runtime.state, WEIR__STOPS, memory_order_seq_cst);
  if (!weir__runtime_lives(&runtime)) told = 1;
}
MODEL_SCENARIO(lives_enter_and_stop, .about = "R1: who enters is seen by who stops it, or sees that",
               .setup = no_worker_runs, .begin = begin_outside, .threads = {enter_and_leave, stop_it},
               .finish = nothing_lives);

static void one_worker(void) { make_workers(1); }

/* ---- R3: is it quiet? ---- */

static void await_quiet(void)
{
  atomic_store_explicit(&runtime.state, WEIR__DRAINS, memory_order_seq_cst);
  pthread_mutex_lock(&runtime.lock);
  while (!weir__runtime_is_quiet(&runtime)) pthread_cond_wait(&runtime.changed, &runtime.lock);
  pthread_mutex_unlock(&runtime.lock);
}
static void post_and_drain(void)
{
  weir__worker_post(&workers[0], job(0, 0, NULL));
  await_quiet();
  MODEL_CHECK(jobs[0].done);
  stop_workers();
}
MODEL_SCENARIO(quiet_posted, .about = "R3: not quiet while something is in an inbox", .setup = one_worker,
               .begin = begin_worker, .threads = {work_0, post_and_drain});

static void inject_and_drain(void)
{
  weir__runtime_inject(&runtime, job(0, WEIR__ANYWHERE, NULL));
  await_quiet();
  MODEL_CHECK(jobs[0].done);
  stop_workers();
}
MODEL_SCENARIO(quiet_injected, .about = "R3: not quiet while something is nobody's", .setup = one_worker, .bound = 2,
               .begin = begin_worker, .threads = {work_0, inject_and_drain});

/* From one worker to the other. */
static void pass_on(void) { weir__worker_post(&workers[1], &jobs[1].call.work); }
static void two_workers(void)
{
  make_workers(2);
  job(1, 1, NULL);
  weir__worker_post(&workers[0], job(0, 0, pass_on));
}
static void drain_two(void)
{
  await_quiet();
  MODEL_CHECK(jobs[0].done && jobs[1].done);
  stop_workers();
}
MODEL_SCENARIO(quiet_passed_on, .about = "R3: not quiet while one worker has handed something to another",
               .setup = two_workers, .bound = 1, .begin = begin_worker, .threads = {work_0, work_1, drain_two});

/* What waits is at work. */
static struct weir__strand *sleeper; /* plain: before the gate */
static int gone_on;
static void wait_on_fiber(void)
{
  MODEL_CHECK(weir__can_suspend(&workers[0]) == WEIR_OK);
  sleeper = workers[0].current;
  model_gate_open(&handed);
  weir__suspend(&workers[0]);
  gone_on = 1;
}
static void one_that_waits(void)
{
  make_workers(1);
  weir__worker_post(&workers[0], job(0, 0, wait_on_fiber));
}
static void resume_it(void)
{
  model_gate_wait(&handed);
  weir__resume(sleeper);
}
static void drain_one(void)
{
  await_quiet();
  MODEL_CHECK(gone_on);
  stop_workers();
}
MODEL_SCENARIO(quiet_suspended, .about = "R3, F5: not quiet while a fiber waits; it goes on, whoever is faster",
               .setup = one_that_waits, .bound = 2, .begin = begin_worker, .threads = {work_0, resume_it, drain_one});
