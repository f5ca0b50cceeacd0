/* read.h: a JSON object becomes a message value, by its table of fields. */
#ifndef WEIR__JSON_READ_H
#define WEIR__JSON_READ_H

#include <weir/message.h>

#include "runtime/arena.h"
#include "json/expect.h"

/* Reads an object into a new struct of `type`; what it points to lies in the arena, too. Members that are missing get
 * the field's default. Reports unknown and missing keys, wrong kinds and bounds.
 *
 * `node`   the object; WEIR__NO_NODE: there is none, and all fields get their defaults.
 * `owner`  where is reported what is missing if there is no object.
 * Returns  the struct; NULL where there is no memory for it (noted in the arena). Good only if nothing was reported. */
void *weir__json_read_object(struct weir__document *document, uint32_t node, uint32_t owner, const weir_message *type,
                             struct weir__arena *arena);
/* As above, for an object that has further keys: those in `others` (they end with {0}) are not read here, and reported
 * only where they are refused. */
void *weir__json_read_part(struct weir__document *document, uint32_t node, uint32_t owner, const weir_message *type,
                           struct weir__arena *arena, const struct weir__key *others);
/* Reads one value into the field of a struct that is zeroed; what it points to lies in the arena. */
void weir__json_read_field(struct weir__document *document, uint32_t node, const weir_field *field,
                           struct weir__arena *arena, void *into);

#endif
