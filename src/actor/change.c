/* change.c: see change.h. */
#include "actor/change.h"

#include <string.h>

#include "actor/child.h"
#include "actor/relay.h"
#include "channel/send.h"
#include "runtime/strand.h"

/* ---- who changes it ---- */

int weir__reconfigure(weir_ref ref, weir_value config, weir_duration within)
{
  struct weir__parcel parcel;
  int rc = weir_ref_error(ref);
  if (rc) return rc;
  struct weir__cell *cell = weir__cell_at(weir__slot_of(ref));
  if (cell && weir__is_relay(cell, ref)) return weir_error(WEIR_EINVAL, "a route is changed instance by instance");
  rc = weir__parcel_of_value(&parcel, config);
  if (!rc) rc = weir__may_wait();
  if (rc) return rc;
  struct weir__message *m = weir__parcel_message(&parcel);
  if (!m) return weir_error(WEIR_ENOMEM, "no memory for a configuration");
  m->kind = WEIR__CHANGE;
  return weir__ask_parcel(ref, &parcel, within);
}

/* ---- the actor ---- */

/* X1 */
static void take(struct weir__cell *cell, struct weir__message *m)
{
  struct weir__message *before = cell->extras->config;
  m->kind = WEIR__PLAIN;
  m->asker = 0;
  m->asked = false;
  cell->in_hand = NULL;
  cell->extras->config = m;
  if (before) weir__message_end(before, WEIR__FREED);
}

/* X2 */
static int keep_for_next(struct weir__cell *cell, struct weir__message *m)
{
  if (!weir__is_child(cell))
    return weir_error(WEIR_ENOTSUP, "%s can't take it in place, and has no supervisor that would start it anew",
                      weir__actor_name(cell));
  m->kind = WEIR__PLAIN;
  m->asker = 0;
  m->asked = false;
  cell->in_hand = NULL;
  cell->extras->next_config = m;
  return WEIR_RESTART;
}

/* What the clause says. */
WEIR__ENTRY_APART static int offer(struct weir__cell *cell, struct weir__message *m)
{
  struct weir__clauses clauses = weir__clauses_of(cell->type);
  weir__call call = {.type = m->type, .state = weir__state_of(cell), .payload = weir__payload(m), .hook = WEIR__CONFIG};
  if (!clauses.config || !weir_message_same(clauses.config, m->type))
    return weir_error(WEIR_EINVAL, "%s starts with %s%s, not with a %s", weir__actor_name(cell),
                      clauses.config ? "a " : "nothing", clauses.config ? clauses.config->name : "", m->type->name);
  int rc = cell->type->dispatch(&call);
  if (rc == WEIR__THREW) weir__fail_as_noted();
  if (rc == WEIR__UNHANDLED) return WEIR_RESTART;
  if (rc > 0 && rc != WEIR_RESTART)
    return weir_error(WEIR_EINVAL, "the clause for a change of %s returned %d, which is no code", m->type->name, rc);
  return rc;
}

int weir__change_handle(struct weir__cell *cell, struct weir__message *m)
{
  if (!weir__take_in_hand(cell, m)) return WEIR_OK;
  int rc = weir__extras(cell) ? offer(cell, m) : WEIR_ENOMEM;
  if (rc == WEIR_OK) take(cell, m);
  if (rc == WEIR_RESTART) rc = keep_for_next(cell, m);
  weir__settle(cell, rc);
  return rc == WEIR_RESTART ? WEIR_STOP : WEIR_OK;
}

struct weir__message *weir__config_to_start_with(struct weir__cell *cell)
{
  struct weir__extras *extras = cell->extras;
  if (!extras) return NULL;
  if (extras->next_config) {
    if (extras->config) weir__message_end(extras->config, WEIR__FREED);
    extras->config = extras->next_config;
    extras->next_config = NULL;
  }
  return extras->config;
}

/* ---- what a change takes ---- */

static bool same_value(const weir_field *f, weir_kind kind, const void *a, const void *b);

static bool same_struct(const weir_message *type, const void *a, const void *b)
{
  const weir_field *field;
  return weir__config_difference(type, a, b, &field) == WEIR_RELOAD_LIVE && !field;
}

static bool same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

static bool same_bytes(weir_bytes a, weir_bytes b)
{
  return a.size == b.size && (!a.size || memcmp(a.data, b.data, a.size) == 0);
}

static bool same_optional(const weir_field *f, const void *a, const void *b)
{
  return a == b || (a && b && same_struct(f->of(), a, b));
}

static bool same_value(const weir_field *f, weir_kind kind, const void *a, const void *b)
{
  switch (kind) {
  case WEIR_KIND_TEXT:
    return same_text(weir__load_pointer(a), weir__load_pointer(b));
  case WEIR_KIND_CHARS:
    return strncmp(a, b, f->size) == 0;
  case WEIR_KIND_BYTES:
    return same_bytes(weir__load_bytes(a), weir__load_bytes(b));
  case WEIR_KIND_NESTED:
    return same_struct(f->of(), a, b);
  case WEIR_KIND_OPTIONAL:
    return same_optional(f, weir__load_pointer(a), weir__load_pointer(b));
  default:
    return memcmp(a, b, weir__kind_bytes(f, kind)) == 0;
  }
}

static bool same_items(const weir_field *f, const char *a, const char *b, size_t n)
{
  size_t one = weir__kind_bytes(f, f->item);
  while (n && same_value(f, f->item, a, b)) a += one, b += one, n--;
  return n == 0;
}

static bool same_field(const weir_field *f, const void *before, const void *after)
{
  const char *a = (const char *)before + f->offset, *b = (const char *)after + f->offset;
  if (f->kind == WEIR_KIND_ARRAY) return same_items(f, a, b, weir__array_count(f));
  if (f->kind != WEIR_KIND_LIST) return same_value(f, f->kind, a, b);
  size_t n = weir__list_count(f, before);
  return n == weir__list_count(f, after) && same_items(f, weir__load_pointer(a), weir__load_pointer(b), n);
}

weir_reload weir__config_difference(const weir_message *type, const void *before, const void *after,
                                    const weir_field **field)
{
  const weir_field *first = NULL;
  for (size_t i = 0; i < type->count; i++) {
    const weir_field *f = &type->fields[i];
    if ((!first || f->reload > first->reload) && !same_field(f, before, after)) first = f;
  }
  if (field) *field = first;
  return first ? first->reload : WEIR_RELOAD_LIVE;
}
