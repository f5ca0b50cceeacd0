/* weir/dead_letter.h: who listens learns what was not handled.
 *
 *   static int on_dead(struct watch *w, const struct weir_dead_letter *m) { … }
 *   WEIR_ACTOR(watch, WEIR_ON(weir_dead_letter, on_dead), .capacity = 256);
 *   weir_dead_letters(weir_spawn(&watch));
 *
 * Guide: docs/guide/dead_letters.md. */
#ifndef WEIR_DEAD_LETTER_H
#define WEIR_DEAD_LETTER_H

#include <weir/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A message that was not handled, or was not sent because its receiver is gone. */
struct weir_dead_letter {
  const char *message; /* the name of its type */
  const char *name;    /* of the receiver, or of its type; "" where that is gone */
  const char *text;    /* why */
  weir_ref from;       /* who sent it; all zeros where that is not known: what was queued does not say */
  weir_ref to;
  uint64_t missed; /* how many dead letters this listener was not told of before this one: it was full */
  int32_t
      code; /* WEIR_EDEAD: its receiver is gone or was stopped; WEIR_EFAILED: it failed; WEIR_EOPEN: its breaker was open; else its handler refused it */
  bool asked; /* somebody waited for an answer, and has been told */
};
WEIR_SHARED(weir_dead_letter, "weir.dead_letter", WEIR_FIELD(message), WEIR_FIELD(name), WEIR_FIELD(text),
            WEIR_FIELD(from), WEIR_FIELD(to), WEIR_FIELD(missed), WEIR_FIELD(code), WEIR_FIELD(asked));

/**
 * From now on that actor gets a `struct weir_dead_letter` for each dead letter of the process, until it ends: what its
 * handler refuses and nobody asked for, what is queued when its actor ends, what a failed handler had in hand, and
 * sends and asks to actors that are gone.
 *
 * They are queued where there is a place; nobody waits for that. What a full listener misses is counted, and told with
 * the next one. A dead letter that is not handled is counted as any message and told to nobody. Up to 16 listen at a
 * time. Without a listener nothing of this costs anything.
 *
 * Threads  Any. Does not wait.
 * Errors   WEIR_EDEAD   no such actor (or the ref's own error);  WEIR_EEXIST  it listens already
 *          WEIR_EINVAL  a route, or an output of a topology
 *          WEIR_ERANGE  16 listen
 */
WEIR_API int weir_dead_letters(weir_ref listener);
/** It gets no more. WEIR_EDEAD: it did not listen. Threads: any. Does not wait. */
WEIR_API int weir_dead_letters_end(weir_ref listener);

#ifdef __cplusplus
}
#endif
#endif
