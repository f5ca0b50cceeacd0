/* expect.c: see expect.h. */
#include "json/expect.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "platform/utf8.h"
#include "json/suggest.h"

/* A value in few words; a number as it stands there. */
static struct weir__quoted shown(const struct weir__document *document, uint32_t node)
{
  const json_t *value = document->nodes[node].value;
  if (json_is_string(value)) return weir__quote(json_string_value(value));
  const char *number = weir__document_number(document, node);
  size_t digits = json_is_number(value) ? strspn(number, "+-.0123456789eE") : 0;
  struct weir__quoted s;
  if (digits)
    snprintf(s.text, sizeof s.text, "%.*s", (int)(digits < 60 ? digits : 60), number);
  else
    snprintf(s.text, sizeof s.text, "%s",
             json_is_object(value)  ? "an object"
             : json_is_array(value) ? "a list"
             : json_is_true(value)  ? "true"
             : json_is_false(value) ? "false"
                                    : "null");
  return s;
}

void weir__expected(struct weir__document *document, uint32_t node, const char *format, ...)
{
  va_list arguments;
  char text[256];
  va_start(arguments, format);
  weir__utf8_end(text, sizeof text, vsnprintf(text, sizeof text, format, arguments));
  va_end(arguments);
  struct weir__quoted found = shown(document, node);
  weir__document_error(document, node, "must be %s, not %s", text, found.text);
}

bool weir__expect_object(struct weir__document *document, uint32_t node)
{
  bool is = json_is_object(document->nodes[node].value);
  if (!is) weir__expected(document, node, "an object");
  return is;
}

bool weir__expect_list(struct weir__document *document, uint32_t node)
{
  bool is = json_is_array(document->nodes[node].value);
  if (!is) weir__expected(document, node, "a list");
  return is;
}

bool weir__expect_text(struct weir__document *document, uint32_t node, const char **text)
{
  const json_t *value = document->nodes[node].value;
  if (json_is_string(value))
    *text = json_string_value(value);
  else
    weir__expected(document, node, "a text");
  return json_is_string(value);
}

bool weir__expect_integer(struct weir__document *document, uint32_t node, int64_t least, int64_t most, int64_t *number)
{
  const json_t *value = document->nodes[node].value;
  bool is = json_is_integer(value) && json_integer_value(value) >= least && json_integer_value(value) <= most;
  if (is)
    *number = json_integer_value(value);
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
