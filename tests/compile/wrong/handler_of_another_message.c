/* c: take must be: int take(its state *, const struct item *, its reply *), the last two as needed */
/* c++: a handler must be: int f(its state *, const its message *, its reply *), the last two as needed */
#include "messages.h"

static int take(struct sink *s, const struct tally *m) { return s->taken += (int32_t)m->items; }

WEIR_ACTOR(sink, WEIR_ON(item, take));

const weir_actor *used = &sink;
