/* bench.c: what the workloads share. */
#include <sys/resource.h>
#include <time.h>

#include "bench.h"

int64_t bench_now_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

double bench_now(void) { return (double)bench_now_ns() * 1e-9; }

static double seconds_of(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec * 1e-6; }

double bench_cpu_s(void)
{
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
}

void bench_spin(uint64_t steps)
{
  uint64_t x = steps;
  for (uint64_t i = 0; i < steps; i++) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    __asm__ volatile("" : "+r"(x)); /* so that no step is left out */
  }
}

uint64_t bench_steps_in(int64_t ns)
{
  enum { STEPS = 200000, TRIES = 20 };
  int64_t least = INT64_MAX;
  for (int i = 0; i < TRIES; i++) {
    int64_t from = bench_now_ns();
    bench_spin(STEPS);
    int64_t took = bench_now_ns() - from;
    if (took < least) least = took;
  }
  return (uint64_t)(STEPS * ns / least);
}

long bench_status_kb(const char *key)
{
  char line[256];
  long kb = 0;
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f))
    if (strncmp(line, key, strlen(key)) == 0) kb = strtol(line + strlen(key) + 1, NULL, 10);
  if (f) fclose(f);
  return kb;
}

void bench_add(struct bench *b, const char *name, double value)
{
  size_t used = strlen(b->more);
  snprintf(b->more + used, sizeof b->more - used, ",\"%s\":%.6g", name, value);
}

void bench_begin(struct bench *b) { b->seconds = bench_now(); }
void bench_end(struct bench *b) { b->seconds = bench_now() - b->seconds; }

void bench_wrong(const char *what, uint64_t is, uint64_t should_be)
{
  fprintf(stderr, "weir-bench: %s is %" PRIu64 ", and should be %" PRIu64 "\n", what, is, should_be);
  exit(1);
}

void bench_failed(int rc, const char *what) { exit(weir_die(rc, what)); }

weir_ref bench_actor(weir_ref ref)
{
  bench_must(weir_ref_error(ref), "spawn");
  return ref;
}

static void on_event(const weir_restart_event *e, void *unused)
{
  (void)unused;
  fprintf(stderr, "weir-bench: %s: %s\n", e->child_name, e->text);
}

weir_ref bench_child(const struct bench *b, const weir_actor *type, weir_value config, uint64_t capacity)
{
  weir_ref ref;
  if (!b->watched) return bench_actor(weir_spawn(type, .capacity = capacity, .config = config));
  weir_ref tree = weir_supervise(.strategy = WEIR_DYNAMIC, .on_event = on_event,
                                 .children = WEIR_CHILDREN({.type = type, .restart = WEIR_TRANSIENT}));
  bench_must(weir_start_child(tree, WEIR_FOREVER, &ref, .capacity = capacity, .config = config), "start a child");
  return ref;
}

void bench_watch(const struct bench *b, weir_ref other)
{
  if (!b->watched) return;
  bench_must(weir_link(other), "link");
  bench_must(weir_monitor(other).error, "monitor");
}

void latch_make(struct latch *l, uint64_t n)
{
  atomic_store_explicit(&l->left, n, memory_order_relaxed);
  bench_must(weir_oneshot(&l->done, &l->all), "oneshot");
}

void latch_down(struct latch *l)
{
  if (atomic_fetch_sub_explicit(&l->left, 1, memory_order_acq_rel) == 1) weir_promise_send(l->done, number);
}

void latch_wait(struct latch *l)
{
  struct number *none;
  bench_must(weir_future_wait(l->all, WEIR_FOREVER, &none, number), "wait for all");
  weir_free(none);
}

int bench__run_task(const weir_runtime_options *options, int (*f)(void *), void *arg)
{
  weir_runtime *rt;
  bench_must(weir_runtime_start(options, &rt), "start");
  weir_task *t = weir_task_start(rt, f, arg);
  int rc = t ? WEIR_OK : WEIR_ENOMEM;
  bench_must(rc, "start a task");
  bench_must(weir_task_join(t, WEIR_FOREVER, &rc), "join");
  bench_must(rc, "the task");
  return weir_runtime_stop(rt, WEIR_SECONDS(10));
}
