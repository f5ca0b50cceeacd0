/* utf8.c: see utf8.h. */
#include "platform/utf8.h"

static bool is_later_byte(unsigned char c) { return (c & 0xc0) == 0x80; }

size_t weir__utf8_size(const unsigned char *c, const unsigned char *end)
{
  size_t left = (size_t)(end - c);
  if (c[0] < 0x80) return 1;
  if (c[0] < 0xc2 || c[0] > 0xf4 || left < 2 || !is_later_byte(c[1])) return 0;
  if (c[0] < 0xe0) return 2;
  if (left < 3 || !is_later_byte(c[2])) return 0;
  if (c[0] < 0xf0) return (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ? 0 : 3;
  if (left < 4 || !is_later_byte(c[3])) return 0;
  return (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f) ? 0 : 4;
}

bool weir__is_utf8(const char *text, size_t size)
{
  const unsigned char *c = (const unsigned char *)text, *end = c + size;
  size_t one = 1;
  for (; c < end && one; c += one) one = weir__utf8_size(c, end);
  return one;
}
