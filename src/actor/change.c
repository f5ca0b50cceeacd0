/* change.c: see change.h. */
#include "actor/change.h"

#include <stdlib.h>
#include <string.h>

#include "actor/child.h"
#include "actor/edge.h"
#include "actor/relay.h"
#include "channel/bytes.h"
#include "channel/line.h"
#include "channel/send.h"
#include "runtime/strand.h"

/* ---- who changes it ---- */

static int make_change(struct weir__parcel *p, weir_ref ref, weir_value config)
{
  int rc = weir_ref_error(ref);
  if (rc) return rc;
  struct weir__cell *cell = weir__cell_at(weir__slot_of(ref));
  if (cell && weir__is_relay(cell, ref)) return weir_error(WEIR_EINVAL, "a route is changed instance by instance");
  rc = weir__parcel_of_value(p, config);
  if (!rc) rc = weir__may_wait();
  if (rc) return rc;
  struct weir__message *m = weir__parcel_message(p);
  if (!m) return weir_error(WEIR_ENOMEM, "no memory for a configuration");
  m->kind = WEIR__CHANGE;
  return WEIR_OK;
}

int weir__reconfigure(weir_ref ref, weir_value config, weir_duration within)
{
  struct weir__parcel parcel;
  int rc = make_change(&parcel, ref, config);
  return rc ? rc : weir__ask_parcel(ref, &parcel, within);
}

/* The type is one that stays, as all types are; 0: it has the same one, and is to be started anew. */
struct weir__newer {
  uint64_t type;
  weir_bytes config; /* holds a message: its content is the handler's, who alone looks at it once it was sent */
};
WEIR_SHARED(weir__newer, "weir.newer", WEIR_FIELD(type), WEIR_FIELD(config));

static void free_config(void *content)
{
  struct weir__message *m = *(struct weir__message **)content;
  if (m) weir__message_end(m, WEIR__FREED);
}

static int hold_config(weir_value config, weir_bytes *held)
{
  struct weir__parcel parcel;
  void *content;
  *held = (weir_bytes){0};
  if (!config.type) return WEIR_OK;
  int rc = weir__parcel_of_value(&parcel, config);
  if (rc) return rc;
  *held = weir__bytes_make_held(sizeof(struct weir__message *), &content, free_config);
  if (!held->owner) return weir_error(WEIR_ENOMEM, "no memory for a configuration");
  struct weir__message *m = *(struct weir__message **)content = weir__parcel_message(&parcel);
  if (m) return WEIR_OK;
  weir_bytes_drop(*held);
  return weir_error(WEIR_ENOMEM, "no memory for a configuration");
}

static struct weir__message **held_in(weir_bytes held)
{
  return held.owner ? (struct weir__message **)(uintptr_t)held.data : NULL;
}

static int change_to(weir_ref ref, const weir_actor *newer, weir_value config, weir_duration within)
{
  struct weir__newer n = {.type = (uintptr_t)newer};
  int rc = hold_config(config, &n.config);
  if (rc) return rc;
  struct weir__parcel parcel;
  rc = make_change(&parcel, ref, WEIR_AT(weir__newer, &n));
  weir_bytes_drop(n.config); /* the message's alone while this waits, since who waits may be killed */
  return rc ? rc : weir__ask_parcel(ref, &parcel, within);
}

int weir__upgrade(weir_ref ref, const weir_actor *newer, weir_value config, weir_duration within)
{
  return change_to(ref, newer, config, within);
}

