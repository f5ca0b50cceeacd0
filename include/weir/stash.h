/* weir/stash.h: messages that are not for now: set aside and put back, or left queued while a handler takes another
 * one.
 *
 *   static int pool_fetch(struct pool *p)
 *   {
 *     if (p->tokens == 0) return weir_stash();
 *     …
 *   }
 *   static int pool_refill(struct pool *p) { p->tokens++; return weir_unstash(1); }
 *   WEIR_ACTOR(pool, WEIR_ON(fetch, pool_fetch) WEIR_ON(refill, pool_refill), .keeps_places = true);
 *
 * For actors whose type says `.keeps_places = true`: a message's place in the mailbox goes back when its handler ends,
 * not before it begins, so that what is set aside counts like what is queued. Guide: docs/guide/inside.md. */
#ifndef WEIR_STASH_H
#define WEIR_STASH_H

#include <weir/ask.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * In a handler: sets the message in hand aside, uncopied, with its place and the duty to answer it:
 * `return weir_stash();`. It is gone from the handler's hands then. To its asker it has not begun, until its next
 * handler begins; one whose asker gives up is withdrawn.
 *
 * What is stashed when the actor ends, or when it drains and nothing else is left, ends as what is queued does: dead
 * letters, and its askers learn it at once.
 *
 * Waiting  No.
 * Errors   WEIR_EFULL   it would leave the mailbox no place at all. The message stays in hand: returned by the handler,
 *                       this code refuses it.
 *          WEIR_EINVAL  no message in hand, or one that has no place of its own (of the actor's own timer, a record of
 *                       a batch), or the type does not say `.keeps_places`
 */
WEIR_API WEIR_NODISCARD int weir_stash(void);
/**
 * In a handler: puts the oldest `count` stashed messages back, ahead of what is queued, in their order; SIZE_MAX: all.
 * Fewer are fine.
 *
 * Waiting  No.
 * Errors   WEIR_EINVAL  not in a handler, or the type does not say `.keeps_places`
 */
WEIR_API int weir_unstash(size_t count);
/** How many messages this actor has stashed; 0 elsewhere. Does not wait. */
WEIR_API size_t weir_stashed(void);

/** What weir_select() may be told. */
typedef struct weir_select_options {
  weir_asker *asker WEIR__ZERO;                            /* receives the duty to answer; all zeros: nobody asks */
  bool (*when)(const void *message, void *arg) WEIR__ZERO; /* only a message for which it returns true; NULL: any. It
                                                             must not wait */
  void *arg WEIR__ZERO;
} weir_select_options;

/**
 * In a handler: takes the oldest message of type T out of the mailbox, waiting for one if need be. All others stay
 * queued, in their order, and keep their places.
 *
 *   struct ready *r;
 *   rc = weir_select(WEIR_SECONDS(1), &r, ready);
 *   rc = weir_select(WEIR_SECONDS(1), &j, job, .asker = &who, .when = is_small, .arg = &limit);
 *
 * No message is looked at twice by one call. A message of the actor's own timer is found, too, ahead of the others.
 * What was stashed is not. The message that the handler has in hand keeps its place meanwhile.
 *
 * @param within  How long to wait for one; 0: takes what is there.
 * @param out     Receives the `struct T *`: owned, weir_free() it. NULL on error.
 *
 * Ownership  A request needs `.asker`: the duty to answer is then the caller's, as after weir_answer_later(). A plain
 *            message that was asked for without `.asker` counts as handled when it is taken.
 * Waiting    Suspends the actor.
 * Errors     WEIR_ETIMEDOUT  none came in time
 *            WEIR_EDEADLOCK  none can come: all places are taken by messages that were skipped, stashed, or are in hand
 *                            (at once, not after the time)
 *            WEIR_EDEAD      none can come: the actor drains, and all that was queued was skipped
 *            WEIR_ECANCELED  the actor was told to stop
 *            WEIR_EINVAL     not in a handler, the type does not say `.keeps_places`, or a request without `.asker`
 *            WEIR_ENOMEM     nothing was taken; or there was no memory for the duty to answer: then the asker was
 *                            refused with this code
 */
#define weir_select(within, out, ...) WEIR__CAT(WEIR__SELECT_, WEIR__MANY(__VA_ARGS__))(within, out, __VA_ARGS__)
#define WEIR__SELECT_1(within, out, T) weir__select((within), weir_message_##T(), WEIR__OWN(T, out), NULL)
#define WEIR__SELECT_M(within, out, T, ...)                                                                            \
  weir__select((within), weir_message_##T(), WEIR__OWN(T, out), WEIR__OPTIONS(weir_select_options, __VA_ARGS__))
WEIR_API WEIR_NODISCARD int weir__select(weir_duration within, const weir_message *type, void *out,
                                         const weir_select_options *options);

#ifdef __cplusplus
}
#endif
#endif
