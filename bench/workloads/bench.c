/* bench.c: what the workloads share. */
#include <time.h>

#include "bench.h"

double bench_now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
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

int bench_must(int rc, const char *what)
{
  if (rc) exit(weir_die(rc, what));
  return rc;
}

weir_ref bench_actor(weir_ref ref)
{
  bench_must(weir_ref_error(ref), "spawn");
  return ref;
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
