/* leaves.c: see leaves.h. */
#include "topology/leaves.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/fields.h"
#include "channel/type.h"
#include "platform/utf8.h"
#include "topology/describe.h"
#include "json/read.h"
#include "json/suggest.h"
#include "json/write.h"

bool weir__is_one_text(const weir_message *type)
{
  return type->count == 1 && (type->fields[0].kind == WEIR_KIND_TEXT || type->fields[0].kind == WEIR_KIND_BYTES);
}

/* ---- the leaves of a type ---- */

static size_t count_leaves(const weir_message *type)
{
  size_t count = 0;
  for (size_t i = 0; i < type->count; i++)
    count += type->fields[i].kind == WEIR_KIND_NESTED ? count_leaves(type->fields[i].of()) : 1;
  return count;
}

static const char *path_of(struct weir__arena *arena, const char *outer, const char *key)
{
  if (!*outer) return weir__arena_text(arena, key);
  size_t size = strlen(outer) + strlen(key) + 2;
  char *path = weir__arena_alloc(arena, size);
  if (path) snprintf(path, size, "%s.%s", outer, key);
  return path;
}

static void add_leaves(const weir_message *type, const char *outer, size_t offset, struct weir__arena *arena,
                       struct weir__leaf **to)
{
  for (size_t i = 0; i < type->count; i++) {
    const weir_field *f = &type->fields[i];
    const char *path = path_of(arena, outer, weir__field_key(f));
    if (!path) return;
    if (f->kind == WEIR_KIND_NESTED)
      add_leaves(f->of(), path, offset + f->offset, arena, to);
    else
      *(*to)++ = (struct weir__leaf){.path = path, .type = type, .field = f, .offset = offset};
  }
}

const struct weir__leaves *weir__leaves_of(const weir_message *type, struct weir__arena *arena)
{
  unsigned traits;
  int rc = weir__type_know(type, &traits);
  if (rc == WEIR_ENOMEM) arena->failed = true;
  if (rc) return NULL;
  size_t count = count_leaves(type);
  struct weir__leaves *leaves = weir__arena_alloc(arena, sizeof *leaves);
  struct weir__leaf *all = weir__arena_array(arena, count, sizeof *all);
  if (!leaves || !all) return NULL;
  *leaves = (struct weir__leaves){.type = type, .all = all, .count = count, .is_text = weir__is_one_text(type)};
  add_leaves(type, "", 0, arena, &all);
  return arena->failed ? NULL : leaves;
}

/* ---- a record that came ---- */

static const char *quoted(struct weir__arena *arena, const char *text)
{
  struct weir__draft draft = {0};
  weir__draft_quote(&draft, text);
  const char *copy = draft.failed ? NULL : weir__arena_text(arena, draft.text);
  if (draft.failed) arena->failed = true;
  weir__draft_free(&draft);
  return copy;
}

static bool is_text(const char *bytes, size_t size)
{
  const unsigned char *c = (const unsigned char *)bytes, *end = c + size;
  size_t n = 1;
  for (; c < end && n; c += n) n = *c ? weir__utf8_size(c, end) : 0;
  return n;
}

/* Bytes that may stand as a text. NULL: they can't, or there is no memory. */
static const char *text_of_bytes(weir_bytes bytes, struct weir__arena *arena)
{
  if (!is_text((const char *)bytes.data, bytes.size)) return NULL;
  char *text = weir__arena_alloc(arena, bytes.size + 1);
  if (!text) return NULL;
  if (bytes.size) memcpy(text, bytes.data, bytes.size);
  return quoted(arena, text);
}

/* Bytes of a type that is one text, and are none: other than that text they may look like. */
#define BASE64 "base64 "

static const char *base64_of(const char *json, struct weir__arena *arena)
{
  char *text = weir__arena_alloc(arena, sizeof BASE64 + strlen(json));
  if (text) sprintf(text, BASE64 "%s", json);
  return text;
}

/* A text that is no UTF-8, or a number that is not finite, is none that JSON has: why stands for it. */
static const char *write_leaf(const struct weir__leaves *leaves, const struct weir__leaf *leaf, const void *record,
                              struct weir__arena *arena)
{
  const char *part = (const char *)record + leaf->offset;
  bool may_be_text = leaves->is_text && leaf->field->kind == WEIR_KIND_BYTES;
  char *text;
  if (may_be_text) {
    const char *plain = text_of_bytes(weir__load_bytes(part + leaf->field->offset), arena);
    if (plain) return plain;
  }
  int rc = weir__json_write_field(leaf->type, leaf->field, part, &text);
  if (rc == WEIR_ENOMEM) arena->failed = true;
  if (rc) return rc == WEIR_ENOMEM ? NULL : quoted(arena, weir_error_text());
  const char *copy = may_be_text ? base64_of(text, arena) : weir__arena_text(arena, text);
  free(text);
  return copy;
}

