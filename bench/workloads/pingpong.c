/* pingpong: ping sends a message with its own ref, pong replies to that ref; the next one goes out when the reply is
 * in. */
#include "bench.h"

struct ball {
  weir_ref from;
};
WEIR_MESSAGE(ball, WEIR_FIELD(from));

struct pong {
  WEIR_EMPTY;
};
static int pong_back(struct pong *p, const struct ball *m)
{
  (void)p;
  return weir_send(m->from, ball, .from = weir_self());
}
WEIR_ACTOR(pong, WEIR_ON(ball, pong_back), .capacity = 1024);

static struct latch played;
static const struct bench *bench; /* for ping's start */
struct game {
  weir_ref pong;
  int64_t rounds;
};
WEIR_MESSAGE(game, WEIR_FIELD(pong), WEIR_FIELD(rounds));
struct ping {
  weir_ref pong;
  int64_t left;
};
static int ping_start(struct ping *p, const struct game *g)
{
  p->pong = g->pong;
  p->left = g->rounds;
  bench_watch(bench, p->pong);
  return weir_send(p->pong, ball, .from = weir_self());
}
static int ping_again(struct ping *p)
{
  if (--p->left) return weir_send(p->pong, ball, .from = weir_self());
  latch_down(&played);
  return WEIR_STOP;
}
WEIR_ACTOR(ping, WEIR_ON_START(game, ping_start) WEIR_ON(ball, ping_again), .capacity = 1024);

int bench_pingpong(struct bench *b)
{
  const weir_value none = {NULL, NULL};
  latch_make(&played, 1);
  bench = b;
  bench_begin(b);
  weir_ref to = bench_child(b, &pong, none, b->capacity);
  bench_child(b, &ping, WEIR_VALUE(game, .pong = to, .rounds = (int64_t)b->n), b->capacity);
  latch_wait(&played);
  bench_end(b);
  return WEIR_OK;
}
