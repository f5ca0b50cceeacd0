/* message.c: see message.h. */
#include "channel/message.h"

#include <stdlib.h>
#include <string.h>

#include "channel/cell.h"
#include "runtime/depot.h"
#include "runtime/worker.h"

#define MESSAGE_MOST ((size_t)1 << 30)
enum { ALIGNMENT = 8 };

static size_t align_up(size_t n) { return (n + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1); }

/* ---- which types are the same ----
 *
 * A declaration in a header has a table in each translation unit. The first of them that the library meets stands for
 * all; each table's note remembers it, so that comparing is comparing two pointers. */

enum { CHAINS = 256 };
struct known {
  struct known *next;
  const weir_message *type;
};
static struct {
  pthread_mutex_t lock;
  struct known *chains[CHAINS]; /* by line; never freed: a process has as many types as declarations */
} known_types = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool same_declaration(const weir_message *a, const weir_message *b)
{
  if (a == b) return true;
  if (a->line != b->line || a->size != b->size) return false;
  return strcmp(a->name, b->name) == 0 && strcmp(a->file, b->file) == 0;
}

/* Who stands for this type; the type itself when there is no memory to note it. */
static const weir_message *look_up(const weir_message *type)
{
  struct known **chain = &known_types.chains[(unsigned)type->line % CHAINS];
  const weir_message *found = type;
  pthread_mutex_lock(&known_types.lock);
  struct known *k = *chain;
  while (k && !same_declaration(k->type, type)) k = k->next;
  if (!k && (k = malloc(sizeof *k))) {
    *k = (struct known){*chain, type};
    *chain = k;
  }
  if (k) found = k->type;
  pthread_mutex_unlock(&known_types.lock);
  /* Release: who reads the note reads the table behind it, which never changes. */
  if (k) __atomic_store_n(&type->note->known, found, __ATOMIC_RELEASE);
  return found;
}

static const weir_message *stands_for(const weir_message *type)
{
  if (!type->note) return type;
  const weir_message *known = __atomic_load_n(&type->note->known, __ATOMIC_ACQUIRE);
  return WEIR__LIKELY(known != NULL) ? known : look_up(type);
}

bool weir_message_same(const weir_message *a, const weir_message *b)
{
  if (a == b) return true;
  if (!a || !b) return false;
  const weir_message *x = stands_for(a), *y = stands_for(b);
  return x == y || same_declaration(x, y);
}

/* ---- what a field holds ---- */

static const void *at(const void *value, size_t offset) { return (const char *)value + offset; }

static size_t item_bytes(weir_kind item)
{
  switch (item) {
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
  default:
    return 0;
  }
}

static size_t list_count(const weir_field *f, const void *value)
{
  size_t n;
  memcpy(&n, at(value, f->count_offset), sizeof n);
  return n;
}

static const void *pointer_at(const weir_field *f, const void *value)
{
  const void *p;
  memcpy(&p, at(value, f->offset), sizeof p);
  return p;
}

static weir_bytes bytes_at(const weir_field *f, const void *value)
{
  weir_bytes b;
  memcpy(&b, at(value, f->offset), sizeof b);
  return b;
}

bool weir__is_flat(const weir_message *type)
{
  for (size_t i = 0; i < type->count; i++) switch (type->fields[i].kind) {
    case WEIR_KIND_TEXT:
    case WEIR_KIND_BYTES:
    case WEIR_KIND_LIST:
      return false;
    default:
      break;
    }
  return true;
}

/* ---- measuring ---- */

static int complain(const weir_message *type, const weir_field *f, int code, const char *what)
{
  return weir_error(code, "%s.%s: %s (declared at %s:%d)", type->name, f->name, what, type->file, type->line);
}

