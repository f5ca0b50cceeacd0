/* Troubles of others with waits that go round in a circle, by their numbers in docs/internals/cases.md. */
#include "unit/actor_fixture.h"

/* ---- a way along actors, each of which waits for the next ---- */

enum { WAY_MOST = 6 };
enum { ASKS, SENDS };

struct way {
  weir_ref next[WAY_MOST]; /* where it leads; ends with nobody */
  int32_t how;             /* what the last step is */
};
WEIR_REQUEST(way, number, WEIR_FIELD(next), WEIR_FIELD(how));

struct stop {
  int64_t visits;
};

static int go_on(const struct way *m, weir_ref to, struct number *reply)
{
  struct way rest = {.how = m->how};
  struct number *answer;
  memcpy(rest.next, m->next + 1, (WAY_MOST - 1) * sizeof rest.next[0]);
  int rc = weir_ask_value(to, WEIR_FOREVER, &answer, WEIR_AT(way, &rest));
  if (rc) return weir_error(rc, "%s", weir_error_text());
  reply->n = answer->n + 1;
  weir_free(answer);
  return WEIR_OK;
}

/* Until there is no place, and then it waits. */
static int send_on(weir_ref to)
{
  int rc = WEIR_OK;
  for (int i = 0; i < 2 && !rc; i++) rc = weir_send(to, signal);
  return rc ? weir_error(rc, "%s", weir_error_text()) : WEIR_OK;
}

static int stop_way(struct stop *s, const struct way *m, struct number *reply)
{
  weir_ref to = m->next[0];
  s->visits++;
  if (to.bits == 0) return WEIR_OK;
  return m->next[1].bits == 0 && m->how == SENDS ? send_on(to) : go_on(m, to, reply);
}
static int stop_get(struct stop *s, struct number *reply)
{
  reply->n = s->visits;
  return WEIR_OK;
}
static int stop_signal(struct stop *s)
{
  (void)s;
  return WEIR_OK;
}
WEIR_ACTOR(stop, WEIR_ON(way, stop_way) WEIR_ON(get, stop_get) WEIR_ON(signal, stop_signal), .capacity = 1);

static weir_ref stop_named(const char *name)
{
  weir_ref s = weir_spawn(&stop, .name = name);
  assert_int_equal(weir_ref_error(s), WEIR_OK);
  return s;
}

/* What comes of it; the steps of the way, where it ended well. */
static int64_t go(weir_ref first, struct way way)
{
  struct number *answer;
  int rc = weir_ask_value(first, WEIR_SECONDS(3600), &answer, WEIR_AT(way, &way));
  int64_t n = rc ? rc : answer->n;
  weir_free(answer);
  return n;
}

static void trouble_17_a_asks_b_which_asks_a_and_the_error_names_both(void **state)
{
  (void)state;
  weir_ref a = stop_named("anna"), b = stop_named("berta");
  assert_int_equal(go(a, (struct way){.next = {b, a}}), WEIR_EDEADLOCK);
  assert_non_null(strstr(weir_error_text(), "anna waits for an answer of berta"));
  assert_non_null(strstr(weir_error_text(), "berta waits for an answer of anna"));
  assert_int_equal(get_from(a), 1); /* both live, and go on */
  assert_int_equal(get_from(b), 1);
}

static void trouble_18_a_circle_of_any_length_is_told_oneself_too(void **state)
{
  (void)state;
  weir_ref s[5];
  for (int i = 0; i < 5; i++) s[i] = weir_spawn(&stop);
  assert_int_equal(go(s[0], (struct way){.next = {s[0]}}), WEIR_EDEADLOCK);
  assert_int_equal(go(s[0], (struct way){.next = {s[1], s[2], s[0]}}), WEIR_EDEADLOCK);
  assert_int_equal(go(s[0], (struct way){.next = {s[1], s[2], s[3], s[4], s[0]}}), WEIR_EDEADLOCK);
  assert_int_equal(go(s[0], (struct way){.next = {s[1], s[2], s[3], s[4], s[2]}}), WEIR_EDEADLOCK); /* not the first */
  assert_int_equal(go(s[0], (struct way){.next = {s[1], s[2], s[3], s[4]}}), 4);
}

static void trouble_19_a_circle_is_found_while_it_runs_and_only_where_there_is_one(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&stop), b = weir_spawn(&stop), c = weir_spawn(&stop);
  for (int i = 0; i < 3; i++) { /* the same actors; the ways are only in the messages */
    assert_int_equal(go(a, (struct way){.next = {b, c}}), 2);
    assert_int_equal(go(c, (struct way){.next = {b, a}}), 2);
    assert_int_equal(go(b, (struct way){.next = {c, a, b}}), WEIR_EDEADLOCK);
  }
}

