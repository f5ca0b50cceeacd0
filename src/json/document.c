/* document.c: see document.h. */
#include "json/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/utf8.h"
#include "json/scan.h"

int weir__document_open(struct weir__document *document, const char *file, const char *text, size_t size,
                        struct weir__report *report)
{
  *document = (struct weir__document){.file = file, .text = text, .size = size, .report = report};
  if (size > WEIR__DOCUMENT_BYTES_MAX) {
    weir__report_add(report, file, 0, 0, "too large: more than %d MiB", (int)WEIR__DOCUMENT_BYTES_MAX >> 20);
    return weir__report_code(report);
  }
  return weir__scan(document);
}

void weir__document_close(struct weir__document *document)
{
  free(document->nodes);
  free(document->texts);
  free(document->table);
  *document = (struct weir__document){0};
}

enum weir__json_kind weir__document_kind(const struct weir__document *document, uint32_t node)
{
  switch (document->text[document->nodes[node].offset]) {
  case '{':
    return WEIR__OBJECT;
  case '[':
    return WEIR__LIST;
  case '"':
    return WEIR__TEXT;
  case 't':
    return WEIR__TRUE;
  case 'f':
    return WEIR__FALSE;
  case 'n':
    return WEIR__NULL;
  default:
    return WEIR__NUMBER;
  }
}

const char *weir__document_text(const struct weir__document *document, uint32_t node)
{
  return weir__document_is(document, node, WEIR__TEXT) ? document->texts + document->nodes[node].inside : NULL;
}

uint32_t weir__document_count(const struct weir__document *document, uint32_t node)
{
  return weir__document_is(document, node, WEIR__LIST) ? document->nodes[node].inside : 0;
}

bool weir__document_is_integer(const struct weir__document *document, uint32_t node)
{
  if (!weir__document_is(document, node, WEIR__NUMBER)) return false;
  const char *c = weir__document_number(document, node);
  c += strspn(c, "-0123456789");
  return *c != '.' && *c != 'e' && *c != 'E';
}

uint32_t weir__document_member(const struct weir__document *document, uint32_t node, const char *key)
{
  return weir__scan_find(document, node, key);
}

uint32_t weir__document_child(const struct weir__document *document, uint32_t node)
{
  uint32_t child = node + 1;
  return child < document->node_count && document->nodes[child].parent == node ? child : WEIR__NO_NODE;
}

const char *weir__document_key(const struct weir__document *document, uint32_t node)
{
  return document->texts + document->nodes[node].key;
}

/* ---- JSON pointers ---- */

/* A step of a pointer, unescaped; what is too long for any key here names nothing. */
static bool take_step(const char **pointer, char *key, size_t room)
{
  size_t n = 0;
  const char *c = *pointer + 1;
  for (; *c && *c != '/' && n + 1 < room; c++) {
    bool escaped = *c == '~' && (c[1] == '0' || c[1] == '1');
    key[n++] = escaped ? (c[1] == '0' ? '~' : '/') : *c;
    c += escaped;
  }
  key[n] = 0;
  *pointer = c;
  return !*c || *c == '/';
}

static uint32_t child_at(const struct weir__document *document, uint32_t node, const char *key)
{
  if (weir__document_is(document, node, WEIR__OBJECT)) return weir__document_member(document, node, key);
  bool is_index = *key && strspn(key, "0123456789") == strlen(key) && (*key != '0' || !key[1]);
  if (!weir__document_is(document, node, WEIR__LIST) || !is_index) return WEIR__NO_NODE;
  unsigned long long index = strtoull(key, NULL, 10);
  uint32_t child = weir__document_child(document, node);
  while (child != WEIR__NO_NODE && index--) child = document->nodes[child].next;
  return child;
}

uint32_t weir__document_at(const struct weir__document *document, const char *pointer)
{
  char key[256];
  uint32_t node = *pointer == '/' || !*pointer ? 0 : WEIR__NO_NODE;
  while (*pointer && node != WEIR__NO_NODE)
    node = take_step(&pointer, key, sizeof key) ? child_at(document, node, key) : WEIR__NO_NODE;
  return node;
}

/* ---- paths ---- */

