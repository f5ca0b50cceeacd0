/* run_fixture.h: for the tests of topologies that run: a source of numbers, what refuses or fails, sinks, and who listens. */
#ifndef WEIR_TESTS_RUN_FIXTURE_H
#define WEIR_TESTS_RUN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <weir/weir.h>

#include "channel/cell.h"
#include "topology/topology.h"

enum { SINKS = 3, NAMES = 8 };

struct item {
  int64_t n;
};
WEIR_MESSAGE(item, WEIR_FIELD(n));

/* What was seen. Each sink has a number of its own. */
static struct {
  _Atomic(int64_t) items[SINKS], sum[SINKS];
  _Atomic(int) starts, bound, ends; /* bound: the starts on a worker that it stays on */
} seen;

/* ---- actor types ---- */

struct numbers_config {
  int64_t count;
};
WEIR_MESSAGE(numbers_config, WEIR_FIELD(count, .def = "1000"));
struct go {
  WEIR_EMPTY;
};
WEIR_MESSAGE(go);
struct numbers {
  int64_t count;
};
static inline int numbers_start(struct numbers *s, const struct numbers_config *c)
{
  s->count = c->count;
  return weir_send(weir_self(), go);
}
static inline int numbers_go(struct numbers *s)
{
  for (int64_t n = 1; n <= s->count; n++) {
    int rc = weir_send(weir_output("out"), item, .n = n);
    if (rc && rc != WEIR_EDEAD) weir_fail(rc, "%s", weir_error_text()); /* one that is left down keeps nobody up */
  }
  return WEIR_STOP;
}
WEIR_ACTOR(numbers, WEIR_ON_START(numbers_config, numbers_start) WEIR_ON(go, numbers_go));

/* Refuses what `refuses` divides, fails with what `fails` divides, so many times; `waits`: when "numbers" has ended. */
struct fragile_config {
  int64_t refuses, fails, times;
  bool starts, has_memory, waits;
};
WEIR_MESSAGE(fragile_config, WEIR_FIELD(refuses, .def = "0"), WEIR_FIELD(fails, .def = "0"),
             WEIR_FIELD(times, .def = "1000000"), WEIR_FIELD(starts, .def = "true"),
             WEIR_FIELD(has_memory, .def = "true"), WEIR_FIELD(waits, .def = "false"));
struct fragile {
  const struct fragile_config *config;
};
static _Atomic(int64_t) failures;
static inline int fragile_start(struct fragile *f, const struct fragile_config *c)
{
  f->config = c;
  atomic_fetch_add(&seen.starts, 1);
  atomic_fetch_add(&seen.bound, weir__cell_here()->work.home != WEIR__ANYWHERE);
  return c->starts ? WEIR_OK : weir_error(WEIR_EUSER(1), "it can't start");
}
static inline int fragile_item(struct fragile *f, const struct item *m)
{
  const struct fragile_config *c = f->config;
  bool refused = c->refuses && m->n % c->refuses == 0;
  if (refused && !c->has_memory) return weir_error(WEIR_ENOMEM, "no memory for %d", (int)m->n);
  if (refused) return weir_error(WEIR_EUSER(2), "%d is refused", (int)m->n);
  while (c->waits && c->fails && m->n % c->fails == 0 && weir_alive(weir_find("numbers"))) weir_yield();
  if (c->fails && m->n % c->fails == 0 && atomic_fetch_add(&failures, 1) < c->times)
    weir_fail(WEIR_EUSER(3), "%d broke it", (int)m->n);
  return weir_send(weir_output("out"), item, .n = m->n);
}
WEIR_ACTOR(fragile, WEIR_ON_START(fragile_config, fragile_start) WEIR_ON(item, fragile_item));

struct sink_config {
  int64_t number;
  weir_duration each;
};
WEIR_MESSAGE(sink_config, WEIR_FIELD(number, .def = "0", .max = SINKS - 1), WEIR_FIELD(each, .def = "\"0s\""));
struct sink {
  const struct sink_config *config;
};
static inline int sink_start(struct sink *s, const struct sink_config *c)
{
  s->config = c;
  return WEIR_OK;
}
static inline int sink_item(struct sink *s, const struct item *m)
{
  if (s->config->each.ns) weir_sleep(s->config->each);
  atomic_fetch_add(&seen.items[s->config->number], 1);
  atomic_fetch_add(&seen.sum[s->config->number], m->n);
  return WEIR_OK;
}
static inline int sink_ended(struct sink *s)
{
  (void)s;
  atomic_fetch_add(&seen.ends, 1);
  return WEIR_OK;
}
WEIR_ACTOR(sink,
           WEIR_ON_START(sink_config, sink_start) WEIR_ON(item, sink_item) WEIR_ON(weir_inputs_ended, sink_ended));

/* For each item many large ones, which fill a batch after the other; then who holds may go on. */
struct large {
  int64_t n;
  char filling[100];
};
WEIR_MESSAGE(large, WEIR_FIELD(n), WEIR_FIELD(filling));
struct burst {
  WEIR_EMPTY;
};
static _Atomic(bool) has_burst;
static inline int burst_item(struct burst *b)
{
  (void)b;
  int rc = WEIR_OK;
  for (int64_t n = 1; n <= 1000 && !rc; n++) rc = weir_send(weir_output("out"), large, .n = n);
  atomic_store(&has_burst, true);
  return rc;
}
WEIR_ACTOR(burst, WEIR_ON(item, burst_item));

