/* rewire.h: where an actor's outputs lead is changed while it lives: no record is lost, none comes twice.
 *
 *   prepare (may fail) ---> weir__input_begins() for each new sender of each receiver (may fail) ---> put in force (can't fail)
 *
 * V1  Each record goes by the old wiring or by the new one. What was under way goes off by the old one, before the first goes by
 *     the new one: so one sender's records come in their order to who gets them before and after.
 * V2  A receiver ends when all that send to it have: it is told of a new one before that one can send, and of one that sends no
 *     more behind its last record. If the sender has ended in between, its end is told for it.
 * V3  Nobody waits for anybody: an actor that can't go on now, since its receiver is full, takes the new wiring when it can.
 * V4  If there is another one by then, it takes that: what differs is told from the one that it had not come to take, which never
 *     was in force, and whose receivers' ends are told with the rest. */
#ifndef WEIR__REWIRE_H
#define WEIR__REWIRE_H

#include "actor/edge.h"

struct weir__rewiring;

/* What is to be in force of `wired`: all outputs, and what is done with what fails. Copied.
 *
 * Returns  WEIR_OK, and `*r`, which weir__rewire() or weir__rewiring_free() takes
 *          WEIR_EDEAD  the actor has ended, or is about to: nothing is to be done;  WEIR_ENOMEM
 * Threads  Any; one at a time for an actor, until weir__rewire() or weir__rewiring_free() has returned. */
int weir__rewiring_make(weir_ref ref, const struct weir__wired *wired, struct weir__rewiring **r);
void weir__rewiring_free(struct weir__rewiring *r);
/* Those that get a new sender by it, once for each edge. */
const weir_ref *weir__rewiring_begins(const struct weir__rewiring *r, size_t *count);
/* Puts it in force. Owns it. Threads: any. Does not wait. */
void weir__rewire(struct weir__rewiring *r);

/* An actor gets one more sender. WEIR_EDEAD, with a text: its input has ended. */
int weir__input_begins(weir_ref ref);
/* The end of a sender: behind what that one has sent, without taking a place. One that has ended does not mind. WEIR_ENOMEM, with
 * a text. */
int weir__input_ends(weir_ref ref);

/* One that was spawned `held` goes on. */
void weir__let_go(weir_ref ref);
/* Its end goes to those that it sends to, however it ends: it is being removed, or is a source that is told to end. */
void weir__node_ends_anyway(weir_ref ref);

#endif
