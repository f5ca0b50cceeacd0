/* Several instances behind one ref. */
#include "unit/actor_fixture.h"

/* Tells who it is: the number of its start, and how many numbers it has handled. */
struct told {
  int64_t place, handled;
  weir_ref who;
  const char *last;
};
struct who {
  WEIR_EMPTY;
};
struct keyed {
  const char *key;
  int32_t other;
};
struct pair {
  int32_t a;
  char b[8];
  int64_t rest;
};
struct who_of {
  const char *key;
};
WEIR_MESSAGE(told, WEIR_FIELD(place), WEIR_FIELD(handled), WEIR_FIELD(who), WEIR_FIELD(last));
WEIR_REQUEST(who, told);
WEIR_MESSAGE(keyed, WEIR_FIELD(key, .key = true), WEIR_FIELD(other));
WEIR_MESSAGE(pair, WEIR_FIELD(a, .key = true), WEIR_FIELD(b, .key = true), WEIR_FIELD(rest));
WEIR_REQUEST(who_of, told, WEIR_FIELD(key, .key = true));
struct path {
  const int32_t *steps;
  size_t count;
  int64_t rest;
};
WEIR_MESSAGE(path, WEIR_LIST(steps, count, .key = true), WEIR_FIELD(rest));

static _Atomic(int64_t) started;

struct worker {
  int64_t place, handled;
  char last[64];
};
static int worker_start(struct worker *w, const struct number *unused)
{
  if (unused && unused->n < 0) return weir_error(WEIR_EUSER(1), "no");
  w->place = atomic_fetch_add(&started, 1);
  return WEIR_OK;
}
static int worker_number(struct worker *w)
{
  w->handled++;
  return WEIR_OK;
}
static int worker_tell(struct worker *w, struct told *reply)
{
  *reply = (struct told){.place = w->place, .handled = w->handled, .who = weir_self(), .last = w->last};
  return WEIR_OK;
}
static int worker_hold(struct worker *w, const struct hold *m)
{
  (void)w;
  return gate_stand(m);
}
static int worker_get(struct worker *w, struct number *reply)
{
  reply->n = w->handled;
  return WEIR_OK;
}
static int worker_signal(struct worker *w)
{
  (void)w;
  return WEIR_STOP;
}
static int worker_wrong(struct worker *w, const struct keyed *m)
{
  if (m->other) weir_fail(WEIR_EUSER(2), "asked to");
  snprintf(w->last, sizeof w->last, "%s", m->key);
  w->handled++;
  return WEIR_OK;
}
static int worker_pair(struct worker *w)
{
  w->handled++;
  return WEIR_OK;
}
WEIR_ACTOR(worker,
           WEIR_ON_START(number, worker_start) WEIR_ON(number, worker_number) WEIR_ON(who, worker_tell)
               WEIR_ON(who_of, worker_tell) WEIR_ON(hold, worker_hold) WEIR_ON(get, worker_get)
                   WEIR_ON(signal, worker_signal) WEIR_ON(keyed, worker_wrong) WEIR_ON(pair, worker_pair)
                       WEIR_ON(path, worker_pair),
           .capacity = 8);

static struct told ask_who(weir_ref to)
{
  struct told none = {.place = -1}, *t;
  if (weir_ask(to, WEIR_SECONDS(20), &t, who)) return none;
  none = *t;
  none.last = "";
  weir_free(t);
  return none;
}

static weir_ref ask_key(weir_ref to, const char *key)
{
  struct told *t;
  weir_ref who = {0};
  if (weir_ask(to, WEIR_SECONDS(20), &t, who_of, .key = key)) return who;
  who = t->who;
  weir_free(t);
  return who;
}

static weir_ref instance(const char *name, int i)
{
  char text[64];
  snprintf(text, sizeof text, "%s#%d", name, i);
  return weir_find(text);
}

/* ---- each way to choose ---- */

static void round_robin_takes_turns(void **state)
{
  (void)state;
  weir_ref r = weir_spawn(&worker, .instances = 3, .name = "pool");
  for (int i = 0; i < 9; i++) assert_int_equal(weir_send(r, number), WEIR_OK);
  for (int i = 0; i < 3; i++) assert_int_equal(get_from(instance("pool", i)), 3);
  assert_int_equal(weir_find("pool").bits, r.bits);
  assert_int_equal(weir_ref_error(r), WEIR_OK);
  assert_true(weir_alive(r));
}

