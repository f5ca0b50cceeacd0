/* edge.c: see edge.h.
 *
 * An edge has a cell of its own, so that it is a ref like any other. That cell is closed from the start: a send finds
 * it on its slow path. */
#include "actor/edge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/timer.h>

#include "actor/child.h"
#include "actor/dead_letter.h"
#include "actor/link.h"
#include "actor/node.h"
#include "actor/relay.h"
#include "actor/rewire.h"
#include "actor/stash.h"
#include "channel/line.h"
#include "channel/mpsc.h"
#include "platform/clock.h"
#include "runtime/strand.h"

#define FIRST_GIVEN UINT32_MAX /* what is sent is the one that is followed */
enum { RECORDS_MOST = 256, RECORDS_MANY = 8, ROOM_LEAST = 2 << 10, ROOM_MOST = WEIR__PLACE_BYTES, ALIGNMENT = 8 };

/* The payload of a batch: this, then the records, each behind its size. */
struct batch {
  const weir_message *type; /* of the records */
  uint32_t count, handled;  /* handled: how many are done with … */
  uint32_t at;              /* … and where the next one is, or the one in hand: bytes of the payload */
  uint32_t attempts;        /* how often that one was tried */
  bool given_up;            /* it failed its actor for the last time (E3) */
  bool shares;              /* the type's records may hold shares of bytes */
  bool follows;             /* some record is followed */
  uint32_t used, room;      /* bytes of the payload */
};
struct record {
  uint32_t bytes;    /* of the payload behind it, rounded up */
  uint32_t followed; /* its number among those that are followed; 0: it is not */
};

static const weir_message batch_type = {.name = "weir.batch", .file = __FILE__, .line = __LINE__};
static const weir_message end_type = {.name = "weir.end", .file = __FILE__, .line = __LINE__};

static size_t round_up(size_t n) { return (n + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1); }
static struct batch *batch_of(struct weir__message *m) { return weir__payload(m); }
/* The record that is the next to be handled, or is in hand. */
static struct record *record_in(struct batch *b) { return (struct record *)(void *)((char *)b + b->at); }
static struct record *first_of(struct weir__message *m) { return (struct record *)(void *)(batch_of(m) + 1); }

/* ---- making ---- */

/* Nothing is under way. */
static void unwire(struct edge *e)
{
  for (size_t i = 0; i < e->count; i++) {
    free(e->targets[i].instances);
    free(e->targets[i].batches);
    free(e->targets[i].field);
  }
  free(e->targets);
  e->targets = NULL;
  e->count = 0;
}

void weir__edge_free(struct edge *e)
{
  unwire(e);
  free(e->name);
  if (e->cell) weir__cell_untake(e->cell);
  free(e);
}

void weir__node_free(struct weir__graph_node *node)
{
  while (node->edges) {
    struct edge *e = node->edges;
    node->edges = e->next;
    weir__edge_free(e);
  }
  if (node->next) weir__rewiring_free(node->next);
  free(node);
}

static bool make_target(struct target *t, const struct weir__target *from)
{
  t->route = from->route;
  t->when_full = from->when_full;
  t->is_spare = from->is_spare;
  t->closes = from->closes;
  t->instances = calloc(from->count ? from->count : 1, sizeof *t->instances);
  t->batches = calloc(from->count ? from->count : 1, sizeof(struct weir__message *));
  t->field = from->field ? strdup(from->field) : NULL;
  if (!t->instances || !t->batches || (from->field && !t->field)) return false;
  memcpy(t->instances, from->instances, from->count * sizeof *t->instances);
  t->count = from->count; /* last: its actor may end with what there is of it */
  return true;
}

bool weir__edge_make(struct edge *e, struct weir__cell *owner, const char *name)
{
  e->owner = owner;
  e->node = weir__node_of(owner);
  e->room = ROOM_LEAST;
  e->name = strdup(name);
  e->cell = weir__cell_take();
  if (!e->name || !e->cell) return false;
  atomic_store_explicit(&e->cell->kind, WEIR__CELL_EDGE, memory_order_relaxed);
  e->cell->small.state = e;
  return true;
}

bool weir__edge_wire(struct edge *e, const struct weir__wiring *wiring)
{
  unwire(e);
  e->nowhere = wiring->nowhere;
  e->targets = wiring->count ? calloc(wiring->count, sizeof *e->targets) : NULL;
  if (wiring->count && !e->targets) return false;
  for (size_t i = 0; i < wiring->count; i++) {
    const struct weir__target *from = &wiring->targets[i];
    e->count = i + 1;
    if (!make_target(&e->targets[i], from)) return false;
    if (from->when_full == WEIR__FULL_DIVERTS) e->targets[i].instead = &e->targets[from->instead];
  }
  return true;
}

static int no_memory(void) { return weir_error(WEIR_ENOMEM, "no memory for an actor's edges"); }

static struct edge *edge_named(struct weir__graph_node *node, const char *name)
{
  struct edge *e = node->edges;
  while (e && strcmp(e->name, name) != 0) e = e->next;
  return e;
}

/* Behind the others. NULL: no memory. */
static struct edge *add_edge(struct weir__graph_node *node, struct weir__cell *cell, const char *name)
{
  struct edge **end = &node->edges;
  while (*end) end = &(*end)->next;
  *end = calloc(1, sizeof **end);
  return *end && weir__edge_make(*end, cell, name) ? *end : NULL;
}

static bool is_everybodys(const char *output)
{
  return strcmp(output, WEIR__FAILED_OUTPUT) == 0 || strcmp(output, WEIR__OPEN_OUTPUT) == 0;
}

/* What there is without an edge. */
static bool leads_to_dead_letters(const struct weir__wiring *w)
{
  return !w->count && w->nowhere == WEIR__DEAD_LETTERS;
}

