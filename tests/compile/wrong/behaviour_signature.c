/* c: take must be: int take(its state *, const struct item *, its reply *), the last two as needed */
/* c++: a handler must be: int f(its state *, const its message *, its reply *), the last two as needed */
#include "messages.h"

struct source {
  int32_t given;
};

static int take(struct source *s, const struct item *m) { return s->given += m->number; }

WEIR_BEHAVIOUR(sink, thirsty, WEIR_ON(item, take));

const weir_behaviour *used = &thirsty;
