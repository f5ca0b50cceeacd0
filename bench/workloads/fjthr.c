/* fjthr: one producer sends to each of 60 actors in turn; each ends after its last message. */
#include "bench.h"

enum { ACTORS = 60 };
static struct latch ended;

struct quota {
  int64_t n;
};
WEIR_MESSAGE(quota, WEIR_FIELD(n));
struct worker {
  int64_t left;
};
static int worker_start(struct worker *w, const struct quota *m)
{
  w->left = m->n;
  return WEIR_OK;
}
static int worker_work(struct worker *w)
{
  if (--w->left) return WEIR_OK;
  latch_down(&ended);
  return WEIR_STOP;
}
WEIR_ACTOR(worker, WEIR_ON_START(quota, worker_start) WEIR_ON(number, worker_work));

static weir_ref workers[ACTORS];
struct spread {
  int64_t n;
};
WEIR_MESSAGE(spread, WEIR_FIELD(n));
struct spreader {
  WEIR_EMPTY;
};
static int spreader_start(struct spreader *s, const struct spread *m)
{
  (void)s;
  for (int64_t k = 0; k < m->n; k++)
    for (int i = 0; i < ACTORS; i++) bench_must(weir_send(workers[i], number, .n = k), "send");
  return WEIR_STOP;
}
WEIR_ACTOR(spreader, WEIR_ON_START(spread, spreader_start));

int bench_fjthr(struct bench *b)
{
  int64_t each = (int64_t)(b->n / ACTORS);
  if (!each) each = 1;
  b->n = (uint64_t)each * ACTORS;
  latch_make(&ended, ACTORS);
  bench_begin(b);
  for (int i = 0; i < ACTORS; i++)
    workers[i] = bench_actor(weir_spawn(&worker, .capacity = b->capacity, .config = WEIR_VALUE(quota, .n = each)));
  bench_actor(weir_spawn(&spreader, .config = WEIR_VALUE(spread, .n = each)));
  latch_wait(&ended);
  bench_end(b);
  return WEIR_OK;
}
