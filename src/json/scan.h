/* scan.h: one pass over a JSON text that validates it and notes where each value stands.
 *
 * It comes before the parser, and protects it: nesting is limited (the scanner itself does not recurse), the
 * text is UTF-8, numbers fit, keys are unique. */
#ifndef WEIR__JSON_SCAN_H
#define WEIR__JSON_SCAN_H

#include "json/document.h"

/* Adds the nodes, texts and keys of the document's last file. Reports the first syntax error, or all keys that are given
 * twice: the first one counts then. `comments`: it may have some. Errors: WEIR_EINVAL for syntax, WEIR_ENOMEM. */
int weir__scan(struct weir__document *document, bool comments);

/* The node of a key in the object `parent`, or WEIR__NO_NODE. */
uint32_t weir__scan_find(const struct weir__document *document, uint32_t parent, const char *key);
/* Enters the key of a copied node. False: no memory. */
bool weir__scan_enter(struct weir__document *document, uint32_t node);
/* Is the whole text a number that JSON knows and that can be held? */
bool weir__scan_is_number(const char *text);
/* Room for another node. False: no memory. */
bool weir__scan_room(struct weir__document *document);

#endif
