/* weir/mpsc.h: a bounded channel: many senders, one receiver.
 *
 * At most `capacity` messages are ever queued, whoever sends. Senders that find it full wait in line, first come first
 * served; nobody overtakes them. From tasks, actors and plain threads. Semantics as tokio's bounded mpsc where this
 * page is silent. Guide: docs/guide/channels.md. */
#ifndef WEIR_MPSC_H
#define WEIR_MPSC_H

#include <weir/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A right to send. Plain values naming a channel; stale ones are detected (WEIR_ECLOSED). */
typedef struct weir_sender {
  uint64_t bits;
} weir_sender;
/** The right to receive: one per channel. */
typedef struct weir_receiver {
  uint64_t bits;
} weir_receiver;

/**
 * Makes a channel with one sender.
 *
 * @param capacity  1 to 16,777,216. An empty channel takes no more memory for a large one.
 * @param tx        Receives the sender; end it with weir_sender_drop().
 * @param rx        Receives the receiver; end it with weir_receiver_drop().
 *
 * Threads  Any. Does not wait.
 * Errors   WEIR_ERANGE  capacity;  WEIR_ENOMEM.
 */
WEIR_API WEIR_NODISCARD int weir_mpsc(size_t capacity, weir_sender *tx, weir_receiver *rx);

/** One more sender of the same channel, to be dropped on its own. Threads: any. Does not wait.
 * Errors: WEIR_ECLOSED: the channel has no sender any more, or its receiver is gone. */
WEIR_API WEIR_NODISCARD int weir_sender_clone(weir_sender tx, weir_sender *copy);
/** Gives a sender back. After the last, the receiver drains what is queued and then sees WEIR_ECLOSED.
 * Threads: any. Does not wait. */
WEIR_API void weir_sender_drop(weir_sender tx);
/** No new messages: senders fail, those that wait in line too; what is queued can still be received.
 * Threads: any. Does not wait. */
WEIR_API void weir_receiver_close(weir_receiver rx);
/** Closes, and frees what is queued. Threads: any, but not while another one waits in weir_receive(). Does not wait. */
WEIR_API void weir_receiver_drop(weir_receiver rx);

/** weir_channel_send(tx, fact, .text = "x"): waits for a place. */
#define weir_channel_send(tx, ...) weir_channel_send_value((tx), WEIR_VALUE(__VA_ARGS__))
/** Never waits: WEIR_EFULL at once, and no message is made. */
#define weir_channel_try_send(tx, ...) weir_channel_try_send_value((tx), WEIR_VALUE(__VA_ARGS__))
/** Waits at most so long: WEIR_ETIMEDOUT, not sent. */
#define weir_channel_send_within(tx, within, ...)                                                                      \
  weir_channel_send_within_value((tx), (within), WEIR_VALUE(__VA_ARGS__))

/**
 * Sends a copy of `value`.
 *
 * WEIR_OK means queued, not received. On any error nothing was sent and nothing is to be freed.
 *
 * Threads   Any: actors, tasks, plain threads, all at once.
 * Waiting   The first and the third: an actor or task is suspended, a plain thread blocks. try_: never.
 * Ordering  FIFO per sender; what the sender did before is visible to the receiver.
 * Errors    WEIR_ECLOSED      the receiver closed or is gone, or `tx` was dropped
 *           WEIR_EFULL        try_: no place, or others wait in line
 *           WEIR_ETIMEDOUT    within: no place came free in time
 *           WEIR_ECANCELED    the caller was told to stop while it waited
 *           WEIR_EWOULDBLOCK  no place, in a libuv callback
 *           WEIR_ERANGE       the value is larger than the channel can ever hold (a message above 64 KiB takes a place
 *                             for each 64 KiB)
 *           WEIR_EINVAL       the value can't be copied; WEIR_ENOMEM
 */
WEIR_API WEIR_NODISCARD int weir_channel_send_value(weir_sender tx, weir_value value);
WEIR_API WEIR_NODISCARD int weir_channel_try_send_value(weir_sender tx, weir_value value);
WEIR_API WEIR_NODISCARD int weir_channel_send_within_value(weir_sender tx, weir_duration within, weir_value value);

/** weir_receive(rx, &fact, fact): `&fact` must be a `struct fact **`. */
#define weir_receive(rx, out, T) weir_receive_within_value((rx), WEIR_FOREVER, weir_message_##T(), WEIR__OWN(T, out))
#define weir_receive_within(rx, within, out, T)                                                                        \
  weir_receive_within_value((rx), (within), weir_message_##T(), WEIR__OWN(T, out))
#define weir_try_receive(rx, out, T) weir_try_receive_value((rx), weir_message_##T(), WEIR__OWN(T, out))

/**
 * Takes the oldest message.
 *
 * @param type  What is expected. NULL: any; weir_receiver_peek() tells which it will be.
 * @param out   Receives the message, a `struct T *`: owned, weir_free() it. NULL on error.
 *
 * Threads   One at a time.
 * Waiting   Until there is a message or no sender is left. try_: never.
 * Errors    WEIR_ECLOSED      all senders are gone or the receiver closed, and it is drained
 *           WEIR_EMPTY_NOW    try_: nothing is queued now
 *           WEIR_ETIMEDOUT    within: nothing came in time
 *           WEIR_EPROTO       the oldest message is of another type; it stays where it is
 *           WEIR_EBUSY        another one is receiving
 *           WEIR_ECANCELED    the caller was told to stop
 *           WEIR_EWOULDBLOCK  nothing is there, in a libuv callback
 *           WEIR_EINVAL       no such receiver;  WEIR_ENOMEM  no memory to wait with
 */
WEIR_API WEIR_NODISCARD int weir_receive_within_value(weir_receiver rx, weir_duration within, const weir_message *type,
                                                      void *out);
WEIR_API WEIR_NODISCARD int weir_try_receive_value(weir_receiver rx, const weir_message *type, void *out);

/** weir_receive_many(rx, WEIR_FOREVER, facts, 16, &count, fact), where `struct fact *facts[16]` and `size_t count`. */
#define weir_receive_many(rx, within, out, most, count, T)                                                             \
  weir_receive_many_value((rx), (within), weir_message_##T(), WEIR__OWN(T, out), (most), (count))
/**
 * Takes what is there, up to `most` messages, oldest first; where nothing is there, waits for one as
 * weir_receive_within() does. Ends before a message of another type.
 *
 * @param out    Receives the messages: `most` pointers. Owned, weir_free() each. The first is NULL on error; what is
 *               beyond `count` is left as it was.
 * @param most   0 is fine: nothing is taken, at once.
 * @param count  Receives how many were taken: at least one after WEIR_OK (0 where `most` is), 0 on error.
 *
 * Threads, Waiting, Errors  As weir_receive_within().
 */
WEIR_API WEIR_NODISCARD int weir_receive_many_value(weir_receiver rx, weir_duration within, const weir_message *type,
                                                    void *out, size_t most, size_t *count);

/** The type of the oldest message, NULL if none is there. Threads: the receiver's. Does not wait. */
WEIR_API const weir_message *weir_receiver_peek(weir_receiver rx);
/** Places with messages now, queued or on their way in; one above 64 KiB counts for each 64 KiB. Places that are only
 * reserved do not count. Threads: any. Does not wait. */
WEIR_API size_t weir_receiver_length(weir_receiver rx);

#ifdef __cplusplus
}
#endif
#endif
