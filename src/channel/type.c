/* type.c: see type.h. */
#include "channel/type.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/default.h"
#include "channel/message.h"

enum { MOST_ALIGNED = 8, LAYOUT_DEPTH = 16, CHAINS = 256 };

size_t weir__kind_bytes(const weir_field *f, weir_kind kind)
{
  switch (kind) {
  case WEIR_KIND_TEXT:
    return sizeof(const char *);
  case WEIR_KIND_BOOL:
    return sizeof(bool);
  case WEIR_KIND_I32:
  case WEIR_KIND_U32:
    return 4;
  case WEIR_KIND_I64:
  case WEIR_KIND_U64:
  case WEIR_KIND_F64:
    return 8;
  case WEIR_KIND_REF:
    return sizeof(weir_ref);
  case WEIR_KIND_BYTES:
    return sizeof(weir_bytes);
  case WEIR_KIND_DURATION:
    return sizeof(weir_duration);
  case WEIR_KIND_RATE:
    return sizeof(weir_rate);
  case WEIR_KIND_OPTIONAL:
  case WEIR_KIND_LIST:
    return sizeof(const void *);
  case WEIR_KIND_NESTED:
    return f->of ? f->of()->size : 0;
  case WEIR_KIND_CHARS:
  case WEIR_KIND_ARRAY:
    return f->size;
  }
  return 0;
}

/* ---- is the table sound? ---- */

static int refused(const weir_message *type, const char *format, ...) WEIR_PRINTF(2, 3);
static int refused(const weir_message *type, const char *format, ...)
{
  char text[160];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return weir_error(WEIR_EINVAL, "%s: %s (declared at %s:%d)", type->name, text, type->file, type->line);
}

int weir__field_error(const weir_message *type, const weir_field *f, int code, const char *format, ...)
{
  char text[160];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return weir_error(code, "%s.%s: %s (declared at %s:%d)", type->name, f->name, text, type->file, type->line);
}

static int broken(const weir_message *type, const weir_field *f, const char *what)
{
  return weir__field_error(type, f, WEIR_EINVAL, "%s", what);
}

static bool has_items(weir_kind kind) { return kind == WEIR_KIND_LIST || kind == WEIR_KIND_ARRAY; }

/* What a list or an array may be of. */
static bool is_item(weir_kind kind)
{
  return kind != WEIR_KIND_CHARS && kind != WEIR_KIND_LIST && kind != WEIR_KIND_ARRAY && kind != WEIR_KIND_OPTIONAL;
}

static bool takes_bounds(weir_kind kind)
{
  switch (kind) {
  case WEIR_KIND_I32:
  case WEIR_KIND_U32:
  case WEIR_KIND_I64:
  case WEIR_KIND_U64:
  case WEIR_KIND_F64:
  case WEIR_KIND_DURATION:
  case WEIR_KIND_RATE:
    return true;
  default:
    return false;
  }
}

static bool takes_unit(weir_kind kind)
{
  return kind == WEIR_KIND_I32 || kind == WEIR_KIND_U32 || kind == WEIR_KIND_I64 || kind == WEIR_KIND_U64;
}

static bool may_be_secret(weir_kind kind)
{
  return kind == WEIR_KIND_TEXT || kind == WEIR_KIND_CHARS || kind == WEIR_KIND_BYTES;
}

static int check_kind(const weir_message *type, const weir_field *f)
{
  if ((unsigned)f->kind > WEIR_KIND_OPTIONAL) return broken(type, f, "its kind is unknown");
  if (has_items(f->kind) && ((unsigned)f->item > WEIR_KIND_OPTIONAL || !is_item(f->item)))
    return broken(type, f, "there are no lists of such items");
  bool structs = f->kind == WEIR_KIND_NESTED || f->kind == WEIR_KIND_OPTIONAL ||
                 (has_items(f->kind) && f->item == WEIR_KIND_NESTED);
  if (structs && !f->of) return broken(type, f, "the type of its struct is missing");
  if (!f->size || f->size != weir__kind_bytes(f, f->kind)) return broken(type, f, "its size is not that of its kind");
  if (f->kind == WEIR_KIND_ARRAY && f->size % weir__kind_bytes(f, f->item))
    return broken(type, f, "its size is no multiple of that of its items");
  return WEIR_OK;
}

static int check_place(const weir_message *type, const weir_field *f)
{
  if (f->align > MOST_ALIGNED) return broken(type, f, "it needs a larger alignment than 8, which messages don't have");
  if (f->offset > type->size || f->size > type->size - f->offset)
    return weir__field_error(type, f, WEIR_EINVAL, "it ends at byte %zu, and the struct has %zu", f->offset + f->size,
                             type->size);
  if (f->kind != WEIR_KIND_LIST) return WEIR_OK;
  if (f->count_offset == f->offset) return broken(type, f, "a list without a count");
  if (type->size < sizeof(size_t) || f->count_offset > type->size - sizeof(size_t))
    return broken(type, f, "its count lies beyond the struct");
  return WEIR_OK;
}

