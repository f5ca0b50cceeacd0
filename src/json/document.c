/* document.c: see document.h. */
#include "json/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/utf8.h"
#include "json/scan.h"

static int no_memory(struct weir__document *document)
{
  document->report->failed = true;
  return WEIR_ENOMEM;
}

/* ".jsonc" */
static bool may_have_comments(const char *file)
{
  size_t size = file ? strlen(file) : 0;
  return size >= 6 && strcmp(file + size - 6, ".jsonc") == 0;
}

/* Unescaped, texts are never longer than they stand there. What is not used stays untouched. */
static bool make_room_for_texts(struct weir__document *document, size_t size)
{
  size_t needed = document->texts_size + size + 1, room = document->texts_room;
  if (needed <= room) return true;
  room = room ? (2 * room > needed ? 2 * room : needed) : needed;
  if (needed > UINT32_MAX) return false;
  char *texts = realloc(document->texts, room);
  if (!texts) return false;
  document->texts = texts;
  document->texts_room = room;
  return true;
}

/* Its text is in `text` already. */
static int add_source(struct weir__document *document, const char *file, size_t begin, size_t size)
{
  size_t bytes = (document->source_count + 1) * sizeof *document->sources;
  struct weir__source *sources = realloc(document->sources, bytes);
  if (!sources) return no_memory(document);
  document->sources = sources;
  sources[document->source_count++] =
      (struct weir__source){.name = file, .begin = (uint32_t)begin, .size = (uint32_t)size};
  if (!make_room_for_texts(document, size)) return no_memory(document);
  weir__report_file(document->report, file);
  return weir__scan(document, may_have_comments(file));
}

static int too_large(struct weir__report *report, const char *file)
{
  weir__report_add(report, file, 0, 0, "too large: more than %d MiB", (int)WEIR__DOCUMENT_BYTES_MAX >> 20);
  return report->failed ? WEIR_ENOMEM : WEIR_EINVAL;
}

int weir__document_open(struct weir__document *document, const char *file, const char *text, size_t size,
                        struct weir__report *report)
{
  *document = (struct weir__document){.text = text, .size = size, .report = report};
  if (size > WEIR__DOCUMENT_BYTES_MAX) return too_large(report, file);
  int rc = add_source(document, file, 0, size);
  return rc ? rc : weir__report_code(report);
}

int weir__document_add(struct weir__document *document, const char *file, const char *text, size_t size)
{
  size_t begin = document->own_text ? document->size + 1 : 0;
  if (size > WEIR__DOCUMENT_BYTES_MAX || begin + size > WEIR__DOCUMENT_ALL_MAX)
    return too_large(document->report, file);
  char *own = realloc(document->own_text, begin + size + 1);
  if (!own) return no_memory(document);
  if (size) memcpy(own + begin, text, size);
  own[begin + size] = 0;
  document->text = document->own_text = own;
  document->size = begin + size;
  return add_source(document, file, begin, size);
}

