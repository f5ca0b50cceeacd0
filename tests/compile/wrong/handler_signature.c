/* error: take must be: int take(its state *, const struct item *, its reply *), the last two as needed */
#include <weir/weir.h>

struct item {
  int32_t number;
};
WEIR_MESSAGE(item, WEIR_FIELD(number));

struct sink {
  int32_t taken;
};

static int take(struct sink *s, const struct item *m, int more) { return s->taken += m->number + more; }

WEIR_ACTOR(sink, WEIR_ON(item, take));

const weir_actor *used = &sink;