static int check_options(const weir_message *type, const weir_field *f)
{
  weir_kind kind = has_items(f->kind) ? f->item : f->kind;
  if (!(f->min <= f->max))
    return weir__field_error(type, f, WEIR_EINVAL, "its bounds, %g to %g, hold nothing", f->min, f->max);
  if (f->min < f->max && !takes_bounds(kind)) return broken(type, f, "only numbers, durations and rates have bounds");
  if ((unsigned)f->unit > WEIR_UNIT_BYTES) return broken(type, f, "its unit is unknown");
  if (f->unit && !takes_unit(kind)) return broken(type, f, "only integers have a unit");
  if (f->secret && !may_be_secret(kind)) return broken(type, f, "only texts and bytes are secret");
  if ((unsigned)f->use > WEIR_USE_CONNECTS) return broken(type, f, "what it names is unknown");
  if (f->use && kind != WEIR_KIND_TEXT) return broken(type, f, "only texts name files and addresses");
  if ((unsigned)f->reload > WEIR_RELOAD_REFUSE) return broken(type, f, "what a reload does with it is unknown");
  if (f->one_of && kind != WEIR_KIND_TEXT && !takes_unit(kind))
    return broken(type, f, "only texts have choices, and integers a word that stands for 0");
  return WEIR_OK;
}

static int check_field(const weir_message *type, const weir_field *f)
{
  if (!f->name) return refused(type, "a field has no name");
  int rc = check_kind(type, f);
  if (!rc) rc = check_place(type, f);
  return rc ? rc : check_options(type, f);
}

/* ---- which bytes of the struct are in the table? ---- */

struct extent {
  size_t begin, end, align;
  const weir_field *field;
  bool count; /* of a list */
};

static int by_place(const void *left, const void *right)
{
  const struct extent *a = left, *b = right;
  if (a->begin != b->begin) return a->begin < b->begin ? -1 : 1;
  return (a->end > b->end) - (a->end < b->end);
}

static size_t list_extents(const weir_message *type, struct extent *extents)
{
  size_t n = 0;
  for (size_t i = 0; i < type->count; i++) {
    const weir_field *f = &type->fields[i];
    extents[n++] = (struct extent){f->offset, f->offset + f->size, f->align ? f->align : 1, f, false};
    if (f->kind == WEIR_KIND_LIST)
      extents[n++] = (struct extent){f->count_offset, f->count_offset + sizeof(size_t), _Alignof(size_t), f, true};
  }
  qsort(extents, n, sizeof *extents, by_place);
  return n;
}

/* Do the bytes between `end` and the next extent come from its alignment? */
static bool is_padding(size_t end, size_t begin, size_t align) { return (end + align - 1) / align * align == begin; }

static int left_out(const weir_message *type, size_t begin, size_t end)
{
  if (end - begin == 1) return refused(type, "byte %zu of the struct is in no row of its table", begin);
  return refused(type, "bytes %zu to %zu of the struct are in no row of its table", begin, end - 1);
}

static int check_extents(const weir_message *type, const struct extent *e, size_t n)
{
  size_t end = 0;
  for (size_t i = 0; i < n; i++) {
    bool one_count = i && e[i].count && e[i - 1].count && e[i].begin == e[i - 1].begin; /* of two lists */
    if (one_count) continue;
    if (e[i].begin < end)
      return refused(type, "%s and %s overlap at byte %zu", e[i - 1].field->name, e[i].field->name, e[i].begin);
    if (!is_padding(end, e[i].begin, e[i].align)) return left_out(type, end, e[i].begin);
    end = e[i].end;
  }
  return is_padding(end, type->size, type->align ? type->align : 1) ? WEIR_OK : left_out(type, end, type->size);
}

static int check_layout(const weir_message *type)
{
  if (!type->count && type->size <= 1) return WEIR_OK; /* WEIR_EMPTY */
  if (!type->count) return left_out(type, 0, type->size);
  struct extent *extents = calloc(type->count, 2 * sizeof *extents);
  if (!extents) return weir_error(WEIR_ENOMEM, "no memory to check the table of %s", type->name);
  int rc = check_extents(type, extents, list_extents(type, extents));
  free(extents);
  return rc;
}

static int check_table(const weir_message *type)
{
  int rc = type->align > MOST_ALIGNED ? refused(type, "its alignment is above 8, which messages don't have") : WEIR_OK;
  for (size_t i = 0; i < type->count && !rc; i++) rc = check_field(type, &type->fields[i]);
  return rc ? rc : check_layout(type);
}

