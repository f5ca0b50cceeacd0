/* replace.c: see replace.h. What a variable holds is put in as it is: it is not looked at for further variables. */
#include "topology/replace.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/utf8.h"
#include "json/expect.h"
#include "json/scan.h"

/* One text, as it becomes what it is to be. */
struct replacing {
  struct weir__document *document;
  const struct weir__origin *origin;
  uint32_t node;
  char *text; /* owned */
  size_t size;
  size_t room;
  bool good;
  bool variables; /* there was one */
};

static const char *value_of(const struct weir__origin *origin, const char *name)
{
  return origin->variable ? origin->variable(origin->arg, name) : getenv(name);
}

static bool put(struct replacing *r, const char *text, size_t size)
{
  if (r->size + size > WEIR__REPLACED_BYTES_MAX) {
    weir__document_error(r->document, r->node, "with its variables replaced it is longer than %d KiB",
                         (int)WEIR__REPLACED_BYTES_MAX >> 10);
    return r->good = false;
  }
  if (r->size + size > r->room) {
    size_t room = 2 * (r->size + size);
    char *larger = realloc(r->text, room);
    if (!larger) {
      r->document->report->failed = true;
      return r->good = false;
    }
    r->text = larger, r->room = room;
  }
  if (size) memcpy(r->text + r->size, text, size);
  r->size += size;
  return true;
}

static size_t name_size(const char *at)
{
  size_t size = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
  return *at >= '0' && *at <= '9' ? 0 : size;
}

/* What is said of the text later comes of this. */
static WEIR_PRINTF(2, 3) void refuse(struct replacing *r, const char *format, ...)
{
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  weir__document_error(r->document, r->node, "%s", text);
  r->good = false;
  r->document->nodes[r->node].broken = 1;
}

/* A name, and the default that may stand behind it (NULL: none). */
static void put_variable(struct replacing *r, const char *name, const char *otherwise)
{
  const char *value = value_of(r->origin, name);
  if (otherwise && (!value || !*value)) value = otherwise;
  if (!value)
    refuse(r, "the environment has no %s, and no default is given: ${%s:-default}", weir__quote(name).text, name);
  else if (!weir__is_utf8(value, strlen(value)))
    refuse(r, "what the environment has as %s is not valid UTF-8", weir__quote(name).text);
  else
    put(r, value, strlen(value));
  r->variables = true;
}

/* `at` is behind "${". Returns what is behind the "}"; NULL: it is wrong, and that is reported. */
static char *take_variable(struct replacing *r, char *at)
{
  enum { NAME_MOST = 255 };
  char *end = strchr(at, '}');
  size_t size = name_size(at);
  const char *otherwise = strncmp(at + size, ":-", 2) == 0 ? at + size + 2 : NULL;
  const char *inner = otherwise ? strstr(otherwise, "${") : NULL;
  if (!end)
    refuse(r, "\"${\" without a \"}\": for the characters themselves write \"$${\"");
  else if (inner && inner < end)
    refuse(r, "variables can't stand inside each other");
  else if (!size || (at + size != end && !otherwise))
    refuse(r, "must be ${NAME} or ${NAME:-default}; for the characters themselves write \"$${\"");
  else if (size > NAME_MOST)
    refuse(r, "a variable's name is longer than %d characters", (int)NAME_MOST);
  if (!r->good || !end) return NULL;
  char name[NAME_MOST + 1];
  memcpy(name, at, size);
  name[size] = 0;
  /* The text is a copy, which may be cut: where the default ends. */
  *end = 0;
  put_variable(r, name, otherwise);
  return r->good ? end + 1 : NULL;
}

static void replace_in(struct replacing *r, char *text)
{
  while (text && *text && r->good) {
    char *dollar = strstr(text, "${");
    if (!dollar) {
      put(r, text, strlen(text));
      return;
    }
    bool escaped = dollar > text && dollar[-1] == '$';
    if (!put(r, text, (size_t)(dollar - text) - escaped)) return;
    if (escaped) put(r, "${", 2);
    text = escaped ? dollar + 2 : take_variable(r, dollar + 2);
  }
}

static bool replace_at(struct weir__document *document, uint32_t node, const struct weir__origin *origin)
{
  struct replacing r = {.document = document, .origin = origin, .node = node, .good = true};
  char *text = strdup(weir__document_text(document, node)); /* texts move as they become more */
  if (!text) document->report->failed = true;
  if (text) replace_in(&r, text);
  bool replaced = !text || !r.good || weir__document_replace(document, node, r.text ? r.text : "", r.size);
  if (text && r.good && replaced) document->nodes[node].replaced = r.variables;
  free(text);
  free(r.text);
  return replaced && !document->report->failed;
}

bool weir__replace_variables(struct weir__document *document, uint32_t first, const struct weir__origin *origin)
{
  if (!memchr(document->texts, '$', document->texts_size)) return true;
  for (uint32_t node = first; node < document->node_count; node++) {
    const char *text = weir__document_text(document, node);
    if (text && strstr(text, "${") && !replace_at(document, node, origin)) return false;
  }
  return true;
}
