/* scan.h: one pass over a JSON text that validates it and notes where each value stands.
 *
 * It comes before the parser, and protects it: nesting is limited (the scanner itself does not recurse), the
 * text is UTF-8, numbers fit, keys are unique. */
#ifndef WEIR__JSON_SCAN_H
#define WEIR__JSON_SCAN_H

#include "json/document.h"

/* Fills in nodes, texts and table. Reports the first syntax error, or all keys that are given twice.
 * Errors: WEIR_EINVAL, WEIR_ENOMEM. */
int weir__scan(struct weir__document *document);

/* Bytes of the character at `c`, 0 if it is not valid UTF-8: cut short, overlong, a surrogate, above U+10FFFF. */
size_t weir__utf8_size(const unsigned char *c, const unsigned char *end);

/* The node of a key in the object `parent`, or WEIR__NO_NODE. */
uint32_t weir__scan_find(const struct weir__document *document, uint32_t parent, const char *key);

#endif
