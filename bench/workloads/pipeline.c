/* pipeline: a source, 4 stages that add one and pass on, a sink. */
#include "bench.h"

enum { STAGES = 4 };
static struct latch drained;

struct link {
  weir_ref next;
};
WEIR_MESSAGE(link, WEIR_FIELD(next));
struct stage {
  weir_ref next;
};
static int stage_start(struct stage *s, const struct link *l)
{
  s->next = l->next;
  return WEIR_OK;
}
static int stage_pass(struct stage *s, const struct number *m)
{
  return bench_must(weir_send(s->next, number, .n = m->n + 1), "pass");
}
WEIR_ACTOR(stage, WEIR_ON_START(link, stage_start) WEIR_ON(number, stage_pass));

struct load {
  int64_t n;
};
WEIR_MESSAGE(load, WEIR_FIELD(n));
struct sink {
  int64_t left, sum, n;
};
static int sink_start(struct sink *s, const struct load *l)
{
  s->left = s->n = l->n;
  return WEIR_OK;
}
static int sink_take(struct sink *s, const struct number *m)
{
  s->sum += m->n;
  if (--s->left) return WEIR_OK;
  int64_t expected = s->n * (s->n - 1) / 2 + STAGES * s->n;
  if (s->sum != expected) bench_wrong("the sum", (uint64_t)s->sum, (uint64_t)expected);
  latch_down(&drained);
  return WEIR_STOP;
}
WEIR_ACTOR(sink, WEIR_ON_START(load, sink_start) WEIR_ON(number, sink_take));

struct supply {
  weir_ref next;
  int64_t n;
};
WEIR_MESSAGE(supply, WEIR_FIELD(next), WEIR_FIELD(n));
struct source {
  WEIR_EMPTY;
};
static int source_start(struct source *s, const struct supply *m)
{
  (void)s;
  for (int64_t i = 0; i < m->n; i++) bench_must(weir_send(m->next, number, .n = i), "send");
  return WEIR_STOP;
}
WEIR_ACTOR(source, WEIR_ON_START(supply, source_start));

int bench_pipeline(struct bench *b)
{
  latch_make(&drained, 1);
  bench_begin(b);
  weir_ref next =
      bench_actor(weir_spawn(&sink, .capacity = b->capacity, .config = WEIR_VALUE(load, .n = (int64_t)b->n)));
  for (int i = 0; i < STAGES; i++)
    next = bench_actor(weir_spawn(&stage, .capacity = b->capacity, .config = WEIR_VALUE(link, .next = next)));
  bench_actor(weir_spawn(&source, .config = WEIR_VALUE(supply, .next = next, .n = (int64_t)b->n)));
  latch_wait(&drained);
  bench_end(b);
  return WEIR_OK;
}
