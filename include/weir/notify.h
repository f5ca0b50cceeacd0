/* weir/notify.h: to be called back when there is a place: for who must not wait, and was refused.
 *
 *   static void on_room(void *arg, weir_permit permit, int status)
 *   {
 *     if (!status) weir_permit_send(permit, item, .number = 1);      what is not used is given back by itself
 *   }
 *   …
 *   if (weir_try_send(sink, item, .number = 1) == WEIR_EFULL) weir_notify_writable(sink, on_room, arg, &notice);
 *
 * A notice stands in the line of the mailbox as one who waits does: first come, first served. Guide:
 * docs/guide/backpressure.md. */
#ifndef WEIR_NOTIFY_H
#define WEIR_NOTIFY_H

#include <weir/permit.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A notice that was asked for. A plain value; stale ones are detected. All zeros: none. */
typedef struct weir_notice {
  uint64_t bits;
} weir_notice;

/**
 * Called once for a notice, as libuv calls its callbacks: on the stack of the worker's thread, so it must not wait
 * (WEIR_EWOULDBLOCK).
 *
 * @param arg     What weir_notify_writable() got.
 * @param permit  One place, held for this call: weir_permit_send() uses it; else it goes back when the call ends. All
 *                zeros on error.
 * @param status  WEIR_OK; WEIR_EDEAD: the actor was stopped, drained, or has ended; WEIR_ECLOSED: the channel was
 *                closed.
 */
typedef void (*weir_writable)(void *arg, weir_permit permit, int status);

/**
 * Has `f` called when it is the caller's turn for a place in an actor's mailbox: also when there is room already, but
 * never before this returns. A mailbox that rejects, or drops the newest, has a line for this, too; one that drops the
 * oldest makes room at once.
 *
 * @param f       Called on the worker that this is called on: see weir_writable.
 * @param arg     Borrowed until `f` was called, or will not be any more.
 * @param notice  Receives its name, all zeros on error. NULL: it will not be cancelled.
 *
 * Ownership  Of the handler that calls this, or, where such a callback asks for another notice, of the same actor: that
 *            stays on this worker from now on, as with weir_loop(), so that `f` is never called while a handler of it
 *            runs, but may be while one waits. When the actor has ended, `f` is not called any more. A notice asked for
 *            in a callback of libuv or on the thread of a current-thread runtime is nobody's: cancel it before `arg`
 *            goes.
 * Threads    Handlers, libuv callbacks, and the thread of a current-thread or embedded runtime; it is called when that
 *            thread drives the runtime. Elsewhere weir_reserve() waits.
 * Waiting    Never.
 * Stopping   A runtime that drains does not wait for notices that are still in a line; when it stops, `f` is not called
 *            any more. They keep no loop alive.
 * Errors     WEIR_EINVAL  a plain thread, a task, the blocking pool: nobody could call there; no `f`; an output of a
 *                         topology; a route by hash or that broadcasts
 *            WEIR_EDEAD   no such actor any more (or the ref's own error)
 *            WEIR_EFULL   a mailbox that drops the oldest: all its places are held
 *            WEIR_ENOMEM  no memory for a notice
 */
WEIR_API WEIR_NODISCARD int weir_notify_writable(weir_ref to, weir_writable f, void *arg, weir_notice *notice);
/** The same of a channel; WEIR_ECLOSED where an actor is WEIR_EDEAD. */
WEIR_API WEIR_NODISCARD int weir_channel_notify_writable(weir_sender tx, weir_writable f, void *arg,
                                                         weir_notice *notice);

/**
 * Takes it back: its place in the line goes to the next, and so does one that it has been given.
 *
 * Threads  That on which it would be called. Does not wait.
 * Errors   WEIR_EDEAD   it was called, is being called, was cancelled, its actor has ended, or its runtime stops
 *          WEIR_EINVAL  another thread's notice
 */
WEIR_API int weir_notice_cancel(weir_notice notice);

#ifdef __cplusplus
}
#endif
#endif