void weir__node_knows(struct weir__graph_node *node, struct edge *e)
{
  struct edge *leads = !e->count && e->nowhere == WEIR__DEAD_LETTERS ? NULL : e;
  if (strcmp(e->name, WEIR__OPEN_OUTPUT) == 0) node->open = leads;
  if (strcmp(e->name, WEIR__FAILED_OUTPUT) == 0) node->failed = leads;
}

/* Outputs that are not in the list stay as they are. */
static int wire_all(struct weir__cell *cell, const struct weir__wiring *outputs, size_t count)
{
  struct weir__graph_node *node = weir__node_of(cell);
  for (size_t i = 0; i < count; i++) {
    const char *name = outputs[i].output;
    struct edge *e = edge_named(node, name);
    if (!e && !is_everybodys(name))
      return weir_error(WEIR_EINVAL, "%s has no output \"%s\"", weir__actor_name(cell), name);
    if (!e && leads_to_dead_letters(&outputs[i])) continue;
    if (!e) e = add_edge(node, cell, name);
    if (!e || !weir__edge_wire(e, &outputs[i])) return no_memory();
    weir__node_knows(node, e);
  }
  return WEIR_OK;
}

int weir__node_make(struct weir__cell *cell, const struct weir__wired *wired)
{
  struct weir__extras *extras = weir__extras(cell);
  struct weir__graph_node *node = extras ? calloc(1, sizeof *node) : NULL;
  if (!node) return no_memory();
  extras->node = node;
  cell->special |= WEIR__HAS_EDGES;
  atomic_store_explicit(&node->inputs_left, wired->inputs, memory_order_relaxed);
  node->ends_anyway = wired->ends_anyway;
  node->retries = wired->retries;
  node->retry_first = wired->retry_first;
  node->retry_most = wired->retry_most;
  node->breaker_failures = wired->breaker_failures;
  node->breaker_reset_ns = wired->breaker_reset.ns;
  node->ended = wired->ended;
  node->lost = wired->lost;
  node->dead_letter = wired->dead;
  node->takes = wired->takes;
  node->gives = wired->gives;
  node->arg = wired->arg;
  node->gives_first = wired->follows == WEIR__FOLLOWS_FIRST_GIVEN;
  if (node->gives_first) node->follows = FIRST_GIVEN;
  node->gets_first = wired->follows == WEIR__FOLLOWS_FIRST_GOT;
  node->step = wired->step;
  node->step_arg = wired->step_arg;
  const char *const *names = cell->type->outputs;
  static const char *const usual[] = {"out", NULL};
  for (size_t i = 0; i < 8 && (names[0] ? names : usual)[i]; i++)
    if (!add_edge(node, cell, (names[0] ? names : usual)[i])) return no_memory();
  return wire_all(cell, wired->outputs, wired->output_count);
}

int weir__wire(weir_ref ref, const struct weir__wiring *outputs, size_t count)
{
  return wire_all(weir__cell_known(weir__slot_of(ref)), outputs, count);
}

weir_ref weir__spawn_wired(const weir_actor *type, const weir_spawn_options *options, const struct weir__wired *wired)
{
  return weir__spawn_actor(type, options, wired);
}

weir_ref weir_output(const char *name)
{
  struct weir__cell *cell = weir__cell_here();
  struct weir__graph_node *node = cell ? weir__node_of(cell) : NULL;
  if (!node) return weir__ref_error_make(weir_error(WEIR_EINVAL, "only an actor of a topology has outputs"));
  weir__node_uses_edges(cell, node, false);
  struct edge *e = name ? edge_named(node, name) : NULL;
  if (e) return weir__ref_of(e->cell);
  return weir__ref_error_make(
      weir_error(WEIR_EINVAL, "%s has no output \"%s\"", weir__actor_name(cell), name ? name : ""));
}

/* ---- what is told of a record that is followed ---- */

static uint32_t tell_step(const struct weir__cell *cell, struct weir__step step)
{
  const struct weir__graph_node *node = weir__node_of(cell);
  step.actor = weir__actor_name(cell);
  return node->step(node->step_arg, &step);
}

static void tell_of(const struct weir__cell *cell, uint32_t record, int kind, int code, const char *text)
{
  if (WEIR__UNLIKELY(record != 0))
    tell_step(cell, (struct weir__step){.kind = kind, .record = record, .code = code, .text = text});
}

/* A record is in a batch, or goes nowhere: it comes of the one that is being handled, or is the first that a source gives.
 * Returns its number. */
WEIR__SLOW static uint32_t tell_sent(struct edge *e, weir_ref to, const weir_message *type, const void *value)
{
  struct weir__graph_node *node = e->node;
  if (node->follows == FIRST_GIVEN)
    node->follows = tell_step(e->owner, (struct weir__step){.kind = WEIR__STEP_GIVEN, .type = type, .value = value});
  if (!node->follows) return 0;
  return tell_step(
      e->owner,
      (struct weir__step){
          .kind = WEIR__STEP_SENT, .record = node->follows, .output = e->name, .to = to, .type = type, .value = value});
}

/* A source has sent something: was it the first? */
WEIR__SLOW static void first_is_given(struct edge *e)
{
  struct weir__graph_node *node = e->node;
  if (!node->gives_first || node->follows == FIRST_GIVEN) return;
  node->gives_first = false;
  tell_of(e->owner, node->follows, WEIR__STEP_DONE, WEIR_OK, NULL);
  node->follows = 0;
}

/* The numbers of those in a batch, from a record on: it may be gone by the time that there is something to tell. */
struct followed {
  uint32_t count, numbers[WEIR__FOLLOWED_MOST];
};

static void note_followed(struct followed *list, const struct batch *b)
{
  const char *at = (const char *)b + b->at;
  list->count = 0;
  for (uint32_t i = b->handled; b->follows && i < b->count; i++) {
    const struct record *r = (const struct record *)(const void *)at;
    if (r->followed && list->count < WEIR__FOLLOWED_MOST) list->numbers[list->count++] = r->followed;
    at += sizeof *r + r->bytes;
  }
}

