/* fields.c: see fields.h. */
#include "channel/fields.h"

#include <assert.h>
#include <string.h>

#include "channel/bytes.h"

static const void *inside(const void *value, size_t offset) { return (const char *)value + offset; }

size_t weir__list_count(const weir_field *f, const void *value)
{
  size_t n;
  memcpy(&n, inside(value, f->count_offset), sizeof n);
  return n;
}

bool weir__size_at(const weir_field *f, weir_kind kind, const void *at, uint64_t *bytes)
{
  int64_t number;
  if (f->unit != WEIR_UNIT_BYTES) return false;
  switch (kind) {
  case WEIR_KIND_I32:
    number = *(const int32_t *)at;
    break;
  case WEIR_KIND_I64:
    number = *(const int64_t *)at;
    break;
  case WEIR_KIND_U32:
    *bytes = *(const uint32_t *)at;
    return true;
  case WEIR_KIND_U64:
    *bytes = *(const uint64_t *)at;
    return true;
  default:
    return false;
  }
  *bytes = (uint64_t)number;
  return number >= 0;
}

/* ---- measuring ---- */

struct measuring {
  const weir_message *type; /* whose field this is */
  const weir_field *field;
  size_t bytes;
  int depth;
};

static int measure_struct(struct measuring *m, const weir_message *type, const void *value);

static int not_copied(const struct measuring *m, int code, const char *what)
{
  return weir__field_error(m->type, m->field, code, "%s", what);
}

static int measure_bytes(struct measuring *m, weir_bytes b)
{
  if (b.size && !b.data) return not_copied(m, WEIR_EINVAL, "the bytes have a size, and no data");
  if (b.owner) return WEIR_OK; /* shared */
  if (b.size > WEIR__VALUE_MOST) return not_copied(m, WEIR_ERANGE, "more than 1 GiB");
  m->bytes += b.size;
  return WEIR_OK;
}

/* What one value of a kind points to. */
static int measure_one(struct measuring *m, weir_kind kind, const void *at)
{
  switch (kind) {
  case WEIR_KIND_TEXT:
    at = weir__load_pointer(at);
    if (at) m->bytes += strlen(at) + 1;
    return m->bytes > WEIR__VALUE_MOST ? not_copied(m, WEIR_ERANGE, "the message is larger than 1 GiB") : WEIR_OK;
  case WEIR_KIND_BYTES:
    return measure_bytes(m, weir__load_bytes(at));
  case WEIR_KIND_NESTED:
    return measure_struct(m, m->field->of(), at);
  default:
    return WEIR_OK;
  }
}

static bool points(weir_kind item)
{
  return item == WEIR_KIND_TEXT || item == WEIR_KIND_BYTES || item == WEIR_KIND_NESTED;
}

static int measure_items(struct measuring *m, const void *items, size_t n)
{
  weir_kind item = m->field->item;
  size_t one = weir__kind_bytes(m->field, item);
  int rc = WEIR_OK;
  for (size_t i = 0; points(item) && i < n && !rc; i++) rc = measure_one(m, item, inside(items, i * one));
  return rc;
}

static int measure_list(struct measuring *m, const void *value)
{
  size_t n = weir__list_count(m->field, value), one = weir__kind_bytes(m->field, m->field->item);
  const void *items = weir__load_pointer(inside(value, m->field->offset));
  if (n > WEIR__VALUE_MOST / one) return not_copied(m, WEIR_ERANGE, "the list is too long");
  if (n && !items) return not_copied(m, WEIR_EINVAL, "the list has a count, and no items");
  m->bytes = weir__value_align(m->bytes) + n * one;
  return measure_items(m, items, n);
}

static int measure_optional(struct measuring *m, const void *value)
{
  if (!value) return WEIR_OK;
  m->bytes = weir__value_align(m->bytes) + m->field->of()->size;
  return measure_struct(m, m->field->of(), value);
}

static int measure_field(struct measuring *m, const void *value)
{
  const weir_field *f = m->field;
  const void *at = inside(value, f->offset);
  switch (f->kind) {
  case WEIR_KIND_LIST:
    return measure_list(m, value);
  case WEIR_KIND_ARRAY:
    return measure_items(m, at, weir__array_count(f));
  case WEIR_KIND_OPTIONAL:
    return measure_optional(m, weir__load_pointer(at));
  default:
    return measure_one(m, f->kind, at);
  }
}

