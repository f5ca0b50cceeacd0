/* Who listens to dead letters. */
#include "unit/actor_fixture.h"

enum { HEARD_MOST = 64 };
struct heard {
  char message[32], name[32], text[128];
  weir_ref from, to;
  uint64_t missed;
  int code;
  bool asked;
};
static struct heard heard[HEARD_MOST];
static _Atomic(int) heard_next, heard_count; /* taken, by one of several that listen; and filled in */

struct listener {
  int64_t heard;
};
static int listen(struct listener *l, const struct weir_dead_letter *m)
{
  int at = atomic_fetch_add(&heard_next, 1);
  l->heard++;
  if (at < HEARD_MOST) {
    struct heard *h = &heard[at];
    *h = (struct heard){.from = m->from, .to = m->to, .missed = m->missed, .code = m->code, .asked = m->asked};
    snprintf(h->message, sizeof h->message, "%s", m->message);
    snprintf(h->name, sizeof h->name, "%s", m->name);
    snprintf(h->text, sizeof h->text, "%s", m->text);
    atomic_fetch_add(&heard_count, 1);
  }
  return WEIR_OK;
}
static int listener_hold(struct listener *l, const struct hold *m)
{
  (void)l;
  return gate_stand(m);
}
static int listener_get(struct listener *l, struct number *reply)
{
  reply->n = l->heard;
  return WEIR_OK;
}
WEIR_ACTOR(listener, WEIR_ON(weir_dead_letter, listen) WEIR_ON(hold, listener_hold) WEIR_ON(get, listener_get),
           .capacity = 32);

/* Refuses numbers, fails at a signal. */
struct refuser {
  WEIR_EMPTY;
};
static int refuse(struct refuser *r, const struct number *m)
{
  (void)r;
  return m->n ? weir_error(WEIR_EUSER(7), "no %lld", (long long)m->n) : WEIR_OK;
}
static int refuser_fail(struct refuser *r)
{
  (void)r;
  weir_fail(WEIR_EUSER(8), "gave up");
}
static int refuser_hold(struct refuser *r, const struct hold *m)
{
  (void)r;
  return gate_stand(m);
}
/* Sends to somebody who is gone, by each way. */
struct errand {
  weir_ref to;
};
WEIR_MESSAGE(errand, WEIR_FIELD(to));
static int refuser_errand(struct refuser *r, const struct errand *m)
{
  (void)r;
  int rc = weir_send(m->to, number, .n = 1);
  return rc == WEIR_EDEAD && strstr(weir_error_text(), "is gone") ? WEIR_OK : WEIR_EINVAL;
}
WEIR_ACTOR(refuser, WEIR_ON(number, refuse) WEIR_ON(signal, refuser_fail) WEIR_ON(hold, refuser_hold)
                        WEIR_ON(errand, refuser_errand));

static weir_ref begin_listening(void)
{
  memset(heard, 0, sizeof heard);
  atomic_store(&heard_next, 0);
  atomic_store(&heard_count, 0);
  weir_ref l = weir_spawn(&listener);
  assert_int_equal(weir_dead_letters(l), WEIR_OK);
  return l;
}

/* Until it has heard so many. */
static struct heard hear(weir_ref by, int count)
{
  while (get_from(by) < count) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(atomic_load(&heard_count), count);
  return heard[count - 1];
}

static weir_ref gone_actor(void)
{
  weir_ref r = weir_spawn(&refuser);
  weir_stop(r);
  wait_until_gone(r);
  return r;
}

static void a_plain_message_that_is_refused_is_told_with_its_text(void **state)
{
  (void)state;
  weir_ref l = begin_listening(), r = weir_spawn(&refuser, .name = "refuser of all");
  weir_send(r, number, .n = 3);
  struct heard h = hear(l, 1);
  assert_string_equal(h.message, "number");
  assert_string_equal(h.name, "refuser of all");
  assert_string_equal(h.text, "no 3");
  assert_int_equal(h.to.bits, r.bits);
  assert_int_equal(h.code, WEIR_EUSER(7));
  assert_false(h.asked);
  assert_int_equal(weir_ask(r, WEIR_SECONDS(20), NULL, number, .n = 4), WEIR_EUSER(7)); /* its asker knows */
  weir_send(r, number, .n = 5);
  assert_string_equal(hear(l, 2).text, "no 5");
}

static void what_is_queued_when_its_actor_ends_is_told(void **state)
{
  (void)state;
  struct gate g;
  weir_ref l = begin_listening(), r = weir_spawn(&refuser);
  gate_enter(&g, r);
  weir_send(r, number);
  weir_pending p = weir_ask_begin(r, WEIR_SECONDS(20), number);
  weir_stop(r);
  assert_int_equal(weir_await(p, NULL, number), WEIR_EDEAD);
  gate_open(&g); /* nobody stands there any more */
  hear(l, 3);    /* the hold, whose handler was told to stop, is one of them */
  assert_string_equal(heard[0].message, "hold");
  assert_int_equal(heard[0].code, WEIR_EFAILED);
  assert_string_equal(heard[1].message, "number");
  assert_int_equal(heard[1].code, WEIR_EDEAD);
  assert_false(heard[1].asked);
  assert_true(heard[2].asked);
  assert_string_equal(heard[2].name, "refuser");
}

static void a_failure_tells_of_its_message_and_of_what_was_queued(void **state)
{
  (void)state;
  struct gate g;
  weir_ref l = begin_listening(), r = weir_spawn(&refuser);
  gate_enter(&g, r);
  weir_send(r, signal);
  weir_send(r, number);
  gate_open(&g);
  hear(l, 2);
  assert_string_equal(heard[0].message, "signal");
  assert_non_null(strstr(heard[0].text, "gave up"));
  assert_string_equal(heard[1].message, "number");
  assert_int_equal(heard[1].code, WEIR_EFAILED);
  assert_string_equal(heard[1].text, "gave up");
}

