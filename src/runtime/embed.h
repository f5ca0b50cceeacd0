/* embed.h: a current-thread runtime in a loop that the program runs.
 *
 * Its worker has four handles in that loop: doorbell (others gave it work), clock (its wheel), a look before the loop
 * polls, and an idle handle, the slice, which is active while there is work: so the loop polls without sleeping, and
 * goes by turns: the program's callbacks, a slice of weir's work (at most 256 messages), the program's callbacks …
 *
 *    RESTS (parked, slice inactive) --work made here, doorbell, clock--> AWAKE (slice active) --nothing to do--> RESTS
 *
 * E1  All of weir's work runs inside a callback of the loop, on its thread. That thread is never "driving" (L4):
 *     outside of handlers it must not wait.
 * E2  The doorbell alone keeps the loop alive, while something lives in the runtime, a timer runs, or it is being
 *     stopped (U2). It is referenced by the loop's thread alone.
 * E3  Stopping goes by steps, each at the end of a slice:
 *    RUNNING --stop_then--> DRAINS --quiet, or time over--> STOPS --nothing lives--> STOPPED, handles closing --> freed
 */
#ifndef WEIR__EMBED_H
#define WEIR__EMBED_H

#include "runtime/worker.h"

/* E3. The loop's thread's. */
struct weir__embedded_stop {
  bool begun, drained;
  int64_t deadline_ns;
  struct weir__alarm alarm; /* at the deadline: a slice */
  void (*then)(int rc, void *arg);
  void *arg;
  bool last;
};

/* At the end of a slice. The runtime may be on its way out afterwards. */
void weir__embedded_goes_on(struct weir_runtime *rt);
/* From any thread that holds it: something lives, or nothing any more (E2). */
void weir__embedded_lives(struct weir_runtime *rt);

#endif
