/* busy: two actors that compute 10 us for each message. How much faster are they on two workers than on one? `fed`: a
 * third actor sends to each in turn. `exchanged`: they send to each other, eight messages each way. `threads` is what
 * the machine can do: two plain threads that compute as much, beside one. */
#include <pthread.h>

#include "bench.h"

enum { ROUNDS = 5, WORK_NS = 10000, EXCHANGED = 16 };

static uint64_t steps; /* of the work; written before anybody works */
static struct latch worked;

/* ---- fed ---- */

struct task_of {
  int64_t left;
};
WEIR_MESSAGE(task_of, WEIR_FIELD(left));
struct toiler {
  int64_t left;
};
static int toiler_start(struct toiler *t, const struct task_of *m)
{
  t->left = m->left;
  return WEIR_OK;
}
static int toiler_work(struct toiler *t)
{
  bench_spin(steps);
  if (--t->left) return WEIR_OK;
  latch_down(&worked);
  return WEIR_STOP;
}
WEIR_ACTOR(toiler, WEIR_ON_START(task_of, toiler_start) WEIR_ON(number, toiler_work));

struct pair {
  weir_ref one, other;
  int64_t each;
};
WEIR_MESSAGE(pair, WEIR_FIELD(one), WEIR_FIELD(other), WEIR_FIELD(each));
struct overseer {
  WEIR_EMPTY;
};
static int overseer_start(struct overseer *o, const struct pair *p)
{
  (void)o;
  for (int64_t i = 0; i < p->each; i++) {
    bench_must(weir_send(p->one, number, .n = i), "send");
    bench_must(weir_send(p->other, number, .n = i), "send");
  }
  return WEIR_STOP;
}
WEIR_ACTOR(overseer, WEIR_ON_START(pair, overseer_start));

static int run_fed(struct bench *b)
{
  int64_t each = (int64_t)(b->n + 1) / 2;
  weir_ref two[2];
  latch_make(&worked, 2);
  bench_begin(b);
  for (int i = 0; i < 2; i++)
    two[i] = bench_actor(weir_spawn(&toiler, .capacity = b->capacity, .config = WEIR_VALUE(task_of, .left = each)));
  bench_actor(weir_spawn(&overseer, .config = WEIR_VALUE(pair, .one = two[0], .other = two[1], .each = each)));
  latch_wait(&worked);
  bench_end(b);
  return WEIR_OK;
}

/* ---- exchanged ---- */

struct parcel_of_work {
  weir_ref from;
  int64_t left;
};
WEIR_MESSAGE(parcel_of_work, WEIR_FIELD(from), WEIR_FIELD(left));
struct partner {
  WEIR_EMPTY;
};
static int partner_work(struct partner *p, const struct parcel_of_work *m)
{
  (void)p;
  bench_spin(steps);
  if (m->left) return weir_send(m->from, parcel_of_work, .from = weir_self(), .left = m->left - 1);
  latch_down(&worked);
  return WEIR_OK;
}
WEIR_ACTOR(partner, WEIR_ON(parcel_of_work, partner_work));

static int run_exchanged(struct bench *b)
{
  int64_t each = (int64_t)(b->n / EXCHANGED) + 1;
  weir_ref two[2];
  latch_make(&worked, EXCHANGED);
  bench_begin(b);
  for (int i = 0; i < 2; i++) two[i] = bench_actor(weir_spawn(&partner, .capacity = EXCHANGED));
  for (int i = 0; i < EXCHANGED; i++)
    bench_must(weir_send(two[i % 2], parcel_of_work, .from = two[1 - i % 2], .left = each - 1), "send");
  latch_wait(&worked);
  bench_end(b);
  for (int i = 0; i < 2; i++) weir_stop(two[i]);
  return WEIR_OK;
}

/* ---- threads ---- */

static void *compute(void *messages)
{
  for (uint64_t i = *(uint64_t *)messages; i; i--) bench_spin(steps);
  return NULL;
}

static double run_threads(uint64_t n, int count)
{
  pthread_t threads[2];
  uint64_t each = n / (uint64_t)count;
  double from = bench_now();
  for (int i = 0; i < count; i++) bench_must(pthread_create(&threads[i], NULL, compute, &each), "start a thread");
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
  return bench_now() - from;
}

/* ---- the ratios ---- */

static double seconds_with(struct bench *b, int workers, bench_run *run)
{
  struct bench once = *b;
  bench_must(bench_run_task(&(weir_runtime_options){.workers = workers}, run, &once), "busy");
  return once.seconds;
}

static int by_size(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void add_median(struct bench *b, const char *name, double ratios[ROUNDS])
{
  qsort(ratios, ROUNDS, sizeof ratios[0], by_size);
  bench_add(b, name, ratios[ROUNDS / 2]);
}

int bench_busy(struct bench *b)
{
  double fed[ROUNDS], exchanged[ROUNDS], threads[ROUNDS];
  steps = bench_steps_in(WORK_NS);
  bench_begin(b);
  for (int i = 0; i < ROUNDS; i++) {
    fed[i] = seconds_with(b, 1, run_fed) / seconds_with(b, 2, run_fed);
    exchanged[i] = seconds_with(b, 1, run_exchanged) / seconds_with(b, 2, run_exchanged);
    threads[i] = run_threads(b->n, 1) / run_threads(b->n, 2);
  }
  bench_end(b);
  add_median(b, "fed_speedup", fed);
  add_median(b, "exchanged_speedup", exchanged);
  add_median(b, "threads_speedup", threads);
  return WEIR_OK;
}