static void least_busy_takes_the_one_with_the_fewest_messages(void **state)
{
  (void)state;
  struct gate g[2];
  weir_ref r = weir_spawn(&worker, .instances = 3, .route = WEIR_LEAST_BUSY, .name = "pool");
  gate_enter(&g[0], instance("pool", 0));
  gate_enter(&g[1], instance("pool", 2));
  weir_send(instance("pool", 0), number); /* with that in hand two; the free one has one at most */
  weir_send(instance("pool", 2), number);
  for (int i = 0; i < 20; i++) assert_int_equal(ask_who(r).who.bits, instance("pool", 1).bits);
  gate_open(&g[0]);
  gate_open(&g[1]);
}

static void least_busy_goes_round_those_that_have_as_few(void **state)
{
  (void)state;
  struct gate g[3];
  weir_ref r = weir_spawn(&worker, .instances = 3, .route = WEIR_LEAST_BUSY, .name = "pool");
  for (int i = 0; i < 3; i++) gate_enter(&g[i], instance("pool", i));
  for (int i = 0; i < 9; i++) weir_send(r, number);
  for (int i = 0; i < 3; i++) gate_open(&g[i]);
  for (int i = 0; i < 3; i++) assert_int_equal(get_from(instance("pool", i)), 3);
}

static void the_same_key_goes_to_the_same_instance(void **state)
{
  (void)state;
  char key[32];
  weir_ref first[64], seen[4] = {{0}};
  size_t different = 0;
  weir_ref r = weir_spawn(&worker, .instances = 4, .route = WEIR_BY_HASH);
  for (int i = 0; i < 64; i++) {
    snprintf(key, sizeof key, "key %d", i);
    first[i] = ask_key(r, key);
    size_t s = 0;
    while (s < different && seen[s].bits != first[i].bits) s++;
    if (s == different) seen[different++] = first[i];
  }
  assert_int_equal(different, 4);
  for (int i = 63; i >= 0; i--) {
    snprintf(key, sizeof key, "key %d", i);
    assert_int_equal(ask_key(r, key).bits, first[i].bits);
  }
}

/* Only the keys of the one that has ended move. */
static void when_an_instance_ends_its_keys_alone_move(void **state)
{
  (void)state;
  char key[32];
  weir_ref first[64];
  size_t moved_to_others = 0;
  weir_ref r = weir_spawn(&worker, .instances = 4, .route = WEIR_BY_HASH, .name = "pool");
  for (int i = 0; i < 64; i++) snprintf(key, sizeof key, "key %d", i), first[i] = ask_key(r, key);
  weir_ref gone = instance("pool", 2);
  weir_stop(gone);
  wait_until_gone(gone);
  for (int i = 0; i < 64; i++) {
    snprintf(key, sizeof key, "key %d", i);
    weir_ref now = ask_key(r, key);
    if (first[i].bits != gone.bits)
      assert_int_equal(now.bits, first[i].bits);
    else
      moved_to_others += weir_alive(now);
  }
  assert_true(moved_to_others > 0);
}

static void several_key_fields_count_together(void **state)
{
  (void)state;
  weir_ref r = weir_spawn(&worker, .instances = 2, .route = WEIR_BY_HASH, .name = "pool");
  for (int i = 0; i < 40; i++) assert_int_equal(weir_send(r, pair, .a = 7, .b = "same", .rest = i), WEIR_OK);
  int64_t one = get_from(instance("pool", 0)), two = get_from(instance("pool", 1));
  assert_true((one == 40 && two == 0) || (one == 0 && two == 40));
  for (int i = 0; i < 40; i++) assert_int_equal(weir_send(r, pair, .a = i, .b = "same"), WEIR_OK);
  assert_true(get_from(instance("pool", 0)) > one);
  assert_true(get_from(instance("pool", 1)) > two);
}