static void tell_of_noted(const struct weir__cell *cell, const struct followed *list, int kind, int code,
                          const char *text)
{
  for (uint32_t i = 0; i < list->count; i++) tell_of(cell, list->numbers[i], kind, code, text);
}

WEIR__SLOW static void tell_of_all(const struct weir__cell *cell, const struct batch *b, int kind, int code,
                                   const char *text)
{
  struct followed list;
  note_followed(&list, b);
  tell_of_noted(cell, &list, kind, code, text);
}

/* ---- what is lost ---- */

static void tell_lost(struct weir__cell *cell, const weir_message *type, int code, const char *text)
{
  struct weir__graph_node *node = weir__node_of(cell);
  if (node && node->lost)
    node->lost(node->arg, weir__actor_name(cell), type->name, code, text ? text : weir_strerror(code));
  weir__tell_dead(cell, type, code, text, false);
}

void weir__lost(struct weir__cell *cell, struct weir__message *m, int code, const char *text)
{
  if ((!weir__node_of(cell) && !weir__somebody_listens()) || m->kind == WEIR__EDGE_END) return;
  if (m->kind != WEIR__BATCH) {
    tell_lost(cell, m->type, code, text);
    return;
  }
  /* The record in hand is among those that are lost: it was not finished. */
  struct batch *b = batch_of(m);
  for (uint32_t i = b->handled; i < b->count; i++) tell_lost(cell, b->type, code, text);
  if (b->follows && weir__node_of(cell)) tell_of_all(cell, b, WEIR__STEP_LOST, code, text);
}

/* ---- routes ---- */

static const weir_field *key_of(const weir_message *type, const char *name)
{
  for (size_t i = 0; i < type->count; i++)
    if (strcmp(type->fields[i].name, name) == 0) return &type->fields[i];
  return NULL;
}

/* Which instance gets the record; -1 (with a text): its type has no such field. */
static WEIR__INLINED ptrdiff_t pick(struct target *t, const weir_message *type, const void *value)
{
  if (t->count == 1) return 0;
  if (t->route == WEIR__ROUND_ROBIN) return (ptrdiff_t)(t->turn++ % t->count);
  if (t->resolved != type) t->key = key_of(type, t->field), t->resolved = type;
  if (!t->key) {
    weir_error(WEIR_EINVAL, "%s has no field \"%s\" to go by", type->name, t->field);
    return -1;
  }
  return (ptrdiff_t)((uint64_t)weir__field_hash(t->key, value) * t->count >> 32);
}

/* ---- batches ---- */

static struct weir__message *make_batch(struct edge *e, const weir_message *type, size_t record_bytes)
{
  size_t needed = sizeof(struct batch) + sizeof(struct record) + record_bytes;
  size_t room = needed > e->room ? needed : e->room;
  unsigned traits;
  struct weir__message *m = weir__type_know(type, &traits) ? NULL : weir__message_room(&batch_type, room);
  if (!m) {
    weir_error(WEIR_ENOMEM, "no memory for a batch");
    return NULL;
  }
  m->kind = WEIR__BATCH;
  *batch_of(m) = (struct batch){.type = type,
                                .at = sizeof(struct batch),
                                .used = sizeof(struct batch),
                                .room = (uint32_t)room,
                                .shares = (traits & WEIR__SHARES) != 0};
  return m;
}

/* A record was copied to the end of the batch, and with it belongs to the batch. */
static struct record *take_in(struct weir__message *m, struct record *r, size_t bytes)
{
  struct batch *b = batch_of(m);
  *r = (struct record){.bytes = (uint32_t)round_up(bytes)};
  b->used += (uint32_t)sizeof *r + r->bytes;
  b->count++;
  if (b->shares) m->shares = true;
  return r;
}

/* Behind the last record, if there is room for this one; NULL: there is none. */
static struct record *append(struct weir__message *m, const weir_message *type, const void *value)
{
  struct batch *b = batch_of(m);
  size_t left = b->room - b->used;
  struct record *r = (struct record *)(void *)((char *)b + b->used);
  if (b->type != type || b->count == RECORDS_MOST || left < sizeof *r) return NULL;
  size_t bytes = weir__copy_if_fits(type, value, r + 1, (left - sizeof *r) & ~(size_t)(ALIGNMENT - 1));
  return bytes ? take_in(m, r, bytes) : NULL;
}

/* Likewise, of a size that is known to fit: a batch was made for it. */
static void append_first(struct weir__message *m, const weir_message *type, const void *value, size_t bytes)
{
  struct batch *b = batch_of(m);
  struct record *r = (struct record *)(void *)((char *)b + b->used);
  weir__copy_value(type, value, r + 1, bytes);
  take_in(m, r, bytes);
}

/* One that was put into a batch has that number; 0: it is not followed. */
static void follow(struct weir__message *m, struct record *r, uint32_t number)
{
  r->followed = number;
  if (number) batch_of(m)->follows = true;
}

void weir__batch_release(struct weir__message *m)
{
  struct batch *b = batch_of(m);
  struct record *r = first_of(m);
  for (uint32_t i = 0; i < b->count; i++) {
    weir__release(b->type, r + 1);
    r = (struct record *)(void *)((char *)(r + 1) + r->bytes);
  }
  weir__message_wipe(m, b->type);
}

/* The next batch is as large as this one would have liked to be. */
static void learn_room(struct edge *e, const struct batch *b)
{
  bool many = b->count >= RECORDS_MOST;
  if (!many && b->used > b->room / 2 && e->room < ROOM_MOST && b->room >= e->room) e->room *= 2;
  if (many && b->used < b->room / 4 && e->room > ROOM_LEAST) e->room /= 2;
}

