/* error: take must be: int take(its state *, const struct item *, its reply *), the last two as needed */
#include <weir/weir.h>

struct item {
  int32_t number;
};
WEIR_MESSAGE(item, WEIR_FIELD(number));

struct sink {
  int32_t taken;
};
struct source {
  int32_t given;
};

static int take(struct source *s, const struct item *m) { return s->given += m->number; }

WEIR_BEHAVIOUR(sink, thirsty, WEIR_ON(item, take));

const weir_behaviour *used = &thirsty;
