/* simulated.h: what a simulation notes and decides of actors and messages (runtime/simulation.h). */
#ifndef WEIR__SIMULATED_H
#define WEIR__SIMULATED_H

#include "channel/cell.h"
#include "channel/message.h"
#include "runtime/simulation.h"

struct weir__simulated_send {
  struct weir__simulation *simulation; /* NULL: none, nothing is noted */
  uint64_t number;                     /* of the receiver */
};

/* A value is about to be sent or asked by who runs here, to an actor, a route, an edge. `waits`: others may run first.
 * The second says how it went. */
struct weir__simulated_send weir__simulated_send_noted(const char *how, weir_ref to, const weir_message *type,
                                                       const void *value, bool waits);
int weir__simulated_send_done(struct weir__simulated_send send, int code);
static inline struct weir__simulated_send
weir__simulated_send_begins(const char *how, weir_ref to, const weir_message *type, const void *value, bool waits)
{
  if (WEIR__LIKELY(!weir__simulation_here())) return (struct weir__simulated_send){0};
  return weir__simulated_send_noted(how, to, type, value, waits);
}
static inline int weir__simulated_send_ends(struct weir__simulated_send send, int code)
{
  return WEIR__LIKELY(!send.simulation) ? code : weir__simulated_send_done(send, code);
}

/* An actor's turn takes a message in hand: faults may come. */
void weir__simulated_takes(struct weir__simulation *s, struct weir__cell *cell, struct weir__message *m);
/* … and has handled it, with this code. */
void weir__simulated_took(struct weir__simulation *s, struct weir__cell *cell, int code);
/* Before a handler: the fault that it is to have. True: *code is what it returned, and it is not run. May suspend, or fail
 * the actor. */
bool weir__simulated_instead(const struct weir__cell *cell, int *code);
/* An actor ends, with this code. */
void weir__simulated_end(struct weir__cell *cell, int code);

#endif
