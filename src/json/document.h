/* document.h: a JSON document whose values know where they stand.
 *
 * The scanner (scan.h) validates the text and makes one node for each value, in the order of the text, so that a
 * container's first child is the node after it. What a value is, and a number, is read from the text, where it stands.
 * A document may be read by several threads once it has been opened. */
#ifndef WEIR__JSON_DOCUMENT_H
#define WEIR__JSON_DOCUMENT_H

#include <stdint.h>

#include "json/report.h"

enum {
  WEIR__DOCUMENT_BYTES_MAX = 64 * 1024 * 1024, /* so that offsets and positions fit in 32 bits */
  WEIR__DOCUMENT_DEPTH_MAX = 64                /* containers inside each other; a topology needs five */
};
#define WEIR__NO_NODE UINT32_MAX

/* Lines and columns count from 1, columns in characters (code points). */
struct weir__json_node {
  uint32_t line;
  uint32_t column;
  uint32_t key_line; /* of the key's opening quote; 0 where the parent is no object */
  uint32_t key_column;
  uint32_t offset; /* of the value in `text` */
  uint32_t key;    /* of the key in `texts`, where key_line is not 0 */
  uint32_t parent; /* the root's is WEIR__NO_NODE */
  uint32_t index;  /* among its siblings */
  uint32_t next;   /* sibling; WEIR__NO_NODE: it is the last */
  uint32_t inside; /* a text: where it is in `texts`; a container: how many children it has */
};

struct weir__document {
  const char *file; /* its name in messages; borrowed */
  const char *text; /* borrowed until the document is closed; text[size] is a zero byte */
  size_t size;
  struct weir__json_node *nodes; /* nodes[0] is the root */
  uint32_t node_count;
  uint32_t node_capacity;
  char *texts; /* keys and texts, unescaped, each with its NUL */
  uint32_t texts_size;
  uint32_t *table; /* from (parent, key) to the node: open addressing, WEIR__NO_NODE is empty */
  uint32_t table_size;
  uint32_t key_count;
  struct weir__report *report; /* borrowed */
};

enum weir__json_kind { WEIR__OBJECT, WEIR__LIST, WEIR__TEXT, WEIR__NUMBER, WEIR__TRUE, WEIR__FALSE, WEIR__NULL };

/* Validates and reads `text`, which is followed by a zero byte. Errors, reported: WEIR_EINVAL, WEIR_ENOMEM. The
 * document is to be closed in any case. */
int weir__document_open(struct weir__document *document, const char *file, const char *text, size_t size,
                        struct weir__report *report);
void weir__document_close(struct weir__document *document);

enum weir__json_kind weir__document_kind(const struct weir__document *document, uint32_t node);
static inline bool weir__document_is(const struct weir__document *document, uint32_t node, enum weir__json_kind kind)
{
  return weir__document_kind(document, node) == kind;
}
/* Borrowed from the document. NULL: it is no text. */
const char *weir__document_text(const struct weir__document *document, uint32_t node);
/* How many elements a list has; 0: or it is none. */
uint32_t weir__document_count(const struct weir__document *document, uint32_t node);
/* Is it a number without a fraction and an exponent? One of 64 bits, with a sign or without. */
bool weir__document_is_integer(const struct weir__document *document, uint32_t node);

/* The member of an object, or WEIR__NO_NODE. */
uint32_t weir__document_member(const struct weir__document *document, uint32_t node, const char *key);
/* The text of a number as it stands in the document; it ends where the number does, for strtoll() and the like. */
static inline const char *weir__document_number(const struct weir__document *document, uint32_t node)
{
  return document->text + document->nodes[node].offset;
}
/* The first child of a container, or WEIR__NO_NODE. */
uint32_t weir__document_child(const struct weir__document *document, uint32_t node);
/* A node's key. Only for the members of an object. */
const char *weir__document_key(const struct weir__document *document, uint32_t node);

/* The value that a JSON pointer names, or WEIR__NO_NODE. */
uint32_t weir__document_at(const struct weir__document *document, const char *pointer);

/* Notes that a value, or its key, is wrong: the text begins with the path (actors.words.config.k). */
void weir__document_error(struct weir__document *document, uint32_t node, const char *format, ...) WEIR_PRINTF(3, 4);
void weir__document_key_error(struct weir__document *document, uint32_t node, const char *format, ...)
    WEIR_PRINTF(3, 4);

#endif
