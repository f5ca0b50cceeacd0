/* Groups, routes, cancellation and the blocking pool's work. */
#include "simulation_fixture.h"

enum { MEMBERS = 4, PUBLISHED = 6, INSTANCES = 3, JOBS = 12 };

struct note {
  int64_t n;
};
struct leave_group {
  WEIR_EMPTY;
};
struct keyed {
  int64_t key, n;
};
WEIR_MESSAGE(note, WEIR_FIELD(n));
WEIR_MESSAGE(leave_group);
WEIR_MESSAGE(keyed, WEIR_FIELD(key, .key = true), WEIR_FIELD(n));

static struct {
  int64_t got, last[MEMBERS], at_key[JOBS], instances, ended, cancelled, blocked, inside;
  weir_ref by_key[JOBS];
} seen;

struct member {
  int64_t number;
};
struct number {
  int64_t n;
};
WEIR_MESSAGE(number, WEIR_FIELD(n));
static int member_start(struct member *m, const struct number *n)
{
  m->number = n->n;
  return weir_join("news");
}
static int member_note(struct member *m, const struct note *n)
{
  MUST(n->n > seen.last[m->number]);
  seen.last[m->number] = n->n;
  seen.got++;
  return WEIR_OK;
}
static int member_leave(struct member *m)
{
  (void)m;
  return weir_leave("news");
}
WEIR_ACTOR(member, WEIR_ON_START(number, member_start) WEIR_ON(note, member_note) WEIR_ON(leave_group, member_leave));

static int publisher(int64_t *counted)
{
  for (int64_t i = 1; i <= PUBLISHED; i++) {
    size_t got = 0;
    int rc = weir_publish_counted("news", &got, note, .n = i);
    if (rc) return rc;
    *counted += (int64_t)got;
    if (weir_yield()) return WEIR_ECANCELED;
  }
  return WEIR_OK;
}

static int groups(weir_runtime *rt)
{
  weir_ref members[MEMBERS];
  int64_t counted = 0;
  int result;
  memset(&seen, 0, sizeof seen);
  for (int i = 0; i < MEMBERS; i++) {
    members[i] = weir_spawn(&member, .config = WEIR_VALUE(number, .n = i));
    MUST(weir_ref_error(members[i]) == WEIR_OK);
  }
  weir_task *t = weir_task_start(rt, publisher, &counted);
  for (int i = 0; i < 2; i++) MUST(weir_send(members[between(rt, 0, MEMBERS - 1)], leave_group) == WEIR_OK);
  MUST(weir_task_join(t, WEIR_FOREVER, &result) == WEIR_OK && result == WEIR_OK);
  MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK);
  MUST(seen.got == counted);
  return WEIR_OK;
}

/* One key, one instance; in order. */
struct instance {
  char nothing;
};
static int instance_keyed(struct instance *i, const struct keyed *m)
{
  (void)i;
  weir_ref self = weir_self();
  MUST(seen.by_key[m->key].bits == 0 || seen.by_key[m->key].bits == self.bits);
  seen.by_key[m->key] = self;
  MUST(m->n == seen.at_key[m->key]);
  seen.at_key[m->key]++;
  seen.got++;
  return WEIR_OK;
}
static int instance_note(struct instance *i, const struct note *m)
{
  (void)i, (void)m;
  seen.got++;
  return weir_sleep(WEIR_MILLIS(1));
}
WEIR_ACTOR(instance, WEIR_ON(keyed, instance_keyed) WEIR_ON(note, instance_note), .capacity = 2);

static weir_ref route_ref;
static int send_keyed(int64_t *key)
{
  int rc = WEIR_OK;
  for (int64_t i = 0; !rc && i < PUBLISHED; i++) rc = weir_send(route_ref, keyed, .key = *key, .n = i);
  return rc;
}

static int routes(weir_runtime *rt)
{
  static const int others[] = {WEIR_ROUND_ROBIN, WEIR_LEAST_BUSY, WEIR_BROADCAST};
  int64_t keys[JOBS];
  weir_task *tasks[JOBS];
  int result;
  memset(&seen, 0, sizeof seen);
  route_ref = weir_spawn(&instance, .instances = INSTANCES, .route = WEIR_BY_HASH);
  for (int64_t i = 0; i < JOBS; i++) {
    keys[i] = i;
    tasks[i] = weir_task_start(rt, send_keyed, &keys[i]);
  }
  for (int64_t i = 0; i < JOBS; i++) MUST(weir_task_join(tasks[i], WEIR_FOREVER, &result) == WEIR_OK && !result);
  MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK && seen.got == JOBS * PUBLISHED);
  int64_t which = between(rt, 0, 2);
  seen.got = 0;
  weir_ref other = weir_spawn(&instance, .instances = INSTANCES, .route = others[which]);
  for (int i = 0; i < JOBS; i++) MUST(weir_send(other, note, .n = i) == WEIR_OK);
  MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK);
  MUST(seen.got == (which == 2 ? INSTANCES : 1) * JOBS);
  return WEIR_OK;
}

