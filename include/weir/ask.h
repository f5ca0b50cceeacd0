/* weir/ask.h: several asks at once, and answers that are given later or by another actor.
 *
 *   weir_pending first = weir_ask_begin(a, WEIR_SECONDS(1), price, .item = 1);
 *   weir_pending second = weir_ask_begin(b, WEIR_SECONDS(1), price, .item = 1);
 *   rc = weir_await(first, &p, price);
 *
 * The asker's side begins and awaits; the other side answers by returning, or takes the duty to answer with it
 * (weir_answer_later()) or passes it on (weir_forward()). Guide: docs/guide/asking.md. */
#ifndef WEIR_ASK_H
#define WEIR_ASK_H

#include <weir/actor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- several asks at once ---- */

/** An ask that was begun. A plain value; stale ones are detected. */
typedef struct weir_pending {
  uint64_t bits;
  weir_ref to;
  int64_t deadline;
  int error; /* why it was not asked; weir_await() returns it */
} weir_pending;

/** weir_ask_begin(a, WEIR_SECONDS(1), price, .item = 1): the type, then its fields. */
#define weir_ask_begin(to, within, ...) weir_ask_begin_value((to), (within), WEIR_VALUE(__VA_ARGS__))
/** weir_await(pending, &p, price): `&p` must be a `struct R **` of WEIR_REQUEST(price, R), or NULL. */
#define weir_await(pending, out, T) weir__await((pending), weir_message_##T(), WEIR__OUT(T, out))

/**
 * Sends a request and goes on; the answer is to be had by weir_await().
 *
 * @param within  For all of it: the place, the handling, the answer. An ask made while handling a request inherits what
 *                is left of that one's time, if it is less.
 *
 * Ownership  To be given to weir_await() until that returns anything but WEIR_ECANCELED, WEIR_EWOULDBLOCK, WEIR_EBUSY
 *            or WEIR_EPROTO, or to weir_cancel(); an actor's by its own handlers. What an actor leaves is cancelled
 *            when it ends.
 * Threads    Any.
 * Waiting    For a place, as weir_send_within(); in a libuv callback only if there is one.
 * Errors     In .error: WEIR_ETIMEDOUT no place came free in time; the others as weir_send_within_value(). Nothing was
 *            sent then, and nothing is to be cancelled.
 */
WEIR_API weir_pending weir_ask_begin_value(weir_ref to, weir_duration within, weir_value value);

/**
 * Waits for the answer.
 *
 * Whether the time is over is judged here: an answer that is there is taken however late it came.
 *
 * Threads  One at a time; those that may wait, and a libuv callback if the answer is there.
 * Errors   WEIR_EINVAL  awaited or cancelled before;  WEIR_EBUSY  another one waits for it
 *          WEIR_EPROTO  the answer is not one to that type of request; it stays
 *          WEIR_ECANCELED  the caller was told to stop; it stays pending
 *          WEIR_ENOMEM  there is no stack to wait upon: it was cancelled
 *          the rest as weir_ask_value(), for which a late begin of the handler is WEIR_ETIMEDOUT: withdrawn
 */
WEIR_API WEIR_NODISCARD int weir__await(weir_pending pending, const weir_message *request, void *out);

/** Gives up those of `count` asks that are still in flight, or whose answers nobody took; the others are left alone. A
 * handler at work sees it (weir_wanted()). Threads: any, while nobody awaits them. Does not wait. */
WEIR_API void weir_cancel(weir_pending *pending, size_t count);

/* ---- answers that are given later ---- */

/** The duty to answer a request. A plain value; once it is used it is stale. All zeros: nobody asked. */
typedef struct weir_asker {
  uint64_t bits;
} weir_asker;

/**
 * In a handler: takes the duty to answer the message in hand. What the handler returns is then the end of the message,
 * and no answer.
 *
 * @return  All zeros when nobody asks, when the duty was taken before, or without memory (weir_error_text(); then the
 *          handler's return value is the answer, as ever).
 *
 * The actor, and the tasks that it has started, count as those that are waited for (WEIR_EDEADLOCK), until another
 * actor has taken the duty over: weir_asker_take_over().
 *
 * Ownership  To be given to weir_answer() or weir_refuse(). When its actor ends before, the asker learns it at once:
 *            WEIR_EFAILED.
 * Threads    A handler. Does not wait.
 */
WEIR_API WEIR_NODISCARD weir_asker weir_answer_later(void);

/**
 * In a handler: takes over the duty that another actor took and left to this one, in a message for instance (as a
 * uint64_t, its `bits`). From now on this actor is waited for, and when it ends the asker learns that.
 *
 * @param asker  Stale afterwards, wherever it is kept.
 * @return       The duty's new value; all zeros on error, with a text.
 *
 * Threads  A handler. Does not wait.
 * Errors   WEIR_EINVAL  answered, refused or taken over before, or not in an actor's handler
 *          WEIR_ENOMEM  the duty stays where it was
 */
WEIR_API WEIR_NODISCARD weir_asker weir_asker_take_over(weir_asker asker);

/** weir_answer(asker, page, .status = 200): the type of the answer, then its fields. */
#define weir_answer(asker, ...) weir_answer_value((asker), WEIR_VALUE(__VA_ARGS__))
/**
 * Answers. An asker that is gone is no error.
 *
 * Threads  Any. Does not wait.
 * Errors   WEIR_EINVAL  answered or refused before, nobody asked, or the value can't be copied
 *          WEIR_EPROTO  not the type of this request's answer;  WEIR_ENOMEM
 *          After the last two, and when the value can't be copied, the duty is still there.
 */
WEIR_API int weir_answer_value(weir_asker asker, weir_value value);
/** The request was handled, and there is nothing more to say: for a plain message that was asked, and wherever the
 * asker wants no content; one that does gets WEIR_EPROTO. Threads, errors: as weir_answer_value(). */
WEIR_API int weir_answer_done(weir_asker asker);
/** Refuses: the asker gets the code (a negative one) and the text, which is copied; NULL: none. Threads, errors: as
 * weir_answer_value(). */
WEIR_API int weir_refuse(weir_asker asker, int code, const char *why);
/** Does anybody still wait for this answer? Threads: any. Does not wait. */
WEIR_API bool weir_asker_waits(weir_asker asker);

/**
 * In a handler: sends the message in hand on, uncopied, with its deadline and the duty to answer it. To the asker it
 * has not begun, until its next handler begins.
 *
 * The message is gone from the handler's hands afterwards, whatever the result: `return weir_forward(next);`. If it
 * can't be sent on, the asker gets that error.
 *
 * Waiting  As weir_send(), but not longer than the asker does.
 * Errors   As weir_send_value(); WEIR_EINVAL  no message in hand (it was kept, or is a record of a batch), or `to` is
 *          an output of a topology: the message stays then.
 */
WEIR_API WEIR_NODISCARD int weir_forward(weir_ref to);

#ifdef __cplusplus
}
#endif
#endif
