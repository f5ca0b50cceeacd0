/* supervisor_fixture.h: for the tests of supervisors: children that do as they are told, and a record of their starts
 * and ends. */
#ifndef WEIR_TESTS_SUPERVISOR_FIXTURE_H
#define WEIR_TESTS_SUPERVISOR_FIXTURE_H

#include "unit/actor_fixture.h"

#include <pthread.h>
#include <time.h>

enum { BROKEN = WEIR_EUSER(3), BAD_START = WEIR_EUSER(4), RECORDS_MOST = 4096 };

/* ---- the record: "+a" a has started, "-a" its end clause ran, "!a" it did not start ---- */

static struct {
  pthread_mutex_t lock;
  char text[RECORDS_MOST];
  size_t used;
} record = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void record_clear(void)
{
  pthread_mutex_lock(&record.lock);
  record.used = 0;
  record.text[0] = 0;
  pthread_mutex_unlock(&record.lock);
}

static void record_note(char what, char who)
{
  pthread_mutex_lock(&record.lock);
  if (record.used + 3 < RECORDS_MOST) {
    if (record.used) record.text[record.used++] = ' ';
    record.text[record.used++] = what;
    record.text[record.used++] = who;
    record.text[record.used] = 0;
  }
  pthread_mutex_unlock(&record.lock);
}

static bool record_is(const char *expected)
{
  pthread_mutex_lock(&record.lock);
  bool is = strcmp(record.text, expected) == 0;
  pthread_mutex_unlock(&record.lock);
  return is;
}

/* Until the record is that; a test that waits in vain times out, and says what it is. */
static inline void expect_record(const char *expected)
{
  for (int i = 0; i < 100000 && !record_is(expected); i++) weir_sleep(WEIR_MILLIS(0.2));
  pthread_mutex_lock(&record.lock);
  char text[RECORDS_MOST];
  memcpy(text, record.text, sizeof text);
  pthread_mutex_unlock(&record.lock);
  assert_string_equal(text, expected);
}

/* ---- a child ---- */

enum act { CRASH, STOP, SHUT_DOWN, FAIL_AT_START, STOP_AT_START, HANG_AT_END, WAIT, IGNORE_STOP, COUNT_ACTS };

/* What all children named so do at their next starts: so many times. */
static _Atomic(int) bad_starts['z' + 1], ignored_starts['z' + 1], starts['z' + 1];

struct kid_config {
  const char *name;
  bool hangs_at_end;
};
WEIR_MESSAGE(kid_config, WEIR_FIELD(name), WEIR_FIELD(hangs_at_end));
struct act_now {
  int32_t act;
};
WEIR_REQUEST(act_now, number, WEIR_FIELD(act));

struct kid {
  const struct kid_config *config;
  int64_t sum;
  char name;
  char room[64]; /* larger than a cell's inline state */
};
static int kid_start(struct kid *k, const struct kid_config *config)
{
  k->config = config;
  k->name = config && config->name ? config->name[0] : '?';
  if (atomic_load(&bad_starts[(int)k->name]) > 0) {
    atomic_fetch_sub(&bad_starts[(int)k->name], 1);
    record_note('!', k->name);
    return weir_error(BAD_START, "%c can't start", k->name);
  }
  if (atomic_load(&ignored_starts[(int)k->name]) > 0) {
    atomic_fetch_sub(&ignored_starts[(int)k->name], 1);
    return WEIR_STOP;
  }
  atomic_fetch_add(&starts[(int)k->name], 1);
  record_note('+', k->name);
  return WEIR_OK;
}
static int kid_act(struct kid *k, const struct act_now *m, struct number *reply)
{
  reply->n = k->sum;
  switch (m->act) {
  case CRASH:
    weir_fail(BROKEN, "%c broke", k->name);
  case STOP:
    return WEIR_STOP;
  case SHUT_DOWN:
    weir_exit(weir_self(), WEIR_ESHUTDOWN);
    return WEIR_OK;
  case WAIT:
    return weir_sleep(WEIR_SECONDS(100));
  case IGNORE_STOP:
    while (weir_sleep(WEIR_SECONDS(100))) continue;
    return WEIR_OK;
  default:
    return WEIR_OK;
  }
}
static int kid_number(struct kid *k, const struct number *m)
{
  if (m->n < 0) weir_fail(BROKEN, "poisoned by %lld", (long long)m->n);
  k->sum += m->n;
  return WEIR_OK;
}
static int kid_get(struct kid *k, struct number *reply)
{
  reply->n = k->sum;
  return WEIR_OK;
}
static int kid_hold(struct kid *k, const struct hold *h)
{
  (void)k;
  return gate_stand(h);
}
static void kid_end(struct kid *k)
{
  if (!k->name) return;
  record_note('-', k->name);
  while (k->config && k->config->hangs_at_end && weir_sleep(WEIR_SECONDS(100))) continue;
}
WEIR_ACTOR(kid,
           WEIR_ON_START(kid_config, kid_start) WEIR_ON(act_now, kid_act) WEIR_ON(number, kid_number)
               WEIR_ON(get, kid_get) WEIR_ON(hold, kid_hold) WEIR_ON_END(kid_end),
           .capacity = 32);