/* The bytes of a list: its items, then the texts they point to, each part aligned. */
static int measure_list(const weir_message *type, const weir_field *f, const void *value, size_t *bytes)
{
  size_t n = list_count(f, value), one = item_bytes(f->item);
  const char *const *texts = pointer_at(f, value);
  if (!one) return complain(type, f, WEIR_EINVAL, "a list of this kind of items can't be copied");
  if (n > MESSAGE_MOST / one) return complain(type, f, WEIR_ERANGE, "the list is too long");
  if (n && !texts) return complain(type, f, WEIR_EINVAL, "the list has a count, and no items");
  *bytes += align_up(n * one);
  for (size_t i = 0; f->item == WEIR_KIND_TEXT && i < n; i++)
    if (texts[i]) *bytes += strlen(texts[i]) + 1;
  *bytes = align_up(*bytes);
  return WEIR_OK;
}

static int measure_bytes(const weir_message *type, const weir_field *f, const void *value, size_t *bytes)
{
  weir_bytes b = bytes_at(f, value);
  if (b.owner) return complain(type, f, WEIR_EINVAL, "bytes with an owner can't be sent");
  if (b.size && !b.data) return complain(type, f, WEIR_EINVAL, "the bytes have a size, and no data");
  if (b.size > MESSAGE_MOST) return complain(type, f, WEIR_ERANGE, "more than 1 GiB");
  *bytes += b.size;
  return WEIR_OK;
}

static int measure_field(const weir_message *type, const weir_field *f, const void *value, size_t *bytes)
{
  const char *text;
  switch (f->kind) {
  case WEIR_KIND_TEXT:
    text = pointer_at(f, value);
    if (text) *bytes += strlen(text) + 1;
    return WEIR_OK;
  case WEIR_KIND_BYTES:
    return measure_bytes(type, f, value, bytes);
  case WEIR_KIND_LIST:
    *bytes = align_up(*bytes);
    return measure_list(type, f, value, bytes);
  default:
    return WEIR_OK;
  }
}

int weir__measure(const weir_message *type, const void *value, size_t *bytes)
{
  size_t n = align_up(type->size);
  for (size_t i = 0; i < type->count; i++) {
    int rc = measure_field(type, &type->fields[i], value, &n);
    if (rc) return rc;
    if (n > MESSAGE_MOST) return complain(type, &type->fields[i], WEIR_ERANGE, "the message is larger than 1 GiB");
  }
  *bytes = n;
  return WEIR_OK;
}

/* ---- copying: the same walk as measuring ---- */

static const char *copy_run(char **free_room, const void *from, size_t bytes)
{
  char *to = *free_room;
  if (bytes) memcpy(to, from, bytes);
  *free_room += bytes;
  return to;
}

static const char *copy_text(char **free_room, const char *text)
{
  return text ? copy_run(free_room, text, strlen(text) + 1) : NULL;
}

static void align_room(char **free_room) { *free_room = (char *)align_up((uintptr_t)*free_room); }

static const void *copy_list(const weir_field *f, const void *value, char **free_room)
{
  size_t n = list_count(f, value);
  const char *const *texts = pointer_at(f, value);
  align_room(free_room);
  const char **items = (const char **)(uintptr_t)copy_run(free_room, texts, n * item_bytes(f->item));
  align_room(free_room);
  for (size_t i = 0; f->item == WEIR_KIND_TEXT && i < n; i++) items[i] = copy_text(free_room, texts[i]);
  align_room(free_room);
  return items;
}

static void copy_field(const weir_field *f, const void *value, void *copy, char **free_room)
{
  void *to = (char *)copy + f->offset;
  const void *pointer;
  weir_bytes b;
  switch (f->kind) {
  case WEIR_KIND_TEXT:
    pointer = copy_text(free_room, pointer_at(f, value));
    memcpy(to, &pointer, sizeof pointer);
    break;
  case WEIR_KIND_BYTES:
    b = bytes_at(f, value);
    b.data = copy_run(free_room, b.data, b.size);
    memcpy(to, &b, sizeof b);
    break;
  case WEIR_KIND_LIST:
    pointer = copy_list(f, value, free_room);
    memcpy(to, &pointer, sizeof pointer);
    break;
  default:
    break; /* went with the struct */
  }
}

void weir__copy_value(const weir_message *type, const void *value, void *room)
{
  char *free_room = (char *)room + align_up(type->size);
  memcpy(room, value, type->size);
  for (size_t i = 0; i < type->count; i++) copy_field(&type->fields[i], value, room, &free_room);
}

