/* c: count must be: int count(its state *, const struct how_many *, its reply *), the last two as needed */
/* c++: a handler must be: int f(its state *, const its message *, its reply *), the last two as needed */
#include "messages.h"

static int count(struct sink *s, struct item *reply) { return reply->number = s->taken; }

WEIR_ACTOR(sink, WEIR_ON(how_many, count));

const weir_actor *used = &sink;
