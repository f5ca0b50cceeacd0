/* idle: many actors count themselves ready and wait for a message, on which they end. Their memory is what counts. */
#include "bench.h"

static struct latch ended;
static _Atomic(uint64_t) ready; /* release, acquire: what each did before */

struct idler {
  WEIR_EMPTY;
};
static int idler_start(struct idler *i)
{
  (void)i;
  atomic_fetch_add_explicit(&ready, 1, memory_order_release);
  return WEIR_OK;
}
static int idler_end(struct idler *i)
{
  (void)i;
  latch_down(&ended);
  return WEIR_STOP;
}
WEIR_ACTOR(idler, WEIR_ON_START(weir_none, idler_start) WEIR_ON(number, idler_end), .capacity = 1);

int bench_idle(struct bench *b)
{
  latch_make(&ended, b->n);
  atomic_store_explicit(&ready, 0, memory_order_relaxed);
  long before = bench_status_kb("VmRSS:");
  double from = bench_now();
  weir_ref *refs = malloc(b->n * sizeof *refs);
  if (!refs) return WEIR_ENOMEM;
  for (uint64_t i = 0; i < b->n; i++) refs[i] = bench_actor(weir_spawn(&idler));
  while (atomic_load_explicit(&ready, memory_order_acquire) != b->n) bench_must(weir_sleep(WEIR_MILLIS(1)), "sleep");
  double spawn_s = bench_now() - from;
  bench_must(weir_sleep(WEIR_SECONDS(0.3)), "sleep");
  bench_add(b, "bytes_per_actor", (double)(bench_status_kb("VmRSS:") - before) * 1024 / (double)b->n);
  from = bench_now();
  for (uint64_t i = 0; i < b->n; i++) bench_must(weir_send(refs[i], number, .n = 1), "send");
  latch_wait(&ended);
  double stop_s = bench_now() - from;
  b->seconds = spawn_s + stop_s;
  bench_add(b, "spawn_s", spawn_s);
  bench_add(b, "stop_s", stop_s);
  free(refs);
  return WEIR_OK;
}