static void tell_records_lost(struct weir__cell *cell, const weir_message *type, uint32_t count, int code)
{
  char text[sizeof((struct weir__error *)0)->text];
  const char *known = weir__error_text_of(code);
  snprintf(text, sizeof text, "%s", known ? known : weir_strerror(code));
  while (count--) tell_lost(cell, type, code, text);
}

static void bury(struct weir__cell *cell, const weir_message *type, int code, const char *text)
{
  struct weir__graph_node *node = weir__node_of(cell);
  node->dead++;
  if (node->dead_letter) node->dead_letter(node->arg, weir__actor_name(cell), type->name, code, text);
  weir__tell_dead(cell, type, code, text, false);
}

static void bury_records(struct weir__cell *cell, const weir_message *type, uint32_t count)
{
  while (count--) bury(cell, type, WEIR_EDEAD, "its receiver was removed, and did not end in time");
}

static bool is_pending(const struct weir__graph_node *node)
{
  return atomic_load_explicit(&node->wiring, memory_order_relaxed) == WEIR__EDGES_PENDING;
}

/* Owns the message, but for WEIR_EFULL without `waits`. */
static int deliver(weir_ref to, struct weir__message *m, bool waits)
{
  struct weir__parcel p = {.type = m->type, .message = m, .deadline = INT64_MAX, .bytes = m->payload_bytes};
  struct weir__cell *cell = weir__cell_at(weir__slot_of(to));
  uint32_t generation = weir__generation_of(to);
  int rc = waits ? weir__cell_send(cell, generation, &p, INT64_MAX, WEIR_EDEAD)
                 : weir__cell_try(cell, generation, &p, WEIR_EDEAD);
  if (rc && (rc != WEIR_EFULL || waits)) weir__parcel_drop(&p);
  return rc;
}

/* As deliver(), of a batch with records that are followed; what becomes of them is told. */
WEIR__SLOW static int deliver_followed(struct edge *e, weir_ref to, struct weir__message *m, bool waits,
                                       bool may_be_gone)
{
  struct followed list;
  note_followed(&list, batch_of(m));
  int rc = deliver(to, m, waits);
  int kind = rc != WEIR_EDEAD      ? WEIR__STEP_LOST
             : may_be_gone         ? WEIR__STEP_DROPPED
             : is_pending(e->node) ? WEIR__STEP_DEAD
                                   : WEIR__STEP_LOST;
  if (rc && (rc != WEIR_EFULL || waits)) tell_of_noted(e->owner, &list, kind, rc, weir__error_text_of(rc));
  return rc;
}

/* Likewise. `may_be_gone`: then what is sent is dropped. */
static int post(struct edge *e, weir_ref to, struct weir__message *m, bool waits, bool may_be_gone)
{
  bool is_batch = m->kind == WEIR__BATCH;
  uint32_t records = is_batch ? batch_of(m)->count : 0;
  const weir_message *type = is_batch ? batch_of(m)->type : m->type;
  bool follows = WEIR__UNLIKELY(is_batch && batch_of(m)->follows);
  int rc = follows ? deliver_followed(e, to, m, waits, may_be_gone) : deliver(to, m, waits);
  if (!rc || (rc == WEIR_EFULL && !waits)) return rc;
  if (rc == WEIR_EDEAD && may_be_gone) {
    e->dropped += records;
    return WEIR_OK;
  }
  if (rc == WEIR_EDEAD && is_pending(e->node)) { /* its receiver was removed, and had to be killed */
    bury_records(e->owner, type, records);
    return WEIR_OK;
  }
  tell_records_lost(e->owner, type, records, rc);
  return rc;
}

static int divert(struct edge *e, struct target *t, struct weir__message *m);

/* Its records were accepted: so it is passed on also after a stop. Only a kill ends that wait. For a place it waits where that is
 * what the edge does; others may go first in any case. */
static int post_waiting(struct edge *e, const struct target *t, weir_ref to, struct weir__message *m)
{
  struct weir__strand *s = weir__strand_here();
  uint32_t heeds = s->heeds;
  s->heeds = heeds ? WEIR__KILLED : 0;
  e->node->inside++;
  weir__spend_budget(); /* without memory to give way it goes on */
  int rc = post(e, to, m, t->when_full == WEIR__FULL_WAITS, t->closes);
  e->node->inside--;
  s->heeds = heeds;
  return rc;
}

/* Sends the batch under way to one instance, or does with it what is to be done where that is full. Without `waits` it may
 * come back with WEIR_EFULL: then it is still under way. */
static int send_off(struct edge *e, struct target *t, size_t i, bool waits)
{
  struct weir__message *m = t->batches[i];
  if (!m) return WEIR_OK;
  t->batches[i] = NULL; /* while we wait, others of this actor are sent off, too */
  learn_room(e, batch_of(m));
  m->payload_bytes = batch_of(m)->used;
  int rc = waits ? post_waiting(e, t, t->instances[i], m) : post(e, t->instances[i], m, false, t->closes);
  if (rc != WEIR_EFULL || (waits && t->when_full == WEIR__FULL_WAITS)) return rc;
  if (t->when_full == WEIR__FULL_DROPS) {
    e->dropped += batch_of(m)->count;
    if (batch_of(m)->follows)
      tell_of_all(e->owner, batch_of(m), WEIR__STEP_DROPPED, WEIR_EFULL, "its receiver is full");
    weir__message_end(m, WEIR__UNSENT);
    return WEIR_OK;
  }
  if (waits) return divert(e, t, m);
  m->payload_bytes = batch_of(m)->room;
  t->batches[i] = m;
  return rc;
}

