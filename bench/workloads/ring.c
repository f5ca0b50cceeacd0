/* ring: 1,000 actors in a ring, and one token that carries the hops left. */
#include "bench.h"

enum { ACTORS = 1000 };
static struct latch arrived;

struct token {
  int64_t left;
};
WEIR_MESSAGE(token, WEIR_FIELD(left));
struct neighbour {
  weir_ref next;
};
WEIR_MESSAGE(neighbour, WEIR_FIELD(next));

struct member {
  weir_ref next;
};
static int member_next(struct member *m, const struct neighbour *n)
{
  m->next = n->next;
  return WEIR_OK;
}
static int member_pass(struct member *m, const struct token *t)
{
  if (t->left) return weir_send(m->next, token, .left = t->left - 1);
  latch_down(&arrived);
  return WEIR_OK;
}
WEIR_ACTOR(member, WEIR_ON(token, member_pass) WEIR_ON(neighbour, member_next));

int bench_ring(struct bench *b)
{
  static weir_ref ring[ACTORS];
  latch_make(&arrived, 1);
  bench_begin(b);
  for (int i = 0; i < ACTORS; i++) ring[i] = bench_actor(weir_spawn(&member, .capacity = b->capacity));
  for (int i = 0; i < ACTORS; i++) bench_must(weir_send(ring[i], neighbour, .next = ring[(i + 1) % ACTORS]), "send");
  bench_must(weir_send(ring[0], token, .left = (int64_t)b->n - 1), "send");
  latch_wait(&arrived);
  bench_end(b);
  return WEIR_OK;
}
