/* live.h: whether what a topology names outside of the program is there: files, addresses, secrets. */
#ifndef WEIR_TOPOLOGY_LIVE_H
#define WEIR_TOPOLOGY_LIVE_H

#include "topology/graph.h"

/* Opens, binds and connects, and closes again; nothing is written. Reports what can't be had. */
void weir__check_live(struct weir__document *document, const struct weir__graph *graph);

#endif
