/* Groups: join, leave, publish. */
#include "unit/actor_fixture.h"

enum { JOIN, LEAVE, JOIN_NOTHING, LEAVE_NOTHING };
/* Joins or leaves; the answer is the code. */
struct change {
  int32_t what;
  const char *group;
};
WEIR_REQUEST(change, number, WEIR_FIELD(what), WEIR_FIELD(group));

struct member {
  int64_t order; /* what it heard, as digits */
};
static _Atomic(bool) end_was_refused;

static int member_change(struct member *m, const struct change *c, struct number *reply)
{
  (void)m;
  switch (c->what) {
  case JOIN:
    reply->n = weir_join(c->group);
    break;
  case LEAVE:
    reply->n = weir_leave(c->group);
    break;
  case JOIN_NOTHING:
    reply->n = weir_join("") == WEIR_EINVAL ? weir_join(NULL) : WEIR_OK;
    break;
  default:
    reply->n = weir_leave(NULL);
    break;
  }
  return WEIR_OK;
}
static int member_number(struct member *m, const struct number *n)
{
  m->order = m->order % 1000000 * 10 + n->n; /* the last few */
  return WEIR_OK;
}
static int member_get(struct member *m, struct number *reply)
{
  reply->n = m->order;
  return WEIR_OK;
}
static int member_signal(struct member *m)
{
  (void)m;
  return weir_publish("room", number, .n = 8);
}
static int member_hold(struct member *m, const struct hold *h)
{
  (void)m;
  return gate_stand(h);
}
static void member_end(struct member *m)
{
  (void)m;
  if (weir_join("late") == WEIR_EDEAD) atomic_store(&end_was_refused, true);
}
WEIR_ACTOR(member,
           WEIR_ON(change, member_change) WEIR_ON(number, member_number) WEIR_ON(get, member_get)
               WEIR_ON(signal, member_signal) WEIR_ON(hold, member_hold) WEIR_ON_END(member_end),
           .capacity = 4);

static int64_t changed(weir_ref who, int what, const char *group)
{
  struct number *n;
  if (weir_ask(who, WEIR_SECONDS(20), &n, change, .what = what, .group = group)) return INT64_MIN;
  int64_t code = n->n;
  weir_free(n);
  return code;
}

static void who_has_joined_gets_what_is_published(void **state)
{
  (void)state;
  size_t got = 9;
  weir_ref a = weir_spawn(&member), b = weir_spawn(&member), c = weir_spawn(&member);
  assert_int_equal(changed(a, JOIN, "room"), WEIR_OK);
  assert_int_equal(changed(b, JOIN, "room"), WEIR_OK);
  assert_int_equal(changed(c, JOIN, "hall"), WEIR_OK);
  assert_int_equal(weir_group_size("room"), 2);
  assert_int_equal(weir_publish("room", number, .n = 1), WEIR_OK);
  assert_int_equal(weir_publish_counted("room", &got, number, .n = 2), WEIR_OK);
  assert_int_equal(got, 2);
  assert_int_equal(get_from(a), 12);
  assert_int_equal(get_from(b), 12);
  assert_int_equal(get_from(c), 0);
  assert_int_equal(weir_ask(a, WEIR_SECONDS(20), NULL, signal), WEIR_OK); /* a member hears itself, too */
  assert_int_equal(get_from(a), 128);
  assert_int_equal(get_from(b), 128);
}

static void an_empty_group_is_fine(void **state)
{
  (void)state;
  size_t got = 9;
  assert_int_equal(weir_publish_counted("nobody", &got, number, .n = 1), WEIR_OK);
  assert_int_equal(got, 0);
  assert_int_equal(weir_group_size("nobody"), 0);
}

static void who_has_left_gets_nothing_any_more(void **state)
{
  (void)state;
  size_t got;
  weir_ref a = weir_spawn(&member), b = weir_spawn(&member);
  changed(a, JOIN, "room");
  changed(b, JOIN, "room");
  weir_publish("room", number, .n = 1);
  assert_int_equal(changed(a, LEAVE, "room"), WEIR_OK);
  weir_publish_counted("room", &got, number, .n = 2);
  assert_int_equal(got, 1);
  assert_int_equal(get_from(a), 1);
  assert_int_equal(get_from(b), 12);
  assert_int_equal(changed(b, LEAVE, "room"), WEIR_OK);
  assert_int_equal(weir_group_size("room"), 0);
  assert_int_equal(changed(a, JOIN, "room"), WEIR_OK);
  weir_publish("room", number, .n = 3);
  assert_int_equal(get_from(a), 13);
}