static void sends_that_are_turned_away_are_told_with_their_sender(void **state)
{
  (void)state;
  weir_ref l = begin_listening(), r = weir_spawn(&refuser), gone = gone_actor();
  assert_int_equal(weir_ask(r, WEIR_SECONDS(20), NULL, errand, .to = gone), WEIR_OK);
  struct heard h = hear(l, 1);
  assert_int_equal(h.from.bits, r.bits);
  assert_int_equal(h.to.bits, gone.bits);
  assert_string_equal(h.message, "number");
  assert_string_equal(h.name, "");
  assert_int_equal(h.code, WEIR_EDEAD);
  assert_int_equal(weir_try_send(gone, signal), WEIR_EDEAD);
  h = hear(l, 2);
  assert_int_equal(h.from.bits, 0);
  assert_string_equal(h.message, "signal");
  assert_int_equal(weir_ask(gone, WEIR_SECONDS(1), NULL, number), WEIR_EDEAD);
  assert_non_null(strstr(weir_error_text(), "is gone")); /* telling did not write over it */
  assert_true(hear(l, 3).asked);
  assert_int_equal(weir_ask_begin(gone, WEIR_SECONDS(1), number).error, WEIR_EDEAD);
  assert_true(hear(l, 4).asked);
}

static void a_full_listener_misses_and_is_told_how_many(void **state)
{
  (void)state;
  struct gate g;
  weir_ref l = begin_listening(), gone = gone_actor();
  gate_enter(&g, l);
  for (int i = 0; i < 50; i++) assert_int_equal(weir_try_send(gone, signal), WEIR_EDEAD);
  gate_open(&g);
  hear(l, 32);
  assert_int_equal(heard[31].missed, 0);
  assert_int_equal(weir_try_send(gone, signal), WEIR_EDEAD);
  assert_int_equal(hear(l, 33).missed, 18);
  assert_int_equal(weir_try_send(gone, signal), WEIR_EDEAD);
  assert_int_equal(hear(l, 34).missed, 0);
}

static void several_listen_until_they_end_or_say_so(void **state)
{
  (void)state;
  weir_ref gone = gone_actor(), a = begin_listening(), b = weir_spawn(&listener);
  assert_int_equal(weir_dead_letters(b), WEIR_OK);
  assert_int_equal(weir_dead_letters(b), WEIR_EEXIST);
  weir_try_send(gone, signal) ? (void)0 : fail();
  while (get_from(a) < 1 || get_from(b) < 1) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(weir_dead_letters_end(a), WEIR_OK);
  assert_int_equal(weir_dead_letters_end(a), WEIR_EDEAD);
  weir_try_send(gone, signal) ? (void)0 : fail();
  while (get_from(b) < 2) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(get_from(a), 1);
  weir_stop(b);
  wait_until_gone(b);
  weir_try_send(gone, signal) ? (void)0 : fail();
  assert_int_equal(weir_dead_letters_end(b), WEIR_EDEAD); /* forgotten by then */
}

/* What a listener leaves in its mailbox is told to nobody: else the last one's letters would go round for ever. */
static void a_dead_letter_of_a_dead_letter_is_only_counted(void **state)
{
  (void)state;
  struct gate g;
  weir_accounts before, after;
  weir_ref gone = gone_actor(), a = begin_listening(), b = weir_spawn(&listener);
  assert_int_equal(weir_dead_letters(b), WEIR_OK);
  gate_enter(&g, b);
  for (int i = 0; i < 3; i++) assert_int_equal(weir_try_send(gone, signal), WEIR_EDEAD);
  hear(a, 3);
  weir_accounts_read(&before);
  weir_stop(b);
  wait_until_gone(b);
  gate_open(&g);
  weir_accounts_read(&after);
  assert_int_equal(after.dead - before.dead, 4); /* the hold, and three that nobody is told of */
  assert_string_equal(hear(a, 4).message, "hold");
}

static void wrong_uses_are_errors(void **state)
{
  (void)state;
  weir_ref many[17], route = weir_spawn(&listener, .instances = 2);
  assert_int_equal(weir_dead_letters(gone_actor()), WEIR_EDEAD);
  assert_int_equal(weir_dead_letters((weir_ref){0}), WEIR_EDEAD);
  assert_int_equal(weir_dead_letters(route), WEIR_EINVAL);
  assert_int_equal(weir_dead_letters_end(route), WEIR_EDEAD);
  for (int i = 0; i < 17; i++) {
    many[i] = weir_spawn(&listener);
    assert_int_equal(weir_dead_letters(many[i]), i < 16 ? WEIR_OK : WEIR_ERANGE);
  }
  weir_stop(many[0]);
  assert_int_equal(weir_dead_letters(many[16]), WEIR_OK); /* one that has ended makes room */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_plain_message_that_is_refused_is_told_with_its_text),
      ON_RUNTIME(what_is_queued_when_its_actor_ends_is_told),
      ON_RUNTIME(a_failure_tells_of_its_message_and_of_what_was_queued),
      ON_RUNTIME(sends_that_are_turned_away_are_told_with_their_sender),
      ON_RUNTIME(a_full_listener_misses_and_is_told_how_many),
      ON_RUNTIME(several_listen_until_they_end_or_say_so),
      ON_RUNTIME(a_dead_letter_of_a_dead_letter_is_only_counted),
      ON_RUNTIME(wrong_uses_are_errors),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
