/* create: one actor spawns actors and sends one message to each as it goes; each receives it and ends. */
#include "bench.h"

static struct latch ended;

struct mayfly {
  WEIR_EMPTY;
};
static int mayfly_end(struct mayfly *m)
{
  (void)m;
  latch_down(&ended);
  return WEIR_STOP;
}
WEIR_ACTOR(mayfly, WEIR_ON(number, mayfly_end), .capacity = 1);

struct brood {
  int64_t n;
};
WEIR_MESSAGE(brood, WEIR_FIELD(n));
struct mother {
  WEIR_EMPTY;
};
static int mother_start(struct mother *c, const struct brood *m)
{
  (void)c;
  for (int64_t i = 0; i < m->n; i++) bench_must(weir_send(weir_spawn(&mayfly), number, .n = i), "send");
  return WEIR_OK;
}
WEIR_ACTOR(mother, WEIR_ON_START(brood, mother_start));

int bench_create(struct bench *b)
{
  latch_make(&ended, b->n);
  bench_begin(b);
  bench_actor(weir_spawn(&mother, .config = WEIR_VALUE(brood, .n = (int64_t)b->n)));
  latch_wait(&ended);
  bench_end(b);
  return WEIR_OK;
}