static void a_key_may_be_a_list_of_which_each_item_counts(void **state)
{
  (void)state;
  int32_t steps[] = {1, 2, 3};
  weir_ref r = weir_spawn(&worker, .instances = 2, .route = WEIR_BY_HASH, .name = "paths");
  for (int i = 0; i < 40; i++) assert_int_equal(weir_send(r, path, .steps = steps, .count = 3, .rest = i), WEIR_OK);
  int64_t one = get_from(instance("paths", 0)), two = get_from(instance("paths", 1));
  assert_true((one == 40 && two == 0) || (one == 0 && two == 40));
  for (int i = 0; i < 40; i++) {
    steps[2] = i;
    assert_int_equal(weir_send(r, path, .steps = steps, .count = 2 + (size_t)i % 2), WEIR_OK);
  }
  assert_true(get_from(instance("paths", 0)) > one);
  assert_true(get_from(instance("paths", 1)) > two);
}

static void a_broadcast_reaches_all_and_waits_for_each(void **state)
{
  (void)state;
  struct gate g;
  weir_ref r = weir_spawn(&worker, .instances = 3, .route = WEIR_BROADCAST, .name = "all");
  assert_int_equal(weir_send(r, number), WEIR_OK);
  for (int i = 0; i < 3; i++) assert_int_equal(get_from(instance("all", i)), 1);
  gate_enter(&g, instance("all", 1));
  for (int i = 0; i < 8; i++) assert_int_equal(weir_send(r, number), WEIR_OK);
  for (int i = 0; i < 3; i += 2) assert_int_equal(get_from(instance("all", i)), 9); /* these have room again */
  assert_int_equal(weir_send_within(r, WEIR_MILLIS(1), number), WEIR_ETIMEDOUT);
  assert_int_equal(weir_try_send(r, number), WEIR_EFULL); /* the others got it */
  gate_open(&g);
  assert_int_equal(get_from(instance("all", 0)), 11);
  assert_int_equal(get_from(instance("all", 1)), 9);
  assert_int_equal(get_from(instance("all", 2)), 10);
}

/* ---- all that is done with a ref ---- */

struct sender {
  int32_t code;
};
static int sender_get(struct sender *s, const struct get *m)
{
  (void)s, (void)m;
  return weir_forward(weir_find("pool"));
}
static int sender_number(struct sender *s, const struct number *m)
{
  struct number *mine = weir_keep(number, m);
  s->code = weir_pass(weir_find("pool"), mine);
  return s->code;
}
static int sender_keyed(struct sender *s)
{
  (void)s;
  return weir_forward(weir_find("all"));
}
WEIR_ACTOR(sender, WEIR_ON(get, sender_get) WEIR_ON(number, sender_number) WEIR_ON(keyed, sender_keyed));

static int64_t handled_by_all(const char *name, int count)
{
  int64_t sum = 0;
  for (int i = 0; i < count; i++) sum += get_from(instance(name, i));
  return sum;
}

static void asks_forwards_and_passes_go_to_an_instance(void **state)
{
  (void)state;
  struct told *t;
  weir_ref r = weir_spawn(&worker, .instances = 2, .name = "pool"), s = weir_spawn(&sender);
  weir_pending p[2];
  for (int i = 0; i < 2; i++) p[i] = weir_ask_begin(r, WEIR_SECONDS(20), who);
  int64_t places = 0;
  for (int i = 0; i < 2; i++) {
    assert_int_equal(weir_await(p[i], &t, who), WEIR_OK);
    places += t->who.bits == instance("pool", i).bits;
    weir_free(t);
  }
  assert_int_equal(places, 2);
  assert_int_equal(get_from(s), 0);
  for (int i = 0; i < 4; i++) assert_int_equal(weir_ask(s, WEIR_SECONDS(20), NULL, number, .n = i), WEIR_OK);
  assert_int_equal(weir_try_send(r, number), WEIR_OK);
  assert_int_equal(weir_send_within(r, WEIR_SECONDS(1), number), WEIR_OK);
  assert_int_equal(handled_by_all("pool", 2), 6);
}

static void a_passed_message_is_copied_to_all_by_a_broadcast(void **state)
{
  (void)state;
  weir_spawn(&worker, .instances = 3, .name = "pool", .route = WEIR_BROADCAST);
  weir_ref s = weir_spawn(&sender);
  assert_int_equal(weir_ask(s, WEIR_SECONDS(20), NULL, number), WEIR_OK);
  assert_int_equal(handled_by_all("pool", 3), 3);
}

