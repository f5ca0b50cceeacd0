/* utf8.h: what is UTF-8, and stays so where texts are cut. */
#ifndef WEIR__UTF8_H
#define WEIR__UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the character at `c`, 0 if it is not valid UTF-8: cut short, overlong, a surrogate, above U+10FFFF. */
size_t weir__utf8_size(const unsigned char *c, const unsigned char *end);
bool weir__is_utf8(const char *text, size_t size);

/* After snprintf(text, room, …), which returned `length`: a character that was cut in the middle goes wholly, so that what
 * was UTF-8 still is. */
static inline void weir__utf8_end(char *text, size_t room, int length)
{
  if (length < 0 || (size_t)length < room) return;
  size_t lead = room - 1, bytes;
  while (lead > 0 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80) lead--;
  if (!lead) return;
  unsigned char c = (unsigned char)text[--lead];
  bytes = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
  if (lead + bytes > room - 1) text[lead] = 0;
}

#endif
