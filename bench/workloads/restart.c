/* restart: a supervised actor fails, and handles the next message in its next incarnation, again and again. What counts
 * is the time from the failure until that message is in hand; crash: the failure is a null pointer. */
#include "bench.h"
#include "histogram.h"

static struct histogram times;
static _Atomic(int64_t) fell_ns; /* relaxed: one after the other, through the mailbox */
static int *volatile nowhere;

struct fall {
  bool crash;
};
struct rise {
  WEIR_EMPTY;
};
WEIR_MESSAGE(fall, WEIR_FIELD(crash));
WEIR_REQUEST(rise, number);

struct phoenix {
  int64_t rises;
};
static int phoenix_fall(struct phoenix *p, const struct fall *m)
{
  (void)p;
  atomic_store_explicit(&fell_ns, bench_now_ns(), memory_order_relaxed);
  if (m->crash) *nowhere = 1;
  weir_fail(WEIR_EUSER(1), "it falls");
}
static int phoenix_rise(struct phoenix *p, struct number *reply)
{
  int64_t took = bench_now_ns() - atomic_load_explicit(&fell_ns, memory_order_relaxed);
  histogram_add(&times, (uint64_t)took);
  reply->n = ++p->rises; /* 1, if it is a new one */
  return WEIR_OK;
}
WEIR_ACTOR(phoenix, WEIR_ON(fall, phoenix_fall) WEIR_ON(rise, phoenix_rise));

static void on_event(const weir_restart_event *e, void *unused)
{
  (void)unused;
  if (e->what != WEIR_CHILD_FAILED) bench_wrong("what is told", (uint64_t)e->what, WEIR_CHILD_FAILED);
}

static int run(struct bench *b, bool crash)
{
  struct number *risen;
  weir_ref tree = weir_supervise(.max_restarts = 1 << 20, .within = WEIR_MILLIS(1), .on_event = on_event,
                                 .children = WEIR_CHILDREN({&phoenix, .name = "phoenix", .capacity = b->capacity}));
  bench_must(weir_count_children(tree, WEIR_FOREVER, NULL), "start");
  weir_ref child = weir_find("phoenix");
  bench_begin(b);
  for (uint64_t i = 0; i < b->n; i++) {
    bench_must(weir_send(child, fall, .crash = crash), "send");
    bench_must(weir_ask(child, WEIR_FOREVER, &risen, rise), "ask");
    if (risen->n != 1) bench_wrong("what it remembers", (uint64_t)risen->n, 1);
    weir_free(risen);
  }
  bench_end(b);
  bench_add(b, "p50_us", (double)histogram_at(&times, 0.5) / 1000);
  bench_add(b, "p99_us", (double)histogram_at(&times, 0.99) / 1000);
  bench_must(weir_stop(tree), "stop");
  return WEIR_OK;
}

int bench_restart(struct bench *b) { return run(b, false); }
int bench_crash(struct bench *b) { return run(b, true); }
