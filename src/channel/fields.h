/* fields.h: walking over a value by its table: measuring, copying, sharing, hashing.
 *
 * A copy is one run of memory: the struct, then what its fields point to, in the order of the table, each struct
 * before what it points to in turn; texts and bytes are packed, lists and structs aligned. */
#ifndef WEIR__FIELDS_H
#define WEIR__FIELDS_H

#include <string.h>

#include "channel/type.h"

#define WEIR__VALUE_MOST ((size_t)1 << 30)
enum { WEIR__VALUE_DEPTH = 64, WEIR__VALUE_ALIGNMENT = 8 };

static inline size_t weir__value_align(size_t n)
{
  return (n + WEIR__VALUE_ALIGNMENT - 1) & ~(size_t)(WEIR__VALUE_ALIGNMENT - 1);
}

/* What follows, of a type that was met and is not flat. */
int weir__measure_parts(const weir_message *type, const void *value, size_t *bytes);
/* How many bytes a copy of the value takes, all that it points to included. WEIR_OK; WEIR_EINVAL (a table that is
 * broken, a list without items), WEIR_ERANGE (above 1 GiB, or deeper than 64), with a text. */
static inline int weir__measure(const weir_message *type, const void *value, size_t *bytes)
{
  unsigned traits;
  int rc = weir__type_know(type, &traits);
  if (rc) return rc;
  if (WEIR__UNLIKELY(!(traits & WEIR__FLAT))) return weir__measure_parts(type, value, bytes);
  *bytes = weir__value_align(type->size);
  return WEIR_OK;
}
/* Copies a value into `room`, of the very size that weir__measure() gave, and takes a share of the bytes that have an
 * owner: weir__release() it. */
void weir__copy_value(const weir_message *type, const void *value, void *room, size_t bytes);
/* Gives back the shares that a copy has taken. */
void weir__release(const weir_message *type, void *copy);

static inline const void *weir__load_pointer(const void *at)
{
  const void *p;
  memcpy(&p, at, sizeof p);
  return p;
}

static inline weir_bytes weir__load_bytes(const void *at)
{
  weir_bytes b;
  memcpy(&b, at, sizeof b);
  return b;
}

/* ---- copying in one go ---- */

/* Copies a struct: most are of a few words. */
static inline void weir__copy_struct(void *to, const void *from, size_t size)
{
  if (size == 8)
    memcpy(to, from, 8);
  else if (size == 16)
    memcpy(to, from, 16);
  else if (size == 24)
    memcpy(to, from, 24);
  else
    memcpy(to, from, size);
}

/* Likewise, of at most three words, without a call. */
static WEIR__INLINED void weir__copy_small(char *to, const char *from, size_t size)
{
  if (WEIR__LIKELY(size == 8)) {
    memcpy(to, from, 8);
  } else if (size > 8) {
    memcpy(to, from, 8);
    if (size > 16) memcpy(to + 8, from + 8, 8);
    memcpy(to + size - 8, from + size - 8, 8); /* what comes before it may be copied twice */
  } else if (size >= 4) {
    memcpy(to, from, 4);
    memcpy(to + size - 4, from + size - 4, 4);
  } else {
    to[0] = from[0];
    to[size / 2] = from[size / 2];
    to[size - 1] = from[size - 1];
  }
}

/* Takes the shares of a copy. */
void weir__hold_planned(const struct weir__known_type *plan, const void *copy);
/* Copies a value of a type that is planned: the bytes that it took, or 0. `exact`: all that is left is needed, so that
 * the last text is as long as that. */
static inline size_t weir__copy_planned(const weir_message *type, const struct weir__known_type *plan,
                                        const void *value, void *copy, size_t left, bool exact)
{
  size_t fixed = weir__value_align(type->size);
  if (fixed > left) return 0;
  weir__copy_struct(copy, value, type->size);
  char *room = (char *)copy + fixed;
  left -= fixed;
  for (const struct weir__pointer *p = plan->plan, *end = p + plan->pointers; p < end; p++) {
    void *at = (char *)copy + p->offset;
    const void *from = weir__load_pointer(at); /* data of bytes, too */
    size_t bytes;
    if (p->kind == WEIR_KIND_TEXT) {
      if (!from) continue;
      bytes = exact && p + 1 == end ? left : strlen(from) + 1;
    } else {
      weir_bytes b = weir__load_bytes(at);
      if (b.owner) continue;
      if (b.size && !from) return 0;
      bytes = b.size;
    }
    if (bytes > left) return 0;
    if (bytes) memcpy(room, from, bytes);
    memcpy(at, &room, sizeof room);
    room += bytes;
    left -= bytes;
  }
  if (plan->traits & WEIR__SHARES) weir__hold_planned(plan, copy);
  return (size_t)(room - (char *)copy);
}

/* Of any type. */
size_t weir__copy_walking(const weir_message *type, const void *value, void *room, size_t left);
/* In one go: copies a value into `room`, if what is `left` of it suffices; the bytes that the copy takes, or 0: it does
 * not fit, or can't be copied (weir__measure() says which). */
static inline size_t weir__copy_if_fits(const weir_message *type, const void *value, void *room, size_t left)
{
  const struct weir__known_type *plan = weir__plan_of(type);
  return WEIR__LIKELY(plan != NULL) ? weir__copy_planned(type, plan, value, room, left, false)
                                    : weir__copy_walking(type, value, room, left);
}

/* ---- parts ---- */

/* Of lists: how many items. */
size_t weir__list_count(const weir_field *f, const void *value);
/* The number of items of an array. */
static inline size_t weir__array_count(const weir_field *f) { return f->size / weir__kind_bytes(f, f->item); }

/* Is the item at `at` an integer that counts bytes, and not below 0? Then it is written with a unit. */
bool weir__size_at(const weir_field *f, weir_kind kind, const void *at, uint64_t *bytes);

/* A hash of one field of a value, by its content: the same for equal contents, wherever they lie. Its high bits are the
 * good ones. Not for tables that somebody could attack. */
uint32_t weir__field_hash(const weir_field *f, const void *value);

#endif
