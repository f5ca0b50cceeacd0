/* topology.h: what stands behind a weir_topology. */
#ifndef WEIR_TOPOLOGY_TOPOLOGY_H
#define WEIR_TOPOLOGY_TOPOLOGY_H

#include <weir/topology.h>

#include "topology/graph.h"
#include "topology/source.h"
#include "json/report.h"

/* Made by weir_topology_parse() and read-only from then on, so that any thread may run it. */
struct weir_topology {
  struct weir__arena arena;
  struct weir__graph graph;       /* lies in the arena */
  struct weir__document document; /* closed, unless it was to be kept */
};

struct weir__topology_options {
  const struct weir__stock *const *types; /* that may be named; ends with NULL */
  bool reads_secrets;                     /* from their files: it is to be run, or checked live … */
  const struct weir__graph *before; /* … or of this graph, those that a reload is not to read again; else NULL */
  bool keeps_document;              /* for who needs the nodes of the graph */
  /* Called while the document is open and good; may report more. NULL: nothing is to be done. */
  void (*look)(void *arg, struct weir__document *document, const struct weir__graph *graph);
  void *arg;
};

/* weir_topology_load() and weir_topology_parse(), with options. */
int weir__topology_read(const struct weir__topology_options *options, const struct weir__origin *origin,
                        const weir_listener *listener, weir_topology **topology);

/* weir_topology_parse() with a table of types of one's own. */
int weir__topology_parse(const struct weir__stock *const *types, const char *name, const void *text, size_t size,
                         const weir_listener *listener, weir_topology **topology);

/* Hands all problems to the listener, if there is one; empties the report. */
static inline void weir__tell_problems(struct weir__report *report, const weir_listener *listener)
{
  weir__report_deliver(report, listener ? listener->problem : NULL, listener ? listener->arg : NULL);
}

#endif
