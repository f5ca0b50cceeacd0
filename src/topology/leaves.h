/* leaves.h: records as texts, so that those of any type are compared and shown in the same way.
 *
 * A leaf is a field that is no struct in place, of the record or of a struct in it. What it holds is JSON, of which there
 * is one text for each value: equal values have equal texts. A type with one field, a text or bytes, is shown as that text
 * where it is one. */
#ifndef WEIR_TOPOLOGY_LEAVES_H
#define WEIR_TOPOLOGY_LEAVES_H

#include "runtime/arena.h"
#include "json/document.h"
#include "json/draft.h"

struct weir__leaf {
  const char *path;         /* "country", or "place.country" */
  const weir_message *type; /* of the struct that has the field … */
  const weir_field *field;
  size_t offset; /* … and lies so far in the record */
};

struct weir__leaves {
  const weir_message *type;
  const struct weir__leaf *all; /* in the order of the tables */
  size_t count;
  bool is_text; /* one field, a text or bytes */
};

/* Is it a type of one field, a text or bytes? A record of it may stand in a document as that text. */
bool weir__is_one_text(const weir_message *type);

/* The leaves of a type. NULL: no memory, or (with a text) there can be no such records. */
const struct weir__leaves *weir__leaves_of(const weir_message *type, struct weir__arena *arena);

/* A record: the text of each leaf. NULL: no memory. */
const char *const *weir__leaves_write(const struct weir__leaves *leaves, const void *record, struct weir__arena *arena);

/* A record in a document, of which only some fields may be given: the others have no text. Reports what does not fit. NULL: no
 * memory. */
const char *const *weir__leaves_read(const struct weir__leaves *leaves, struct weir__document *document, uint32_t node,
                                     struct weir__arena *arena);

/* As it would stand in a document, with the leaves that have a text; what is secret is not shown. */
void weir__leaves_show(const struct weir__leaves *leaves, const char *const *record, struct weir__draft *to);
/* What one leaf holds; "…" where it is secret. */
const char *weir__leaf_shown(const struct weir__leaf *leaf, const char *text);

#endif
