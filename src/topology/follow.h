/* follow.h: the way of one record through a graph, as steps with names: weir_step.
 *
 * W1  The lock guards all of it, and is a leaf but for the listener's `step`, which is called with it held: so steps are
 *     told in one order, in which no record is handled before it was sent.
 * W2  The way is over when all that is followed has come to an end. A record that is being handled has not, so nothing that
 *     comes of it can be missed. */
#ifndef WEIR_TOPOLOGY_FOLLOW_H
#define WEIR_TOPOLOGY_FOLLOW_H

#include <uv.h>
#include <weir/topology.h>

#include "actor/edge.h"

struct weir__followed {
  uint32_t parent;   /* its number; 0: it is the first */
  uint32_t index;    /* the so-manieth that came of it */
  uint32_t children; /* how many came of this one */
  bool ended;
  int64_t sent_ns, begun_ns;
};

struct weir__follow {
  const weir_listener *listener; /* borrowed */
  uv_mutex_t lock;
  /* Under the lock (W1): */
  struct weir__followed records[WEIR__FOLLOWED_MOST]; /* records[n - 1] has the number n */
  uint32_t count, living;
  uint64_t beyond; /* records that came of these and are not followed */
};

/* WEIR_OK, or an error with a text. */
int weir__follow_begin(struct weir__follow *f, const weir_listener *listener);
void weir__follow_end(struct weir__follow *f);
/* For weir__wired. */
uint32_t weir__follow_step(void *follow, const struct weir__step *step);

#endif
