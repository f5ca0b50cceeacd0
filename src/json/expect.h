/* expect.h: what a value of a document must be, and the message where it is something else. */
#ifndef WEIR__JSON_EXPECT_H
#define WEIR__JSON_EXPECT_H

#include "json/document.h"

/* A key that an object may have; or one that is refused, and why. A table of them ends with {0}. */
struct weir__key {
  const char *name;
  const char *refused; /* NULL: it may stand here */
};

/* Reports that a value must be something else: "must be FORMAT, not 5". */
void weir__expected(struct weir__document *document, uint32_t node, const char *format, ...) WEIR_PRINTF(3, 4);
/* Likewise; `show`: what it is, and of which variables, is told, too. */
void weir__expectedv(struct weir__document *document, uint32_t node, bool show, const char *format, va_list arguments)
    WEIR_PRINTF(4, 0);
/* Each is true if the value is as described; otherwise it reports, and leaves the result alone. */
bool weir__expect_object(struct weir__document *document, uint32_t node);
bool weir__expect_list(struct weir__document *document, uint32_t node);
bool weir__expect_text(struct weir__document *document, uint32_t node, const char **text);
bool weir__expect_integer(struct weir__document *document, uint32_t node, int64_t least, int64_t most, int64_t *number);

/* Reports the members of an object that are not in `keys`, or are refused. */
void weir__expect_keys(struct weir__document *document, uint32_t node, const struct weir__key *keys);
/* The member of an object; reports where it is missing. */
uint32_t weir__expect_member(struct weir__document *document, uint32_t node, const char *key);

#endif