/* A record that takes more places than the mailbox has can never be sent: better to know before it is in a batch. */
static int check_size(weir_ref to, const weir_message *type, size_t bytes)
{
  uint32_t places = weir__places(sizeof(struct batch) + sizeof(struct record) + bytes + ALIGNMENT);
  uint32_t capacity = atomic_load_explicit(&weir__cell_known(weir__slot_of(to))->capacity, memory_order_relaxed);
  if (places <= capacity || places == 1) return WEIR_OK;
  return weir_error(WEIR_ERANGE, "a %s of %zu bytes takes %u places, and the mailbox has %u", type->name, bytes, places,
                    capacity);
}

/* There is no batch under way, or no room in it: then the record is the first of a new one. */
static int begin_batch(struct edge *e, struct target *t, size_t i, const weir_message *type, const void *value,
                       bool waits)
{
  size_t bytes;
  int rc = weir__measure(type, value, &bytes);
  if (!rc && bytes > WEIR__PLACE_BYTES / 2) rc = check_size(t->instances[i], type, bytes);
  if (!rc && t->batches[i]) {
    rc = send_off(e, t, i, waits);
    if (!rc && waits && weir_cancelled()) rc = weir_error(WEIR_ECANCELED, "told to stop"); /* this one is in no batch */
  }
  if (rc) return rc;
  t->batches[i] = make_batch(e, type, round_up(bytes));
  if (!t->batches[i]) return WEIR_ENOMEM;
  append_first(t->batches[i], type, value, bytes);
  return WEIR_OK;
}

/* WEIR_ECANCELED: its actor was killed, and the record is in no batch. */
static int divert_record(struct edge *e, struct target *t, const weir_message *type, const struct record *from)
{
  ptrdiff_t i = pick(t, type, from + 1);
  struct record *r = i >= 0 && t->batches[i] ? append(t->batches[i], type, from + 1) : NULL;
  if (!r) {
    int rc = i < 0 ? WEIR_EINVAL : send_off(e, t, (size_t)i, true); /* if it fails, that is told */
    if (rc == WEIR_ECANCELED) return rc;
    if (i >= 0) rc = begin_batch(e, t, (size_t)i, type, from + 1, true);
    if (rc) tell_lost(e->owner, type, rc, weir__error_text_of(rc));
    if (rc) tell_of(e->owner, from->followed, WEIR__STEP_LOST, rc, weir__error_text_of(rc));
    if (rc) return WEIR_OK;
    r = first_of(t->batches[i]);
  }
  if (!from->followed) return WEIR_OK;
  follow(t->batches[i], r, from->followed);
  tell_step(e->owner,
            (struct weir__step){.kind = WEIR__STEP_DIVERTED, .record = from->followed, .to = t->instances[i]});
  return WEIR_OK;
}

/* Its receiver is full: another one gets what is in it, also if its sender is told to stop meanwhile. One that is killed comes
 * back from here first: what lies in these frames has an end then (F2). */
static int divert(struct edge *e, struct target *t, struct weir__message *m)
{
  struct batch *b = batch_of(m);
  int rc = WEIR_OK;
  e->diverted += b->count;
  for (; b->handled < b->count; b->handled++) {
    struct record *r = record_in(b);
    rc = divert_record(e, t->instead, b->type, r);
    if (rc) break;
    b->at += (uint32_t)sizeof *r + r->bytes;
  }
  if (rc) weir__lost(e->owner, m, rc, "its sender was killed");
  weir__message_end(m, rc ? WEIR__UNSENT : WEIR__FREED);
  return rc;
}

/* It is in a batch: that is told of one that is followed. */
WEIR__SLOW static void follow_sent(struct edge *e, struct target *t, size_t i, struct record *r)
{
  struct weir__message *m = t->batches[i];
  follow(m, r, tell_sent(e, t->instances[i], batch_of(m)->type, r + 1));
}

/* `follows`: the node says so, which is looked at once for all targets. */
static WEIR__INLINED int send_to(struct edge *e, struct target *t, const weir_message *type, const void *value,
                                 bool waits, bool follows)
{
  ptrdiff_t i = pick(t, type, value);
  if (i < 0) return WEIR_EINVAL;
  struct weir__message *m = t->batches[i];
  struct record *r = m ? append(m, type, value) : NULL;
  if (!r) {
    int begun = begin_batch(e, t, (size_t)i, type, value, waits);
    if (!begun && follows) follow_sent(e, t, (size_t)i, first_of(t->batches[i]));
    return begun;
  }
  if (follows) follow_sent(e, t, (size_t)i, r);
  int rc = batch_of(m)->count == RECORDS_MOST ? send_off(e, t, (size_t)i, waits) : WEIR_OK;
  return rc == WEIR_EFULL ? WEIR_OK : rc; /* it is in the batch */
}

/* An output that leads to nobody. */
static void send_nowhere(struct edge *e, const weir_message *type)
{
  if (e->nowhere == WEIR__UNWIRED) tell_lost(e->owner, type, WEIR_EDEAD, "the output is not wired");
  if (e->nowhere != WEIR__DEAD_LETTERS) return;
  e->node->dead++;
  weir__tell_dead(e->owner, type, WEIR_EDEAD, "its output is the dead letters", false);
}

static void tell_given(const struct weir__cell *owner, const char *output, const weir_message *type, const void *value)
{
  const struct weir__graph_node *node = weir__node_of(owner);
  if (node->gives) node->gives(node->arg, output, type, value);
}

/* As weir__edge_send(), of a record that is followed. */
WEIR__SLOW static int send_followed(struct edge *e, const weir_message *type, const void *value, bool waits)
{
  static const int ends[] = {[WEIR__UNWIRED] = WEIR__STEP_LOST,
                             [WEIR__DISCARDED] = WEIR__STEP_DISCARDED,
                             [WEIR__DEAD_LETTERS] = WEIR__STEP_DEAD};
  int rc = WEIR_OK;
  if (!e->count) tell_of(e->owner, tell_sent(e, (weir_ref){0}, type, value), ends[e->nowhere], WEIR_OK, NULL);
  if (!e->count) send_nowhere(e, type);
  for (size_t i = 0; i < e->count && !rc; i++)
    if (!e->targets[i].is_spare) rc = send_to(e, &e->targets[i], type, value, waits, true);
  first_is_given(e);
  return rc;
}

