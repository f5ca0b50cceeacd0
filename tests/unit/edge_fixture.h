/* edge_fixture.h: for the tests of edges: small graphs wired by hand: a source, what passes on, and a sink that notes
 * what it gets. */
#ifndef WEIR_TESTS_EDGE_FIXTURE_H
#define WEIR_TESTS_EDGE_FIXTURE_H

#include "actor/edge.h"
#include "unit/actor_fixture.h"

struct record {
  int64_t n;
  const char *key;
  weir_bytes bytes;
};
WEIR_MESSAGE(record, WEIR_FIELD(n), WEIR_FIELD(key), WEIR_FIELD(bytes));
/* Tells a source to send `count` records of so many bytes. */
struct produce {
  int64_t count;
  size_t bytes;
  const char *output;
  bool tries, goes_on, fails, shares;
};
WEIR_MESSAGE(produce, WEIR_FIELD(count), WEIR_FIELD(bytes), WEIR_FIELD(output), WEIR_FIELD(tries), WEIR_FIELD(goes_on),
             WEIR_FIELD(fails), WEIR_FIELD(shares));
struct instance {
  int64_t index;
};
WEIR_MESSAGE(instance, WEIR_FIELD(index));

enum { INSTANCES = 4, KEYS = 100, NOTES = 16, REFUSED = 13, BREAKING = 777 };

static char filling[1 << 20];

/* What was seen of a graph. Instances have their own numbers; the callbacks may come from any worker. */
static struct {
  bool refuses, breaks; /* what the drain does with REFUSED and BREAKING */
  int64_t records[INSTANCES], last[INSTANCES], bytes[INSTANCES];
  int64_t keys[INSTANCES][KEYS];
  bool unordered, inputs_ended[INSTANCES];
  int64_t sent;
  int rc; /* of the source's last send */
  char text[128];
  struct weir__ending endings[NOTES];
  char ending_texts[NOTES][128];
  _Atomic(int) noted, ended, lost, dead; /* ended: noted in full */
  _Atomic(int) told;                     /* of both */
  int lost_code;                         /* of the first that was lost, or became a dead letter */
  char lost_text[128];
} seen;

static inline void note_ended(void *arg, const struct weir__ending *ending)
{
  int i = atomic_fetch_add(&seen.noted, 1);
  if (i >= NOTES) abort();
  seen.endings[i] = *ending;
  snprintf(seen.ending_texts[i], sizeof seen.ending_texts[i], "%s", ending->text ? ending->text : "");
  atomic_fetch_add((_Atomic(int) *)arg, 1); /* from now on it may be read, if all that were noted before may, too */
}

static inline void note_first(const char *actor, const char *message, int code, const char *text)
{
  if (atomic_fetch_add(&seen.told, 1)) return;
  seen.lost_code = code;
  snprintf(seen.lost_text, sizeof seen.lost_text, "%s/%s: %s", actor, message, text);
}
static inline void note_lost(void *arg, const char *actor, const char *message, int code, const char *text)
{
  (void)arg;
  note_first(actor, message, code, text);
  atomic_fetch_add(&seen.lost, 1);
}
static inline void note_dead(void *arg, const char *actor, const char *message, int code, const char *text)
{
  (void)arg;
  note_first(actor, message, code, text);
  atomic_fetch_add(&seen.dead, 1);
}

static inline void expect_told(int lost, int dead)
{
  assert_int_equal(atomic_load(&seen.lost), lost);
  assert_int_equal(atomic_load(&seen.dead), dead);
}

/* ---- actor types ---- */

