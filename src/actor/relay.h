/* relay.h: refs that pass on what is sent to them: the edges of topologies (edge.h) and routes (route.c).
 *
 * A relay has a cell of its own, so that it is a ref like any other. That cell is closed from the start and never gets
 * a message: a send finds it on its slow path.
 *
 *   (route) MADE --its instances are opened--> OPEN --the last instance has ended--> in the pool ----> MADE …
 *
 * T1  A route's instances do not change; those that have ended are skipped, as their own cells say.
 * T2  A route's record and its cell belong together for good: neither is ever freed, and both serve the next route of
 *     that size. So a send may read a record without a lock or a hold. What it has read is true if the cell has its
 *     generation still: that ends first, and the record is changed afterwards. There are as many records as there have
 *     been routes at one time. */
#ifndef WEIR__RELAY_H
#define WEIR__RELAY_H

#include "actor/actor.h"
#include "channel/send.h"

static inline bool weir__is_relay(const struct weir__cell *cell, weir_ref ref)
{
  return atomic_load_explicit(&cell->kind, memory_order_relaxed) >= WEIR__CELL_EDGE &&
         weir__generation_in(atomic_load_explicit(&cell->places, memory_order_relaxed)) == weir__generation_of(ref);
}

/* Sends a value to where the relay leads. The errors of weir_send_value(). */
int weir__relay_send(struct weir__cell *cell, weir_ref ref, const struct weir__parcel *value, bool waits,
                     int64_t deadline_ns);
/* `*to`, a relay, becomes the one instance that gets this value. WEIR_EDEAD: none lives; WEIR_EINVAL: not one instance
 * alone would get it; `what` is what it was to be. With a text.
 * Without a type: whatever will be sent. */
int weir__relay_pick(weir_ref *to, const weir_message *type, const void *value, const char *what);

/* ---- routes ---- */

struct weir__route;

/* Makes a route of `count` instances, which are still to be filled in. NULL, with a text: no memory. */
struct weir__route *weir__route_make(weir_runtime *rt, int how, size_t count);
int weir__route_name(struct weir__route *route, const char *name);
/* One of its instances, not opened yet, which has a policy. It is in that from now on. */
void weir__route_add(struct weir__route *route, struct weir__cell *instance);
/* All have been added: what is its ref from now on. */
weir_ref weir__route_open(struct weir__route *route);
/* One that was not opened. */
void weir__route_unmake(struct weir__route *route);
/* An instance ends. */
void weir__route_leave(struct weir__cell *instance);

/* For a timer: never waits; to all that have room where it broadcasts. */
int weir__route_send_later(weir_ref route, const struct weir__parcel *value);
/* The free places of all its instances. */
size_t weir__route_room(weir_ref ref);
/* Calls f for each instance of a route; for how many it returned WEIR_OK. */
size_t weir__route_each(weir_ref ref, int (*f)(weir_ref, uint32_t), uint32_t flags);

#endif
