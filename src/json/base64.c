/* base64.c: see base64.h. */
#include "json/base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void weir__base64_encode(const void *data, size_t size, char *text)
{
  const unsigned char *from = data;
  for (size_t i = 0; i < size; i += 3, text += 4) {
    uint32_t three = (uint32_t)from[i] << 16;
    if (i + 1 < size) three |= (uint32_t)from[i + 1] << 8;
    if (i + 2 < size) three |= from[i + 2];
    text[0] = digits[three >> 18];
    text[1] = digits[three >> 12 & 63];
    text[2] = i + 1 < size ? digits[three >> 6 & 63] : '=';
    text[3] = i + 2 < size ? digits[three & 63] : '=';
  }
}

/* -1: no digit. */
static int value_of(char c)
{
  const char *at = c ? strchr(digits, c) : NULL;
  return at ? (int)(at - digits) : -1;
}

/* Four characters, of which `padding` are '='. The bits that the padding leaves over must be zero. */
static bool decode_four(const char *text, size_t padding, unsigned char *to)
{
  uint32_t three = 0;
  for (size_t i = 0; i < 4; i++) {
    int value = i < 4 - padding ? value_of(text[i]) : 0;
    if (value < 0) return false;
    three = three << 6 | (uint32_t)value;
  }
  for (size_t i = 0; i < 3 - padding; i++) to[i] = (unsigned char)(three >> (16 - 8 * i));
  return !(three & ((1u << 8 * padding) - 1));
}

bool weir__base64_decode(const char *text, size_t length, void *data, size_t *size)
{
  unsigned char *to = data;
  if (length % 4) return false;
  size_t padding = 0;
  while (length && padding < 2 && text[length - 1 - padding] == '=') padding++;
  for (size_t i = 0; i < length; i += 4, to += 3)
    if (!decode_four(text + i, i + 4 == length ? padding : 0, to)) return false;
  *size = length / 4 * 3 - padding;
  return true;
}