int weir__restart_with(weir_ref ref, weir_value config, weir_duration within)
{
  return change_to(ref, NULL, config, within);
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

/* X2. `*m` is taken, unless an error is returned. */
static int keep_for_next(struct weir__cell *cell, struct weir__message **m)
{
  struct weir__rare *rare = weir__rare(cell);
  struct weir__strand *s = weir__strand_here();
  if (!rare) return WEIR_ENOMEM;
  if (!weir__is_child(cell))
    return weir_error(WEIR_ENOTSUP, "%s can't take it in place, and has no supervisor that would start it anew",
                      weir__actor_name(cell));
  (*m)->kind = WEIR__PLAIN;
  (*m)->asker = 0;
  (*m)->asked = false;
  rare->next_config = *m;
  rare->changer = s->asker;
  s->asker = 0;
  *m = NULL;
  return WEIR_RESTART;
}

static int check_type(const struct weir__cell *cell, const weir_message *type)
{
  struct weir__clauses clauses = weir__clauses_of(cell->type);
  if (clauses.config && weir_message_same(clauses.config, type)) return WEIR_OK;
  return weir_error(WEIR_EINVAL, "%s starts with %s%s, not with a %s", weir__actor_name(cell),
                    clauses.config ? "a " : "nothing", clauses.config ? clauses.config->name : "", type->name);
}

/* What the clause says. */
WEIR__ENTRY_APART static int offer(struct weir__cell *cell, struct weir__message *m)
{
  weir__call call = {
      .config = m->type, .state = weir__state_of(cell), .payload = weir__payload(m), .hook = WEIR__CONFIG};
  int rc = check_type(cell, m->type);
  if (rc) return rc;
  rc = cell->type->dispatch(&call);
  if (rc == WEIR__THREW) weir__fail_as_noted();
  if (rc == WEIR__UNHANDLED) return WEIR_RESTART;
  if (rc > 0 && rc != WEIR_RESTART)
    return weir_error(WEIR_EINVAL, "the clause for a change of %s returned %d, which is no code", m->type->name, rc);
  return rc;
}

/* ---- a newer version ---- */

/* Who names the actor from elsewhere reads it under that lock. */
static void set_type(struct weir__cell *cell, const weir_actor *type)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  cell->type = type;
  weir__bucket_unlock(bucket);
}

static int does_not_fit(const weir_actor *newer, const weir_actor *older, int code, const char *why)
{
  return weir_error(code, "%s %d can't take over from version %d: %s", newer->name, newer->version, older->version,
                    why);
}

static bool same_outputs(const weir_actor *a, const weir_actor *b)
{
  size_t i = 0, most = sizeof a->outputs / sizeof a->outputs[0];
  while (i < most && a->outputs[i] && b->outputs[i] && strcmp(a->outputs[i], b->outputs[i]) == 0) i++;
  return i == most || (!a->outputs[i] && !b->outputs[i]);
}

static int check_newer(const struct weir__cell *cell, const weir_actor *newer, const struct weir__message *config)
{
  const weir_actor *older = cell->type;
  struct weir__probe probe = {.version = older->version};
  if (strcmp(older->name, newer->name) != 0)
    return weir_error(WEIR_EINVAL, "%s is no newer version of %s", newer->name, older->name);
  if (older->runs != newer->runs || older->keeps_places != newer->keeps_places)
    return does_not_fit(newer, older, WEIR_EINVAL, "where it runs, or what it keeps, differs");
  if (weir__node_of(cell) && !same_outputs(older, newer)) /* it is wired as the older one was */
    return does_not_fit(newer, older, WEIR_ENOTSUP, "its outputs differ");
  newer->dispatch(&(weir__call){.probe = &probe});
  if (!probe.old_bytes) return does_not_fit(newer, older, WEIR_ENOTSUP, "it has no clause for that");
  if (probe.old_bytes != older->state_bytes)
    return does_not_fit(newer, older, WEIR_EINVAL, "its clause takes a state of another size");
  if (config && !(probe.config && weir_message_same(probe.config, config->type)))
    return does_not_fit(newer, older, WEIR_EINVAL, "it starts with another configuration");
  if (cell->became ||
      (weir__rare_of(cell) && weir__rare_of(cell)->handles)) /* both know the old state, or the old code */
    return does_not_fit(newer, older, WEIR_ENOTSUP, "not while it has libuv's handles, or another behaviour");
  return WEIR_OK;
}