/* A copy is made of what its owner has made of the message, not of what it was when it came. */
static void a_message_that_was_changed_passes_through_a_route_as_it_is(void **state)
{
  (void)state;
  static const char *const longer = "a key that is longer than the one that it came with";
  weir_sender tx;
  weir_receiver rx;
  struct keyed *k;
  struct told *t;
  weir_ref r = weir_spawn(&worker, .instances = 2, .name = "pool", .route = WEIR_BY_HASH);
  assert_int_equal(weir_mpsc(1, &tx, &rx), WEIR_OK);
  assert_int_equal(weir_channel_send(tx, keyed, .key = "short"), WEIR_OK);
  assert_int_equal(weir_receive(rx, &k, keyed), WEIR_OK);
  k->key = longer;
  assert_int_equal(weir_pass(r, k), WEIR_OK);
  assert_int_equal(weir_ask(r, WEIR_SECONDS(20), &t, who_of, .key = longer), WEIR_OK);
  assert_string_equal(t->last, longer);
  weir_free(t);
  weir_sender_drop(tx);
  weir_receiver_drop(rx);
}

static void timers_go_through_the_route_each_time(void **state)
{
  (void)state;
  weir_ref r = weir_spawn(&worker, .instances = 2, .name = "pool");
  weir_ref all = weir_spawn(&worker, .instances = 2, .name = "all", .route = WEIR_BROADCAST);
  weir_timer every = weir_send_every(r, WEIR_MILLIS(1), number);
  weir_timer once = weir_send_after(all, WEIR_MILLIS(1), number);
  assert_int_equal(every.error, WEIR_OK);
  assert_int_equal(once.error, WEIR_OK);
  while (get_from(instance("pool", 0)) < 2 || get_from(instance("pool", 1)) < 2) weir_sleep(WEIR_MILLIS(0.2));
  while (handled_by_all("all", 2) < 2) weir_sleep(WEIR_MILLIS(0.2));
  weir_timer_cancel(every);
  assert_int_equal(handled_by_all("all", 2), 2);
}

static void a_broadcast_is_not_asked_nor_forwarded_to(void **state)
{
  (void)state;
  weir_ref all = weir_spawn(&worker, .instances = 2, .name = "all", .route = WEIR_BROADCAST), s = weir_spawn(&sender);
  assert_int_equal(weir_ask(all, WEIR_SECONDS(20), NULL, number), WEIR_EINVAL);
  assert_non_null(strstr(weir_error_text(), "can't be asked"));
  assert_int_equal(weir_ask_begin(all, WEIR_SECONDS(20), get).error, WEIR_EINVAL);
  assert_int_equal(weir_ask(s, WEIR_SECONDS(20), NULL, keyed), WEIR_EINVAL);
  assert_non_null(strstr(weir_error_text(), "can't be forwarded to"));
}

static void a_message_without_a_key_is_refused_by_name(void **state)
{
  (void)state;
  weir_ref r = weir_spawn(&worker, .instances = 2, .route = WEIR_BY_HASH);
  assert_int_equal(weir_send(r, number), WEIR_EINVAL);
  assert_non_null(strstr(weir_error_text(), "number has no field with .key = true"));
  assert_int_equal(weir_ask(r, WEIR_SECONDS(20), NULL, get), WEIR_EINVAL);
}

static void a_place_is_reserved_at_the_instance_that_is_picked(void **state)
{
  (void)state;
  weir_permit p;
  weir_ref r = weir_spawn(&worker, .instances = 2, .name = "pool");
  assert_int_equal(weir_room(r), 16);
  assert_int_equal(weir_reserve(r, WEIR_SECONDS(20), &p), WEIR_OK);
  assert_int_equal(weir_room(r), 15);
  assert_int_equal(weir_permit_send(p, number), WEIR_OK);
  assert_int_equal(handled_by_all("pool", 2), 1);
  r = weir_spawn(&worker, .instances = 2, .route = WEIR_BY_HASH);
  assert_int_equal(weir_try_reserve(r, &p), WEIR_EINVAL);
  r = weir_spawn(&worker, .instances = 2, .route = WEIR_BROADCAST);
  assert_int_equal(weir_try_reserve(r, &p), WEIR_EINVAL);
}

/* Trouble 7: a bounded mailbox bounds nothing when its handlers spawn. A route's instances are so many, and no more are
 * at work; what else comes waits for a place. */
