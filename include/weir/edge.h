/* weir/edge.h: what an actor sees of the topology that it is part of, beside weir_output(). */
#ifndef WEIR_EDGE_H
#define WEIR_EDGE_H

#include <weir/message.h>

/** All inputs of the actor have ended: every actor upstream has sent its last record, and those have been handled. An
 * actor with a clause for it may send what it has gathered; afterwards it ends, and the end travels on downstream. An
 * error that the handler returns fails the actor. Not sent to sources: those end by returning WEIR_STOP. */
struct weir_inputs_ended {
  WEIR_EMPTY;
};
WEIR_SHARED(weir_inputs_ended, "weir_inputs_ended");

#endif
