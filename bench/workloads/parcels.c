/* parcels: one producer sends messages with so many bytes each, which are copied, to one counter that looks at their
 * ends. */
#include "bench.h"

static struct latch counted;

struct parcel {
  int64_t number;
  weir_bytes content;
};
WEIR_MESSAGE(parcel, WEIR_FIELD(number), WEIR_FIELD(content));

struct delivery {
  int64_t n, bytes;
};
WEIR_MESSAGE(delivery, WEIR_FIELD(n), WEIR_FIELD(bytes));

struct porter {
  int64_t left, bytes;
};
static int porter_start(struct porter *p, const struct delivery *m)
{
  p->left = m->n;
  p->bytes = m->bytes;
  return WEIR_OK;
}
static int porter_take(struct porter *p, const struct parcel *m)
{
  const unsigned char *content = m->content.data;
  uint64_t size = m->content.size;
  if (size != (uint64_t)p->bytes) bench_wrong("the size", size, (uint64_t)p->bytes);
  if (size && content[0] + content[size - 1] != 2)
    bench_wrong("the sum of the ends", content[0] + content[size - 1], 2);
  if (--p->left) return WEIR_OK;
  latch_down(&counted);
  return WEIR_STOP;
}
WEIR_ACTOR(porter, WEIR_ON_START(delivery, porter_start) WEIR_ON(parcel, porter_take));

struct dispatch {
  weir_ref to;
  int64_t n, bytes;
};
WEIR_MESSAGE(dispatch, WEIR_FIELD(to), WEIR_FIELD(n), WEIR_FIELD(bytes));
struct sender {
  WEIR_EMPTY;
};
static int sender_start(struct sender *s, const struct dispatch *m)
{
  size_t size = (size_t)m->bytes;
  void *room = malloc(size + 1);
  (void)s;
  if (!room) return WEIR_ENOMEM;
  memset(room, 1, size + 1);
  for (int64_t i = 0; i < m->n; i++)
    bench_must(weir_send(m->to, parcel, .number = i, .content = {.data = room, .size = size}), "send");
  free(room);
  return WEIR_STOP;
}
WEIR_ACTOR(sender, WEIR_ON_START(dispatch, sender_start));

int bench_parcels(struct bench *b)
{
  int64_t n = (int64_t)b->n, bytes = (int64_t)b->bytes;
  latch_make(&counted, 1);
  bench_begin(b);
  weir_ref to =
      bench_actor(weir_spawn(&porter, .capacity = b->capacity, .config = WEIR_VALUE(delivery, .n = n, .bytes = bytes)));
  bench_actor(weir_spawn(&sender, .config = WEIR_VALUE(dispatch, .to = to, .n = n, .bytes = bytes)));
  latch_wait(&counted);
  bench_end(b);
  return WEIR_OK;
}