static struct weir__outgoing *outgoing_of(const struct weir__cell *cell)
{
  return weir__rare_of(cell) ? weir__rare_of(cell)->outgoing : NULL;
}

/* The new version's state is in the cell then, zeroed. */
static int set_aside(struct weir__cell *cell, const weir_actor *newer, struct weir__message **config)
{
  const weir_actor *older = cell->type;
  struct weir__outgoing *out = weir__rare(cell) ? calloc(1, sizeof *out) : NULL;
  void *fresh = out && newer->state_bytes > WEIR__STATE_INLINE ? weir__state_make(newer->state_bytes) : NULL;
  if (!out || (!fresh && newer->state_bytes > WEIR__STATE_INLINE)) {
    free(out);
    return weir_error(WEIR_ENOMEM, "no memory for an actor's state");
  }
  out->type = older;
  out->state = older->state_bytes > WEIR__STATE_INLINE ? cell->small.state
                                                       : memcpy(out->small, cell->small.words, sizeof out->small);
  memset(cell->small.words, 0, sizeof cell->small.words);
  if (fresh) cell->small.state = fresh;
  if (config) {
    out->config = cell->extras->config;
    cell->extras->config = *config;
    *config = NULL;
  }
  cell->extras->rare->outgoing = out;
  set_type(cell, newer);
  return WEIR_OK;
}

WEIR__ENTRY_APART static int run_clause(const weir_actor *type, const weir__call *of)
{
  weir__call call = *of;
  int rc = type->dispatch(&call);
  if (rc == WEIR__THREW) weir__fail_as_noted();
  return rc == WEIR__UNHANDLED ? WEIR_OK
         : rc > 0              ? weir_error(WEIR_EINVAL, "a clause of %s returned %d", type->name, rc)
                               : rc;
}

static int start_and_take_over(struct weir__cell *cell)
{
  const struct weir__outgoing *out = cell->extras->rare->outgoing;
  struct weir__message *config = cell->extras->config;
  int rc = run_clause(cell->type, &(weir__call){.config = config ? config->type : NULL,
                                                .state = weir__state_of(cell),
                                                .payload = config ? weir__payload(config) : NULL,
                                                .hook = WEIR__START});
  if (rc) return rc;
  return run_clause(cell->type, &(weir__call){.state = weir__state_of(cell),
                                              .payload = out->state,
                                              .hook = WEIR__UPGRADE,
                                              .version = out->type->version});
}

void weir__outgoing_end(struct weir__cell *cell)
{
  struct weir__outgoing *out = outgoing_of(cell);
  if (!out || out->ended) return;
  out->ended = true;
  run_clause(out->type, &(weir__call){.state = out->state, .hook = WEIR__ENDED});
}

void weir__outgoing_free(struct weir__cell *cell)
{
  struct weir__outgoing *out = outgoing_of(cell);
  if (!out) return;
  size_t bytes = out->type->state_bytes;
  if (bytes > WEIR__STATE_INLINE) weir__depot_put(weir__depot_class(bytes), out->state);
  if (out->config) weir__message_end(out->config, WEIR__FREED);
  free(out);
  cell->extras->rare->outgoing = NULL;
}

/* The old state is put back where it was, since pointers to it may be anywhere. The new one is gone. */
static void put_back(struct weir__cell *cell, bool config)
{
  struct weir__outgoing *out = cell->extras->rare->outgoing;
  if (config) {
    weir__message_end(cell->extras->config, WEIR__FREED);
    cell->extras->config = out->config;
  }
  weir__state_free(cell, cell->type->state_bytes);
  set_type(cell, out->type);
  if (out->type->state_bytes > WEIR__STATE_INLINE)
    cell->small.state = out->state;
  else
    memcpy(cell->small.words, out->small, sizeof out->small);
  free(out);
  cell->extras->rare->outgoing = NULL;
}

