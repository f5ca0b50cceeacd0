/* expect.c: see expect.h. */
#include "json/expect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/utf8.h"
#include "json/suggest.h"

/* A value in few words; a number as it stands there. */
static struct weir__quoted shown(const struct weir__document *document, uint32_t node)
{
  static const char *const words[] = {[WEIR__OBJECT] = "an object",
                                      [WEIR__LIST] = "a list",
                                      [WEIR__TRUE] = "true",
                                      [WEIR__FALSE] = "false",
                                      [WEIR__NULL] = "null"};
  enum weir__json_kind kind = weir__document_kind(document, node);
  if (kind == WEIR__TEXT) return weir__quote(weir__document_text(document, node));
  const char *number = weir__document_number(document, node);
  size_t digits = strspn(number, "+-.0123456789eE");
  struct weir__quoted s;
  if (kind == WEIR__NUMBER)
    snprintf(s.text, sizeof s.text, "%.*s", (int)(digits < 60 ? digits : 60), number);
  else
    snprintf(s.text, sizeof s.text, "%s", words[kind]);
  return s;
}

/* How much of a text is shown as it stands in the file, up to its closing quote. */
static int written_size(const char *written)
{
  enum { MOST = 60 };
  int size = 0;
  while (size < MOST && written[size] != '"' && written[size] != '\\') size++;
  while (size > 0 && ((unsigned char)written[size] & 0xc0) == 0x80) size--;
  return size;
}

void weir__expectedv(struct weir__document *document, uint32_t node, bool show, const char *format, va_list arguments)
{
  char text[256];
  weir__utf8_end(text, sizeof text, vsnprintf(text, sizeof text, format, arguments));
  struct weir__quoted found = shown(document, node);
  const struct weir__json_node *n = &document->nodes[node];
  const char *written = document->text + n->offset + 1;
  if (n->replaced && show)
    weir__document_error(document, node, "must be %s, not %s (of %.*s)", text, found.text, written_size(written),
                         written);
  else
    weir__document_error(document, node, "must be %s%s%s", text, show ? ", not " : "", show ? found.text : "");
}

void weir__expected(struct weir__document *document, uint32_t node, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  weir__expectedv(document, node, true, format, arguments);
  va_end(arguments);
}

bool weir__expect_object(struct weir__document *document, uint32_t node)
{
  bool is = weir__document_is(document, node, WEIR__OBJECT);
  if (!is) weir__expected(document, node, "an object");
  return is;
}

bool weir__expect_list(struct weir__document *document, uint32_t node)
{
  bool is = weir__document_is(document, node, WEIR__LIST);
  if (!is) weir__expected(document, node, "a list");
  return is;
}

bool weir__expect_text(struct weir__document *document, uint32_t node, const char **text)
{
  const char *found = weir__document_text(document, node);
  if (found)
    *text = found;
  else
    weir__expected(document, node, "a text");
  return found;
}

bool weir__expect_integer(struct weir__document *document, uint32_t node, int64_t least, int64_t most, int64_t *number)
{
  /* What takes 64 bits without a sign becomes the largest with one. */
  bool is = weir__document_is_integer(document, node);
  int64_t found = is ? strtoll(weir__document_number(document, node), NULL, 10) : 0;
  is = is && found >= least && found <= most;
  if (is)
    *number = found;
  else
    weir__expected(document, node, "an integer from %" PRId64 " to %" PRId64, least, most);
  return is;
}

static void expect_key(struct weir__document *document, uint32_t node, const struct weir__key *keys)
{
  const char *key = weir__document_key(document, node);
  struct weir__suggestion suggestion = weir__suggest(key);
  for (const struct weir__key *k = keys; k->name; k++) {
    if (strcmp(k->name, key) == 0) {
      if (k->refused) weir__document_key_error(document, node, "%s", k->refused);
      return;
    }
    if (!k->refused) weir__suggest_offer(&suggestion, k->name);
  }
  weir__document_key_error(document, node, "unknown key%s", weir__suggest_text(&suggestion));
}

void weir__expect_keys(struct weir__document *document, uint32_t node, const struct weir__key *keys)
{
  for (uint32_t child = weir__document_child(document, node); child != WEIR__NO_NODE;
       child = document->nodes[child].next)
    expect_key(document, child, keys);
}

uint32_t weir__expect_member(struct weir__document *document, uint32_t node, const char *key)
{
  uint32_t member = weir__document_member(document, node, key);
  if (member == WEIR__NO_NODE) weir__document_error(document, node, "\"%s\" is missing", key);
  return member;
}
