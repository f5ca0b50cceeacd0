/* topology.h: what stands behind a weir_topology. */
#ifndef WEIR_TOPOLOGY_TOPOLOGY_H
#define WEIR_TOPOLOGY_TOPOLOGY_H

#include <weir/topology.h>

#include "topology/graph.h"
#include "json/report.h"

/* Made by weir_topology_parse() and read-only from then on, so that any thread may run it. */
struct weir_topology {
  struct weir__arena arena;
  struct weir__graph graph; /* lies in the arena */
};

/* weir_topology_parse() with a table of types of one's own. */
int weir__topology_parse(const struct weir__stock *const *types, const char *name, const void *text, size_t size,
                         const weir_listener *listener, weir_topology **topology);

/* Hands all problems to the listener, if there is one; empties the report. */
static inline void weir__tell_problems(struct weir__report *report, const weir_listener *listener)
{
  weir__report_deliver(report, listener ? listener->problem : NULL, listener ? listener->arg : NULL);
}

#endif
