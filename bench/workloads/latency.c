/* latency: a server that computes 2 us for each request, and requests that are due at random times (a Poisson process,
 * seeded), whatever becomes of the answers. An actor for each request asks the server; its latency counts from when it
 * was due, so that a request that had to be begun late is not counted as if it had been on time. With --rate 0 there
 * are 64 requests on their way at any time: the most that can be served. */
#include <math.h>

#include "bench.h"
#include "histogram.h"

enum { IN_FLIGHT = 64, WORK_NS = 2000, WARM_UP_NS = 200000000, SLEEP_FROM_NS = 3000000 };

static struct histogram latencies;
static _Atomic(uint64_t) begun, answered; /* release, acquire: all of a request is over when it counts as answered */
static uint64_t steps;                    /* of the server's work; written before there is a server */
static int64_t record_from_ns;            /* the same */

struct job {
  int64_t due_ns;
};
WEIR_REQUEST(job, number, WEIR_FIELD(due_ns));

struct servant {
  WEIR_EMPTY;
};
static int servant_work(struct servant *s, const struct job *m, struct number *reply)
{
  (void)s;
  bench_spin(steps);
  reply->n = m->due_ns;
  return WEIR_OK;
}
WEIR_ACTOR(servant, WEIR_ON(job, servant_work));

/* ---- a request ---- */

struct errand {
  weir_ref servant;
  int64_t due_ns;
};
WEIR_MESSAGE(errand, WEIR_FIELD(servant), WEIR_FIELD(due_ns));
struct runner {
  WEIR_EMPTY;
};
static int runner_start(struct runner *r, const struct errand *m)
{
  (void)r;
  bench_must(weir_ask(m->servant, WEIR_FOREVER, NULL, job, .due_ns = m->due_ns), "ask");
  if (m->due_ns >= record_from_ns) histogram_add(&latencies, (uint64_t)(bench_now_ns() - m->due_ns));
  atomic_fetch_add_explicit(&answered, 1, memory_order_release);
  return WEIR_STOP;
}
WEIR_ACTOR(runner, WEIR_ON_START(errand, runner_start), .capacity = 1);

static void fire(weir_ref to, int64_t due_ns)
{
  atomic_fetch_add_explicit(&begun, 1, memory_order_relaxed);
  bench_actor(weir_spawn(&runner, .config = WEIR_VALUE(errand, .servant = to, .due_ns = due_ns)));
}

static uint64_t in_flight(void)
{
  return atomic_load_explicit(&begun, memory_order_relaxed) - atomic_load_explicit(&answered, memory_order_acquire);
}

/* ---- when they begin ---- */

/* Until then others run. Timers are good to a millisecond, so most of the time this looks at the clock and yields. */
static void wait_until(int64_t due_ns)
{
  for (int64_t left; (left = due_ns - bench_now_ns()) > 0;)
    bench_must(left > SLEEP_FROM_NS ? weir_sleep((weir_duration){left - SLEEP_FROM_NS / 2}) : weir_yield(), "wait");
}

static void fire_at_random_times(weir_ref to, uint64_t rate, int64_t end_ns)
{
  uint32_t seed = 17;
  double due_ns = (double)bench_now_ns(), mean_ns = 1e9 / (double)rate;
  for (;;) {
    due_ns -= mean_ns * log((bench_pick(&seed, 1 << 22) + 1.0) / (1 << 22));
    if ((int64_t)due_ns >= end_ns) return;
    wait_until((int64_t)due_ns);
    fire(to, (int64_t)due_ns);
  }
}

static void fire_when_answered(weir_ref to, int64_t end_ns)
{
  for (int64_t now; (now = bench_now_ns()) < end_ns;) {
    while (in_flight() < IN_FLIGHT) fire(to, now);
    bench_must(weir_yield(), "yield");
  }
}

int bench_latency(struct bench *b)
{
  steps = bench_steps_in(WORK_NS);
  weir_ref to = bench_actor(weir_spawn(&servant, .capacity = b->capacity));
  double cpu_s = bench_cpu_s();
  bench_begin(b);
  int64_t from_ns = bench_now_ns(), end_ns = from_ns + (int64_t)b->for_s * 1000000000;
  record_from_ns = from_ns + WARM_UP_NS;
  if (b->rate)
    fire_at_random_times(to, b->rate, end_ns);
  else
    fire_when_answered(to, end_ns);
  while (in_flight()) bench_must(weir_yield(), "yield");
  bench_end(b);
  b->n = atomic_load_explicit(&answered, memory_order_relaxed);
  bench_add(b, "rate", (double)b->rate);
  bench_add(b, "p50_us", (double)histogram_at(&latencies, 0.5) * 1e-3);
  bench_add(b, "p99_us", (double)histogram_at(&latencies, 0.99) * 1e-3);
  bench_add(b, "p999_us", (double)histogram_at(&latencies, 0.999) * 1e-3);
  bench_add(b, "max_us", (double)histogram_at(&latencies, 1) * 1e-3);
  bench_add(b, "cpu_s", bench_cpu_s() - cpu_s);
  return WEIR_OK;
}
