/* Actors: clauses, their signatures, state and configuration. */
#include "unit/line_fixture.h"

/* ---- an actor with a handler of each signature ---- */

struct bare {
  WEIR_EMPTY;
};
WEIR_MESSAGE(bare);
struct add {
  int64_t n;
};
WEIR_MESSAGE(add, WEIR_FIELD(n));
struct add_and_tell {
  int64_t n;
};
WEIR_REQUEST(add_and_tell, number, WEIR_FIELD(n));

struct adder {
  int64_t sum;
};
static int adder_bare(struct adder *a)
{
  a->sum += 1;
  return WEIR_OK;
}
static int adder_add(struct adder *a, const struct add *m)
{
  a->sum += m->n;
  return WEIR_OK;
}
static int adder_add_and_tell(struct adder *a, const struct add_and_tell *m, struct number *reply)
{
  reply->n = a->sum += m->n;
  return WEIR_OK;
}
static int adder_get(struct adder *a, struct number *reply)
{
  reply->n = a->sum;
  return WEIR_OK;
}
WEIR_ACTOR(adder, WEIR_ON(bare, adder_bare) WEIR_ON(add, adder_add) WEIR_ON(add_and_tell, adder_add_and_tell)
                      WEIR_ON(get, adder_get));

static void each_signature_is_called_with_its_message(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&adder);
  assert_int_equal(weir_send(a, bare), WEIR_OK);
  assert_int_equal(weir_send(a, add, .n = 10), WEIR_OK);
  struct number *told;
  assert_int_equal(weir_ask(a, WEIR_SECONDS(20), &told, add_and_tell, .n = 100), WEIR_OK);
  assert_int_equal(told->n, 111);
  weir_free(told);
  assert_int_equal(get_from(a), 111);
}

static void a_filled_in_struct_is_sent_by_value(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&adder);
  struct add m = {.n = 5};
  assert_int_equal(weir_send_value(a, WEIR_AT(add, &m)), WEIR_OK);
  m.n = 1000;
  assert_int_equal(get_from(a), 5);
}

static void a_message_without_clause_is_a_dead_letter(void **state)
{
  (void)state;
  weir_accounts before, after;
  weir_ref a = weir_spawn(&adder);
  weir_accounts_read(&before);
  assert_int_equal(weir_send(a, signal), WEIR_OK);
  assert_int_equal(get_from(a), 0); /* it goes on */
  weir_accounts_read(&after);
  assert_int_equal(after.dead - before.dead, 1);
}

/* ---- state ---- */

struct large {
  unsigned char bytes[4096];
};
static int large_fill(struct large *l, const struct number *m)
{
  memset(l->bytes, (int)m->n, sizeof l->bytes);
  return WEIR_OK;
}
static int large_sum(struct large *l, struct number *reply)
{
  for (size_t i = 0; i < sizeof l->bytes; i++) reply->n += l->bytes[i];
  return WEIR_OK;
}
WEIR_ACTOR(large, WEIR_ON(number, large_fill) WEIR_ON(get, large_sum));

static void state_is_zeroed_for_each_actor(void **state)
{
  (void)state;
  for (int i = 0; i < 20; i++) {
    weir_ref l = weir_spawn(&large), a = weir_spawn(&adder);
    assert_int_equal(get_from(l), 0);
    assert_int_equal(get_from(a), 0);
    weir_send(l, number, .n = 255);
    weir_send(a, add, .n = 255);
    assert_int_equal(get_from(l), 255 * 4096);
    assert_int_equal(get_from(a), 255);
    weir_stop(l);
    weir_stop(a);
  }
}

/* ---- configuration and start ---- */

struct setting {
  const char *text;
  int64_t n;
};
WEIR_MESSAGE(setting, WEIR_FIELD(text), WEIR_FIELD(n));

struct configured {
  const struct setting *setting;
  int64_t starts;
};
static int configured_start(struct configured *c, const struct setting *setting)
{
  c->setting = setting; /* borrowed until the actor ends */
  c->starts++;
  return WEIR_OK;
}
static int configured_get(struct configured *c, struct number *reply)
{
  reply->n = c->setting ? c->setting->n + (int64_t)strlen(c->setting->text) : -c->starts;
  return WEIR_OK;
}
WEIR_ACTOR(configured, WEIR_ON_START(setting, configured_start) WEIR_ON(get, configured_get));

static void a_configuration_is_copied_and_lives_as_long_as_its_actor(void **state)
{
  (void)state;
  char text[] = "four";
  weir_ref c = weir_spawn(&configured, .config = WEIR_VALUE(setting, .text = text, .n = 1000));
  memset(text, 0, sizeof text);
  assert_int_equal(get_from(c), 1004);
  assert_int_equal(get_from(c), 1004);
}

static void a_start_without_configuration_gets_null(void **state)
{
  (void)state;
  assert_int_equal(get_from(weir_spawn(&configured)), -1);
}

static int stops_at_once(struct bare *b)
{
  (void)b;
  return WEIR_STOP;
}
WEIR_ACTOR(bare, WEIR_ON_START(weir_none, stops_at_once) WEIR_ON(number, stops_at_once));

static void a_start_may_end_its_actor(void **state)
{
  (void)state;
  weir_ref b = weir_spawn(&bare);
  assert_int_equal(weir_ask(b, WEIR_SECONDS(20), NULL, number), WEIR_EDEAD);
  assert_false(weir_alive(b));
}

/* ---- a start that fails ---- */