struct source {
  WEIR_EMPTY;
};
static inline int source_send(const struct produce *m, int64_t n)
{
  char key[16];
  snprintf(key, sizeof key, "key %d", (int)(n % KEYS));
  struct record r = {.n = n, .key = key, .bytes = {filling, m->bytes, NULL}};
  if (m->shares) r.bytes = weir_bytes_leave(weir_bytes_copy(filling, m->bytes));
  weir_ref out = weir_output(m->output ? m->output : "out");
  return m->tries ? weir_try_send_value(out, WEIR_AT(record, &r)) : weir_send_value(out, WEIR_AT(record, &r));
}
static inline int source_produce(struct source *s, const struct produce *m)
{
  (void)s;
  for (int64_t n = 0; n < m->count; n++) {
    seen.rc = source_send(m, n);
    if (seen.rc) snprintf(seen.text, sizeof seen.text, "%s", weir_error_text());
    if (seen.rc) break;
    seen.sent++;
  }
  if (m->fails) weir_fail(WEIR_EUSER(1), "the source is broken");
  return m->goes_on ? WEIR_OK : WEIR_STOP;
}
static inline int source_hold(struct source *s, const struct hold *h)
{
  (void)s;
  seen.rc = source_send(&(struct produce){.count = 1}, 0);
  int rc = gate_stand(h);
  return rc ? rc : WEIR_STOP;
}
WEIR_ACTOR(source, WEIR_ON(produce, source_produce) WEIR_ON(hold, source_hold));
__attribute__((unused)) static const weir_actor two_outputs = {.name = "two_outputs",
                                                               .state_bytes = sizeof(struct source),
                                                               .dispatch = weir_dispatch_source,
                                                               .outputs = {"left", "right"}};

struct relay {
  WEIR_EMPTY;
};
static inline int relay_record(struct relay *r, const struct record *m)
{
  (void)r;
  return weir_send_value(weir_output("out"), WEIR_AT(record, m));
}
WEIR_ACTOR(relay, WEIR_ON(record, relay_record), .capacity = 2);

struct drain {
  int64_t index;
  bool ended;
};
static inline int drain_start(struct drain *d, const struct instance *i)
{
  d->index = i ? i->index : 0;
  return WEIR_OK;
}
static inline int drain_record(struct drain *d, const struct record *m)
{
  int64_t i = d->index;
  if (seen.breaks && m->n == BREAKING) weir_fail(WEIR_EUSER(2), "the drain is broken");
  if (m->n < seen.last[i]) seen.unordered = true;
  seen.last[i] = m->n;
  seen.records[i]++;
  seen.keys[i][m->n % KEYS]++;
  seen.bytes[i] += (int64_t)m->bytes.size;
  return seen.refuses && !i && m->n == REFUSED ? weir_error(WEIR_EUSER(3), "thirteen is refused") : WEIR_OK;
}
static inline int drain_hold(struct drain *d, const struct hold *h)
{
  (void)d;
  return gate_stand(h);
}
static inline int drain_get(struct drain *d, struct number *reply)
{
  reply->n = seen.records[d->index];
  return WEIR_OK;
}
static inline int drain_inputs_ended(struct drain *d)
{
  seen.inputs_ended[d->index] = true;
  return WEIR_OK;
}
WEIR_ACTOR(drain,
           WEIR_ON_START(instance, drain_start) WEIR_ON(record, drain_record) WEIR_ON(hold, drain_hold)
               WEIR_ON(get, drain_get) WEIR_ON(weir_inputs_ended, drain_inputs_ended),
           .capacity = 4);

/* ---- wiring ---- */

static inline struct weir__wired wired_to(const struct weir__wiring *outputs, size_t output_count, size_t inputs)
{
  return (struct weir__wired){.outputs = outputs,
                              .output_count = output_count,
                              .inputs = inputs,
                              .ended = note_ended,
                              .lost = note_lost,
                              .dead = note_dead,
                              .arg = &seen.ended};
}

static inline weir_ref spawn_sink(int64_t index, size_t inputs, size_t capacity)
{
  struct weir__wired wired = wired_to(NULL, 0, inputs);
  weir_spawn_options options = {.config = WEIR_VALUE(instance, .index = index), .capacity = capacity};
  return weir__spawn_wired(&drain, &options, &wired);
}

/* An actor whose output leads to `count` instances of one actor. */
static inline weir_ref spawn_before(const weir_actor *type, const weir_ref *instances, size_t count, int route,
                                    size_t inputs)
{
  struct weir__target target = {.instances = instances, .count = count, .route = route, .field = "key"};
  struct weir__wiring out = {.output = "out", .targets = &target, .count = 1};
  struct weir__wired wired = wired_to(&out, 1, inputs);
  return weir__spawn_wired(type, NULL, &wired);
}

static inline int graph_up(void **state)
{
  memset(&seen, 0, sizeof seen);
  return runtime_up(state);
}

#define ON_GRAPH(test) cmocka_unit_test_setup_teardown(test, graph_up, runtime_down)

#endif