static _Atomic(int) at_work, most_at_work;
struct busy {
  WEIR_EMPTY;
};
static int busy_number(struct busy *b)
{
  (void)b;
  int now = atomic_fetch_add(&at_work, 1) + 1, most = atomic_load(&most_at_work);
  while (now > most && !atomic_compare_exchange_weak(&most_at_work, &most, now)) continue;
  int rc = weir_sleep(WEIR_MILLIS(0.2));
  atomic_fetch_sub(&at_work, 1);
  return rc;
}
WEIR_ACTOR(busy, WEIR_ON(number, busy_number), .capacity = 1);

static void trouble_7_no_more_are_at_work_than_there_are_instances(void **state)
{
  (void)state;
  atomic_store(&at_work, 0);
  atomic_store(&most_at_work, 0);
  weir_ref r = weir_spawn(&busy, .instances = 3, .route = WEIR_LEAST_BUSY);
  for (int i = 0; i < 60; i++) {
    assert_int_equal(weir_send(r, number), WEIR_OK); /* waits */
    assert_true(weir_room(r) <= 3);
  }
  weir_drain(r);
  while (weir_stop(r) == WEIR_OK) weir_sleep(WEIR_MILLIS(0.1));
  assert_true(atomic_load(&most_at_work) <= 3);
  assert_true(atomic_load(&most_at_work) >= 1);
}

/* ---- starts and ends ---- */

static void dead_instances_are_skipped_until_none_lives(void **state)
{
  (void)state;
  weir_accounts before, after;
  weir_ref r = weir_spawn(&worker, .instances = 3, .name = "pool");
  weir_ref gone = instance("pool", 1);
  weir_stop(gone);
  wait_until_gone(gone);
  for (int i = 0; i < 8; i++) assert_int_equal(weir_send(r, number), WEIR_OK);
  assert_int_equal(get_from(instance("pool", 0)) + get_from(instance("pool", 2)), 8);
  weir_ref rest[2] = {instance("pool", 0), instance("pool", 2)};
  assert_int_equal(weir_stop(r), WEIR_OK);
  for (int i = 0; i < 2; i++) wait_until_gone(rest[i]);
  assert_false(weir_alive(r));
  weir_accounts_read(&before);
  assert_int_equal(weir_send(r, number), WEIR_EDEAD);
  assert_int_equal(weir_try_send(r, number), WEIR_EDEAD);
  assert_int_equal(weir_ask(r, WEIR_SECONDS(1), NULL, number), WEIR_EDEAD);
  assert_int_equal(weir_ask_begin(r, WEIR_SECONDS(1), get).error, WEIR_EDEAD);
  weir_accounts_read(&after);
  assert_int_equal(after.refused_dead - before.refused_dead, 4);
  assert_int_equal(weir_stop(r), WEIR_EDEAD);
  assert_int_equal(weir_drain(r), WEIR_EDEAD);
  assert_int_equal(weir_send_after(r, WEIR_MILLIS(1), number).error, WEIR_EDEAD);
  while (weir_ref_error(weir_find("pool")) == WEIR_OK) weir_sleep(WEIR_MILLIS(0.1)); /* the name is free again */
  assert_int_equal(weir_ref_error(weir_spawn(&worker, .name = "pool")), WEIR_OK);
}

static void a_route_drains_as_a_whole(void **state)
{
  (void)state;
  weir_ref r = weir_spawn(&worker, .instances = 4, .name = "pool");
  for (int i = 0; i < 20; i++) assert_int_equal(weir_send(r, number), WEIR_OK);
  assert_int_equal(weir_drain(r), WEIR_OK);
  assert_int_equal(weir_send(r, number), WEIR_EDEAD);
  while (weir_stop(r) == WEIR_OK) weir_sleep(WEIR_MILLIS(0.1));
}

static void all_instances_are_spawned_or_none(void **state)
{
  (void)state;
  weir_ref taken = weir_spawn(&worker, .name = "pool#2");
  weir_ref r = weir_spawn(&worker, .instances = 4, .name = "pool");
  assert_int_equal(weir_ref_error(r), WEIR_EEXIST);
  assert_non_null(strstr(weir_error_text(), "pool#2"));
  assert_int_equal(weir_ref_error(instance("pool", 0)), WEIR_EDEAD);
  assert_int_equal(weir_ref_error(instance("pool", 1)), WEIR_EDEAD);
  assert_int_equal(weir_ref_error(weir_find("pool")), WEIR_EDEAD);
  weir_stop(taken);
  wait_until_gone(taken);
  r = weir_spawn(&worker, .instances = 4, .name = "pool");
  assert_int_equal(weir_ref_error(r), WEIR_OK);
  assert_int_equal(weir_ref_error(weir_spawn(&worker, .instances = 2, .name = "pool")), WEIR_EEXIST);
  assert_int_equal(handled_by_all("pool", 4), 0);
}

