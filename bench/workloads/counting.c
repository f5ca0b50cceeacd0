/* counting: one producer sends increments to one counter, then asks it for the total. */
#include "bench.h"

static struct latch counted;
static const struct bench *bench; /* for the producer's start */

struct increment {
  int64_t by;
};
WEIR_MESSAGE(increment, WEIR_FIELD(by));
struct total {
  int64_t messages, sum;
};
WEIR_MESSAGE(total, WEIR_FIELD(messages), WEIR_FIELD(sum));
struct get_total {
  WEIR_EMPTY;
};
WEIR_REQUEST(get_total, total);

struct counter {
  struct total total;
};
static int counter_add(struct counter *c, const struct increment *m)
{
  c->total.messages++;
  c->total.sum += m->by;
  return WEIR_OK;
}
static int counter_total(struct counter *c, struct total *reply)
{
  *reply = c->total;
  return WEIR_OK;
}
WEIR_ACTOR(counter, WEIR_ON(increment, counter_add) WEIR_ON(get_total, counter_total));

struct count_to {
  weir_ref counter;
  int64_t n;
};
WEIR_MESSAGE(count_to, WEIR_FIELD(counter), WEIR_FIELD(n));
struct producer {
  WEIR_EMPTY;
};
static int producer_start(struct producer *p, const struct count_to *m)
{
  struct total *t;
  (void)p;
  bench_watch(bench, m->counter);
  for (int64_t i = 0; i < m->n; i++) bench_must(weir_send(m->counter, increment, .by = i), "send");
  bench_must(weir_ask(m->counter, WEIR_FOREVER, &t, get_total), "ask");
  if (t->messages != m->n) bench_wrong("the count", (uint64_t)t->messages, (uint64_t)m->n);
  if (t->sum != m->n * (m->n - 1) / 2) bench_wrong("the sum", (uint64_t)t->sum, (uint64_t)(m->n * (m->n - 1) / 2));
  weir_free(t);
  latch_down(&counted);
  return WEIR_STOP;
}
WEIR_ACTOR(producer, WEIR_ON_START(count_to, producer_start));

int bench_counting(struct bench *b)
{
  const weir_value none = {NULL, NULL};
  latch_make(&counted, 1);
  bench = b;
  bench_begin(b);
  weir_ref to = bench_child(b, &counter, none, b->capacity);
  bench_actor(weir_spawn(&producer, .config = WEIR_VALUE(count_to, .counter = to, .n = (int64_t)b->n)));
  latch_wait(&counted);
  bench_end(b);
  return WEIR_OK;
}
