/* check.h: a document becomes a graph, or a report of all that is wrong with it. */
#ifndef WEIR_TOPOLOGY_CHECK_H
#define WEIR_TOPOLOGY_CHECK_H

#include "topology/graph.h"

/* Reads the whole document, going on after errors.
 *
 * `types`    the actor types that it may name; ends with NULL. Borrowed as long as the graph is used.
 * `graph`    all that it points to lies in `arena`; what has nodes needs the document, everything else does not.
 * `reads_secrets`  from their files; else a configuration has nothing where one is named.
 * `before`   a reload: the graph that runs, of which secrets are kept that are not to be read again; else NULL.
 * Errors     WEIR_EINVAL, reported; WEIR_ENOMEM. */
int weir__check(struct weir__document *document, const struct weir__stock *const *types, struct weir__arena *arena,
                struct weir__graph *graph, bool reads_secrets, const struct weir__graph *before);

#endif
