/* weir/permit.h: a place first, dear work after: places that are reserved and filled later.
 *
 *   weir_permit p;
 *   rc = weir_reserve(sink, WEIR_SECONDS(1), &p);       waits for a place, and keeps it
 *   …                                                   what is dear to make
 *   rc = weir_permit_send(p, item, .number = 1);        never waits, and never finds the mailbox full
 *
 * A permit that is held and not used keeps others waiting. So it belongs to the actor, task or thread that reserved it,
 * is given back when that one ends, and counts in the statistics. Guide: docs/guide/backpressure.md. */
#ifndef WEIR_PERMIT_H
#define WEIR_PERMIT_H

#include <weir/actor.h>
#include <weir/mpsc.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Places in a mailbox or channel. A plain value; stale ones are detected. All zeros: none. */
typedef struct weir_permit {
  uint64_t bits;
} weir_permit;

/**
 * Reserves a place in an actor's mailbox: waits for it, in the line of those that send.
 *
 * @param within  At most so long. WEIR_FOREVER: without a limit.
 * @param permit  Receives the permit; all zeros on error.
 *
 * Ownership  To be given to weir_permit_send() or weir_permit_give_back(). It is given back when the actor or task that
 *            reserved it ends, also when it fails; on a plain thread and in a libuv callback, when the thread ends.
 * Threads    Any.
 * Waiting    The first: as weir_send(). try_: never.
 * Errors     WEIR_EFULL        try_: no place, or others wait in line
 *            WEIR_ETIMEDOUT    no place came free in time; its place in the line is given up
 *            WEIR_ECANCELED    the caller was told to stop while it waited
 *            WEIR_EDEADLOCK    no place can come free before the caller goes on
 *            WEIR_EWOULDBLOCK  no place, in a libuv callback
 *            WEIR_EDEAD        no such actor any more (or the ref's own error)
 *            WEIR_EINVAL       an output of a topology: its places are batches; a route by hash or that
 *                              broadcasts: no one instance is meant
 *            WEIR_ENOMEM       no memory for a permit, or no stack to go on with
 */
WEIR_API WEIR_NODISCARD int weir_reserve(weir_ref to, weir_duration within, weir_permit *permit);
WEIR_API WEIR_NODISCARD int weir_try_reserve(weir_ref to, weir_permit *permit);
/** `n` places in one permit, all or none. 0 is fine: an empty permit. WEIR_ERANGE: more than the capacity. The rest as
 * weir_reserve(). */
WEIR_API WEIR_NODISCARD int weir_reserve_many(weir_ref to, size_t n, weir_duration within, weir_permit *permit);
WEIR_API WEIR_NODISCARD int weir_try_reserve_many(weir_ref to, size_t n, weir_permit *permit);

/** The same in a channel; WEIR_ECLOSED where an actor is WEIR_EDEAD. What is held there can still be sent when the
 * channel is closed, until its receiver is dropped; the receiver sees the end after the last one. */
WEIR_API WEIR_NODISCARD int weir_channel_reserve(weir_sender tx, weir_duration within, weir_permit *permit);
WEIR_API WEIR_NODISCARD int weir_channel_try_reserve(weir_sender tx, weir_permit *permit);
WEIR_API WEIR_NODISCARD int weir_channel_reserve_many(weir_sender tx, size_t n, weir_duration within,
                                                      weir_permit *permit);
WEIR_API WEIR_NODISCARD int weir_channel_try_reserve_many(weir_sender tx, size_t n, weir_permit *permit);

/** How many places are free now; of a route, those of all its instances. Asking takes none, so others may be faster,
 * and those that stand in line come first. 0: full, closed, or gone. Threads: any. Does not wait. */
WEIR_API size_t weir_room(weir_ref to);
WEIR_API size_t weir_sender_room(weir_sender tx);

/** weir_permit_send(permit, greet, .name = "river"): fills a place. */
#define weir_permit_send(permit, ...) weir_permit_send_value((permit), WEIR_VALUE(__VA_ARGS__))
/**
 * Sends a copy of `value` on a place that is held; a message above 64 KiB takes a place for each 64 KiB. With its last
 * place the permit is used up.
 *
 * @param value  Borrowed until the call returns.
 *
 * Threads   Any, not only its holder's. Does not wait, and never finds the mailbox full.
 * Ordering  The message is queued now, behind those that were sent meanwhile.
 * Errors    WEIR_EINVAL   the permit was used up or given back, or the value can't be copied
 *           WEIR_EDEAD    the actor was stopped, drained or has ended meanwhile: the permit is gone, too
 *           WEIR_ECLOSED  the receiver of the channel was dropped meanwhile: the permit is gone, too
 *           WEIR_ERANGE   the message takes more places than the permit has left; it keeps them
 *           WEIR_ENOMEM   no memory for the message; the place is still held
 */
WEIR_API WEIR_NODISCARD int weir_permit_send_value(weir_permit permit, weir_value value);

/** Gives back the places that are left; who waits in line gets them. One that is used up, stale or all zeros is fine.
 * `*permit` is all zeros afterwards. Threads: any. Does not wait. */
WEIR_API void weir_permit_give_back(weir_permit *permit);

/** How many places are left; 0 for one that is used up, given back, or whose mailbox is gone. Threads: any. Does not
 * wait. */
WEIR_API size_t weir_permit_places(weir_permit permit);

#ifdef __cplusplus
}
#endif
#endif