/* A path as it is put together; what does not fit is cut. */
struct path {
  char text[512];
  size_t size;
};

static void path_add(struct path *path, const char *separator, const char *text, size_t size)
{
  size_t room = sizeof path->text - path->size;
  int n = snprintf(path->text + path->size, room, "%s%.*s", path->size ? separator : "", (int)size, text);
  if (n < 0 || (size_t)n >= room) {
    weir__utf8_end(path->text, sizeof path->text, sizeof path->text);
    path->size = sizeof path->text - 1;
  } else {
    path->size += (size_t)n;
  }
}

/* How many characters of `text` can be a name. */
static size_t name_size(const char *text) { return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_"); }

/* Elements that have a name go by it: actors.words. It is read from the text, as it may be needed before there are
 * values. */
static bool path_add_name(struct path *path, const struct weir__document *document, uint32_t node)
{
  uint32_t name = weir__document_member(document, node, "name");
  if (name == WEIR__NO_NODE) return false;
  const char *text = document->text + document->nodes[name].offset;
  size_t size = *text == '"' ? name_size(text + 1) : 0;
  if (!size || text[1 + size] != '"') return false;
  path_add(path, ".", text + 1, size);
  return true;
}

/* As RFC 6901 escapes it. */
static void path_add_pointer(struct path *path, const struct weir__document *document, uint32_t node)
{
  const struct weir__json_node *n = &document->nodes[node];
  char index[16];
  snprintf(index, sizeof index, "%u", (unsigned)n->index);
  path_add(path, "", "/", 1);
  for (const char *c = n->key_line ? document->texts + n->key : index; *c; c++)
    if (*c == '~' || *c == '/')
      path_add(path, "", *c == '~' ? "~0" : "~1", 2);
    else
      path_add(path, "", c, 1);
}

static void path_add_step(struct path *path, const struct weir__document *document, uint32_t node)
{
  const struct weir__json_node *n = &document->nodes[node];
  if (n->key_line) {
    const char *key = document->texts + n->key;
    bool plain = *key && (key[0] == '$' ? name_size(key + 1) + 1 : name_size(key)) == strlen(key);
    struct weir__quoted quoted = weir__quote(key);
    path_add(path, ".", plain ? key : quoted.text, plain ? strlen(key) : strlen(quoted.text));
  } else if (!path_add_name(path, document, node)) {
    char index[16];
    snprintf(index, sizeof index, "[%u]", (unsigned)n->index);
    path_add(path, "", index, strlen(index));
  }
}

static struct path path_of(const struct weir__document *document, uint32_t node)
{
  uint32_t steps[WEIR__DOCUMENT_DEPTH_MAX + 1];
  size_t depth = 0;
  for (uint32_t at = node; document->nodes[at].parent != WEIR__NO_NODE; at = document->nodes[at].parent)
    steps[depth++] = at;
  struct path path = {.size = 0};
  while (depth--)
    if (document->report->pointers)
      path_add_pointer(&path, document, steps[depth]);
    else
      path_add_step(&path, document, steps[depth]);
  return path;
}

/* ---- errors ---- */

static WEIR_PRINTF(5, 0) void add_error(struct weir__document *document, uint32_t node, uint32_t line, uint32_t column,
                                        const char *format, va_list arguments)
{
  struct path path = path_of(document, node);
  char text[1024];
  weir__utf8_end(text, sizeof text, vsnprintf(text, sizeof text, format, arguments));
  weir__report_add(document->report, document->file, (int)line, (int)column, "%s%s%s", path.text, path.size ? ": " : "",
                   text);
}

void weir__document_error(struct weir__document *document, uint32_t node, const char *format, ...)
{
  const struct weir__json_node *n = &document->nodes[node];
  va_list arguments;
  va_start(arguments, format);
  add_error(document, node, n->line, n->column, format, arguments);
  va_end(arguments);
}

void weir__document_key_error(struct weir__document *document, uint32_t node, const char *format, ...)
{
  const struct weir__json_node *n = &document->nodes[node];
  va_list arguments;
  va_start(arguments, format);
  add_error(document, node, n->key_line, n->key_column, format, arguments);
  va_end(arguments);
}