/* Tasks that are cancelled at any moment: each wait ends, children end before their parent. */
static int child(weir_duration *time)
{
  int rc = weir_sleep(*time);
  seen.cancelled += rc == WEIR_ECANCELED;
  seen.ended++;
  return rc;
}
static int parent(weir_duration *time)
{
  for (int i = 0; i < 3; i++) {
    weir_task *t = weir_task_start(NULL, child, time);
    if (!t) return WEIR_ENOMEM;
    weir_task_detach(t);
    int rc = weir_yield();
    if (rc) return rc;
  }
  return weir_sleep(*time);
}

static int cancels(weir_runtime *rt)
{
  weir_duration time = WEIR_MILLIS(5);
  int result;
  memset(&seen, 0, sizeof seen);
  weir_task *t = weir_task_start(rt, parent, &time);
  MUST(weir_sleep((weir_duration){between(rt, 0, 7) * 1000000}) == WEIR_OK);
  weir_task_cancel(t);
  MUST(weir_task_join(t, WEIR_FOREVER, &result) == WEIR_OK);
  int64_t ended = seen.ended;
  MUST(result == WEIR_OK || result == WEIR_ECANCELED);
  if (result == WEIR_OK) MUST(seen.ended == 3);
  MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK && seen.ended == ended); /* none was left behind */
  return WEIR_OK;
}

/* What blocks runs on this thread: one at a time, while others run before and after. */
static int job(int64_t *n)
{
  if (seen.inside++) broken("two jobs at once", __LINE__);
  seen.blocked++;
  seen.inside--;
  return (int)*n;
}
static int worker(int64_t *n)
{
  int rc = weir_run_blocking(job, n);
  MUST(rc == (int)*n);
  return WEIR_OK;
}
struct resident {
  char nothing;
};
static int resident_note(struct resident *r, const struct note *m)
{
  (void)r, (void)m;
  seen.got++;
  return weir_sleep(WEIR_MILLIS(1));
}
WEIR_ACTOR(resident, WEIR_ON(note, resident_note), .runs = WEIR_ON_BLOCKING_POOL);

static int blocking(weir_runtime *rt)
{
  int64_t numbers[JOBS];
  weir_task *tasks[JOBS];
  int result;
  memset(&seen, 0, sizeof seen);
  weir_ref r = weir_spawn(&resident);
  for (int64_t i = 0; i < JOBS; i++) {
    numbers[i] = i;
    tasks[i] = weir_task_start(rt, worker, &numbers[i]);
    MUST(weir_send(r, note, .n = i) == WEIR_OK);
  }
  for (int64_t i = 0; i < JOBS; i++) MUST(weir_task_join(tasks[i], WEIR_FOREVER, &result) == WEIR_OK && !result);
  MUST(seen.blocked == JOBS);
  MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK && seen.got == JOBS);
  return WEIR_OK;
}

/* More than the queue of a worker holds. */
static int crowd(weir_runtime *rt)
{
  enum { CROWD = 700 };
  weir_ref all[CROWD];
  (void)rt;
  memset(&seen, 0, sizeof seen);
  for (int i = 0; i < CROWD; i++) {
    all[i] = weir_spawn(&resident);
    MUST(weir_ref_error(all[i]) == WEIR_OK);
  }
  for (int i = 0; i < CROWD; i++) MUST(weir_try_send(all[i], note, .n = i) == WEIR_OK);
  MUST(weir_sleep(WEIR_SECONDS(10)) == WEIR_OK);
  MUST(seen.got == CROWD);
  return WEIR_OK;
}

static void what_a_group_counted_has_come(void **state)
{
  (void)state;
  simulate(NULL, groups);
}
static void a_key_has_one_instance_and_its_order(void **state)
{
  (void)state;
  simulate(NULL, routes);
}
static void cancelled_tasks_end_with_their_children(void **state)
{
  (void)state;
  simulate(NULL, cancels);
}
static void what_blocks_runs_here_at_moments_that_are_drawn(void **state)
{
  (void)state;
  simulate(NULL, blocking);
}

static void a_crowd_has_its_turns(void **state)
{
  (void)state;
  struct scenario s = {crowd};
  assert_int_equal(weir_simulate(&(weir_simulation_options){.twice = true}, 20, run_scenario, &s), WEIR_OK);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_a_group_counted_has_come),
      cmocka_unit_test(a_key_has_one_instance_and_its_order),
      cmocka_unit_test(cancelled_tasks_end_with_their_children),
      cmocka_unit_test(what_blocks_runs_here_at_moments_that_are_drawn),
      cmocka_unit_test(a_crowd_has_its_turns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
