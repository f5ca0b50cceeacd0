/* tokens: actors in a ring whose order is not that of memory, and a token for every tenth of them; each carries the hops
 * it has left. Building the ring does not count: what is shown is what it costs to visit so many actors. */
#include "bench.h"

enum { ACTORS_PER_TOKEN = 10 };
static struct latch arrived;

struct hops {
  int64_t left;
};
WEIR_MESSAGE(hops, WEIR_FIELD(left));
struct successor {
  weir_ref next;
};
WEIR_MESSAGE(successor, WEIR_FIELD(next));

struct hopper {
  weir_ref next;
};
static int hopper_next(struct hopper *h, const struct successor *s)
{
  h->next = s->next;
  latch_down(&arrived);
  return WEIR_OK;
}
static int hopper_pass(struct hopper *h, const struct hops *t)
{
  if (t->left) return weir_send(h->next, hops, .left = t->left - 1);
  latch_down(&arrived);
  return WEIR_OK;
}
WEIR_ACTOR(hopper, WEIR_ON(hops, hopper_pass) WEIR_ON(successor, hopper_next));

static void shuffle(weir_ref *refs, uint64_t count)
{
  uint32_t seed = 17;
  for (uint64_t i = count - 1; i; i--) {
    uint32_t j = bench_pick(&seed, (uint32_t)i + 1);
    weir_ref swapped = refs[i];
    refs[i] = refs[j];
    refs[j] = swapped;
  }
}

/* Waits until each knows its successor. */
static void build(weir_ref *ring, struct bench *b)
{
  latch_make(&arrived, b->actors);
  for (uint64_t i = 0; i < b->actors; i++) ring[i] = bench_actor(weir_spawn(&hopper, .capacity = b->capacity));
  shuffle(ring, b->actors);
  for (uint64_t i = 0; i < b->actors; i++)
    bench_must(weir_send(ring[i], successor, .next = ring[(i + 1) % b->actors]), "send");
  latch_wait(&arrived);
}

int bench_tokens(struct bench *b)
{
  uint64_t tokens = b->actors < ACTORS_PER_TOKEN ? 1 : b->actors / ACTORS_PER_TOKEN;
  uint64_t each = b->n < tokens ? 1 : b->n / tokens;
  weir_ref *ring = malloc(b->actors * sizeof *ring);
  if (!ring) return WEIR_ENOMEM;
  build(ring, b);
  b->n = tokens * each;
  latch_make(&arrived, tokens);
  bench_begin(b);
  for (uint64_t i = 0; i < tokens; i++)
    bench_must(weir_send(ring[i * (b->actors / tokens)], hops, .left = (int64_t)each - 1), "send");
  latch_wait(&arrived);
  bench_end(b);
  free(ring);
  return WEIR_OK;
}
