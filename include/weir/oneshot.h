/* weir/oneshot.h: one value, one sender (the promise), one receiver (the future).
 *
 * Dropping the promise wakes the receiver with WEIR_ECLOSED; dropping the future is visible to the sender, so that
 * work nobody waits for can be abandoned. Both are plain values that name a pooled slot: stale ones are detected.
 * A promise may be kept from anywhere, a libuv callback too. As tokio's oneshot. Guide: docs/guide/channels.md. */
#ifndef WEIR_ONESHOT_H
#define WEIR_ONESHOT_H

#include <weir/message.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_promise {
  uint64_t bits;
} weir_promise;
typedef struct weir_future {
  uint64_t bits;
} weir_future;

/** Makes both ends. Threads: any. Does not wait. Errors: WEIR_ENOMEM. */
WEIR_API WEIR_NODISCARD int weir_oneshot(weir_promise *promise, weir_future *future);

/** weir_promise_send(promise, fact, .text = "x"): keeps the promise. */
#define weir_promise_send(promise, ...) weir_promise_send_value((promise), WEIR_VALUE(__VA_ARGS__))
/**
 * Sends a copy of `value`. The promise is used up by it, also on WEIR_ECLOSED.
 *
 * WEIR_OK does not promise that it is read.
 *
 * Threads  Any, once. Does not wait.
 * Errors   WEIR_ECLOSED  the future was dropped: nothing was sent
 *          WEIR_EINVAL   the promise was used up before, or the value can't be copied;  WEIR_ENOMEM  (after which the
 *                        promise can be tried again)
 */
WEIR_API int weir_promise_send_value(weir_promise promise, weir_value value);
/** Gives the promise up: the future sees WEIR_ECLOSED at once. Threads: any. Does not wait. */
WEIR_API void weir_promise_drop(weir_promise promise);
/** Does anybody still hold the future? Threads: any. Does not wait. */
WEIR_API bool weir_promise_wanted(weir_promise promise);

/** weir_future_wait(future, WEIR_SECONDS(1), &f, fact): `&f` must be a `struct fact **`. */
#define weir_future_wait(future, within, out, T)                                                                       \
  weir_future_wait_value((future), (within), weir_message_##T(), WEIR__OWN(T, out))
/** As above, never waiting: WEIR_EMPTY_NOW. */
#define weir_future_try(future, out, T) weir_future_try_value((future), weir_message_##T(), WEIR__OWN(T, out))
/**
 * Waits for the value and takes it. WEIR_OK and WEIR_ECLOSED use the future up; after any other error it is still good.
 *
 * @param out  Receives the message, a `struct T *`: owned, weir_free() it. NULL on error.
 *
 * Threads  One at a time.
 * Errors   WEIR_ECLOSED      the promise was dropped
 *          WEIR_ETIMEDOUT    not yet;  WEIR_EMPTY_NOW  (try) not yet
 *          WEIR_EPROTO       the value is of another type; it stays
 *          WEIR_EBUSY        another one waits for it
 *          WEIR_ECANCELED    the caller was told to stop
 *          WEIR_EWOULDBLOCK  not yet, in a libuv callback
 *          WEIR_EINVAL       the future was used up;  WEIR_ENOMEM  no stack to go on with
 */
WEIR_API WEIR_NODISCARD int weir_future_wait_value(weir_future future, weir_duration within, const weir_message *type,
                                                   void *out);
WEIR_API WEIR_NODISCARD int weir_future_try_value(weir_future future, const weir_message *type, void *out);
/**
 * Gives the future up, and frees a value that is there. A future that nobody uses up keeps its value: in an actor that may
 * be killed, or crash, weir_defer() is the place for it.
 *
 * Threads  Any, while nobody waits for it. Does not wait.
 */
WEIR_API void weir_future_drop(weir_future future);

#ifdef __cplusplus
}
#endif
#endif
