/* explain.h: every value of a topology that is in effect, and where it comes from. */
#ifndef WEIR_TOPOLOGY_EXPLAIN_H
#define WEIR_TOPOLOGY_EXPLAIN_H

#include <weir/topology.h>

#include "topology/graph.h"

/* Of a document that is good. False: no memory. */
bool weir__explain(struct weir__document *document, const struct weir__graph *graph,
                   void (*setting)(void *arg, const weir_setting *setting), void *arg);

#endif