/* ---- all types that a value can hold ---- */

struct closure {
  const weir_message **types; /* each once; the first is whose closure it is */
  size_t count, room;
};

static bool add_type(struct closure *c, const weir_message *type)
{
  for (size_t i = 0; i < c->count; i++)
    if (c->types[i] == type) return true;
  if (c->count == c->room) {
    size_t room = c->room ? 2 * c->room : 8;
    const weir_message **types = realloc(c->types, room * sizeof *types);
    if (!types) return false;
    c->types = types;
    c->room = room;
  }
  c->types[c->count++] = type;
  return true;
}

static bool add_types_of(struct closure *c, const weir_message *type)
{
  bool added = true;
  for (size_t i = 0; i < type->count && added; i++)
    if (type->fields[i].of) added = add_type(c, type->fields[i].of());
  return added;
}

static unsigned traits_of_fields(const weir_message *type, unsigned traits)
{
  for (size_t i = 0; i < type->count; i++) {
    const weir_field *f = &type->fields[i];
    weir_kind kind = f->kind == WEIR_KIND_ARRAY ? f->item : f->kind;
    bool points =
        kind == WEIR_KIND_TEXT || kind == WEIR_KIND_BYTES || kind == WEIR_KIND_LIST || kind == WEIR_KIND_OPTIONAL;
    if (points || f->secret) traits &= ~(unsigned)WEIR__FLAT;
    if (f->secret) traits |= WEIR__SHARES | WEIR__SECRET;
    if (kind == WEIR_KIND_BYTES || (kind == WEIR_KIND_LIST && f->item == WEIR_KIND_BYTES)) traits |= WEIR__SHARES;
  }
  return traits;
}

/* When all tables are sound: a default may be a struct with defaults. */
static int check_defaults(const struct closure *c)
{
  int rc = WEIR_OK;
  for (size_t t = 0; t < c->count; t++)
    for (size_t i = 0; i < c->types[t]->count && !rc; i++)
      if (c->types[t]->fields[i].def) rc = weir__default_check(c->types[t], &c->types[t]->fields[i]);
  return rc;
}

/* Checks the table and those of all that it names, and finds the traits. */
static int look_at(const weir_message *type, unsigned *traits)
{
  struct closure c = {0};
  bool fits = add_type(&c, type);
  int rc = WEIR_OK;
  *traits = WEIR__FLAT;
  for (size_t i = 0; i < c.count && fits && !rc; i++) {
    rc = check_table(c.types[i]);
    if (rc) break;
    *traits = traits_of_fields(c.types[i], *traits);
    fits = add_types_of(&c, c.types[i]);
  }
  if (fits && !rc) rc = check_defaults(&c);
  free(c.types);
  return fits ? rc : weir_error(WEIR_ENOMEM, "no memory to check the table of %s", type->name);
}

/* ---- which types are the same ----
 *
 * A declaration in a header has a table in each translation unit. The first of them that the library meets stands for
 * all; each table's note remembers it, so that comparing is comparing two pointers. */

struct known {
  struct known *next;
  const weir_message *type;
};
static struct {
  pthread_mutex_t lock;
  struct known *chains[CHAINS]; /* never freed: a process has as many types as declarations */
} known_types = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool same_fields(const weir_message *a, const weir_message *b, int depth);

static bool same_field(const weir_field *a, const weir_field *b, int depth)
{
  if (strcmp(a->name, b->name) != 0 || a->offset != b->offset || a->size != b->size || a->kind != b->kind) return false;
  if (a->item != b->item || a->count_offset != b->count_offset || !a->of != !b->of) return false;
  return !a->of || same_fields(a->of(), b->of(), depth + 1);
}

/* Types that hold themselves are compared down to some depth. */
static bool same_fields(const weir_message *a, const weir_message *b, int depth)
{
  if (a == b || depth == LAYOUT_DEPTH) return true;
  if (a->size != b->size || a->count != b->count) return false;
  for (size_t i = 0; i < a->count; i++)
    if (!same_field(&a->fields[i], &b->fields[i], depth)) return false;
  return true;
}

