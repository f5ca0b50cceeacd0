/* park.c: workers that have nothing to do go to sleep; whoever has work for them wakes them. A wake-up that is lost leaves
 * all waiting. */
#include "scenarios/worker_fixture.h"

enum { LOOKS_NS = 2 * NOT_QUICK_NS };

static void one_worker(void) { make_workers(1); }
static void two_workers(void) { make_workers(2); }

/* ---- work from outside ---- */

static void inject_the_last(void) { weir__runtime_inject(&runtime, job(0, WEIR__ANYWHERE, stop_workers)); }
static void one_done(void)
{
  MODEL_CHECK(jobs[0].done == 1);
  MODEL_CHECK(runtime.unowned == 0 && runtime.holds == 0 && runtime.searching <= 1);
}
MODEL_SCENARIO(park_inject, .about = "U3, R3: work that is nobody's wakes who goes to sleep", .setup = one_worker,
               .begin = begin_worker, .threads = {work_0, inject_the_last}, .finish = one_done);

static void post_the_last(void) { weir__worker_post(&workers[0], job(0, 0, stop_workers)); }
MODEL_SCENARIO(park_post, .about = "U2: what is pushed into a worker's inbox wakes it", .setup = one_worker,
               .begin = begin_worker, .threads = {work_0, post_the_last}, .finish = one_done);

static void stop_after_both(void)
{
  if (jobs[0].done && jobs[1].done) stop_workers();
}
static void one_worker_two_jobs(void)
{
  make_workers(1);
  job(0, 0, stop_after_both);
  job(1, 0, stop_after_both);
}
static void post_first(void) { weir__worker_post(&workers[0], &jobs[0].call.work); }
static void post_second(void) { weir__worker_post(&workers[0], &jobs[1].call.work); }
static void two_done(void)
{
  MODEL_CHECK(jobs[1].done == 1);
  one_done();
}
MODEL_SCENARIO(park_post_two, .about = "U2: two that push at the same time: nothing is lost",
               .setup = one_worker_two_jobs, .bound = 2, .begin = begin_worker,
               .threads = {work_0, post_first, post_second}, .finish = two_done);

MODEL_SCENARIO(park_stop, .about = "R1: the end of the runtime wakes each worker", .setup = one_worker,
               .begin = begin_worker, .threads = {work_0, stop_workers});

MODEL_SCENARIO(park_stop_of_two, .about = "R1: the same with two workers", .setup = two_workers, .bound = 2,
               .begin = begin_worker, .threads = {work_0, work_1, stop_workers});

/* ---- work that another has ---- */

/* The first worker is at something longer: it has put a job into its queue and waits for it, so another must wake up for
 * that. */
static char over; /* a gate */
static void open_gate(void) { model_gate_open(&over); }
static void give_and_wait(void)
{
  weir__schedule(&runtime, &jobs[1].call.work);
  model_gate_wait(&over);
  stop_workers();
}
static void not_quick(unsigned count)
{
  make_workers(count);
  for (unsigned i = 0; i < count; i++) workers[i].pace_ns = NOT_QUICK_NS;
  weir__worker_post(&workers[0], job(0, 0, give_and_wait));
  job(1, WEIR__ANYWHERE, open_gate);
}
static void two_not_quick(void) { not_quick(2); }
static void three_not_quick(void) { not_quick(3); }
static bool hired(unsigned i) { return workers[i].hired; }
/* U3: of those that sleep one at a time is woken to search. */
static void one_is_woken(void) { MODEL_CHECK(hired(0) + hired(1) + hired(2) <= 1); }
MODEL_SCENARIO(park_queued, .about = "U3: who puts work into its queue wakes one who can take it",
               .setup = two_not_quick, .barriers = true, .bound = 2, .begin = begin_worker, .threads = {work_0, work_1},
               .invariant = one_is_woken, .finish = two_done);
MODEL_SCENARIO(park_queued_for_two, .about = "U3: the same where two could", .setup = three_not_quick, .barriers = true,
               .bound = 1, .begin = begin_worker, .threads = {work_0, work_1, work_2}, .invariant = one_is_woken,
               .finish = two_done);

/* Two jobs. */
static char over_too;
static void open_other_gate(void) { model_gate_open(&over_too); }
static void give_two_and_wait(void)
{
  weir__schedule(&runtime, &jobs[1].call.work);
  weir__schedule(&runtime, &jobs[2].call.work);
  model_gate_wait(&over);
  model_gate_wait(&over_too);
  stop_workers();
}
static void two_jobs(void)
{
  not_quick(3);
  jobs[0].f = give_two_and_wait;
  job(2, WEIR__ANYWHERE, open_other_gate);
}
static void three_done(void)
{
  MODEL_CHECK(jobs[2].done == 1);
  two_done();
}
MODEL_SCENARIO(park_queued_two, .about = "U3: two are given away: of those that sleep one at a time is woken",
               .setup = two_jobs, .barriers = true, .bound = 1, .old_reads = 1, .begin = begin_worker,
               .threads = {work_0, work_1, work_2}, .invariant = one_is_woken, .finish = three_done);

/* Who was woken takes one, and is at something longer itself: so it hands the search on. */
static void wait_for_the_other(void)
{
  model_gate_wait(&over_too);
  model_gate_open(&over);
}
static void give_two_that_meet(void)
{
  weir__schedule(&runtime, &jobs[1].call.work);
  weir__schedule(&runtime, &jobs[2].call.work);
  model_gate_wait(&over);
  stop_workers();
}
static void two_jobs_that_meet(void)
{
  two_jobs();
  jobs[0].f = give_two_that_meet;
  jobs[1].f = wait_for_the_other;
}
MODEL_SCENARIO(park_search_goes_on, .about = "U3: the last one that searches hands on when it has found something",
               .setup = two_jobs_that_meet, .barriers = true, .bound = 1, .old_reads = 1, .begin = begin_worker,
               .threads = {work_0, work_1, work_2}, .invariant = one_is_woken, .finish = three_done);

/* ---- who looks around before it sleeps ---- */

static void give_to_who_looks(void)
{
  model_advance(LOOKS_NS);
  give_and_wait();
}
static void second_looks(void)
{
  two_not_quick();
  jobs[0].f = give_to_who_looks;
  workers[1].look_ns = LOOKS_NS;
}
MODEL_SCENARIO(park_looks, .about = "U3: work is handed to who looks around, whether it goes to sleep now or not",
               .setup = second_looks, .barriers = true, .bound = 2, .begin = begin_worker, .threads = {work_0, work_1},
               .finish = two_done);
