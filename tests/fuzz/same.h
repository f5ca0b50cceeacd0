/* same.h: are two values of a message type the same, by its table of fields? Written apart from the library's own
 * copying, hashing and printing, which it judges. */
#ifndef WEIR_TESTS_FUZZ_SAME_H
#define WEIR_TESTS_FUZZ_SAME_H

#include <string.h>
#include <weir/message.h>

static inline bool same_value(const weir_message *type, const void *a, const void *b);

static inline bool same_text(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }

/* Of a list or an array: bytes from one item to the next. */
static inline size_t same_stride(const weir_field *f, weir_kind kind)
{
  switch (kind) {
  case WEIR_KIND_TEXT:
    return sizeof(char *);
  case WEIR_KIND_BOOL:
    return sizeof(bool);
  case WEIR_KIND_I32:
  case WEIR_KIND_U32:
    return sizeof(int32_t);
  case WEIR_KIND_BYTES:
    return sizeof(weir_bytes);
  case WEIR_KIND_NESTED:
    return f->of()->size;
  default:
    return sizeof(int64_t);
  }
}

static inline bool same_one(const weir_field *f, weir_kind kind, const char *a, const char *b)
{
  const weir_bytes *x = (const void *)a, *y = (const void *)b;
  const void *const *p = (const void *)a, *const *q = (const void *)b;
  switch (kind) {
  case WEIR_KIND_TEXT:
    return same_text(*p, *q);
  case WEIR_KIND_CHARS:
    return strcmp(a, b) == 0;
  case WEIR_KIND_BYTES:
    return x->size == y->size && (x->size == 0 || memcmp(x->data, y->data, x->size) == 0);
  case WEIR_KIND_NESTED:
    return same_value(f->of(), a, b);
  case WEIR_KIND_OPTIONAL:
    return *p && *q ? same_value(f->of(), *p, *q) : *p == *q;
  default: /* the bits of a double, too: -0 is not 0 */
    return memcmp(a, b, same_stride(f, kind)) == 0;
  }
}

static inline bool same_items(const weir_field *f, const char *a, const char *b, size_t count)
{
  size_t stride = same_stride(f, f->item);
  for (size_t i = 0; i < count; i++)
    if (!same_one(f, f->item, a + i * stride, b + i * stride)) return false;
  return true;
}

static inline bool same_field(const weir_field *f, const char *a, const char *b)
{
  const char *x = a + f->offset, *y = b + f->offset;
  if (f->kind == WEIR_KIND_ARRAY) return same_items(f, x, y, f->size / same_stride(f, f->item));
  if (f->kind != WEIR_KIND_LIST) return same_one(f, f->kind, x, y);
  const size_t *n = (const void *)(a + f->count_offset), *m = (const void *)(b + f->count_offset);
  return *n == *m && same_items(f, *(const char *const *)(const void *)x, *(const char *const *)(const void *)y, *n);
}

static inline bool same_value(const weir_message *type, const void *a, const void *b)
{
  for (size_t i = 0; i < type->count; i++)
    if (!same_field(&type->fields[i], a, b)) return false;
  return true;
}

#endif
