/* fanin: several producers, 8 where nothing is said, send to one consumer. */
#include "bench.h"

static struct latch consumed;

struct expect {
  int64_t n;
};
WEIR_MESSAGE(expect, WEIR_FIELD(n));
struct consumer {
  int64_t left, sum;
};
static int consumer_start(struct consumer *c, const struct expect *m)
{
  c->left = m->n;
  return WEIR_OK;
}
static int consumer_take(struct consumer *c, const struct number *m)
{
  c->sum += m->n;
  if (--c->left) return WEIR_OK;
  latch_down(&consumed);
  return WEIR_STOP;
}
WEIR_ACTOR(consumer, WEIR_ON_START(expect, consumer_start) WEIR_ON(number, consumer_take));

struct send_to {
  weir_ref consumer;
  int64_t n;
};
WEIR_MESSAGE(send_to, WEIR_FIELD(consumer), WEIR_FIELD(n));
struct feeder {
  WEIR_EMPTY;
};
static int feeder_start(struct feeder *p, const struct send_to *m)
{
  (void)p;
  for (int64_t i = 0; i < m->n; i++) bench_must(weir_send(m->consumer, number, .n = i), "send");
  return WEIR_STOP;
}
WEIR_ACTOR(feeder, WEIR_ON_START(send_to, feeder_start));

int bench_fanin(struct bench *b)
{
  int64_t each = (int64_t)(b->n / b->producers);
  if (!each) each = 1;
  b->n = (uint64_t)each * b->producers;
  latch_make(&consumed, 1);
  bench_begin(b);
  weir_ref to =
      bench_actor(weir_spawn(&consumer, .capacity = b->capacity, .config = WEIR_VALUE(expect, .n = (int64_t)b->n)));
  for (uint64_t i = 0; i < b->producers; i++)
    bench_actor(weir_spawn(&feeder, .config = WEIR_VALUE(send_to, .consumer = to, .n = each)));
  latch_wait(&consumed);
  bench_end(b);
  return WEIR_OK;
}