#define KID(letter, ...)                                                                                               \
  {                                                                                                                    \
    &kid, .name = letter, .config = WEIR_VALUE(kid_config, .name = letter), __VA_ARGS__                                \
  }

/* ---- supervisors ---- */

/* What they told. */
static struct {
  _Atomic(int) failed, not_started, child_spent, group_spent, killed;
} told;

static void on_event(const weir_restart_event *e, void *arg)
{
  (void)arg;
  switch (e->what) {
  case WEIR_CHILD_FAILED:
    atomic_fetch_add(&told.failed, 1);
    break;
  case WEIR_CHILD_NOT_STARTED:
    atomic_fetch_add(&told.not_started, 1);
    break;
  case WEIR_CHILD_SPENT:
    atomic_fetch_add(&told.child_spent, 1);
    break;
  case WEIR_GROUP_SPENT:
    atomic_fetch_add(&told.group_spent, 1);
    break;
  default:
    atomic_fetch_add(&told.killed, 1);
    break;
  }
}

static inline int family_up(void **state)
{
  record_clear();
  for (int i = 0; i <= 'z'; i++) {
    atomic_store(&bad_starts[i], 0);
    atomic_store(&ignored_starts[i], 0);
    atomic_store(&starts[i], 0);
  }
  atomic_store(&told.failed, 0);
  atomic_store(&told.not_started, 0);
  atomic_store(&told.child_spent, 0);
  atomic_store(&told.group_spent, 0);
  atomic_store(&told.killed, 0);
  return runtime_up(state);
}
#define WITH_FAMILY(test) cmocka_unit_test_setup_teardown(test, family_up, runtime_down)

/* Until it has ended, by itself. */
static inline void wait_for_end(weir_ref actor)
{
  weir_stats stats;
  while (weir_stats_read(actor, &stats) == WEIR_OK) weir_sleep(WEIR_MILLIS(0.2));
}

static inline int started(weir_ref tree) { return weir_count_children(tree, WEIR_SECONDS(20), NULL); }

static inline int act(const char *name, int what)
{
  return weir_ask(weir_find(name), WEIR_SECONDS(20), NULL, act_now, .act = what);
}

static inline void wait_until_told(_Atomic(int) *counter, int count)
{
  while (atomic_load(counter) < count) weir_sleep(WEIR_MILLIS(0.2));
}

static inline int state_of_child(weir_ref tree, const char *name)
{
  struct weir_child_list *list;
  int state = 0;
  if (weir_which_children(tree, WEIR_SECONDS(20), &list)) return -1;
  for (size_t i = 0; i < list->count; i++)
    if (strcmp(list->children[i].name, name) == 0) state = list->children[i].state;
  weir_free(list);
  return state;
}

static inline struct weir_child_counts counts_of(weir_ref tree)
{
  struct weir_child_counts counts = {0};
  assert_int_equal(weir_count_children(tree, WEIR_SECONDS(20), &counts), WEIR_OK);
  return counts;
}

/* Until its children are as many as that, running. */
static inline void wait_for_active(weir_ref tree, uint64_t active)
{
  while (counts_of(tree).active != active) weir_sleep(WEIR_MILLIS(0.2));
}

#endif