/* One asks, one asks, and the third sends into the full mailbox of the first: each part is fine by itself. */
static void trouble_22_a_circle_of_parts_that_do_not_know_each_other_is_told(void **state)
{
  (void)state;
  weir_ref a = stop_named("shop"), b = stop_named("bank"), c = stop_named("post");
  assert_int_equal(go(a, (struct way){.next = {b, c, a}, .how = SENDS}), WEIR_EDEADLOCK);
  assert_non_null(strstr(weir_error_text(), "post waits for a place in the mailbox of shop"));
  assert_int_equal(get_from(a), 1);
}

/* ---- actors that write to each other while they start ---- */

struct peer {
  const char *name;
};
WEIR_MESSAGE(peer, WEIR_FIELD(name));

static _Atomic(int) started, start_deadlocks;

struct writer {
  int64_t got;
};
static int write_to_peer(struct writer *w, const struct peer *m)
{
  weir_ref to;
  int rc = WEIR_OK;
  (void)w;
  while (weir_ref_error(to = weir_find(m->name)) && !rc) rc = weir_sleep(WEIR_MILLIS(0.1));
  for (int64_t i = 0; i < 3 && !rc; i++) rc = weir_send(to, number, .n = i);
  if (rc == WEIR_EDEADLOCK) atomic_fetch_add(&start_deadlocks, 1);
  atomic_fetch_add(&started, 1);
  return rc == WEIR_EDEADLOCK ? WEIR_OK : rc;
}
static int writer_number(struct writer *w)
{
  w->got++;
  return WEIR_OK;
}
static int writer_get(struct writer *w, struct number *reply)
{
  reply->n = w->got;
  return WEIR_OK;
}
WEIR_ACTOR(writer, WEIR_ON_START(peer, write_to_peer) WEIR_ON(number, writer_number) WEIR_ON(get, writer_get),
           .capacity = 1);

static void trouble_12_two_that_write_to_each_other_while_they_start_do_not_stand_still(void **state)
{
  (void)state;
  atomic_store(&started, 0);
  atomic_store(&start_deadlocks, 0);
  weir_ref a = weir_spawn(&writer, .name = "a", .config = WEIR_VALUE(peer, .name = "b"));
  weir_ref b = weir_spawn(&writer, .name = "b", .config = WEIR_VALUE(peer, .name = "a"));
  while (atomic_load(&started) < 2) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(atomic_load(&start_deadlocks), 1); /* one is told, and so the other gets on */
  assert_int_equal(get_from(a) + get_from(b), 4);     /* three, and the first of who was told */
}

/* ---- a ring that brings forth more than it has room for ---- */

enum { RING = 3, GENERATIONS = 9 };
static weir_ref ring[RING];
static _Atomic(int) ring_deadlocks;

struct bearer {
  int64_t index;
};
struct position {
  int64_t index;
};
WEIR_MESSAGE(position, WEIR_FIELD(index));
static int take_position(struct bearer *b, const struct position *m)
{
  b->index = m->index;
  return WEIR_OK;
}
static int bear_two(struct bearer *b, const struct number *m)
{
  int rc = WEIR_OK;
  for (int i = 0; m->n > 0 && i < 2 && !rc; i++) rc = weir_send(ring[(b->index + 1) % RING], number, .n = m->n - 1);
  if (rc == WEIR_EDEADLOCK) atomic_fetch_add(&ring_deadlocks, 1);
  return rc;
}
WEIR_ACTOR(bearer, WEIR_ON_START(position, take_position) WEIR_ON(number, bear_two), .capacity = 1);

static void trouble_15_a_ring_of_full_mailboxes_is_told_and_comes_to_an_end(void **state)
{
  (void)state;
  atomic_store(&ring_deadlocks, 0);
  for (int64_t i = 0; i < RING; i++) ring[i] = weir_spawn(&bearer, .config = WEIR_VALUE(position, .index = i));
  assert_int_equal(weir_send(ring[0], number, .n = GENERATIONS), WEIR_OK);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK); /* a drain: until nothing is queued, nobody at work */
  assert_true(atomic_load(&ring_deadlocks) > 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(trouble_12_two_that_write_to_each_other_while_they_start_do_not_stand_still),
      ON_RUNTIME(trouble_15_a_ring_of_full_mailboxes_is_told_and_comes_to_an_end),
      ON_RUNTIME(trouble_17_a_asks_b_which_asks_a_and_the_error_names_both),
      ON_RUNTIME(trouble_18_a_circle_of_any_length_is_told_oneself_too),
      ON_RUNTIME(trouble_19_a_circle_is_found_while_it_runs_and_only_where_there_is_one),
      ON_RUNTIME(trouble_22_a_circle_of_parts_that_do_not_know_each_other_is_told),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
