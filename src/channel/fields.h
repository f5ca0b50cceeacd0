/* fields.h: walking over a value by its table: measuring, copying, sharing, hashing.
 *
 * A copy is one run of memory: the struct, then what its fields point to, in the order of the table, each struct
 * before what it points to in turn; texts and bytes are packed, lists and structs aligned. */
#ifndef WEIR__FIELDS_H
#define WEIR__FIELDS_H

#include "channel/type.h"

#define WEIR__VALUE_MOST ((size_t)1 << 30)
enum { WEIR__VALUE_DEPTH = 64, WEIR__VALUE_ALIGNMENT = 8 };

static inline size_t weir__value_align(size_t n)
{
  return (n + WEIR__VALUE_ALIGNMENT - 1) & ~(size_t)(WEIR__VALUE_ALIGNMENT - 1);
}

/* What follows, of a type that is not flat. */
int weir__measure_parts(const weir_message *type, const void *value, size_t *bytes);
/* How many bytes a copy of the value takes, all that it points to included. WEIR_OK; WEIR_EINVAL (a table that is
 * broken, a list without items), WEIR_ERANGE (above 1 GiB, or deeper than 64), with a text. */
static inline int weir__measure(const weir_message *type, const void *value, size_t *bytes)
{
  unsigned traits;
  int rc = weir__type_know(type, &traits);
  if (rc) return rc;
  *bytes = weir__value_align(type->size);
  return WEIR__LIKELY(traits & WEIR__FLAT) ? WEIR_OK : weir__measure_parts(type, value, bytes);
}
/* Copies a value into `room` of that size, and takes a share of the bytes that have an owner: weir__release() it. */
void weir__copy_value(const weir_message *type, const void *value, void *room);
/* In one go: copies a value into `room`, if what is `left` of it suffices; the bytes that the copy takes, or 0: it does
 * not fit, or can't be copied (weir__measure() says which). */
size_t weir__copy_if_fits(const weir_message *type, const void *value, void *room, size_t left);
/* Gives back the shares that a copy has taken. */
void weir__release(const weir_message *type, void *copy);

/* Of lists: how many items. */
size_t weir__list_count(const weir_field *f, const void *value);
/* The number of items of an array. */
static inline size_t weir__array_count(const weir_field *f) { return f->size / weir__kind_bytes(f, f->item); }

/* A hash of one field of a value, by its content: the same for equal contents, wherever they lie. Its high bits are the
 * good ones. Not for tables that somebody could attack. */
uint32_t weir__field_hash(const weir_field *f, const void *value);

#endif
