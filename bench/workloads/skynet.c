/* skynet: a tree of actors with fan-out 10; each leaf sends its number to its parent, each parent the sum of its ten
 * children to its own. */
#include "bench.h"

enum { FAN_OUT = 10 };
static struct latch summed;
static int64_t result;  /* written before the latch goes down */
static size_t capacity; /* of a node's mailbox: written before there is a node */

struct place {
  weir_ref parent;
  int64_t number, size;
};
WEIR_MESSAGE(place, WEIR_FIELD(parent), WEIR_FIELD(number), WEIR_FIELD(size));
struct sum {
  int64_t n;
};
WEIR_MESSAGE(sum, WEIR_FIELD(n));

struct node {
  weir_ref parent;
  int64_t sum;
  int32_t left;
};
static int node_start(struct node *s, const struct place *p);
static int node_add(struct node *s, const struct sum *m)
{
  s->sum += m->n;
  if (--s->left) return WEIR_OK;
  bench_must(weir_send(s->parent, sum, .n = s->sum), "sum");
  return WEIR_STOP;
}
WEIR_ACTOR(node, WEIR_ON_START(place, node_start) WEIR_ON(sum, node_add));

static int node_start(struct node *s, const struct place *p)
{
  if (p->size == 1) {
    bench_must(weir_send(p->parent, sum, .n = p->number), "leaf");
    return WEIR_STOP;
  }
  s->parent = p->parent;
  s->left = FAN_OUT;
  int64_t size = p->size / FAN_OUT;
  for (int i = 0; i < FAN_OUT; i++)
    bench_actor(
        weir_spawn(&node, .capacity = capacity,
                   .config = WEIR_VALUE(place, .parent = weir_self(), .number = p->number + i * size, .size = size)));
  return WEIR_OK;
}

struct root {
  WEIR_EMPTY;
};
static int root_sum(struct root *r, const struct sum *m)
{
  (void)r;
  result = m->n;
  latch_down(&summed);
  return WEIR_STOP;
}
WEIR_ACTOR(root, WEIR_ON(sum, root_sum), .capacity = 1);

int bench_skynet(struct bench *b)
{
  int64_t leaves = 1;
  while (leaves * FAN_OUT <= (int64_t)b->n) leaves *= FAN_OUT;
  b->n = (uint64_t)leaves;
  capacity = b->capacity;
  latch_make(&summed, 1);
  bench_begin(b);
  weir_ref top = bench_actor(weir_spawn(&root));
  bench_actor(
      weir_spawn(&node, .capacity = capacity, .config = WEIR_VALUE(place, .parent = top, .number = 0, .size = leaves)));
  latch_wait(&summed);
  bench_end(b);
  if (result != leaves * (leaves - 1) / 2)
    bench_wrong("the sum", (uint64_t)result, (uint64_t)(leaves * (leaves - 1) / 2));
  return WEIR_OK;
}
