/* notice.h: who stands in the line of a full mailbox without waiting, and is called when it gets a place (M10).
 *
 *   FREE --register--> IN LINE --its turn, or the mailbox closed--> TOLD --its worker calls--> FREE, then the callback
 *            |            '--cancelled, its actor or worker ends-----> FREE     |
 *            '--there is room--> TOLD                                           '--cancelled--> CANCELLED
 *                                                                                CANCELLED --its worker comes--> FREE
 *
 * N1  A notice is its worker's: that thread alone registers, cancels, calls and frees it, so nothing of it needs a
 *     lock. The actor that registers it is bound to that worker, so its end is there, too.
 * N2  It stands in line as a wait record that nobody sleeps on, with a permit. Who serves or closes the line decides
 *     that wait (M3), and puts the notice in its worker's line of things to do, all under the lock of the mailbox's
 *     bucket: who takes that lock after its claim had failed knows that this has been done.
 * N3  The permit is its worker's thread's: that can always run, so that no cycle is seen where there is none (W2).
 * N4  The record is free before its callback begins: from then on it is too late to cancel it. */
#ifndef WEIR__NOTICE_H
#define WEIR__NOTICE_H

#include <weir/notify.h>

#include "channel/permit.h"

struct weir__notice_record;

/* For the mailbox of that generation. The errors of weir_notify_writable(), with a text; `gone` for a mailbox that
 * is. */
int weir__notice_register(struct weir__cell *cell, uint32_t generation, int gone, weir_writable f, void *arg,
                          weir_notice *notice);
/* Its wait is DONE: it is to be called. The lock of the mailbox's bucket is held. */
void weir__notice_tell(struct weir__notice_record *n);
/* The actor whose list this is ends. On its worker. */
void weir__notices_end(struct weir__notice_record **list);

/* Implemented by actor/permit.c: the list of the actor whose handler runs here, which stays on this worker from now on.
 * WEIR_OK; WEIR_EDEAD, WEIR_ENOMEM, with a text. */
int weir__actor_notices(struct weir__notice_record ***list);

#endif