int weir__edge_send(struct weir__cell *cell, const weir_message *type, const void *value, bool waits,
                    int64_t deadline_ns)
{
  struct edge *e = cell->small.state;
  int rc = WEIR_OK;
  struct weir__cell *here = weir__cell_here();
  if (!here || e->owner != here) return weir__misuse(WEIR_EINVAL, "an output is for the actor that it belongs to");
  if (waits && deadline_ns != INT64_MAX)
    return weir_error(WEIR_EINVAL, "an output takes weir_send() and weir_try_send()");
  weir__node_uses_edges(here, e->node, waits);
  if (WEIR__UNLIKELY(e->node->follows)) return send_followed(e, type, value, waits);
  if (!e->count) send_nowhere(e, type);
  for (size_t i = 0; i < e->count && !rc; i++)
    if (!e->targets[i].is_spare) rc = send_to(e, &e->targets[i], type, value, waits, false);
  if (WEIR__UNLIKELY(e->node->gives != NULL) && !rc) tell_given(e->owner, e->name, type, value);
  return rc;
}

bool weir__is_edge(weir_ref ref)
{
  struct weir__cell *cell = weir_ref_error(ref) ? NULL : weir__cell_at(weir__slot_of(ref));
  return cell && atomic_load_explicit(&cell->kind, memory_order_relaxed) == WEIR__CELL_EDGE &&
         weir__is_relay(cell, ref);
}

int weir__edge_forward(weir_ref to)
{
  struct weir__cell *cell = weir__cell_here();
  struct weir__message *m = cell ? cell->in_hand : NULL;
  if (!m || weir__strand_here()->asker)
    return weir__misuse(WEIR_EINVAL, "an output takes the record in hand, and there is none");
  struct weir__cell *edge = weir__cell_at(weir__slot_of(to));
  if (m->kind != WEIR__BATCH) return weir__edge_send(edge, m->type, weir__payload(m), true, INT64_MAX);
  return weir__edge_send(edge, batch_of(m)->type, record_in(batch_of(m)) + 1, true, INT64_MAX);
}

int weir__no_edge(const struct weir__cell *to)
{
  struct weir__cell *here = weir__cell_here();
  if (!here || here == to || !weir__node_of(here)) return WEIR_OK;
  return weir_error(
      WEIR_EINVAL,
      "%s has no edge to the actor that it sends to: an actor of a topology sends to others by its outputs",
      weir__actor_name(here));
}

/* ---- a turn, a wait, the end ---- */

/* One that is held (spawn.c) may still come to nothing: what it has sent stays where it is. */
static bool is_held(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->work.flags, memory_order_relaxed) & WEIR__HELD;
}

/* N2: while they are not its own, nothing is under way. It has left them itself, so it needs no order to see that. */
static bool has_left_edges(const struct weir__graph_node *node)
{
  uint32_t state = atomic_load_explicit(&node->wiring, memory_order_relaxed);
  return state == WEIR__EDGES_PARKED || state == WEIR__EDGES_CLAIMED;
}

void weir__node_send_off(struct weir__cell *cell)
{
  struct weir__graph_node *node = weir__node_of(cell);
  if (!node || is_held(cell) || has_left_edges(node)) return;
  for (struct edge *e = node->edges; e; e = e->next)
    for (size_t t = 0; t < e->count; t++)
      for (size_t i = 0; i < e->targets[t].count; i++) send_off(e, &e->targets[t], i, true);
  weir__node_leaves_edges(cell, node);
}

static void flush_here(void) { weir__node_flush(weir__cell_here()); }

void weir__node_begins_turn(void)
{
  weir__strand_here()->before_wait = flush_here;
  weir__node_of(weir__cell_here())->inside = 0; /* a fiber that was dropped has left it as it was */
}

int weir__input_ends(weir_ref to)
{
  struct weir__message *m = weir__message_room(&end_type, 8);
  if (!m) return weir_error(WEIR_ENOMEM, "no memory for the end of an input");
  m->kind = WEIR__EDGE_END;
  m->payload_bytes = 0; /* so it takes no place, and nobody waits for one */
  struct weir__cell *cell = weir__cell_known(weir__slot_of(to));
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  bool there = weir__is_there(cell, to);
  uintptr_t wake = there ? weir__mpsc_push(cell, m) : 0;
  weir__bucket_unlock(bucket);
  weir__cell_wake(cell, wake);
  if (!there) weir__message_end(m, WEIR__UNSENT);
  return WEIR_OK;
}

/* Who can't be told so, for want of memory, would wait for ever: it is to end with what it has. */
static void send_end(struct edge *e, weir_ref to)
{
  int rc = weir__input_ends(to);
  if (!rc) return;
  tell_lost(e->owner, &end_type, rc, NULL);
  weir_drain(to);
}

static void drop_batch(struct edge *e, struct weir__message **at, int code, const char *text)
{
  struct weir__message *m = *at;
  *at = NULL;
  if (!m) return;
  weir__lost(e->owner, m, code, text);
  weir__message_end(m, WEIR__UNSENT);
}

static void drop_batches(struct edge *e, int code, const char *text)
{
  for (size_t t = 0; t < e->count; t++)
    for (size_t i = 0; i < e->targets[t].count; i++) drop_batch(e, &e->targets[t].batches[i], code, text);
}

static void tell_ending(struct weir__cell *cell, const struct weir__graph_node *node, int code, const char *text)
{
  struct weir__ending ending = {.actor = weir__ref_of(cell),
                                .name = weir__actor_name(cell),
                                .code = code,
                                .text = text,
                                .high_water = atomic_load_explicit(&cell->high_water, memory_order_relaxed),
                                .capacity = atomic_load_explicit(&cell->capacity, memory_order_relaxed)};
  ending.turned_away = node->turned_away;
  ending.dead = node->dead;
  for (const struct edge *e = node->edges; e; e = e->next) {
    ending.dropped += e->dropped;
    ending.diverted += e->diverted;
  }
  if (node->ended) node->ended(node->arg, &ending);
}

