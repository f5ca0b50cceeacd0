/* source.h: the files of a topology become one document: the file that is named, and those that it includes.
 *
 * In the texts of each file variables are replaced as soon as it is read, so that the path of an include may have some.
 * A file that is included twice is read once. */
#ifndef WEIR_TOPOLOGY_SOURCE_H
#define WEIR_TOPOLOGY_SOURCE_H

#include "runtime/arena.h"
#include "json/document.h"

enum { WEIR__FILES_MAX = 1024, WEIR__REPLACED_BYTES_MAX = 1024 * 1024 };

/* Where a topology comes from. */
struct weir__origin {
  const char *name; /* of the file */
  const void *text; /* borrowed; NULL: it is read from the file */
  size_t size;
  /* What a variable holds; NULL: it is not set. NULL: the environment's. */
  const char *(*variable)(void *arg, const char *name);
  void *arg;
  const char *tests; /* a file of tests, which belongs to the document, too; NULL: none */
};

/* Reads all files. `document` is all zeros but for its report; names of files lie in the arena.
 * Errors: WEIR_EINVAL, reported; WEIR_ENOMEM; libuv's: the first file can't be read, which is reported. */
int weir__source_read(struct weir__document *document, struct weir__arena *arena, const struct weir__origin *origin);

/* Is that the name of a file that holds tests, and nothing else: "….test.json"? */
bool weir__source_is_tests(const char *file);

/* A path that stands in a file, as it is for the process: one that is relative is so to the file's folder. "-" stays. In
 * the arena; NULL: no memory. */
const char *weir__source_path(struct weir__arena *arena, const char *file, const char *path);

#endif
