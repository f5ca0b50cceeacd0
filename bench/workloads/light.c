/* light: what a runtime with little to do, and one with nothing to do, takes of a core. An actor's timer ticks each
 * millisecond; each time it sends another one as many messages as milliseconds have passed, which is one, or more where
 * ticks came late: 1,000 a second in any case. */
#include "bench.h"

struct tick {
  WEIR_EMPTY;
};
WEIR_MESSAGE(tick);

static _Atomic(uint64_t) seen, ticks; /* relaxed: counts */

struct watcher {
  WEIR_EMPTY;
};
static int watcher_see(struct watcher *w)
{
  (void)w;
  atomic_fetch_add_explicit(&seen, 1, memory_order_relaxed);
  return WEIR_OK;
}
WEIR_ACTOR(watcher, WEIR_ON(number, watcher_see));

struct pacemaker {
  weir_ref watcher;
  int64_t begun_ns, sent;
};
static int pacemaker_start(struct pacemaker *p)
{
  p->watcher = bench_actor(weir_spawn(&watcher));
  p->begun_ns = bench_now_ns();
  return weir_send_every(weir_self(), WEIR_MILLIS(1), tick).error;
}
static int pacemaker_tick(struct pacemaker *p)
{
  atomic_fetch_add_explicit(&ticks, 1, memory_order_relaxed);
  int rc = WEIR_OK;
  for (int64_t due = (bench_now_ns() - p->begun_ns) / 1000000; p->sent < due && !rc; p->sent++)
    rc = weir_send(p->watcher, number, .n = 1);
  return rc == WEIR_ECANCELED ? WEIR_STOP : bench_must(rc, "send"); /* it is stopped when it has ticked long enough */
}
WEIR_ACTOR(pacemaker, WEIR_ON_START(weir_none, pacemaker_start) WEIR_ON(tick, pacemaker_tick));

/* The part of a core that the process takes while the caller sleeps. */
static double part_of_a_core(uint64_t seconds)
{
  double cpu_s = bench_cpu_s(), from = bench_now();
  bench_must(weir_sleep((weir_duration){(int64_t)seconds * 1000000000}), "sleep");
  return (bench_cpu_s() - cpu_s) / (bench_now() - from);
}

int bench_light(struct bench *b)
{
  bench_begin(b);
  weir_ref p = bench_actor(weir_spawn(&pacemaker));
  double light = part_of_a_core(b->for_s);
  bench_end(b);
  b->n = atomic_load_explicit(&seen, memory_order_relaxed);
  bench_must(weir_stop(p), "stop");
  bench_add(b, "ticks_per_s", (double)atomic_load_explicit(&ticks, memory_order_relaxed) / b->seconds);
  bench_add(b, "core_part_light", light);
  bench_add(b, "core_part_idle", part_of_a_core(b->for_s));
  return WEIR_OK;
}