static void who_ends_leaves_its_groups(void **state)
{
  (void)state;
  size_t got;
  weir_ref a = weir_spawn(&member), b = weir_spawn(&member);
  changed(a, JOIN, "room");
  changed(a, JOIN, "hall");
  changed(b, JOIN, "room");
  atomic_store(&end_was_refused, false);
  weir_stop(a);
  wait_until_gone(a);
  assert_true(atomic_load(&end_was_refused)); /* its end clause could not join */
  assert_int_equal(weir_group_size("room"), 1);
  assert_int_equal(weir_group_size("hall"), 0);
  weir_publish_counted("room", &got, number, .n = 1);
  assert_int_equal(got, 1);
}

/* Trouble 16: a member that does not keep up misses messages, which is counted, and stays a member. */
static void trouble_16_a_full_member_misses_and_stays(void **state)
{
  (void)state;
  size_t got;
  struct gate g;
  weir_accounts before, after;
  weir_ref slow = weir_spawn(&member), quick = weir_spawn(&member, .capacity = 100);
  changed(slow, JOIN, "room");
  changed(quick, JOIN, "room");
  gate_enter(&g, slow);
  weir_accounts_read(&before);
  for (int64_t n = 0; n < 40; n++) {
    assert_int_equal(weir_publish_counted("room", &got, number, .n = 1), WEIR_OK);
    assert_int_equal(got, n < 4 ? 2 : 1);
  }
  weir_accounts_read(&after);
  assert_int_equal(after.refused_full - before.refused_full, 36);
  gate_open(&g);
  assert_int_equal(get_from(slow), 1111);
  weir_publish_counted("room", &got, number, .n = 2);
  assert_int_equal(got, 2);
  assert_int_equal(get_from(slow), 11112);
}

/* ---- many ---- */

enum { MANY = 1000 };

struct one_of_many {
  int64_t heard;
};
static int one_start(struct one_of_many *o, const struct weir_none *unused)
{
  (void)o, (void)unused;
  return weir_join("queue");
}
static int one_signal(struct one_of_many *o)
{
  o->heard++;
  return WEIR_OK;
}
static int one_get(struct one_of_many *o, struct number *reply)
{
  reply->n = o->heard;
  return WEIR_OK;
}
WEIR_ACTOR(one_of_many, WEIR_ON_START(weir_none, one_start) WEIR_ON(signal, one_signal) WEIR_ON(get, one_get));

/* The roll grows, and is renewed when most have left. */
static void each_of_many_gets_it_once_while_many_leave(void **state)
{
  (void)state;
  static weir_ref refs[MANY];
  size_t got;
  for (int64_t i = 0; i < MANY; i++) refs[i] = weir_spawn(&one_of_many);
  for (int64_t i = 0; i < MANY; i++) assert_int_equal(get_from(refs[i]), 0); /* it has started */
  for (int64_t i = 0; i < MANY; i++) {
    if (i % 5 == 0) continue;
    weir_stop(refs[i]);
    wait_until_gone(refs[i]);
    if (i % 100 != 99) continue;
    assert_int_equal(weir_publish_counted("queue", &got, signal), WEIR_OK);
    assert_int_equal(got, weir_group_size("queue"));
    assert_int_equal(got, MANY - (i + 1) / 5 * 4);
  }
  for (int64_t i = 0; i < MANY; i += 5) assert_int_equal(get_from(refs[i]), MANY / 100);
}

/* ---- wrong uses ---- */

static void wrong_uses_are_errors(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&member);
  assert_int_equal(changed(a, JOIN, "room"), WEIR_OK);
  assert_int_equal(changed(a, JOIN, "room"), WEIR_EEXIST);
  assert_int_equal(changed(a, LEAVE, "hall"), WEIR_EINVAL);
  assert_int_equal(changed(a, JOIN_NOTHING, NULL), WEIR_EINVAL);
  assert_int_equal(changed(a, LEAVE_NOTHING, NULL), WEIR_EINVAL);
  assert_int_equal(weir_join("room"), WEIR_EINVAL);
  assert_int_equal(weir_leave("room"), WEIR_EINVAL);
  assert_int_equal(weir_publish(NULL, number), WEIR_EINVAL);
  assert_int_equal(weir_publish("", number), WEIR_EINVAL);
  assert_int_equal(weir_publish_value("room", (weir_value){0}), WEIR_EINVAL);
  assert_int_equal(weir_group_size(NULL), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(who_has_joined_gets_what_is_published),
      ON_RUNTIME(an_empty_group_is_fine),
      ON_RUNTIME(who_has_left_gets_nothing_any_more),
      ON_RUNTIME(who_ends_leaves_its_groups),
      ON_RUNTIME(trouble_16_a_full_member_misses_and_stays),
      ON_RUNTIME(each_of_many_gets_it_once_while_many_leave),
      ON_RUNTIME(wrong_uses_are_errors),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