static void each_instance_gets_the_configuration(void **state)
{
  (void)state;
  weir_ref r = weir_spawn(&worker, .instances = 3, .config = WEIR_VALUE(number, .n = -1));
  while (weir_alive(r)) weir_sleep(WEIR_MILLIS(0.1)); /* each refused to start */
  assert_int_equal(weir_send(r, number), WEIR_EDEAD);
}

struct boss {
  weir_ref workers;
};
static int boss_start(struct boss *b, const struct weir_none *unused)
{
  (void)unused;
  b->workers = weir_spawn(&worker, .instances = 3, .route = WEIR_LEAST_BUSY);
  return weir_ref_error(b->workers);
}
static int boss_get(struct boss *b) { return weir_forward(b->workers); }
static int boss_who(struct boss *b, struct told *reply)
{
  reply->who = b->workers;
  return WEIR_OK;
}
WEIR_ACTOR(boss, WEIR_ON_START(weir_none, boss_start) WEIR_ON(get, boss_get) WEIR_ON(who, boss_who));

static void instances_end_with_who_spawned_them(void **state)
{
  (void)state;
  weir_ref b = weir_spawn(&boss);
  weir_ref workers = ask_who(b).who;
  assert_int_equal(get_from(b), 0);
  weir_stop(b);
  while (weir_alive(workers)) weir_sleep(WEIR_MILLIS(0.1));
}

static void wrong_options_are_errors(void **state)
{
  (void)state;
  assert_int_equal(weir_ref_error(weir_spawn(&worker, .instances = 65537)), WEIR_ERANGE);
  assert_int_equal(weir_ref_error(weir_spawn(&worker, .instances = 2, .route = 4)), WEIR_EINVAL);
  assert_int_equal(weir_ref_error(weir_spawn(&worker, .instances = 2, .route = -1)), WEIR_EINVAL);
  assert_int_equal(weir_ref_error(weir_spawn(&worker, .route = WEIR_BY_HASH)), WEIR_EINVAL);
  weir_ref one = weir_spawn(&worker, .instances = 1);
  assert_int_equal(get_from(one), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(round_robin_takes_turns),
      ON_RUNTIME(least_busy_takes_the_one_with_the_fewest_messages),
      ON_RUNTIME(least_busy_goes_round_those_that_have_as_few),
      ON_RUNTIME(the_same_key_goes_to_the_same_instance),
      ON_RUNTIME(when_an_instance_ends_its_keys_alone_move),
      ON_RUNTIME(several_key_fields_count_together),
      ON_RUNTIME(a_key_may_be_a_list_of_which_each_item_counts),
      ON_RUNTIME(a_broadcast_reaches_all_and_waits_for_each),
      ON_RUNTIME(asks_forwards_and_passes_go_to_an_instance),
      ON_RUNTIME(a_passed_message_is_copied_to_all_by_a_broadcast),
      ON_RUNTIME(a_message_that_was_changed_passes_through_a_route_as_it_is),
      ON_RUNTIME(timers_go_through_the_route_each_time),
      ON_RUNTIME(a_broadcast_is_not_asked_nor_forwarded_to),
      ON_RUNTIME(a_message_without_a_key_is_refused_by_name),
      ON_RUNTIME(a_place_is_reserved_at_the_instance_that_is_picked),
      ON_RUNTIME(trouble_7_no_more_are_at_work_than_there_are_instances),
      ON_RUNTIME(dead_instances_are_skipped_until_none_lives),
      ON_RUNTIME(a_route_drains_as_a_whole),
      ON_RUNTIME(all_instances_are_spawned_or_none),
      ON_RUNTIME(each_instance_gets_the_configuration),
      ON_RUNTIME(instances_end_with_who_spawned_them),
      ON_RUNTIME(wrong_options_are_errors),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