static void send_ends(struct edge *e)
{
  for (size_t t = 0; t < e->count; t++)
    for (size_t i = 0; i < e->targets[t].count && !e->targets[t].closes; i++) send_end(e, e->targets[t].instances[i]);
}

/* Its end is told before those downstream learn of it, which may have ended by the time that it is sent. */
void weir__node_end(struct weir__cell *cell, int code, const char *text)
{
  struct weir__graph_node *node = weir__node_of(cell);
  if (!node) return;
  bool sends;
  struct weir__rewiring *pending = weir__node_ends(cell, node, &sends);
  sends = sends || !code || is_held(cell);
  weir__strand_here()->before_wait = NULL;
  weir__strand_here()->heeds = WEIR__KILLED; /* what was handled is passed on, also after a stop */
  if (sends) weir__node_flush(cell);
  for (struct edge *e = node->edges; e; e = e->next) drop_batches(e, code, text);
  if (pending) weir__rewiring_put(node, pending);
  tell_ending(cell, node, code, text);
  for (struct edge *e = node->edges; e && sends; e = e->next) send_ends(e);
  weir__strand_here()->heeds = 0;
}

/* ---- downstream ---- */

static bool told_to_stop(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->work.flags, memory_order_relaxed) & WEIR__STOPPING;
}

/* Clauses compare tables first, and with many records it pays to have them find their own. Should the actor become
 * something else meanwhile, it is still the same type. */
static const weir_message *type_of_records(const struct weir__cell *cell, const struct batch *b)
{
  const weir_message *own = b->count >= RECORDS_MANY ? weir__clause_for(cell, b->type) : NULL;
  return own ? own : b->type;
}

/* How long to wait before the n-th repetition. */
static weir_duration wait_before(const struct weir__graph_node *node, unsigned n)
{
  int64_t ns = node->retry_first.ns, most = node->retry_most.ns;
  while (--n && ns < INT64_MAX / 2 && (!most || ns < most)) ns *= 2;
  return WEIR__NS(most && ns > most ? most : ns);
}

/* The record in hand, which is not handled, goes along `e`, if there is such an edge. One that its actor's stop cut off, or
 * for which there was no memory, was not refused: it is lost. */
static void pass_by(struct weir__cell *cell, struct edge *e, const char *output, struct batch *b, int code,
                    const char *text)
{
  struct record *r = record_in(b);
  if (!e && !told_to_stop(cell) && code != WEIR_ENOMEM) {
    tell_given(cell, output, b->type, r + 1);
    bury(cell, b->type, code, text);
    tell_of(cell, r->followed, WEIR__STEP_DEAD, code, text);
  } else if (!e || weir__edge_send(e->cell, b->type, r + 1, true, INT64_MAX)) {
    tell_lost(cell, b->type, code, text);
    tell_of(cell, r->followed, WEIR__STEP_LOST, code, text);
  }
}

/* N2: what the node says of failures is changed with the edges, while its actor waits. */
static void uses_node(struct weir__cell *cell) { weir__node_uses_edges(cell, weir__node_of(cell), false); }

/* It was refused, or failed its actor, for the last time. */
static void give_up(struct weir__cell *cell, struct batch *b, int code, const char *text)
{
  uses_node(cell);
  pass_by(cell, weir__node_of(cell)->failed, WEIR__FAILED_OUTPUT, b, code, text);
}

/* ---- the breaker of an actor of a topology: it gets its records all the same, and sends them elsewhere ---- */

static bool breaker_is_open(const struct weir__graph_node *node)
{
  return node->breaker_failures && node->failed_in_a_row >= node->breaker_failures;
}

/* Open, and its time is not over: else one record is let through, and closes it, or opens it anew. */
static bool breaker_turns_away(const struct weir__graph_node *node)
{
  return WEIR__UNLIKELY(breaker_is_open(node)) && weir__now_ns() - node->opened_ns < node->breaker_reset_ns;
}

static void breaker_hears(struct weir__graph_node *node, bool well)
{
  if (!node->breaker_failures) return;
  node->failed_in_a_row = well ? 0 : node->failed_in_a_row + !breaker_is_open(node);
  if (breaker_is_open(node)) node->opened_ns = weir__now_ns();
}

static void turn_away(struct weir__cell *cell, struct batch *b)
{
  static const char why[] = "its breaker is open";
  struct weir__graph_node *node = weir__node_of(cell);
  node->turned_away++;
  tell_of(cell, record_in(b)->followed, WEIR__STEP_REFUSED, WEIR_EOPEN, why);
  pass_by(cell, node->open, WEIR__OPEN_OUTPUT, b, WEIR_EOPEN, why);
}

/* The record in hand. `attempts` is in the batch, as the actor may come again in between (E3). */
static int handle_record(struct weir__cell *cell, struct batch *b, const weir_message *type)
{
  struct weir__graph_node *node = weir__node_of(cell);
  struct record *r = record_in(b);
  for (;;) {
    uses_node(cell);
    if (breaker_turns_away(node)) {
      turn_away(cell, b);
      return WEIR_OK;
    }
    if (WEIR__UNLIKELY(node->takes != NULL) && !b->attempts) node->takes(node->arg, b->type, r + 1);
    weir__strand_message(weir__strand_here(), 0, INT64_MAX);
    int rc = weir__handle(cell, type, r + 1, NULL);
    bool well = !rc || rc == WEIR_STOP;
    uses_node(cell);
    if (well || !weir_cancelled()) breaker_hears(node, well);
    if (well) return rc;
    char text[sizeof((struct weir__error *)0)->text];
    const char *known = weir__error_text_of(rc);
    snprintf(text, sizeof text, "%s", known ? known : weir_strerror(rc));
    tell_of(cell, r->followed, WEIR__STEP_REFUSED, rc, text);
    if (b->attempts < node->retries && !told_to_stop(cell) && !weir_sleep(wait_before(node, ++b->attempts))) continue;
    give_up(cell, b, rc, text);
    return WEIR_OK;
  }
}