const char *const *weir__leaves_write(const struct weir__leaves *leaves, const void *record, struct weir__arena *arena)
{
  const char **texts = weir__arena_array(arena, leaves->count, sizeof *texts);
  for (size_t i = 0; texts && i < leaves->count; i++) texts[i] = write_leaf(leaves, &leaves->all[i], record, arena);
  return arena->failed ? NULL : texts;
}

/* ---- a record that is expected ---- */

/* What is being read; `read` is how the record is made of it, for what is given. */
struct reading {
  const struct weir__leaves *leaves;
  struct weir__document *document;
  struct weir__arena *arena;
  char *record;
  const char **texts;
};

static void report_unknown(struct reading *r, uint32_t node, const weir_message *type)
{
  struct weir__suggestion s = weir__suggest(weir__document_key(r->document, node));
  for (size_t i = 0; i < type->count; i++) weir__suggest_offer(&s, weir__field_key(&type->fields[i]));
  weir__document_key_error(r->document, node, "%s records have no such field%s", r->leaves->type->name,
                           weir__suggest_text(&s));
}

static const weir_field *field_called(const weir_message *type, const char *key)
{
  for (size_t i = 0; i < type->count; i++)
    if (strcmp(weir__field_key(&type->fields[i]), key) == 0) return &type->fields[i];
  return NULL;
}

static void read_leaf(struct reading *r, uint32_t node, const weir_field *field, size_t offset)
{
  size_t i = 0;
  while (r->leaves->all[i].field != field || r->leaves->all[i].offset != offset) i++;
  size_t before = r->document->report->count;
  weir__json_read_field(r->document, node, field, r->arena, r->record + offset);
  if (r->document->report->count == before && !r->arena->failed)
    r->texts[i] = write_leaf(r->leaves, &r->leaves->all[i], r->record, r->arena);
}

static void read_fields(struct reading *r, uint32_t object, const weir_message *type, size_t offset)
{
  struct weir__document *d = r->document;
  for (uint32_t child = weir__document_child(d, object); child != WEIR__NO_NODE; child = d->nodes[child].next) {
    const weir_field *f = field_called(type, weir__document_key(d, child));
    if (!f)
      report_unknown(r, child, type);
    else if (f->kind == WEIR_KIND_NESTED && weir__expect_object(d, child))
      read_fields(r, child, f->of(), offset + f->offset);
    else if (f->kind != WEIR_KIND_NESTED)
      read_leaf(r, child, f, offset);
  }
}

const char *const *weir__leaves_read(const struct weir__leaves *leaves, struct weir__document *document, uint32_t node,
                                     struct weir__arena *arena)
{
  struct reading r = {.leaves = leaves,
                      .document = document,
                      .arena = arena,
                      .record = weir__arena_alloc(arena, leaves->type->size),
                      .texts = weir__arena_array(arena, leaves->count, sizeof *r.texts)};
  if (!r.record || !r.texts) return NULL;
  if (leaves->is_text && weir__document_is(document, node, WEIR__TEXT))
    r.texts[0] = quoted(arena, weir__document_text(document, node));
  else if (weir__document_is(document, node, WEIR__OBJECT))
    read_fields(&r, node, leaves->type, 0);
  else
    weir__expected(document, node, "a %s record: an object%s", leaves->type->name,
                   leaves->is_text ? ", or its text" : "");
  return arena->failed ? NULL : r.texts;
}

/* ---- for people ---- */

const char *weir__leaf_shown(const struct weir__leaf *leaf, const char *text)
{
  return leaf->field->secret ? "\"…\"" : text;
}

/* The leaves of a struct are next to each other. Returns how many there were. */
static size_t show_struct(const weir_message *type, const struct weir__leaf *leaves, const char *const *texts,
                          struct weir__draft *to)
{
  size_t at = 0;
  const char *separator = "";
  weir__draft_add(to, "{");
  for (size_t i = 0; i < type->count; i++) {
    const weir_field *f = &type->fields[i];
    size_t count = f->kind == WEIR_KIND_NESTED ? count_leaves(f->of()) : 1;
    bool any = false;
    for (size_t k = at; k < at + count; k++) any = any || texts[k];
    if (any) {
      weir__draft_add(to, "%s\"%s\": ", separator, weir__field_key(f));
      separator = ", ";
    }
    if (any && f->kind == WEIR_KIND_NESTED)
      show_struct(f->of(), leaves + at, texts + at, to);
    else if (any)
      weir__draft_add(to, "%s", weir__leaf_shown(&leaves[at], texts[at]));
    at += count;
  }
  weir__draft_add(to, "}");
  return at;
}

void weir__leaves_show(const struct weir__leaves *leaves, const char *const *record, struct weir__draft *to)
{
  const char *text = leaves->is_text && record[0] ? weir__leaf_shown(&leaves->all[0], record[0]) : NULL;
  if (text && strncmp(text, BASE64, strlen(BASE64)) == 0)
    weir__draft_add(to, "{\"%s\": %s}", leaves->all[0].path, text + strlen(BASE64));
  else if (text)
    weir__draft_add(to, "%s", text);
  else
    show_struct(leaves->type, leaves->all, record, to);
}
