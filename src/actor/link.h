/* link.h: who watches an actor, and is told when it ends for good: see link.c. */
#ifndef WEIR__LINK_INTERNAL_H
#define WEIR__LINK_INTERNAL_H

#include <weir/link.h>

#include "actor/actor.h"

/* The actor has ended, as far as others can see: tells those that watch it and that it is linked with. `why`: "" where
 * nothing is known. From now on it is gone for who comes. */
void weir__watchers_told(struct weir__cell *cell, int code, const char *why);
/* The actor ends, or an incarnation of it: the monitors that it has set do. */
void weir__monitors_end(struct weir__cell *cell);
/* News were popped: they are a plain message from now on. */
void weir__news_popped(struct weir__cell *cell, struct weir__message *m);
/* Are messages of this type news? */
bool weir__is_news(const weir_message *type);

/* Lock of the bucket held: queues news, which take no place, for an actor that is not gone. Owns the message. What is to
 * be woken. */
uintptr_t weir__push_news(struct weir__cell *cell, struct weir__message *m);
/* Is it the actor that is meant, and has not told of its end yet? Lock of the bucket held. */
bool weir__is_there(const struct weir__cell *cell, weir_ref ref);

#endif