/* The struct itself is counted already. */
static int measure_struct(struct measuring *m, const weir_message *type, const void *value)
{
  struct measuring outer = *m;
  int rc = WEIR_OK;
  if (m->depth == WEIR__VALUE_DEPTH) return not_copied(m, WEIR_ERANGE, "structs inside each other, more than 64 deep");
  m->type = type;
  m->depth++;
  for (size_t i = 0; i < type->count && !rc; i++) {
    m->field = &type->fields[i];
    rc = measure_field(m, value);
    if (!rc && m->bytes > WEIR__VALUE_MOST) rc = not_copied(m, WEIR_ERANGE, "the message is larger than 1 GiB");
  }
  m->type = outer.type;
  m->field = outer.field;
  m->depth = outer.depth;
  return rc;
}

/* False: it can't be copied. */
static bool measure_planned(const struct weir__known_type *plan, const void *value, size_t *bytes)
{
  for (const struct weir__pointer *p = plan->plan; p < plan->plan + plan->pointers; p++) {
    const void *at = inside(value, p->offset);
    if (p->kind == WEIR_KIND_TEXT) {
      const char *text = weir__load_pointer(at);
      if (text) *bytes += strlen(text) + 1;
      continue;
    }
    weir_bytes b = weir__load_bytes(at);
    if (b.owner) continue; /* shared */
    if ((b.size && !b.data) || b.size > WEIR__VALUE_MOST) return false;
    *bytes += b.size;
  }
  return *bytes <= WEIR__VALUE_MOST;
}

int weir__measure_parts(const weir_message *type, const void *value, size_t *bytes)
{
  const struct weir__known_type *plan = weir__plan_of(type);
  *bytes = weir__value_align(type->size);
  if (plan && measure_planned(plan, value, bytes)) return WEIR_OK;
  struct measuring m = {.type = type, .bytes = weir__value_align(type->size)};
  int rc = measure_struct(&m, type, value);
  *bytes = m.bytes;
  return rc;
}

/* ---- copying ----
 *
 * Each struct and list is copied as it is; then its pointers are made to point to copies of what they pointed to. */

struct copying {
  char *room;
  size_t left;
  int depth;
};

static bool copy_struct(struct copying *c, const weir_message *type, void *copy);

/* NULL: no room. */
static void *put(struct copying *c, const void *from, size_t bytes)
{
  if (bytes > c->left) return NULL;
  char *to = c->room;
  if (bytes) memcpy(to, from, bytes);
  c->room += bytes;
  c->left -= bytes;
  return to;
}

static void *put_aligned(struct copying *c, const void *from, size_t bytes)
{
  size_t padding = weir__value_align((uintptr_t)c->room) - (uintptr_t)c->room;
  if (padding > c->left) return NULL;
  c->room += padding;
  c->left -= padding;
  return put(c, from, bytes);
}

static bool store(void *at, const void *pointer)
{
  memcpy(at, &pointer, sizeof pointer);
  return pointer != NULL;
}

static bool copy_bytes(struct copying *c, void *at)
{
  weir_bytes b = weir__load_bytes(at);
  if (b.size && !b.data) return false;
  if (b.owner) return true;
  b.data = put(c, b.data, b.size);
  memcpy(at, &b, sizeof b);
  return b.data != NULL;
}

static bool copy_one(struct copying *c, const weir_field *f, weir_kind kind, void *at)
{
  const char *text;
  switch (kind) {
  case WEIR_KIND_TEXT:
    text = weir__load_pointer(at);
    return !text || store(at, put(c, text, strlen(text) + 1));
  case WEIR_KIND_BYTES:
    return copy_bytes(c, at);
  case WEIR_KIND_NESTED:
    return copy_struct(c, f->of(), at);
  default:
    return true;
  }
}

static bool copy_items(struct copying *c, const weir_field *f, void *items, size_t n)
{
  size_t one = weir__kind_bytes(f, f->item);
  for (size_t i = 0; points(f->item) && i < n; i++)
    if (!copy_one(c, f, f->item, (char *)items + i * one)) return false;
  return true;
}