void weir__document_close(struct weir__document *document)
{
  free(document->sources);
  free(document->own_text);
  free(document->nodes);
  free(document->origins);
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

/* What a text in which variables were replaced reads as, besides. */
static bool reads_as(const char *text, enum weir__json_kind kind)
{
  if (kind == WEIR__NUMBER) return weir__scan_is_number(text);
  return (kind == WEIR__TRUE && strcmp(text, "true") == 0) || (kind == WEIR__FALSE && strcmp(text, "false") == 0);
}

bool weir__document_is(const struct weir__document *document, uint32_t node, enum weir__json_kind kind)
{
  enum weir__json_kind found = weir__document_kind(document, node);
  if (found == kind) return true;
  const struct weir__json_node *n = &document->nodes[node];
  return found == WEIR__TEXT && n->replaced && reads_as(document->texts + n->inside, kind);
}

const char *weir__document_number(const struct weir__document *document, uint32_t node)
{
  const struct weir__json_node *n = &document->nodes[node];
  return n->replaced ? document->texts + n->inside : document->text + n->offset;
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

/* ---- files and copies ---- */

uint32_t weir__document_source(const struct weir__document *document, uint32_t node)
{
  uint32_t low = 0, high = document->source_count, offset = document->nodes[node].offset;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (document->sources[middle].begin <= offset)
      low = middle;
    else
      high = middle;
  }
  return low;
}

uint32_t weir__document_origin(const struct weir__document *document, uint32_t node)
{
  bool is_copy = document->first_copy && node >= document->first_copy;
  return is_copy ? document->origins[node - document->first_copy] : node;
}

/* Room for one more copy, and for the note of its origin. */
static bool make_room_for_copy(struct weir__document *d)
{
  if (!d->first_copy) d->first_copy = d->node_count;
  uint32_t copies = d->node_count - d->first_copy;
  if (copies == d->origin_capacity) {
    uint32_t capacity = copies ? 2 * copies : 256;
    uint32_t *origins = realloc(d->origins, capacity * sizeof *origins);
    if (!origins) return false;
    d->origins = origins;
    d->origin_capacity = capacity;
  }
  return weir__scan_room(d);
}

struct copying {
  struct weir__document *document;
  uint32_t (*replace)(void *arg, uint32_t node);
  void *arg;
};

static uint32_t copy_value(const struct copying *c, uint32_t from, uint32_t parent, int depth)
{
  struct weir__document *d = c->document;
  uint32_t value = c->replace ? c->replace(c->arg, from) : from, copy = d->node_count, last = WEIR__NO_NODE;
  if (depth > WEIR__DOCUMENT_DEPTH_MAX * 2 || !make_room_for_copy(d)) return WEIR__NO_NODE;
  struct weir__json_node *n = &d->nodes[d->node_count++];
  const struct weir__json_node *place = &d->nodes[from];
  *n = d->nodes[value];
  n->key = place->key, n->key_line = place->key_line, n->key_column = place->key_column;
  n->index = place->index, n->parent = parent, n->next = WEIR__NO_NODE;
  d->origins[copy - d->first_copy] = weir__document_origin(d, value);
  if (n->key_line && !weir__scan_enter(d, copy)) return WEIR__NO_NODE;
  enum weir__json_kind kind = weir__document_kind(d, value);
  if (kind != WEIR__OBJECT && kind != WEIR__LIST) return copy;
  for (uint32_t child = weir__document_child(d, value); child != WEIR__NO_NODE; child = d->nodes[child].next) {
    uint32_t below = copy_value(c, child, copy, depth + 1);
    if (below == WEIR__NO_NODE) return below;
    if (last != WEIR__NO_NODE) d->nodes[last].next = below;
    last = below;
  }
  return copy;
}

uint32_t weir__document_copy(struct weir__document *document, uint32_t node, uint32_t parent,
                             uint32_t (*replace)(void *arg, uint32_t node), void *arg)
{
  uint32_t copy = copy_value(&(struct copying){document, replace, arg}, node, parent, 0);
  if (copy == WEIR__NO_NODE) document->report->failed = true;
  return copy;
}

bool weir__document_replace(struct weir__document *document, uint32_t node, const char *text, size_t size)
{
  if (!make_room_for_texts(document, size)) {
    document->report->failed = true;
    return false;
  }
  char *to = document->texts + document->texts_size;
  memcpy(to, text, size);
  to[size] = 0;
  document->nodes[node].inside = (uint32_t)document->texts_size;
  document->nodes[node].replaced = 1;
  document->texts_size += size + 1;
  return true;
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
  char *text;
  size_t room;
  size_t size;
};

static void path_add(struct path *path, const char *separator, const char *text, size_t size)
{
  size_t room = path->room - path->size;
  int n = snprintf(path->text + path->size, room, "%s%.*s", path->size ? separator : "", (int)size, text);
  if (n < 0 || (size_t)n >= room) {
    weir__utf8_end(path->text, path->room, (int)path->room);
    path->size = path->room - 1;
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

enum { STEPS_MOST = WEIR__DOCUMENT_DEPTH_MAX * (WEIR__DOCUMENT_NESTED_MAX + 1) };

static void make_path(const struct weir__document *document, uint32_t node, struct path *path,
                      void (*add)(struct path *, const struct weir__document *, uint32_t))
{
  uint32_t steps[STEPS_MOST];
  size_t depth = 0;
  path->text[0] = 0;
  for (uint32_t at = node; document->nodes[at].parent != WEIR__NO_NODE && depth < STEPS_MOST;
       at = document->nodes[at].parent)
    steps[depth++] = at;
  while (depth--) add(path, document, steps[depth]);
}

void weir__document_path(const struct weir__document *document, uint32_t node, char *text, size_t size)
{
  make_path(document, node, &(struct path){.text = text, .room = size}, path_add_step);
}

void weir__document_pointer(const struct weir__document *document, uint32_t node, char *text, size_t size)
{
  make_path(document, weir__document_origin(document, node), &(struct path){.text = text, .room = size},
            path_add_pointer);
}

/* ---- errors ---- */

static WEIR_PRINTF(5, 0) void add_error(struct weir__document *document, uint32_t node, uint32_t line, uint32_t column,
                                        const char *format, va_list arguments)
{
  char path[WEIR__PATH_BYTES] = "", pointer[WEIR__PATH_BYTES];
  if (document->nodes[node].broken) return;
  if (document->report->kept < WEIR__REPORT_MOST) {
    weir__document_pointer(document, node, pointer, sizeof pointer);
    if (!document->report->pointers) weir__document_path(document, node, path, sizeof path);
  }
  struct weir__place place = {.file = weir__document_file(document, node),
                              .line = (int)line,
                              .column = (int)column,
                              .path = document->report->pointers ? pointer : path,
                              .pointer = pointer};
  weir__report_atv(document->report, &place, format, arguments);
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
