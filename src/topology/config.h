/* config.h: a JSON object becomes a message value, by its table of fields. */
#ifndef WEIR_TOPOLOGY_CONFIG_H
#define WEIR_TOPOLOGY_CONFIG_H

#include "runtime/arena.h"
#include "topology/document.h"

/* Reads an object into a new struct of `type`; its texts and lists lie in the arena, too. Members that are missing get
 * the field's default. Reports unknown and missing keys, wrong kinds and bounds.
 *
 * `node`   the object; WEIR__NO_NODE: there is none, and all fields get their defaults.
 * `owner`  where is reported what is missing if there is no object.
 * Returns  the struct; NULL where there is no memory for it (noted in the arena). Good only if nothing was reported. */
void *weir__config_read(struct weir__document *document, uint32_t node, uint32_t owner, const weir_message *type,
                        struct weir__arena *arena);

#endif