/* If the record in hand is followed, or is to be: what is sent from now on comes of it. */
WEIR__SLOW static void begin_to_follow(struct weir__cell *cell, struct weir__message *m)
{
  struct weir__graph_node *node = weir__node_of(cell);
  struct batch *b = batch_of(m);
  struct record *r = record_in(b);
  if (!r->followed && !node->gets_first) return;
  if (!r->followed)
    follow(m, r, tell_step(cell, (struct weir__step){.kind = WEIR__STEP_GOT, .type = b->type, .value = r + 1}));
  node->gets_first = false;
  tell_of(cell, r->followed, WEIR__STEP_BEGUN, WEIR_OK, NULL);
  node->follows = r->followed;
}

WEIR__SLOW static void end_to_follow(struct weir__cell *cell, struct batch *b)
{
  weir__node_of(cell)->follows = 0;
  tell_of(cell, record_in(b)->followed, WEIR__STEP_DONE, WEIR_OK, NULL);
}

static void go_on_to_next(struct batch *b)
{
  b->at += (uint32_t)sizeof(struct record) + record_in(b)->bytes;
  b->handled++;
  b->attempts = 0;
}

/* Its actor failed with it, and has come again. */
static void give_up_what_failed(struct weir__cell *cell, struct batch *b)
{
  b->given_up = false;
  weir__node_of(cell)->follows = record_in(b)->followed;
  give_up(cell, b, WEIR_EFAILED, "its actor failed with it");
  end_to_follow(cell, b);
  go_on_to_next(b);
}

/* It was told to end in the midst of a batch, to be restarted with another one: its next incarnation goes on with that. */
static bool comes_again(const struct weir__cell *cell)
{
  uint32_t flags =
      atomic_load_explicit(&cell->work.flags, memory_order_relaxed); /* all set with STOPPING, which was seen */
  return (flags & (WEIR__VICTIM | WEIR__FOR_GOOD)) == WEIR__VICTIM && weir__keeps_places(cell) &&
         cell->extras->rare->kept->hand;
}

int weir__batch_handle(struct weir__cell *cell, struct weir__message *m)
{
  struct weir__graph_node *node = weir__node_of(cell);
  struct batch *b = batch_of(m);
  const weir_message *type = type_of_records(cell, b);
  int rc = WEIR_OK;
  cell->in_hand = m;
  weir__strand_takes(weir__strand_here(), b->type);
  bool follows = b->follows || node->gets_first; /* some record here */
  if (b->given_up) give_up_what_failed(cell, b);
  while (b->handled < b->count && rc != WEIR_STOP && !told_to_stop(cell)) {
    if (WEIR__UNLIKELY(follows)) begin_to_follow(cell, m);
    rc = handle_record(cell, b, type);
    if (WEIR__UNLIKELY(follows)) end_to_follow(cell, b);
    go_on_to_next(b);
  }
  if (b->handled < b->count && rc != WEIR_STOP && comes_again(cell)) {
    cell->in_hand = NULL;
    weir__hand_to_queue(cell, m);
    return WEIR_OK;
  }
  if (b->handled < b->count) weir__lost(cell, m, WEIR_EDEAD, "its actor was stopped");
  cell->in_hand = NULL;
  struct weir__worker *w = weir__worker_here();
  if (w) weir__worker_did(w, (int)(b->count / 8)); /* else on the blocking pool */
  weir__message_end(m, WEIR__HANDLED);
  return rc == WEIR_STOP ? WEIR_STOP : WEIR_OK;
}

bool weir__batch_again(struct weir__cell *cell, struct weir__message *m)
{
  struct weir__graph_node *node = weir__node_of(cell);
  uses_node(cell);
  if (m->kind == WEIR__BATCH) {
    struct batch *b = batch_of(m);
    b->given_up = b->attempts >= node->retries;
    b->attempts++;
    breaker_hears(node, false);
    tell_of(cell, record_in(b)->followed, WEIR__STEP_FAILED, WEIR_EFAILED, "its actor failed with it");
    node->follows = 0;
  } else {
    atomic_fetch_add_explicit(&node->inputs_left, 1,
                              memory_order_relaxed); /* the last end of them all comes once more */
  }
  cell->in_hand = NULL;
  weir__hand_to_queue(cell, m);
  return true;
}

/* The last of the inputs has ended. */
static int inputs_ended(struct weir__cell *cell)
{
  static const struct weir_inputs_ended nothing;
  const weir_message *type = weir_message_weir_inputs_ended();
  weir__strand_message(weir__strand_here(), 0, INT64_MAX);
  if (!weir__clause_for(cell, type)) return WEIR_STOP;
  int rc = weir__handle(cell, type, &nothing, NULL);
  if (rc && rc != WEIR_STOP) weir_fail(rc, "%s", weir__error_text_of(rc) ? weir__error_text_of(rc) : weir_strerror(rc));
  return WEIR_STOP;
}

int weir__edge_ended(struct weir__cell *cell, struct weir__message *m)
{
  struct weir__graph_node *node = weir__node_of(cell);
  cell->in_hand = m;
  bool last = node && atomic_fetch_sub_explicit(&node->inputs_left, 1, memory_order_relaxed) == 1;
  int rc = last ? inputs_ended(cell) : WEIR_OK;
  cell->in_hand = NULL;
  weir__message_end(m, WEIR__HANDLED);
  return rc;
}
