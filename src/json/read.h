/* read.h: a JSON object becomes a message value, by its table of fields. */
#ifndef WEIR__JSON_READ_H
#define WEIR__JSON_READ_H

#include <weir/message.h>

#include "runtime/arena.h"
#include "json/document.h"

/* Reads an object into a new struct of `type`; what it points to lies in the arena, too. Members that are missing get
 * the field's default. Reports unknown and missing keys, wrong kinds and bounds.
 *
 * `node`   the object; WEIR__NO_NODE: there is none, and all fields get their defaults.
 * `owner`  where is reported what is missing if there is no object.
 * Returns  the struct; NULL where there is no memory for it (noted in the arena). Good only if nothing was reported. */
void *weir__json_read_object(struct weir__document *document, uint32_t node, uint32_t owner, const weir_message *type,
                             struct weir__arena *arena);

#endif
