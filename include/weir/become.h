/* weir/become.h: another set of clauses over the same state.
 *
 *   WEIR_BEHAVIOUR(door, locked, WEIR_ON(key, turn) WEIR_ON(knock, refuse));
 *   static int lock_it(struct door *d) { return weir_become(&locked); }
 *   WEIR_ACTOR(door, WEIR_ON(lock, lock_it) WEIR_ON(knock, let_in));
 *
 * With stash: what can't be handled in one behaviour is set aside, and put back when the actor becomes the other. */
#ifndef WEIR_BECOME_H
#define WEIR_BECOME_H

#include <weir/actor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A set of clauses. Made by WEIR_BEHAVIOUR(). */
typedef struct weir_behaviour {
  const char *name WEIR__ZERO;
  const char *actor WEIR__ZERO; /* the type whose state it works on */
  size_t state_bytes WEIR__ZERO;
  int (*dispatch)(weir__call *) WEIR__ZERO;
} weir_behaviour;

/** WEIR_BEHAVIOUR(door, locked, clauses): `locked` becomes a behaviour of the actor type `door`: WEIR_ON() clauses over
 * struct door, checked as in WEIR_ACTOR(). Start and end clauses are the type's alone. */
#define WEIR_BEHAVIOUR(S, B, CLAUSES)                                                                                  \
  WEIR__DISPATCH(weir_behave_##B, S, CLAUSES)                                                                          \
  static const weir_behaviour B = {                                                                                    \
      .name = #B, .actor = #S, .state_bytes = sizeof(struct S), .dispatch = weir_behave_##B}

/**
 * In a handler: from the next message on its actor has the clauses of `behaviour`, and no others; NULL: those of its
 * type again. The message in hand is finished by the handler that has it. The type's end clause runs at the end,
 * whatever the actor has become.
 *
 * Ownership  `behaviour` is borrowed for as long as such actors live: make it static, as WEIR_BEHAVIOUR() does.
 * Waiting    No.
 * Errors     WEIR_EINVAL  not in a handler, a behaviour of another type, or one with a start or end clause
 *            WEIR_ENOMEM
 */
WEIR_API int weir_become(const weir_behaviour *behaviour);

#ifdef __cplusplus
}
#endif
#endif