/* ---- measuring and copying in one go: for records, which are many and small ---- */

static bool copy_run_if_fits(char **room, const char *end, const void *from, size_t bytes)
{
  if (bytes > (size_t)(end - *room)) return false;
  copy_run(room, from, bytes);
  return true;
}

static bool copy_field_if_fits(const weir_field *f, const void *value, void *copy, char **room, const char *end)
{
  const char *text, *at = *room;
  weir_bytes b;
  switch (f->kind) {
  case WEIR_KIND_TEXT:
    text = pointer_at(f, value);
    if (!text) return true;
    if (!copy_run_if_fits(room, end, text, strlen(text) + 1)) return false;
    memcpy((char *)copy + f->offset, &at, sizeof at);
    return true;
  case WEIR_KIND_BYTES:
    b = bytes_at(f, value);
    if (b.owner || (b.size && !b.data) || !copy_run_if_fits(room, end, b.data, b.size)) return false;
    b.data = at;
    memcpy((char *)copy + f->offset, &b, sizeof b);
    return true;
  case WEIR_KIND_LIST:
    return false; /* the long way */
  default:
    return true;
  }
}

size_t weir__copy_if_fits(const weir_message *type, const void *value, void *room, size_t left)
{
  size_t fixed = align_up(type->size);
  if (fixed > left) return 0;
  char *free_room = (char *)room + fixed;
  memcpy(room, value, type->size);
  for (size_t i = 0; i < type->count; i++)
    if (!copy_field_if_fits(&type->fields[i], value, room, &free_room, (char *)room + left)) return 0;
  return (size_t)(free_room - (char *)room);
}

/* ---- making and ending ---- */

struct weir__message *weir__message_room(const weir_message *type, size_t bytes)
{
  unsigned class = weir__depot_class(WEIR__ENVELOPE + bytes);
  struct weir__message *m = weir__depot_take(class, WEIR__ENVELOPE + bytes);
  if (!m) return NULL;
  *m = (struct weir__message){
      .type = type, .deadline = INT64_MAX, .payload_bytes = (uint32_t)bytes, .class = (uint8_t) class};
  weir__count(WEIR__CREATED);
  return m;
}

struct weir__message *weir__message_make(const weir_message *type, const void *value, size_t bytes)
{
  struct weir__message *m = weir__message_room(type, bytes);
  if (m) weir__copy_value(type, value, weir__payload(m));
  return m;
}

void weir__message_free(struct weir__message *m)
{
#ifdef WEIR_DEBUG
  memset(weir__payload(m), 0xdb, m->payload_bytes); /* what was borrowed is not to be used any more */
#endif
  weir__depot_put(m->class, m);
}

void weir__message_end(struct weir__message *m, enum weir__count how)
{
  weir__count(how);
  weir__message_free(m);
}

/* ---- what is the user's ---- */

void *weir__message_hand_out(struct weir__message *m)
{
  struct weir__cell *owner = weir__cell_here();
  weir__count(WEIR__RECEIVED);
  m->users = 1;
  m->owner = owner;
  m->previous = NULL;
  m->next = NULL;
  if (owner) {
    m->next = owner->owned;
    if (m->next) m->next->previous = m;
    owner->owned = m;
  }
  return weir__payload(m);
}

struct weir__message *weir__message_take_back(void *payload)
{
  struct weir__message *m = weir__message_of(payload);
  if (!m->users) {
    weir_error(WEIR_EINVAL, "not a message of the caller's: it is borrowed, or was given away");
    return NULL;
  }
  m->users = 0;
  if (m->owner) {
    if (m->previous)
      m->previous->next = m->next;
    else
      m->owner->owned = m->next;
    if (m->next) m->next->previous = m->previous;
  }
  m->next = NULL;
  return m;
}

void weir_free(void *message)
{
  if (!message) return;
  struct weir__message *m = weir__message_take_back(message);
  if (m) weir__message_free(m);
}

void weir_free_at(void *pointer_to_message)
{
  void **at_message = pointer_to_message;
  weir_free(*at_message);
  *at_message = NULL;
}
