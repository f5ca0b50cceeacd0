/* change.h: a live actor gets another configuration: in place, or by being started anew with its mailbox kept.
 *
 * X1  What is new comes as a message of the kind CHANGE, in the order of the mailbox, and its sender waits for what comes
 *     of it. Its payload is the configuration itself: when the clause has taken it the message becomes the actor's
 *     (`config` of its extras), and the one before, to which nothing may point any more, is freed.
 * X2  When it can't be taken in place it is kept as `next_config`, the actor ends with WEIR_RESTART for its reason, and its
 *     supervisor starts it anew, it alone, its mailbox as it is, without counting that. Its next start has the new one. If
 *     that start fails it goes back: it is started anew once more, likewise, with the one before. Who changed it waits for what
 *     comes of the start.
 * X3  A newer version of its type comes in the same way. The old state is set aside (`outgoing`); the new version starts in
 *     its place, takes over from it, and then the old version's end clause runs on the old state. If the new one does not
 *     start or take over, its end clause runs, and the old state is put back where it was. Should the actor fail on the
 *     way, the end clauses of both run. */
#ifndef WEIR__CHANGE_H
#define WEIR__CHANGE_H

#include "actor/actor.h"

/* Gives an actor a new configuration, and waits until it has taken it, at most so long.
 *
 * Threads  Any. Waits, as weir_ask().
 * Returns  WEIR_OK       it is in force
 *          WEIR_RESTART  the actor's supervisor has started it anew with it
 *          WEIR_ENOTSUP  it can't be taken in place, and nobody would start the actor anew: nothing has changed
 *          WEIR_EINVAL   the actor starts with something else, or the ref is that of a route
 *          those of the actor's clause: it was refused, and nothing has changed; those of its start: it did not start with it,
 *          and is started anew with the one before; those of weir_ask() */
int weir__reconfigure(weir_ref ref, weir_value config, weir_duration within);
/* Likewise, but it is started anew in any case, without being asked. */
int weir__restart_with(weir_ref ref, weir_value config, weir_duration within);

/* What it takes to go from one configuration to another, by the table: the most that any field that differs asks for.
 * `field` (NULL: not wanted): the first of those that ask for so much; NULL: nothing differs. */
weir_reload weir__config_difference(const weir_message *type, const void *before, const void *after,
                                    const weir_field **field);

/* Does that field differ? */
bool weir__field_differs(const weir_field *field, const void *before, const void *after);

/* Puts a newer version of its type in place of an actor's, and waits for that. The type is borrowed from then on.
 *
 * `config`  with which it starts, as the newer type calls it; a value without a type: with what the older one has, if
 *           they call it the same
 * Returns  WEIR_OK; WEIR_ENOTSUP, WEIR_EINVAL (with a text): it does not fit, or not now, and nothing has changed; what
 *          the new version's start or upgrade clause returned: likewise; those of weir_ask()
 * Threads  Any. Waits, as weir_ask(). */
int weir__upgrade(weir_ref ref, const weir_actor *newer, weir_value config, weir_duration within);

/* ---- for the actor's core ---- */

/* X3 */
struct weir__outgoing {
  const weir_actor *type;
  void *state;
  struct weir__message *config; /* if the newer one has another */
  bool ended;                   /* its end clause has begun */
  uint64_t small[WEIR__STATE_INLINE / 8];
};
/* The end clause of the older version, if one is on its way out. Its fiber is the caller's. */
void weir__outgoing_end(struct weir__cell *cell);
/* What is left of it. */
void weir__outgoing_free(struct weir__cell *cell);

/* Such a message is in the mailbox. WEIR_OK or WEIR_STOP. */
int weir__change_handle(struct weir__cell *cell, struct weir__message *m);
/* An incarnation starts: with which configuration? NULL: with none. */
struct weir__message *weir__config_to_start_with(struct weir__cell *cell);
/* It has started. */
void weir__change_started(struct weir__cell *cell);
/* Its start has failed: with which reason does it end? */
int weir__change_failed(struct weir__cell *cell, int code, const char *text);
/* It has ended for good. */
void weir__change_given_up(struct weir__cell *cell);
/* With which reason does one end that ends by itself? */
static inline int weir__reason_to_end(const struct weir__cell *cell)
{
  const struct weir__rare *rare = weir__rare_of(cell);
  return rare && rare->next_config ? WEIR_RESTART : WEIR_OK;
}

#endif