static bool copy_list(struct copying *c, const weir_field *f, void *copy)
{
  void *at = (char *)copy + f->offset;
  const void *items = weir__load_pointer(at);
  size_t n = weir__list_count(f, copy), one = weir__kind_bytes(f, f->item);
  if ((n && !items) || n > WEIR__VALUE_MOST / one) return false;
  void *copied = put_aligned(c, items, n * one);
  return store(at, copied) && copy_items(c, f, copied, n);
}

static bool copy_optional(struct copying *c, const weir_field *f, void *at)
{
  const void *value = weir__load_pointer(at);
  if (!value) return true;
  void *copied = put_aligned(c, value, f->of()->size);
  return store(at, copied) && copy_struct(c, f->of(), copied);
}

static bool copy_field(struct copying *c, const weir_field *f, void *copy)
{
  void *at = (char *)copy + f->offset;
  switch (f->kind) {
  case WEIR_KIND_LIST:
    return copy_list(c, f, copy);
  case WEIR_KIND_ARRAY:
    return copy_items(c, f, at, weir__array_count(f));
  case WEIR_KIND_OPTIONAL:
    return copy_optional(c, f, at);
  default:
    return copy_one(c, f, f->kind, at);
  }
}

static bool copy_struct(struct copying *c, const weir_message *type, void *copy)
{
  bool fits = c->depth++ < WEIR__VALUE_DEPTH;
  for (size_t i = 0; i < type->count && fits; i++) fits = copy_field(c, &type->fields[i], copy);
  c->depth--;
  return fits;
}

/* ---- shares ---- */

static void each_bytes(const weir_message *type, void *value, void (*f)(weir_bytes));

static void each_bytes_of(const weir_field *field, weir_kind kind, void *items, size_t n, void (*f)(weir_bytes))
{
  if (kind != WEIR_KIND_BYTES && kind != WEIR_KIND_NESTED) return;
  size_t one = weir__kind_bytes(field, kind);
  for (char *at = items; n--; at += one)
    if (kind == WEIR_KIND_BYTES)
      f(weir__load_bytes(at));
    else
      each_bytes(field->of(), at, f);
}

/* The value has been measured or copied: it is not too deep. */
static void each_bytes(const weir_message *type, void *value, void (*f)(weir_bytes))
{
  for (size_t i = 0; i < type->count; i++) {
    const weir_field *field = &type->fields[i];
    void *at = (char *)value + field->offset;
    switch (field->kind) {
    case WEIR_KIND_LIST:
      each_bytes_of(field, field->item, (void *)(uintptr_t)weir__load_pointer(at), weir__list_count(field, value), f);
      break;
    case WEIR_KIND_ARRAY:
      each_bytes_of(field, field->item, at, weir__array_count(field), f);
      break;
    case WEIR_KIND_OPTIONAL:
      if (weir__load_pointer(at)) each_bytes(field->of(), (void *)(uintptr_t)weir__load_pointer(at), f);
      break;
    default:
      each_bytes_of(field, field->kind, at, 1, f);
      break;
    }
  }
}

static void each_bytes_planned(const struct weir__known_type *plan, const void *value, void (*f)(weir_bytes))
{
  for (const struct weir__pointer *p = plan->plan; p < plan->plan + plan->pointers; p++)
    if (p->kind == WEIR_KIND_BYTES && weir__load_pointer(inside(value, p->offset + offsetof(weir_bytes, owner))))
      f(weir__load_bytes(inside(value, p->offset)));
}

void weir__hold_planned(const struct weir__known_type *plan, const void *copy)
{
  each_bytes_planned(plan, copy, weir__bytes_hold);
}

void weir__release(const weir_message *type, void *copy)
{
  const struct weir__known_type *plan = weir__plan_of(type);
  if (plan)
    each_bytes_planned(plan, copy, weir_bytes_drop);
  else
    each_bytes(type, copy, weir_bytes_drop);
}

/* ---- a whole value ---- */

size_t weir__copy_walking(const weir_message *type, const void *value, void *room, size_t left)
{
  unsigned traits;
  size_t fixed = weir__value_align(type->size);
  if (weir__type_know(type, &traits) || fixed > left) return 0;
  memcpy(room, value, type->size);
  struct copying c = {.room = (char *)room + fixed, .left = left - fixed};
  if (!copy_struct(&c, type, room)) return 0;
  if (traits & WEIR__SHARES) each_bytes(type, room, weir__bytes_hold);
  return (size_t)(c.room - (char *)room);
}

