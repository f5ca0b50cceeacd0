/* Behaviours: other clauses over the same state. */
#include "unit/actor_fixture.h"

struct key {
  bool turned;
};
WEIR_MESSAGE(key, WEIR_FIELD(turned));

/* Counts numbers while it is open; sets them aside while it is shut. */
struct door {
  int64_t sum, ended_in;
  int code;
};
static _Atomic(uint64_t) end_news;

static int door_number(struct door *d, const struct number *m)
{
  d->sum += m->n;
  return WEIR_OK;
}
static int door_get(struct door *d, struct number *reply)
{
  reply->n = d->sum;
  return WEIR_OK;
}
static int shut_number(struct door *d, const struct number *m)
{
  (void)d, (void)m;
  return weir_stash();
}
static int shut_get(struct door *d, struct number *reply)
{
  reply->n = -1 - d->sum;
  return WEIR_OK;
}
static int shut_key(struct door *d)
{
  (void)d;
  int rc = weir_become(NULL);
  return rc ? rc : weir_unstash(SIZE_MAX);
}
WEIR_BEHAVIOUR(door, shut, WEIR_ON(number, shut_number) WEIR_ON(get, shut_get) WEIR_ON(key, shut_key));

struct other {
  int64_t sum, ended_in;
  int code;
};
static int other_number(struct other *o)
{
  o->sum++;
  return WEIR_OK;
}
WEIR_BEHAVIOUR(other, of_another_type, WEIR_ON(number, other_number));
static int start_of_a_behaviour(struct door *d, const struct number *m)
{
  (void)d, (void)m;
  return WEIR_OK;
}
WEIR_BEHAVIOUR(door, with_a_start, WEIR_ON_START(number, start_of_a_behaviour));
static void end_of_a_behaviour(struct door *d) { d->sum = 0; }
WEIR_BEHAVIOUR(door, with_an_end, WEIR_ON_END(end_of_a_behaviour));

static int door_key(struct door *d, const struct key *m)
{
  int rc = weir_become(&shut);
  d->sum += 100; /* this message is finished by the clause that has it */
  return rc ? rc : m->turned ? weir_send(weir_self(), key) : WEIR_OK;
}
static char wrong_text[3][128];
static int door_signal(struct door *d)
{
  static const weir_behaviour *const wrong[] = {&of_another_type, &with_a_start, &with_an_end};
  for (int i = 0; i < 3; i++) {
    if (weir_become(wrong[i]) != WEIR_EINVAL) d->code++;
    snprintf(wrong_text[i], sizeof wrong_text[i], "%s", weir_error_text());
  }
  return d->code ? WEIR_EUSER(1) : WEIR_OK;
}
static void door_end(struct door *d)
{
  uint64_t promise = atomic_exchange(&end_news, 0);
  if (promise) news_tell(promise, d->sum);
}
WEIR_ACTOR(door,
           WEIR_ON(number, door_number) WEIR_ON(get, door_get) WEIR_ON(key, door_key) WEIR_ON(signal, door_signal)
               WEIR_ON_END(door_end),
           .keeps_places = true);

static void from_the_next_message_on_it_has_the_other_clauses(void **state)
{
  (void)state;
  weir_ref d = weir_spawn(&door);
  weir_send(d, number, .n = 1);
  weir_send(d, key);
  assert_int_equal(get_from(d), -102);
}

static void what_was_stashed_in_one_is_handled_in_the_other(void **state)
{
  (void)state;
  weir_ref d = weir_spawn(&door);
  weir_send(d, key);
  for (int64_t n = 1; n <= 4; n++) weir_send(d, number, .n = n);
  assert_int_equal(get_from(d), -101);
  weir_send(d, key);
  assert_int_equal(get_from(d), 110);
}

static void a_message_without_a_clause_there_is_refused_by_name(void **state)
{
  (void)state;
  weir_ref d = weir_spawn(&door, .name = "front");
  weir_send(d, key);
  assert_int_equal(weir_ask(d, WEIR_SECONDS(20), NULL, signal), WEIR_EPROTO);
  assert_string_equal(weir_error_text(), "front as shut has no clause for signal");
}

static void the_end_clause_is_that_of_its_type(void **state)
{
  (void)state;
  weir_promise told;
  weir_future end;
  assert_int_equal(weir_oneshot(&told, &end), WEIR_OK);
  atomic_store(&end_news, told.bits);
  weir_ref d = weir_spawn(&door);
  weir_send(d, key);
  weir_drain(d);
  assert_int_equal(news_wait(end), 100);
}

static void a_behaviour_of_another_type_or_with_a_start_or_an_end_is_refused(void **state)
{
  (void)state;
  weir_ref d = weir_spawn(&door);
  assert_int_equal(weir_ask(d, WEIR_SECONDS(20), NULL, signal), WEIR_OK);
  assert_string_equal(wrong_text[0], "of_another_type is a behaviour of other, not of door");
  assert_non_null(strstr(wrong_text[1], "no start clause"));
  assert_non_null(strstr(wrong_text[2], "no end clause"));
  weir_send(d, number, .n = 5);
  assert_int_equal(get_from(d), 5); /* it is what it was */
}

static void it_is_for_handlers(void **state)
{
  (void)state;
  assert_int_equal(weir_become(&shut), WEIR_EINVAL);
  assert_int_equal(weir_become(NULL), WEIR_EINVAL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(from_the_next_message_on_it_has_the_other_clauses),
      ON_RUNTIME(what_was_stashed_in_one_is_handled_in_the_other),
      ON_RUNTIME(a_message_without_a_clause_there_is_refused_by_name),
      ON_RUNTIME(the_end_clause_is_that_of_its_type),
      ON_RUNTIME(a_behaviour_of_another_type_or_with_a_start_or_an_end_is_refused),
      ON_RUNTIME(it_is_for_handlers),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
