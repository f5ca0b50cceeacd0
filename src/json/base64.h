/* base64.h: bytes as text: RFC 4648, with padding. */
#ifndef WEIR__JSON_BASE64_H
#define WEIR__JSON_BASE64_H

#include <stdbool.h>
#include <stddef.h>

static inline size_t weir__base64_size(size_t bytes) { return (bytes + 2) / 3 * 4; }
/* Writes weir__base64_size(size) characters, and no NUL. */
void weir__base64_encode(const void *data, size_t size, char *text);
/* Decodes into `data`, which has room for length / 4 * 3 bytes. False: it is no base64. */
bool weir__base64_decode(const char *text, size_t length, void *data, size_t *size);

#endif