void weir__copy_value(const weir_message *type, const void *value, void *room, size_t bytes)
{
  const struct weir__known_type *plan = weir__plan_of(type);
  size_t copied =
      plan ? weir__copy_planned(type, plan, value, room, bytes, true) : weir__copy_walking(type, value, room, bytes);
  assert(copied == bytes && "it was measured");
  (void)copied;
}

/* ---- hashing ---- */

static uint64_t load(const unsigned char *p, size_t bytes)
{
  uint64_t eight = 0;
  memcpy(&eight, p, bytes);
  return eight;
}

/* The last 0 to 8 bytes as a number; loads overlap, so that it takes no loop. */
static uint64_t load_last(const unsigned char *p, size_t size)
{
  if (size == 8) return load(p, 8);
  if (size >= 4) return load(p, 4) << 32 | load(p + size - 4, 4);
  return size ? (uint64_t)p[0] << 16 | (uint64_t)p[size / 2] << 8 | p[size - 1] : 0;
}

static uint64_t mix(uint64_t h)
{
  h *= UINT64_C(0x9e3779b97f4a7c15);
  return h ^ h >> 32;
}

static inline uint32_t hash_bytes(const void *data, size_t size)
{
  const unsigned char *p = data;
  uint64_t h = mix(size + 1);
  for (; size > 8; p += 8, size -= 8) h = mix(h ^ load(p, 8));
  return (uint32_t)(mix(mix(h ^ load_last(p, size))) >> 32);
}

static uint32_t hash_struct(const weir_message *type, const void *value);

static uint32_t hash_double(const void *at)
{
  double d;
  memcpy(&d, at, sizeof d);
  if (d == 0) d = 0; /* -0.0 is equal to it */
  return hash_bytes(&d, sizeof d);
}

static inline uint32_t hash_text(const char *text) { return text ? hash_bytes(text, strlen(text)) : 0; }

static uint32_t hash_one(const weir_field *f, weir_kind kind, const void *at)
{
  weir_bytes b;
  switch (kind) {
  case WEIR_KIND_TEXT:
    return hash_text(weir__load_pointer(at));
  case WEIR_KIND_CHARS:
    return hash_bytes(at, strnlen(at, f->size));
  case WEIR_KIND_BYTES:
    b = weir__load_bytes(at);
    return hash_bytes(b.data, b.size);
  case WEIR_KIND_F64:
    return hash_double(at);
  case WEIR_KIND_NESTED:
    return hash_struct(f->of(), at);
  case WEIR_KIND_OPTIONAL:
    at = weir__load_pointer(at);
    return at ? hash_struct(f->of(), at) : 0;
  default:
    return hash_bytes(at, weir__kind_bytes(f, kind));
  }
}

static uint32_t hash_two(uint32_t first, uint32_t second) { return (uint32_t)(mix(mix(first) ^ second) >> 32); }

static uint32_t hash_items(const weir_field *f, const void *items, size_t n)
{
  size_t one = weir__kind_bytes(f, f->item);
  uint32_t h = hash_bytes(&n, sizeof n);
  for (size_t i = 0; i < n; i++) h = hash_two(h, hash_one(f, f->item, inside(items, i * one)));
  return h;
}

static uint32_t hash_struct(const weir_message *type, const void *value)
{
  uint32_t h = 0;
  for (size_t i = 0; i < type->count; i++) h = hash_two(h, weir__field_hash(&type->fields[i], value));
  return h;
}

uint32_t weir__field_hash(const weir_field *f, const void *value)
{
  const void *at = inside(value, f->offset);
  if (WEIR__LIKELY(f->kind == WEIR_KIND_TEXT)) return hash_text(weir__load_pointer(at));
  if (f->kind == WEIR_KIND_LIST) return hash_items(f, weir__load_pointer(at), weir__list_count(f, value));
  if (f->kind == WEIR_KIND_ARRAY) return hash_items(f, at, weir__array_count(f));
  return hash_one(f, f->kind, at);
}
