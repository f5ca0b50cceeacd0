/* rings: actors in rings of 100, in an order that is not that of memory, and one token in each, which carries the hops
 * it has left. Tokens never meet, so that each hop visits another actor, and costs what that costs when there are so
 * many. Building the rings does not count. */
#include "bench.h"

enum { RING = 100 };
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

/* The successor of actor i, in a ring of its own: the last one may be longer, and has the rest. */
static uint64_t successor_of(uint64_t i, uint64_t rings, uint64_t actors)
{
  uint64_t ring = i / RING < rings ? i / RING : rings - 1;
  uint64_t end = ring == rings - 1 ? actors : (ring + 1) * RING;
  return i + 1 < end ? i + 1 : ring * RING;
}

/* Waits until each knows its successor. */
static void build(weir_ref *all, uint64_t rings, struct bench *b)
{
  latch_make(&arrived, b->actors);
  for (uint64_t i = 0; i < b->actors; i++) all[i] = bench_actor(weir_spawn(&hopper, .capacity = b->capacity));
  shuffle(all, b->actors);
  for (uint64_t i = 0; i < b->actors; i++)
    bench_must(weir_send(all[i], successor, .next = all[successor_of(i, rings, b->actors)]), "send");
  latch_wait(&arrived);
}

int bench_rings(struct bench *b)
{
  uint64_t rings = b->actors < RING ? 1 : b->actors / RING;
  uint64_t each = b->n < rings ? 1 : b->n / rings;
  weir_ref *all = malloc(b->actors * sizeof *all);
  if (!all) return WEIR_ENOMEM;
  build(all, rings, b);
  b->n = rings * each;
  latch_make(&arrived, rings);
  bench_begin(b);
  for (uint64_t i = 0; i < rings; i++) bench_must(weir_send(all[i * RING], hops, .left = (int64_t)each - 1), "send");
  latch_wait(&arrived);
  bench_end(b);
  free(all);
  return WEIR_OK;
}