/* `config`: with which it starts, to be taken; NULL: with what there is. */
static int upgrade(struct weir__cell *cell, const weir_actor *newer, struct weir__message **config)
{
  if (newer == cell->type) return WEIR_OK;
  int rc = check_newer(cell, newer, config ? *config : cell->extras->config);
  if (rc) return rc;
  rc = set_aside(cell, newer, config);
  if (rc) return rc;
  rc = start_and_take_over(cell);
  if (!rc) {
    weir__outgoing_end(cell);
    weir__outgoing_free(cell);
    return WEIR_OK;
  }
  struct weir__strand *s = weir__strand_here();
  struct weir__error why = s->error; /* an end clause may say more */
  run_clause(newer, &(weir__call){.state = weir__state_of(cell), .hook = WEIR__ENDED});
  put_back(cell, config != NULL);
  *weir__strand_error(s) = why;
  return rc;
}

/* Of another message, which goes with it. */
static int restart_with(struct weir__cell *cell, struct weir__message **config)
{
  if (!config || !*config) return weir_error(WEIR_EINVAL, "no configuration was given");
  int rc = check_type(cell, (*config)->type);
  return rc ? rc : keep_for_next(cell, config);
}

static int change(struct weir__cell *cell, struct weir__message *m)
{
  bool is_newer = weir_message_same(m->type, weir_message_weir__newer());
  const struct weir__newer *n = is_newer ? weir__payload(m) : NULL;
  if (!weir__extras(cell)) return WEIR_ENOMEM;
  if (n && n->type) return upgrade(cell, (const weir_actor *)(uintptr_t)n->type, held_in(n->config));
  if (n) return restart_with(cell, held_in(n->config));
  int rc = offer(cell, m);
  if (rc == WEIR_OK) take(cell, m);
  if (rc != WEIR_RESTART) return rc;
  rc = keep_for_next(cell, &m);
  if (!m) cell->in_hand = NULL;
  return rc;
}

int weir__change_handle(struct weir__cell *cell, struct weir__message *m)
{
  if (!weir__take_in_hand(cell, m)) return WEIR_OK;
  int rc = change(cell, m);
  weir__settle(cell, rc == WEIR_RESTART ? WEIR_OK : rc); /* who waits for the start is answered then */
  return rc == WEIR_RESTART ? WEIR_STOP : WEIR_OK;
}

struct weir__message *weir__config_to_start_with(struct weir__cell *cell)
{
  struct weir__extras *extras = cell->extras;
  if (!extras) return NULL;
  struct weir__rare *rare = extras->rare;
  if (rare && rare->next_config) {
    if (rare->goes_back)
      weir__message_end(extras->config, WEIR__FREED);
    else
      rare->before_config = extras->config;
    rare->goes_back = false;
    extras->config = rare->next_config;
    rare->next_config = NULL;
  }
  return extras->config;
}

static void answer_changer(struct weir__rare *rare, int code, const char *text)
{
  if (rare->changer) weir__answer(rare->changer, code, NULL, text);
  rare->changer = 0;
}

void weir__change_started(struct weir__cell *cell)
{
  struct weir__rare *rare = weir__rare_of(cell);
  if (!rare) return;
  if (rare->before_config) weir__message_end(rare->before_config, WEIR__FREED);
  rare->before_config = NULL;
  answer_changer(rare, WEIR_RESTART, NULL);
}

int weir__change_failed(struct weir__cell *cell, int code, const char *text)
{
  struct weir__rare *rare = weir__rare_of(cell);
  if (!rare || !rare->before_config || weir__ended_well(code)) return code;
  rare->next_config = rare->before_config;
  rare->before_config = NULL;
  rare->goes_back = true;
  answer_changer(rare, code, text);
  return WEIR_RESTART;
}

void weir__change_given_up(struct weir__cell *cell)
{
  answer_changer(cell->extras->rare, WEIR_EFAILED, "it has ended");
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

bool weir__field_differs(const weir_field *field, const void *before, const void *after)
{
  return !same_field(field, before, after);
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
