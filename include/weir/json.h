/* weir/json.h: messages from JSON and to JSON, by their tables of fields.
 *
 *   struct greet *g;
 *   int rc = weir_json_read(greet, &g, "{\"name\": \"river\"}", 17);
 *   …
 *   char *text;
 *   rc = weir_json_write(greet, g, &text, NULL);        // {"name":"river","times":1}
 *   free(text);
 *   weir_free(g);
 *
 * How each kind of field looks in JSON: docs/guide/json.md. */
#ifndef WEIR_JSON_H
#define WEIR_JSON_H

#include <weir/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One thing that is wrong: with a document, or with the run of a topology. */
typedef struct weir_problem {
  const char *file WEIR__ZERO;    /* the document's name; NULL: the problem has nothing to do with a file */
  int line WEIR__ZERO;            /* from 1; 0: the problem is not at one place of the file */
  int column WEIR__ZERO;          /* from 1, in characters (code points) */
  const char *text WEIR__ZERO;    /* one line; no control characters: where in the document, then `what` */
  const char *what WEIR__ZERO;    /* the end of `text`: what is wrong, and what was expected */
  const char *pointer WEIR__ZERO; /* where in the document it is: a JSON pointer (RFC 6901); NULL: nowhere in it */
} weir_problem;

typedef struct weir_json_options {
  const char *file WEIR__ZERO; /* what the problems give as their file; NULL: none */
  const char *at WEIR__ZERO;   /* reads a part of the document: a JSON pointer ("/shops/0"); NULL: all of it */
  /* Told of every problem, in the order of the document, before the call returns; what it is given is borrowed until it
   * returns. NULL: nobody is told; weir_error_text() has the first one in any case. */
  void (*problem)(void *arg, const weir_problem *problem) WEIR__ZERO;
  void *arg WEIR__ZERO;
} weir_json_options;

/**
 * weir_json_read(greet, &g, text, size) or with options: weir_json_read(greet, &g, text, size, .file = "g.json").
 *
 * Reads an object: required fields, defaults, bounds and choices are checked, unknown keys and keys that are given
 * twice are errors. A document is read to its end: all that is wrong with it is found, each with line, column and JSON
 * pointer, what was expected and what was found.
 *
 * @param out   Receives the message, a `struct greet *`; owned, weir_free() it or weir_pass() it on. NULL on error.
 * @param text  UTF-8, at most 64 MiB; borrowed until the call returns. No NUL is needed behind it.
 *
 * Threads  Any. Does not wait.
 * Errors   WEIR_EINVAL  the document is wrong, or has nothing at `at`, or the type is refused
 *          WEIR_ENOMEM  no memory
 */
#define weir_json_read(T, out, text, ...)                                                                              \
  WEIR__CAT(WEIR__JSON_READ_, WEIR__MANY(__VA_ARGS__))(T, out, text, __VA_ARGS__)
#define WEIR__JSON_READ_1(T, out, text, size)                                                                          \
  weir_json_read_value(weir_message_##T(), WEIR__OWN(T, out), (text), (size), NULL)
#define WEIR__JSON_READ_M(T, out, text, size, ...)                                                                     \
  weir_json_read_value(weir_message_##T(), WEIR__OWN(T, out), (text), (size),                                          \
                       WEIR__OPTIONS(weir_json_options, __VA_ARGS__))
/** As weir_json_read(); `out` is a `struct T **` of that type. */
WEIR_API WEIR_NODISCARD int weir_json_read_value(const weir_message *type, void *out, const char *text, size_t size,
                                                 const weir_json_options *options);

/**
 * Writes a value as one line of JSON: its keys in the order of the table, numbers exact; what is secret, too, so that
 * it can be read back.
 *
 * @param value  A struct of a message type; borrowed.
 * @param text   Receives the text, with a NUL behind it; owned, free() it. NULL on error.
 * @param size   Receives its length without the NUL. NULL: not wanted.
 *
 * Threads  Any. Does not wait.
 * Errors   WEIR_EINVAL  a text is not UTF-8, or the type is refused
 *          WEIR_ERANGE  a double is not finite, a size or a rate is below 0, or structs are more than 64 deep
 *          WEIR_ENOMEM  no memory
 */
WEIR_API WEIR_NODISCARD int weir_json_write_value(weir_value value, char **text, size_t *size);
/** weir_json_write(greet, g, &text, &size): as weir_json_write_value(), `g` being a `const struct greet *`. */
#define weir_json_write(T, value, text, size) weir_json_write_value(WEIR_AT(T, value), (text), (size))

#ifdef __cplusplus
}
#endif
#endif
