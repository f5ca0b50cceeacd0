/* replace.h: ${NAME} and ${NAME:-default} in the texts of a document. */
#ifndef WEIR_TOPOLOGY_REPLACE_H
#define WEIR_TOPOLOGY_REPLACE_H

#include "topology/source.h"

/* In all texts from node `first` on, keys excepted. Reports what is wrong with them; false: no memory, which is noted. */
bool weir__replace_variables(struct weir__document *document, uint32_t first, const struct weir__origin *origin);

#endif
