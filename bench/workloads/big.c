/* big: 200 actors; each pings others at random, one at a time, the next when its pong is in, and answers the pings of
 * others all the while. */
#include "bench.h"

enum { ACTORS = 200 };
static struct latch done;
static weir_ref all[ACTORS];

struct ping {
  int64_t from;
};
WEIR_MESSAGE(ping, WEIR_FIELD(from));
struct pong {
  int64_t from;
};
WEIR_MESSAGE(pong, WEIR_FIELD(from));
struct role {
  int64_t me, pings;
};
WEIR_MESSAGE(role, WEIR_FIELD(me), WEIR_FIELD(pings));
struct begin {
  WEIR_EMPTY;
};
WEIR_MESSAGE(begin);

struct player {
  int64_t me, left;
  uint32_t seed;
};
static int player_start(struct player *p, const struct role *r)
{
  p->me = r->me;
  p->left = r->pings;
  p->seed = (uint32_t)r->me * 7919 + 17;
  return WEIR_OK;
}
static int player_ping(struct player *p)
{
  int64_t to = bench_pick(&p->seed, ACTORS);
  if (to == p->me) to = (to + 1) % ACTORS;
  return bench_must(weir_send(all[to], ping, .from = p->me), "ping");
}
static int player_answer(struct player *p, const struct ping *m)
{
  return bench_must(weir_send(all[m->from], pong, .from = p->me), "pong");
}
static int player_next(struct player *p, const struct pong *m)
{
  (void)m;
  if (--p->left) return player_ping(p);
  latch_down(&done);
  return WEIR_OK;
}
WEIR_ACTOR(player, WEIR_ON_START(role, player_start) WEIR_ON(ping, player_answer) WEIR_ON(pong, player_next)
                       WEIR_ON(begin, player_ping));

int bench_big(struct bench *b)
{
  int64_t each = (int64_t)(b->n / ACTORS);
  if (!each) each = 1;
  b->n = (uint64_t)each * ACTORS;
  latch_make(&done, ACTORS);
  bench_begin(b);
  for (int i = 0; i < ACTORS; i++)
    all[i] =
        bench_actor(weir_spawn(&player, .capacity = b->capacity, .config = WEIR_VALUE(role, .me = i, .pings = each)));
  for (int i = 0; i < ACTORS; i++) bench_must(weir_send(all[i], begin), "begin");
  latch_wait(&done);
  bench_end(b);
  return WEIR_OK;
}
