/* document.h: a JSON document whose values know where they stand. It may consist of several files.
 *
 * The scanner (scan.h) validates the text and makes one node for each value, in the order of the text, so that a
 * container's first child is the node after it. What a value is, and a number, is read from the text, where it stands.
 * Each file has a root of its own; the files' texts stand one behind the other, so that an offset tells the file.
 *
 * Behind the nodes of all files come copies (weir__document_copy()): a copy stands where its original stands, below
 * another parent. D1 No file is added once there are copies. D2 A copy's children follow it as an original's do.
 *
 * A document may be read by several threads once it is complete. */
#ifndef WEIR__JSON_DOCUMENT_H
#define WEIR__JSON_DOCUMENT_H

#include <stdint.h>

#include "json/report.h"

enum {
  WEIR__DOCUMENT_BYTES_MAX = 64 * 1024 * 1024, /* of a file */
  WEIR__DOCUMENT_ALL_MAX = 512 * 1024 * 1024,  /* of all files, so that offsets and positions fit in 32 bits */
  WEIR__DOCUMENT_DEPTH_MAX = 64,               /* containers inside each other; a topology needs five */
  WEIR__DOCUMENT_NESTED_MAX = 16,              /* copies inside each other */
  WEIR__DEFAULT_LISTS = 32,
  WEIR__NODES_MOST = 1 << 26, /* copies included */
  WEIR__PATH_BYTES = 1024     /* of a path or a pointer; a longer one is cut */
};
#define WEIR__NO_NODE UINT32_MAX

/* Lines and columns count from 1, columns in characters (code points). */
struct weir__json_node {
  uint32_t line : 30;
  uint32_t broken : 1;   /* its variables could not be replaced, which was reported: nothing more is said of it */
  uint32_t replaced : 1; /* a text in which variables were replaced: it may be read as a number or a bool, too */
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

/* One of a document's files: text[begin .. begin + size), and a zero byte. */
struct weir__source {
  const char *name; /* in messages; borrowed */
  uint32_t begin;
  uint32_t size;
  uint32_t root; /* WEIR__NO_NODE: it was not read to its end */
};

struct weir__document {
  struct weir__source *sources; /* at least one */
  uint32_t source_count;
  const char *text; /* of all files */
  char *own_text;   /* that, where it is the document's; NULL: it is borrowed */
  size_t size;
  struct weir__json_node *nodes; /* nodes[0] is the root of the first file */
  uint32_t node_count;
  uint32_t node_capacity;
  uint32_t first_copy; /* 0: there are no copies */
  uint32_t *origins;   /* of the copies: the originals' nodes */
  uint32_t origin_capacity;
  char *texts; /* keys and texts, unescaped, each with its NUL */
  size_t texts_size;
  size_t texts_room;
  uint32_t *table; /* from (parent, key) to the node: open addressing, WEIR__NO_NODE is empty */
  uint32_t table_size;
  uint32_t key_count;
  struct weir__report *report;                              /* borrowed */
  struct weir__made_default *defaults[WEIR__DEFAULT_LISTS]; /* by field: what read.c has made; each in its arena */
  /* What {"secret": NAME} stands for; `node` is the name's. NULL: it is not known here, or is wrong, which was reported. No
   * function: there are no secrets. What it gives outlives what is read. */
  const char *(*secret)(void *arg, uint32_t node);
  void *secret_arg;
};

enum weir__json_kind { WEIR__OBJECT, WEIR__LIST, WEIR__TEXT, WEIR__NUMBER, WEIR__TRUE, WEIR__FALSE, WEIR__NULL };

/* Validates and reads `text`, which is followed by a zero byte. Errors, reported: WEIR_EINVAL, WEIR_ENOMEM. The
 * document is to be closed in any case. */
int weir__document_open(struct weir__document *document, const char *file, const char *text, size_t size,
                        struct weir__report *report);
/* Adds a file to a document; the first one to one that is all zeros but for its report. The text is copied. Errors:
 * WEIR_EINVAL, reported: it is no JSON; WEIR_ENOMEM. Keys that are given twice are reported, and all can be read. */
int weir__document_add(struct weir__document *document, const char *file, const char *text, size_t size);
void weir__document_close(struct weir__document *document);

enum weir__json_kind weir__document_kind(const struct weir__document *document, uint32_t node);
/* A text in which variables were replaced is of each kind that it reads as. */
bool weir__document_is(const struct weir__document *document, uint32_t node, enum weir__json_kind kind);
/* Borrowed from the document. NULL: it is no text. */
const char *weir__document_text(const struct weir__document *document, uint32_t node);
/* How many elements a list has; 0: or it is none. */
uint32_t weir__document_count(const struct weir__document *document, uint32_t node);
/* Is it a number without a fraction and an exponent? One of 64 bits, with a sign or without. */
bool weir__document_is_integer(const struct weir__document *document, uint32_t node);

/* The member of an object, or WEIR__NO_NODE. */
uint32_t weir__document_member(const struct weir__document *document, uint32_t node, const char *key);
/* The text of a number as it stands in the document; it ends where the number does, for strtoll() and the like. */
const char *weir__document_number(const struct weir__document *document, uint32_t node);
/* The first child of a container, or WEIR__NO_NODE. */
uint32_t weir__document_child(const struct weir__document *document, uint32_t node);
/* A node's key. Only for the members of an object. */
const char *weir__document_key(const struct weir__document *document, uint32_t node);

/* Copies a value, with all that is below it, as a child of `parent`, which does not list it. `replace` says which value
 * is copied instead of an element of it; the key stays. WEIR__NO_NODE: no memory, which is noted in the report. */
uint32_t weir__document_copy(struct weir__document *document, uint32_t node, uint32_t parent,
                             uint32_t (*replace)(void *arg, uint32_t node), void *arg);
/* Gives a text another content, in which variables were replaced. False: no memory, which is noted. */
bool weir__document_replace(struct weir__document *document, uint32_t node, const char *text, size_t size);
/* The node of a file that a node was copied from, or it. */
uint32_t weir__document_origin(const struct weir__document *document, uint32_t node);
/* The file in which a value stands, as an index of `sources`; its name. */
uint32_t weir__document_source(const struct weir__document *document, uint32_t node);
static inline const char *weir__document_file(const struct weir__document *document, uint32_t node)
{
  return document->sources[weir__document_source(document, node)].name;
}

/* The value that a JSON pointer names in the first file, or WEIR__NO_NODE. */
uint32_t weir__document_at(const struct weir__document *document, const char *pointer);

/* Where a value is for people: actors.words.config.k. Cut where there is no room. */
void weir__document_path(const struct weir__document *document, uint32_t node, char *text, size_t size);
/* Its JSON pointer in its file. */
void weir__document_pointer(const struct weir__document *document, uint32_t node, char *text, size_t size);

/* Notes that a value, or its key, is wrong: the text begins with the path. */
void weir__document_error(struct weir__document *document, uint32_t node, const char *format, ...) WEIR_PRINTF(3, 4);
void weir__document_key_error(struct weir__document *document, uint32_t node, const char *format, ...)
    WEIR_PRINTF(3, 4);

#endif
