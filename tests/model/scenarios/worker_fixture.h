/* worker_fixture.h: a runtime made by hand, whose workers are threads of a scenario. What they do are calls. */
#ifndef MODEL_WORKER_FIXTURE_H
#define MODEL_WORKER_FIXTURE_H

#include <weir/weir.h>

#include "model.h"
#include "runtime/runtime.h"

enum { WORKERS_MOST = 3, JOBS = 4, NOT_QUICK_NS = 2 * WEIR__QUICK_NS };

static struct weir_runtime runtime;
static struct weir__worker workers[WORKERS_MOST];
static bool is_parked[WORKERS_MOST];

/* Not explored: alone. */
static inline void make_workers(unsigned count)
{
  runtime.flavor = WEIR_MULTI_THREAD;
  runtime.worker_count = count;
  runtime.stack_bytes = 65536;
  runtime.workers = workers;
  runtime.is_parked = is_parked;
  weir__blocking_init(&runtime.blocking, 0);
  pthread_mutex_init(&runtime.lock, NULL);
  pthread_cond_init(&runtime.changed, NULL);
  for (unsigned i = 0; i < count; i++) {
    MODEL_CHECK(weir__worker_init(&workers[i], &runtime, i) == WEIR_OK);
    MODEL_CHECK(weir__worker_make_loop(&workers[i]) == WEIR_OK);
  }
}

/* Not explored: the thread `number` of the scenario is worker number - 1, if there is such a one. */
static inline void begin_worker(void)
{
  struct weir__thread *t = weir__thread();
  unsigned i = model_thread() - 1;
  MODEL_CHECK(t != NULL);
  if (i >= runtime.worker_count) return;
  workers[i].thread = t;
  t->worker = &workers[i];
  weir__fiber_adopt(&workers[i].own);
}

static inline void work_0(void) { weir__worker_run(&workers[0]); }
static inline void work_1(void) { weir__worker_run(&workers[1]); }
static inline void work_2(void) { weir__worker_run(&workers[2]); }

/* As the end of a runtime does it. */
static inline void stop_workers(void)
{
  atomic_store_explicit(&runtime.state, WEIR__STOPPED, memory_order_seq_cst);
  for (unsigned i = 0; i < runtime.worker_count; i++) weir__worker_ring(&workers[i]);
}

/* What there is to do. */
struct job {
  struct weir__call_work call; /* first */
  void (*f)(void);
  int done; /* plain: who does it does it alone */
};
static struct job jobs[JOBS];

static inline void do_job(struct weir__call_work *call)
{
  struct job *j = (struct job *)(void *)call;
  MODEL_CHECK(j->done == 0);
  j->done = 1;
  if (j->f) j->f();
}
static inline struct weir__work *job(int i, uint16_t home, void (*f)(void))
{
  jobs[i] = (struct job){.f = f};
  jobs[i].call.work.kind = WEIR__CALL;
  jobs[i].call.work.home = home;
  jobs[i].call.call = do_job;
  return &jobs[i].call.work;
}

#endif
