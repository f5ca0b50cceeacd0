/* hold.c: a runtime ends, and its memory goes, while other threads hand it work (R2 of runtime.h). */
#include "runtime/runtime.h"
#include "scenarios/channel_fixture.h"
#include "scenarios/worker_fixture.h"

/* ---- by hand: once the job is done nothing keeps the runtime but who has brought it ---- */

static char over; /* a gate */
static void open_gate(void) { model_gate_open(&over); }
static void one_worker(void)
{
  make_workers(1);
  job(0, 0, open_gate);
  job(1, WEIR__ANYWHERE, open_gate);
}
static void end_it(void)
{
  model_gate_wait(&over);
  weir__runtime_detach(&runtime);
  stop_workers();
  while (!model_has_ended(1)) model_pause(); /* as it is joined */
  model_give_back(workers, sizeof workers);
  model_give_back(&runtime, sizeof runtime);
}
static void post_it(void) { weir__worker_post(&workers[0], &jobs[0].call.work); }
static void inject_it(void) { weir__runtime_inject(&runtime, &jobs[1].call.work); }
MODEL_SCENARIO(hold_post, .about = "R2: who hands work to a worker holds its runtime until it has rung",
               .setup = one_worker, .begin = begin_worker, .bound = 2, .threads = {work_0, end_it, post_it});
MODEL_SCENARIO(hold_inject, .about = "R2: the same of work that is nobody's", .setup = one_worker,
               .begin = begin_worker, .bound = 2, .threads = {work_0, end_it, inject_it});

/* ---- a whole one ---- */

struct adder {
  int64_t sum;
};
static int adder_number(struct adder *s, const struct number *m)
{
  s->sum += m->n;
  return WEIR_OK;
}
WEIR_ACTOR(adder, WEIR_ON(number, adder_number));
static weir_runtime *rt;
static weir_ref ref;
static void one_adder(void)
{
  weir_runtime_options o = {.workers = 1, .hog_after = WEIR_FOREVER};
  MODEL_CHECK(weir_runtime_start(&o, &rt) == WEIR_OK);
  ref = weir_spawn(&adder);
  MODEL_CHECK(weir_ref_error(ref) == WEIR_OK);
}

/* As weir_runtime_stop(), which would tell all again after a while. */
static void stop_it(void)
{
  weir__runtime_tell_all(rt);
  pthread_mutex_lock(&rt->lock);
  while (weir__runtime_lives(rt)) pthread_cond_wait(&rt->changed, &rt->lock);
  pthread_mutex_unlock(&rt->lock);
  weir__runtime_detach(rt);
  weir__runtime_free(rt);
}
static void spawn_one(void)
{
  weir_ref other = weir_spawn(&adder);
  MODEL_CHECK(weir_ref_error(other) == WEIR_OK || weir_ref_error(other) == WEIR_EDEAD ||
              weir_ref_error(other) == WEIR_EINVAL);
}
MODEL_SCENARIO(hold_spawn, .about = "R2: who finds a runtime that ends, to spawn there, holds it", .setup = one_adder,
               .begin = warm_up, .bound = 1, .old_reads = 1, .threads = {stop_it, spawn_one},
               .finish = accounts_are_even);
