/* draft.c: see draft.h. */
#include "json/draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/utf8.h"

/* Room for so many bytes more, and a NUL; NULL: it is over. */
static char *room_for(struct weir__draft *t, size_t bytes)
{
  if (!t->failed && t->room - t->size <= bytes) {
    size_t room = 2 * (t->size + bytes) + 256;
    char *larger = realloc(t->text, room);
    t->failed = !larger;
    if (larger) t->text = larger, t->room = room;
  }
  if (t->failed) return NULL;
  char *at = t->text + t->size;
  t->size += bytes;
  at[bytes] = 0;
  return at;
}

void weir__draft_put(struct weir__draft *t, const char *bytes, size_t size)
{
  char *at = room_for(t, size);
  if (at && size) memcpy(at, bytes, size);
}

void weir__draft_add(struct weir__draft *t, const char *format, ...)
{
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int size = vsnprintf(NULL, 0, format, arguments);
  char *at = size > 0 ? room_for(t, (size_t)size) : NULL;
  if (at) vsnprintf(at, (size_t)size + 1, format, again);
  va_end(again);
  va_end(arguments);
}

static void put_escaped(struct weir__draft *t, unsigned char c)
{
  static const char letters[] = "\b\f\n\r\t\"\\", escapes[] = "bfnrt\"\\";
  const char *letter = memchr(letters, c, sizeof letters - 1);
  if (letter)
    weir__draft_add(t, "\\%c", escapes[letter - letters]);
  else if (c < 0x20 || c == 0x7f)
    weir__draft_add(t, "\\u%04x", c);
  else
    weir__draft_put(t, (const char *)&c, 1);
}

void weir__draft_quote(struct weir__draft *t, const char *text)
{
  const unsigned char *at = (const unsigned char *)text, *end = at + strlen(text);
  weir__draft_put(t, "\"", 1);
  while (at < end) {
    size_t size = weir__utf8_size(at, end);
    if (size > 1)
      weir__draft_put(t, (const char *)at, size);
    else if (size)
      put_escaped(t, *at);
    else
      weir__draft_add(t, "\\ufffd");
    at += size ? size : 1;
  }
  weir__draft_put(t, "\"", 1);
}

void weir__draft_pad(struct weir__draft *t, size_t column)
{
  size_t length = 0;
  if (t->failed) return;
  while (length < t->size && t->text[t->size - length - 1] != '\n') length++;
  do {
    weir__draft_put(t, " ", 1);
  } while (++length < column);
}

int weir__draft_take(struct weir__draft *t, char **text, size_t *size)
{
  weir__draft_put(t, "", 0); /* so that an empty one is a text, too */
  *text = t->failed ? NULL : t->text;
  if (size) *size = t->failed ? 0 : t->size;
  if (t->failed) free(t->text);
  int rc = t->failed ? weir_error(WEIR_ENOMEM, "no memory for a text") : WEIR_OK;
  *t = (struct weir__draft){0};
  return rc;
}

void weir__draft_free(struct weir__draft *t)
{
  free(t->text);
  *t = (struct weir__draft){0};
}
