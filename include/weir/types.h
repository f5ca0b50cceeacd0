/* weir/types.h: the actor types that a topology can name, described: what they take, give and want to be told.
 *
 *   char *text;
 *   int rc = weir_types_describe(&text, NULL, .name = "file_lines");
 *   …
 *   free(text);
 *
 * All of it comes from the tables that check a topology, too. */
#ifndef WEIR_TYPES_H
#define WEIR_TYPES_H

#include <weir/json.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How types are described. */
enum {
  WEIR_TYPES_TEXT = 0, /* for people, at a terminal */
  WEIR_TYPES_JSON,     /* a list with an object for each type */
  WEIR_TYPES_MARKDOWN, /* a page */
  WEIR_TYPES_SCHEMA    /* a JSON Schema (2020-12) of topologies that name these types, for editors */
};

typedef struct weir_types_options {
  int form WEIR__ZERO;                   /* WEIR_TYPES_TEXT, … */
  const char *name WEIR__ZERO;           /* one type, in full; NULL: all, in a text one line each */
  const char *const *plugins WEIR__ZERO; /* files of plugins (weir/plugin.h) whose types are described, too */
  size_t plugin_count WEIR__ZERO;
} weir_types_options;

/**
 * weir_types_describe(&text, &size) or with options: weir_types_describe(&text, &size, .form = WEIR_TYPES_JSON).
 *
 * @param text  Receives the description, with a NUL behind it; owned, free() it. NULL on error.
 * @param size  Receives its length without the NUL. NULL: not wanted.
 *
 * Threads  Any, but not from a handler: plugins are loaded from files, and stay loaded.
 * Errors   WEIR_EINVAL  a plugin can't be used; weir_error_text() says which, and why
 *          UV_ENOENT    no type has that name
 *          UV_EMFILE, UV_ENFILE  no descriptor to read a plugin with
 *          WEIR_ENOMEM  no memory
 */
#define weir_types_describe(text, ...) WEIR__CAT(WEIR__TYPES_DESCRIBE_, WEIR__MANY(__VA_ARGS__))(text, __VA_ARGS__)
#define WEIR__TYPES_DESCRIBE_1(text, size) weir__types_describe((text), (size), NULL)
#define WEIR__TYPES_DESCRIBE_M(text, size, ...)                                                                        \
  weir__types_describe((text), (size), WEIR__OPTIONS(weir_types_options, __VA_ARGS__))
WEIR_API WEIR_NODISCARD int weir__types_describe(char **text, size_t *size, const weir_types_options *options);

#ifdef __cplusplus
}
#endif
#endif