struct hold_config {
  bool holds;
};
WEIR_MESSAGE(hold_config, WEIR_FIELD(holds, .def = "true"));
struct hold {
  bool holds;
};
static inline int hold_start(struct hold *h, const struct hold_config *c)
{
  h->holds = c->holds;
  return WEIR_OK;
}
static inline int hold_large(struct hold *h)
{
  while (h->holds && !atomic_load(&has_burst)) weir_sleep(WEIR_MILLIS(0.1));
  return WEIR_OK;
}
WEIR_ACTOR(hold, WEIR_ON_START(hold_config, hold_start) WEIR_ON(large, hold_large));

/* Passes on what comes from a number on, so many times. */
struct from_config {
  int64_t first, times;
};
WEIR_MESSAGE(from_config, WEIR_FIELD(first, .def = "0"), WEIR_FIELD(times, .def = "1"));
struct from {
  const struct from_config *config;
};
static inline int from_start(struct from *f, const struct from_config *c)
{
  f->config = c;
  return WEIR_OK;
}
static inline int from_item(struct from *f, const struct item *m)
{
  int rc = WEIR_OK;
  for (int64_t i = 0; i < f->config->times && m->n >= f->config->first && !rc; i++)
    rc = weir_forward(weir_output("out"));
  return rc;
}
WEIR_ACTOR(from, WEIR_ON_START(from_config, from_start) WEIR_ON(item, from_item));

static const struct weir__stock *const types[] = {
    &(struct weir__stock){.actor = &numbers, .config = weir_message_numbers_config, .gives = weir_message_item},
    &(struct weir__stock){.actor = &fragile,
                          .config = weir_message_fragile_config,
                          .takes = weir_message_item,
                          .gives = weir_message_item},
    &(struct weir__stock){.actor = &burst, .takes = weir_message_item, .gives = weir_message_large},
    &(struct weir__stock){.actor = &hold, .config = weir_message_hold_config, .takes = weir_message_large},
    &(struct weir__stock){
        .actor = &from, .config = weir_message_from_config, .takes = weir_message_item, .gives = weir_message_item},
    &(struct weir__stock){.actor = &sink, .config = weir_message_sink_config, .takes = weir_message_item},
    NULL,
};

/* ---- running ---- */

static char told[2048];

static inline void hear(void *arg, const weir_problem *problem)
{
  (void)arg;
  size_t used = strlen(told);
  snprintf(told + used, sizeof told - used, "%s\n", problem->text);
}

static struct account {
  char actor[16];
  weir_actor_account said;
} accounts[NAMES];
static size_t account_count;

static inline void note_account(void *arg, const weir_actor_account *account)
{
  (void)arg;
  assert_true(account_count < NAMES);
  struct account *a = &accounts[account_count++];
  snprintf(a->actor, sizeof a->actor, "%s", account->actor);
  a->said = *account;
}

static inline uint64_t dead_letters_of(const char *actor)
{
  for (size_t i = 0; i < account_count; i++)
    if (strcmp(accounts[i].actor, actor) == 0) return accounts[i].said.dead_letters;
  fail_msg("no account of %s", actor);
  return 0;
}

static weir_runtime_options on;

/* With a listener, who is told of steps alone. */
static inline int run_with(const char *document, weir_listener listener)
{
  weir_topology *topology;
  listener.problem = hear;
  listener.account = note_account;
  memset(&seen, 0, sizeof seen);
  atomic_store(&failures, 0);
  atomic_store(&has_burst, false);
  *told = 0;
  account_count = 0;
  int rc = weir__topology_parse(types, "t.json", document, strlen(document), &listener, &topology);
  if (rc) print_error("%s", told);
  assert_int_equal(rc, WEIR_OK);
  rc = weir_topology_run(topology, &on, &listener);
  weir_topology_free(topology);
  return rc;
}

static inline int run(const char *document) { return run_with(document, (weir_listener){0}); }

static inline void expect_all(int64_t count)
{
  assert_int_equal(atomic_load(&seen.items[0]), count);
  assert_int_equal(atomic_load(&seen.sum[0]), count * (count + 1) / 2);
}

#define NUMBERS(to) "{\"name\": \"numbers\", \"type\": \"numbers\", \"to\": " to "}, "
#define FRAGILE(config, more)                                                                                          \
  "{\"name\": \"f\", \"type\": \"fragile\", \"config\": {" config "}, \"to\": \"sink\"" more "}, "
#define SINK "{\"name\": \"sink\", \"type\": \"sink\"}"
#define OTHER(n) ", {\"name\": \"other\", \"type\": \"sink\", \"config\": {\"number\": " n "}}"
#define QUIETLY "{\"max_restarts\": 1000000}"

/* On one thread, one worker, and several. */
static inline int run_on_each(const struct CMUnitTest *tests, size_t count)
{
  static const weir_runtime_options runtimes[] = {{.flavor = WEIR_CURRENT_THREAD}, {.workers = 1}, {.workers = 4}};
  int failed = 0;
  for (size_t i = 0; i < sizeof runtimes / sizeof runtimes[0]; i++) {
    on = runtimes[i];
    failed += _cmocka_run_group_tests("topologies", tests, count, NULL, NULL);
  }
  return failed;
}

#endif