/* Of a path: one header is found in other ways from other folders. */
static const char *last_part(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static bool same_name(const weir_message *a, const weir_message *b)
{
  if (a->shared != b->shared || strcmp(a->name, b->name) != 0) return false;
  return a->shared || (a->line == b->line && strcmp(last_part(a->file), last_part(b->file)) == 0);
}

static bool same_declaration(const weir_message *a, const weir_message *b)
{
  return a == b || (same_name(a, b) && same_fields(a, b, 0));
}

static unsigned chain_of(const weir_message *type)
{
  unsigned hash = type->shared ? 5381 : (unsigned)type->line;
  for (const char *c = type->name; type->shared && *c; c++) hash = hash * 33 + (unsigned char)*c;
  return hash % CHAINS;
}

/* Lock held: the type that stands for this one, or, of a shared one, whose layout is another. NULL: it is new. */
static const weir_message *find(const weir_message *type)
{
  for (struct known *k = known_types.chains[chain_of(type)]; k; k = k->next)
    if (same_name(k->type, type) && (type->shared || same_fields(k->type, type, 0))) return k->type;
  return NULL;
}

/* Lock held. Without memory a type stays unknown, and is looked at again the next time. */
static const weir_message *enter(const weir_message *type)
{
  struct known **chain = &known_types.chains[chain_of(type)];
  struct known *k = malloc(sizeof *k);
  if (!k) return NULL;
  *k = (struct known){*chain, type};
  *chain = k;
  return type;
}

/* ---- plans ----
 *
 * Where the pointers of a struct are, those of nested structs and arrays included: if there are only a few texts and
 * bytes, copying is a loop over them, not a walk over the table. */

enum { PLAN_MOST = sizeof((struct weir__known_type *)0)->plan / sizeof(struct weir__pointer) };

static bool plan_struct(struct weir__known_type *note, const weir_message *type, size_t at, int depth);

static bool plan_one(struct weir__known_type *note, const weir_field *f, weir_kind kind, size_t at, int depth)
{
  switch (kind) {
  case WEIR_KIND_TEXT:
  case WEIR_KIND_BYTES:
    if (note->pointers == PLAN_MOST) return false;
    note->plan[note->pointers++] = (struct weir__pointer){(uint16_t)at, (uint16_t)kind};
    return true;
  case WEIR_KIND_NESTED:
    return plan_struct(note, f->of(), at, depth + 1);
  default:
    return kind != WEIR_KIND_LIST && kind != WEIR_KIND_OPTIONAL;
  }
}

static bool plan_struct(struct weir__known_type *note, const weir_message *type, size_t at, int depth)
{
  bool planned = depth < LAYOUT_DEPTH && type->size <= UINT16_MAX;
  for (size_t i = 0; i < type->count && planned; i++) {
    const weir_field *f = &type->fields[i];
    weir_kind kind = f->kind == WEIR_KIND_ARRAY ? f->item : f->kind;
    size_t one = weir__kind_bytes(f, kind);
    for (size_t k = 0; k < f->size && planned; k += one) planned = plan_one(note, f, kind, at + f->offset + k, depth);
  }
  return planned;
}

/* ---- noting ---- */

static unsigned traits_to_note(const weir_message *type, unsigned traits)
{
  bool small = (traits & WEIR__FLAT) && WEIR__ENVELOPE + weir__value_align(type->size) <= WEIR__SMALLEST;
  if (plan_struct(type->note, type, 0, 0)) traits |= WEIR__PLANNED;
  return traits | (small ? WEIR__SMALL : 0) | (small && !type->reply ? WEIR__TOLD : 0);
}

static int note(const weir_message *type, unsigned traits)
{
  pthread_mutex_lock(&known_types.lock);
  const weir_message *known = find(type);
  bool differs = known && !same_fields(known, type, 0);
  if (!known) known = enter(type);
  if (known && !differs && !type->note->known) {
    __atomic_store_n(&type->note->traits, traits_to_note(type, traits), __ATOMIC_RELEASE);
    /* Release: who reads the note reads its other fields and the table behind it, which never change. */
    __atomic_store_n(&type->note->known, known, __ATOMIC_RELEASE);
  }
  pthread_mutex_unlock(&known_types.lock);
  if (!differs) return WEIR_OK;
  return weir_error(WEIR_EINVAL, "%s is declared with two layouts: at %s:%d (%zu bytes) and at %s:%d (%zu bytes)",
                    type->name, known->file, known->line, known->size, type->file, type->line, type->size);
}

int weir__type_meet(const weir_message *type, unsigned *traits)
{
  int rc = look_at(type, traits);
  return rc || !type->note ? rc : note(type, *traits);
}

/* Which type stands for it; NULL: it can't be told. */
static inline const weir_message *stands_for(const weir_message *type)
{
  unsigned traits;
  if (!type->note) return NULL;
  const weir_message *known = __atomic_load_n(&type->note->known, __ATOMIC_ACQUIRE);
  if (WEIR__LIKELY(known != NULL)) return known;
  return weir__type_know(type, &traits) ? NULL : __atomic_load_n(&type->note->known, __ATOMIC_ACQUIRE);
}

bool weir_message_same(const weir_message *a, const weir_message *b)
{
  if (a == b) return true;
  if (!a || !b) return false;
  const weir_message *x = stands_for(a), *y = stands_for(b);
  return x && y ? x == y : same_declaration(x ? x : a, y ? y : b);
}
