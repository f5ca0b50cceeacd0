/* dead_letter.h: telling of messages that were not handled. Each function costs a load where nobody listens. */
#ifndef WEIR__DEAD_LETTER_H
#define WEIR__DEAD_LETTER_H

#include <weir/dead_letter.h>

#include "actor/actor.h"

/* How many listen. Relaxed: who begins to listen hears what comes from then on. */
extern _Atomic(unsigned) weir__dead_letter_listeners;
static inline bool weir__somebody_listens(void)
{
  return atomic_load_explicit(&weir__dead_letter_listeners, memory_order_relaxed) != 0;
}

/* A message of that type has ended in that actor's hands. `text` is borrowed; NULL: that of the code. */
void weir__tell_dead(const struct weir__cell *cell, const weir_message *type, int code, const char *text, bool asked);
/* One to `to` was not sent by the caller. */
void weir__tell_unsent(weir_ref to, const weir_message *type, int code, bool asked);
/* One to `to` was turned away by the caller's send; told where the code is WEIR_EDEAD. Returns the code. */
int weir__tell_refused(weir_ref to, const weir_message *type, int code, bool asked);

#endif