struct doomed {
  WEIR_EMPTY;
};
enum { NOT_TODAY = WEIR_EUSER(7) };
/* Not before so many messages are queued. */
static int doomed_start(struct doomed *d, const struct number *queued)
{
  (void)d;
  if (queued) wait_until_queued_here((int)queued->n);
  return weir_error(NOT_TODAY, "not on a %s", "Sunday");
}
static int doomed_get(struct doomed *d, struct number *reply)
{
  (void)d;
  reply->n = 1;
  return WEIR_OK;
}
WEIR_ACTOR(doomed, WEIR_ON_START(number, doomed_start) WEIR_ON(get, doomed_get));

/* What a task that asks learns. */
struct asking {
  weir_ref whom;
  int rc;
  char text[128];
};
static int ask_and_note(struct asking *a)
{
  a->rc = weir_ask(a->whom, WEIR_SECONDS(20), NULL, get);
  snprintf(a->text, sizeof a->text, "%s", weir_error_text());
  return WEIR_OK;
}

static void a_start_that_fails_answers_queued_asks_with_its_text(void **state)
{
  (void)state;
  weir_accounts before, after;
  weir_accounts_read(&before);
  struct asking asking = {.whom = weir_spawn(&doomed, .config = WEIR_VALUE(number, .n = 2))};
  assert_int_equal(weir_send(asking.whom, number), WEIR_OK);
  weir_task *task = weir_task_start(NULL, ask_and_note, &asking);
  assert_non_null(task);
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), NULL), WEIR_OK);
  assert_int_equal(asking.rc, WEIR_EFAILED);
  assert_non_null(strstr(asking.text, "not on a Sunday"));
  assert_int_equal(weir_send(asking.whom, number), WEIR_EDEAD);
  wait_until_gone(asking.whom);
  weir_accounts_read(&after);
  assert_int_equal(after.dead - before.dead, 2); /* what was sent, and the request */
}

static void a_start_that_fails_at_once_leaves_nobody(void **state)
{
  (void)state;
  weir_ref d = weir_spawn(&doomed);
  assert_int_equal(weir_ref_error(d), WEIR_OK);
  int rc = weir_ask(d, WEIR_SECONDS(20), NULL, get);
  assert_true(rc == WEIR_EFAILED || rc == WEIR_EDEAD); /* queued before the start, or after it */
  assert_int_equal(weir_ask(d, WEIR_SECONDS(20), NULL, get), WEIR_EDEAD);
}

/* ---- who runs ---- */

struct mirror {
  WEIR_EMPTY;
};
struct who {
  WEIR_EMPTY;
};
struct identity {
  weir_ref self;
};
WEIR_MESSAGE(identity, WEIR_FIELD(self));
WEIR_REQUEST(who, identity);
static int mirror_who(struct mirror *m, struct identity *reply)
{
  (void)m;
  reply->self = weir_self();
  return WEIR_OK;
}
WEIR_ACTOR(mirror, WEIR_ON(who, mirror_who));

static void self_is_the_actor_in_a_handler_and_nobody_elsewhere(void **state)
{
  (void)state;
  weir_ref m = weir_spawn(&mirror);
  struct identity *who_it_was;
  assert_int_equal(weir_ask(m, WEIR_SECONDS(20), &who_it_was, who), WEIR_OK);
  assert_true(who_it_was->self.bits == m.bits);
  weir_free(who_it_was);
  assert_int_equal(weir_ref_error(weir_self()), WEIR_EDEAD);
  assert_int_equal(weir_send(weir_self(), number), WEIR_EDEAD);
}

/* ---- an actor spawns actors ---- */

struct ring {
  weir_ref next;
};
struct lap {
  int64_t left;
  uint64_t done;
};
WEIR_MESSAGE(lap, WEIR_FIELD(left), WEIR_FIELD(done));
static int ring_join(struct ring *r, const struct identity *m)
{
  r->next = m->self;
  return WEIR_OK;
}
static int ring_lap(struct ring *r, const struct lap *m)
{
  if (m->left) return weir_send(r->next, lap, .left = m->left - 1, .done = m->done);
  news_tell(m->done, 1);
  return WEIR_OK;
}
WEIR_ACTOR(ring, WEIR_ON(identity, ring_join) WEIR_ON(lap, ring_lap), .capacity = 1);

static void a_message_goes_around_a_ring_of_actors(void **state)
{
  (void)state;
  weir_ref members[50];
  weir_promise done;
  weir_future all;
  assert_int_equal(weir_oneshot(&done, &all), WEIR_OK);
  for (int i = 0; i < 50; i++) members[i] = weir_spawn(&ring);
  for (int i = 0; i < 50; i++) weir_send(members[i], identity, .self = members[(i + 1) % 50]);
  weir_send(members[0], lap, .left = count_or(20000, 2000), .done = done.bits);
  assert_int_equal(news_wait(all), 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(each_signature_is_called_with_its_message),
      ON_RUNTIME(a_filled_in_struct_is_sent_by_value),
      ON_RUNTIME(a_message_without_clause_is_a_dead_letter),
      ON_RUNTIME(state_is_zeroed_for_each_actor),
      ON_RUNTIME(a_configuration_is_copied_and_lives_as_long_as_its_actor),
      ON_RUNTIME(a_start_without_configuration_gets_null),
      ON_RUNTIME(a_start_may_end_its_actor),
      ON_RUNTIME(a_start_that_fails_answers_queued_asks_with_its_text),
      ON_RUNTIME(a_start_that_fails_at_once_leaves_nobody),
      ON_RUNTIME(self_is_the_actor_in_a_handler_and_nobody_elsewhere),
      ON_RUNTIME(a_message_goes_around_a_ring_of_actors),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
