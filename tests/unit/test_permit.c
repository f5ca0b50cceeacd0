/* Places that are reserved: what holds one, who gets it next, and that nothing is lost with it. Cases of tokio's
 * sync_mpsc have its names in theirs. */
#include "channel/permit.h"
#include "unit/channel_fixture.h"

enum { PLACE_BYTES = 64 << 10 };

struct blob {
  weir_bytes bytes;
};
WEIR_MESSAGE(blob, WEIR_FIELD(bytes));

static void hold(weir_permit *p) { assert_int_equal(weir_channel_reserve(tx, WEIR_FOREVER, p), WEIR_OK); }

/* A task that reserves n places of the channel, sends n numbers from `first` on, and ends. */
struct reserver {
  size_t n;
  int64_t first;
  weir_duration within;
  int rc;
  weir_task *task;
};
static int reserve_and_send(struct reserver *r)
{
  weir_permit p;
  r->rc = weir_channel_reserve_many(tx, r->n, r->within, &p);
  for (size_t i = 0; !r->rc && i < r->n; i++) r->rc = weir_permit_send(p, number, .n = r->first + (int64_t)i);
  return WEIR_OK;
}

/* When this returns it stands in line. */
static void reserve_in_line(struct reserver *r, size_t n, int64_t first, weir_duration within)
{
  int before = line_length(tx.bits);
  *r = (struct reserver){.n = n, .first = first, .within = within};
  r->task = weir_task_start(NULL, reserve_and_send, r);
  assert_non_null(r->task);
  while (line_length(tx.bits) == before) weir_sleep(WEIR_MILLIS(0.1));
}

static int reserver_result(struct reserver *r)
{
  assert_int_equal(weir_task_join(r->task, WEIR_SECONDS(20), NULL), WEIR_OK);
  return r->rc;
}

/* A task that receives one number, or the end. */
struct taker {
  int64_t got;
  _Atomic(bool) begun;
  weir_task *task;
};
static int take_one(struct taker *t)
{
  atomic_store(&t->begun, true);
  t->got = next();
  return WEIR_OK;
}
static void taker_start(struct taker *t)
{
  t->begun = false;
  t->task = weir_task_start(NULL, take_one, t);
  assert_non_null(t->task);
  while (!atomic_load(&t->begun)) weir_sleep(WEIR_MILLIS(0.1));
}
static int64_t taken(struct taker *t)
{
  assert_int_equal(weir_task_join(t->task, WEIR_SECONDS(20), NULL), WEIR_OK);
  return t->got;
}

/* ---- a permit is a place ---- */

static void a_place_that_is_reserved_is_nobody_elses(void **state)
{
  (void)state;
  weir_permit p, q;
  make(2);
  hold(&p);
  assert_int_equal(weir_permit_places(p), 1);
  assert_int_equal(weir_sender_room(tx), 1);
  assert_int_equal(weir_receiver_length(rx), 0);
  put(1);
  assert_int_equal(weir_channel_try_send(tx, number, .n = 9), WEIR_EFULL);
  assert_int_equal(weir_channel_try_reserve(tx, &q), WEIR_EFULL);
  assert_int_equal(q.bits, 0);
  assert_int_equal(weir_permit_send(p, number, .n = 2), WEIR_OK);
  assert_int_equal(weir_receiver_length(rx), 2);
  assert_int_equal(next(), 1);
  assert_int_equal(next(), 2);
  drop_both();
}

static void reserve_disarm(void **state)
{
  (void)state;
  weir_permit a, b, c;
  make(2);
  hold(&a);
  hold(&b);
  assert_int_equal(weir_channel_try_reserve(tx, &c), WEIR_EFULL);
  weir_permit_give_back(&a);
  assert_int_equal(a.bits, 0);
  assert_int_equal(weir_channel_try_reserve(tx, &c), WEIR_OK);
  weir_permit_give_back(&b);
  weir_permit_give_back(&c);
  assert_int_equal(weir_sender_room(tx), 2);
  drop_both();
}

static void a_permit_that_was_used_or_given_back_is_stale(void **state)
{
  (void)state;
  weir_permit p, copy, none = {0}, rubbish = {~(uint64_t)0};
  make(1);
  hold(&p);
  copy = p;
  assert_int_equal(weir_permit_send(p, number, .n = 1), WEIR_OK);
  assert_int_equal(weir_permit_send(p, number, .n = 2), WEIR_EINVAL);
  assert_int_equal(weir_permit_places(p), 0);
  weir_permit_give_back(&copy); /* gives no place back a second time */
  assert_int_equal(weir_sender_room(tx), 0);
  assert_int_equal(next(), 1);
  assert_int_equal(weir_permit_send(none, number, .n = 3), WEIR_EINVAL);
  assert_int_equal(weir_permit_send(rubbish, number, .n = 3), WEIR_EINVAL);
  weir_permit_give_back(&none);
  drop_both();
}

static void a_permit_of_a_value_that_cannot_be_copied_is_kept(void **state)
{
  (void)state;
  weir_permit p;
  make(1);
  hold(&p);
  assert_int_equal(weir_permit_send_value(p, (weir_value){0}), WEIR_EINVAL);
  assert_int_equal(weir_permit_send(p, number, .n = 1), WEIR_OK);
  assert_int_equal(next(), 1);
  drop_both();
}

static void a_message_above_64_kib_takes_several_places_of_a_permit(void **state)
{
  (void)state;
  weir_permit p;
  struct blob *b;
  static char bytes[2 * PLACE_BYTES];
  make(4);
  assert_int_equal(weir_channel_reserve_many(tx, 4, WEIR_FOREVER, &p), WEIR_OK);
  assert_int_equal(weir_permit_send(p, number, .n = 1), WEIR_OK);
  assert_int_equal(weir_permit_send(p, blob, .bytes = {.data = bytes, .size = sizeof bytes}), WEIR_OK);
  assert_int_equal(weir_permit_places(p), 0); /* 1 and 3: the struct itself makes it more than two */
  assert_int_equal(next(), 1);
  assert_int_equal(weir_receive(rx, &b, blob), WEIR_OK);
  weir_free(b);
  assert_int_equal(weir_channel_reserve(tx, WEIR_FOREVER, &p), WEIR_OK);
  assert_int_equal(weir_permit_send(p, blob, .bytes = {.data = bytes, .size = sizeof bytes}), WEIR_ERANGE);
  assert_int_equal(weir_permit_places(p), 1);
  weir_permit_give_back(&p);
  drop_both();
}

/* ---- several places ---- */

static void reserve_many_above_cap(void **state)
{
  (void)state;
  weir_permit p;
  make(2);
  assert_int_equal(weir_channel_reserve_many(tx, 3, WEIR_FOREVER, &p), WEIR_ERANGE);
  assert_int_equal(weir_channel_try_reserve_many(tx, 3, &p), WEIR_ERANGE);
  assert_int_equal(weir_channel_try_reserve_many(tx, SIZE_MAX, &p), WEIR_ERANGE);
  drop_both();
}

static void reserve_many_zero_and_try_reserve_many_zero(void **state)
{
  (void)state;
  weir_permit p;
  make(1);
  put(1);
  assert_int_equal(weir_channel_reserve_many(tx, 0, WEIR_FOREVER, &p), WEIR_OK);
  assert_int_equal(weir_permit_places(p), 0);
  assert_int_equal(weir_permit_send(p, number, .n = 2), WEIR_EINVAL);
  weir_permit_give_back(&p);
  assert_int_equal(weir_channel_try_reserve_many(tx, 0, &p), WEIR_OK);
  weir_receiver_close(rx);
  assert_int_equal(weir_channel_try_reserve_many(tx, 0, &p), WEIR_ECLOSED);
  drop_both();
}

static void reserve_many_and_send_and_try_reserve_many_and_send(void **state)
{
  (void)state;
  weir_permit p;
  make(100);
  for (size_t n = 1; n <= 100; n += 33) {
    int rc = n % 2 ? weir_channel_reserve_many(tx, n, WEIR_FOREVER, &p) : weir_channel_try_reserve_many(tx, n, &p);
    assert_int_equal(rc, WEIR_OK);
    for (size_t i = 0; i < n; i++) {
      assert_int_equal(weir_permit_places(p), n - i);
      assert_int_equal(weir_permit_send(p, number, .n = (int64_t)i), WEIR_OK);
    }
    assert_int_equal(weir_receiver_length(rx), n);
    for (size_t i = 0; i < n; i++) assert_int_equal(next(), i);
  }
  drop_both();
}

static void try_reserve_fails_and_try_reserve_many_full_and_edge_cases(void **state)
{
  (void)state;
  weir_permit all, some;
  make(3);
  put(1);
  assert_int_equal(weir_channel_try_reserve_many(tx, 3, &all), WEIR_EFULL);
  assert_int_equal(weir_channel_try_reserve_many(tx, 2, &all), WEIR_OK);
  assert_int_equal(weir_channel_try_reserve_many(tx, 1, &some), WEIR_EFULL);
  assert_int_equal(weir_channel_try_reserve(tx, &some), WEIR_EFULL);
  assert_int_equal(next(), 1);
  assert_int_equal(weir_channel_try_reserve_many(tx, 2, &some), WEIR_EFULL);
  assert_int_equal(weir_channel_try_reserve(tx, &some), WEIR_OK);
  weir_permit_give_back(&all);
  weir_permit_give_back(&some);
  assert_int_equal(weir_channel_try_reserve_many(tx, 3, &all), WEIR_OK);
  weir_permit_give_back(&all);
  drop_both();
}

static void reserve_many_on_closed_channel_and_try_reserve_many_on_closed_channel(void **state)
{
  (void)state;
  weir_permit p;
  make(10);
  weir_receiver_drop(rx);
  assert_int_equal(weir_channel_reserve_many(tx, 10, WEIR_FOREVER, &p), WEIR_ECLOSED);
  assert_int_equal(weir_channel_try_reserve_many(tx, 10, &p), WEIR_ECLOSED);
  assert_int_equal(weir_channel_reserve(tx, WEIR_FOREVER, &p), WEIR_ECLOSED);
  assert_int_equal(p.bits, 0);
  weir_sender_drop(tx);
}

static void drop_permit_iterator_releases_permits(void **state)
{
  (void)state;
  weir_permit p;
  make(10);
  assert_int_equal(weir_channel_reserve_many(tx, 9, WEIR_FOREVER, &p), WEIR_OK);
  for (int i = 0; i < 4; i++) assert_int_equal(weir_permit_send(p, number, .n = i), WEIR_OK);
  weir_permit_give_back(&p);
  assert_int_equal(weir_sender_room(tx), 6);
  for (int i = 0; i < 4; i++) assert_int_equal(next(), i);
  drop_both();
}

/* ---- the line ---- */

static void drop_permit_releases_permit(void **state)
{
  (void)state;
  weir_permit p;
  struct reserver r;
  make(1);
  hold(&p);
  reserve_in_line(&r, 1, 7, WEIR_FOREVER);
  weir_permit_give_back(&p);
  assert_int_equal(reserver_result(&r), WEIR_OK);
  assert_int_equal(next(), 7);
  drop_both();
}

static void those_that_reserve_stand_in_the_line_of_those_that_send(void **state)
{
  (void)state;
  struct reserver r[4];
  make(2);
  put(-1);
  put(-2);
  for (int i = 0; i < 4; i++) reserve_in_line(&r[i], i % 2 ? 2 : 1, i * 10, WEIR_FOREVER);
  assert_int_equal(weir_channel_try_send(tx, number, .n = 99), WEIR_EFULL);
  static const int64_t before[] = {-1, -2, 0, 10}, after[] = {30, 31};
  for (size_t i = 0; i < 4; i++) assert_int_equal(next(), before[i]);
  /* 10's place is the third reserver's now, and the second sends its other message: on two workers either is first. */
  int64_t one = next(), other = next();
  assert_true((one == 11 && other == 20) || (one == 20 && other == 11));
  for (size_t i = 0; i < 2; i++) assert_int_equal(next(), after[i]);
  for (int i = 0; i < 4; i++) assert_int_equal(reserver_result(&r[i]), WEIR_OK);
  drop_both();
}

static void a_reserve_whose_time_is_over_leaves_the_line_to_those_behind_it(void **state)
{
  (void)state;
  struct reserver large, small;
  weir_permit p;
  make(2);
  hold(&p);
  reserve_in_line(&large, 2, 0, WEIR_MILLIS(30));
  reserve_in_line(&small, 1, 5, WEIR_FOREVER); /* it would fit, but does not overtake */
  assert_int_equal(reserver_result(&large), WEIR_ETIMEDOUT);
  assert_int_equal(reserver_result(&small), WEIR_OK);
  assert_int_equal(next(), 5);
  weir_permit_give_back(&p);
  assert_int_equal(weir_sender_room(tx), 2);
  drop_both();
}

static void trouble_34_a_cancelled_reserve_passes_its_place_on(void **state)
{
  (void)state;
  struct reserver r[3];
  weir_permit p;
  make(1);
  hold(&p);
  for (int i = 0; i < 3; i++) reserve_in_line(&r[i], 1, i, WEIR_FOREVER);
  weir_task_cancel(r[0].task);
  assert_int_equal(reserver_result(&r[0]), WEIR_ECANCELED);
  weir_permit_give_back(&p);
  assert_int_equal(next(), 1);
  assert_int_equal(next(), 2);
  assert_int_equal(reserver_result(&r[1]), WEIR_OK);
  assert_int_equal(reserver_result(&r[2]), WEIR_OK);
  assert_int_equal(weir_sender_room(tx), 1);
  drop_both();
}

static void trouble_34_asking_for_room_takes_no_place(void **state)
{
  (void)state;
  make(3);
  for (int i = 0; i < 100; i++) assert_int_equal(weir_sender_room(tx), 3);
  for (int i = 0; i < 3; i++) put(i);
  for (int i = 0; i < 100; i++) assert_int_equal(weir_sender_room(tx), 0);
  for (int i = 0; i < 3; i++) assert_int_equal(next(), i);
  assert_int_equal(weir_sender_room(tx), 3);
  drop_both();
}

struct holders {
  int count;
  struct weir__holder last;
  uint32_t places;
};
static bool note_holder(const struct weir__permit *p, void *arg)
{
  struct holders *h = arg;
  h->count++;
  h->last = p->holder;
  h->places += p->places;
  return true;
}
static struct holders holders_of(uint64_t bits)
{
  struct holders h = {0};
  struct weir__cell *cell = weir__cell_at((uint32_t)bits);
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  weir__permits_each(bucket, cell, note_holder, &h);
  weir__bucket_unlock(bucket);
  return h;
}

static void trouble_34_who_holds_a_place_can_be_seen(void **state)
{
  (void)state;
  weir_permit p, q;
  make(4);
  assert_int_equal(holders_of(tx.bits).count, 0);
  assert_int_equal(weir_channel_reserve_many(tx, 3, WEIR_FOREVER, &p), WEIR_OK);
  hold(&q);
  struct holders h = holders_of(tx.bits);
  assert_int_equal(h.count, 2);
  assert_int_equal(h.places, 4);
  assert_int_equal(h.last.kind, WEIR__HELD_BY_THREAD);
  weir_permit_give_back(&p);
  weir_permit_give_back(&q);
  assert_int_equal(holders_of(tx.bits).count, 0);
  drop_both();
}

/* ---- closed ---- */

static void recv_close_gets_none_reserved(void **state)
{
  (void)state;
  weir_permit p;
  struct reserver r;
  struct taker t;
  make(1);
  hold(&p);
  reserve_in_line(&r, 1, 5, WEIR_FOREVER);
  weir_receiver_close(rx);
  assert_int_equal(reserver_result(&r), WEIR_ECLOSED);
  taker_start(&t);
  assert_int_equal(weir_permit_send(p, number, .n = 123), WEIR_OK);
  assert_int_equal(taken(&t), 123);
  assert_int_equal(next(), WEIR_ECLOSED);
  drop_both();
}

static void try_recv_after_receiver_close_with_permit(void **state)
{
  (void)state;
  weir_permit p;
  struct number *m;
  make(4);
  hold(&p);
  weir_receiver_close(rx);
  assert_int_equal(weir_try_receive(rx, &m, number), WEIR_EMPTY_NOW);
  weir_permit_give_back(&p);
  assert_int_equal(weir_try_receive(rx, &m, number), WEIR_ECLOSED);
  drop_both();
}

static void dropping_last_permit_wakes_closed_receiver(void **state)
{
  (void)state;
  weir_permit p;
  struct taker t;
  make(2);
  hold(&p);
  weir_receiver_close(rx);
  taker_start(&t);
  weir_permit_give_back(&p);
  assert_int_equal(taken(&t), WEIR_ECLOSED);
  drop_both();
}

static void dropping_last_permit_iterator_wakes_closed_receiver(void **state)
{
  (void)state;
  weir_permit p;
  struct taker t;
  make(4);
  assert_int_equal(weir_channel_reserve_many(tx, 3, WEIR_FOREVER, &p), WEIR_OK);
  assert_int_equal(weir_permit_send(p, number, .n = 1), WEIR_OK);
  weir_receiver_close(rx);
  assert_int_equal(next(), 1);
  taker_start(&t);
  weir_permit_give_back(&p);
  assert_int_equal(taken(&t), WEIR_ECLOSED);
  drop_both();
}

static void sending_last_permit_wakes_closed_receiver(void **state)
{
  (void)state;
  weir_permit p;
  struct taker t;
  make(2);
  hold(&p);
  weir_receiver_close(rx);
  taker_start(&t);
  assert_int_equal(weir_permit_send(p, number, .n = 4), WEIR_OK);
  assert_int_equal(taken(&t), 4);
  assert_int_equal(next(), WEIR_ECLOSED);
  drop_both();
}

/* What is held outlives the senders, as tokio's owned permits do. */
static void releasing_last_owned_permit_wakes_closed_receiver(void **state)
{
  (void)state;
  weir_permit p;
  struct taker t;
  make(2);
  hold(&p);
  weir_sender_drop(tx);
  taker_start(&t);
  weir_permit_give_back(&p);
  assert_int_equal(taken(&t), WEIR_ECLOSED);
  weir_receiver_drop(rx);
}

static void permit_available_not_acquired_close(void **state)
{
  (void)state;
  weir_permit p;
  struct reserver r;
  make(1);
  hold(&p);
  reserve_in_line(&r, 1, 0, WEIR_FOREVER);
  weir_receiver_close(rx);
  weir_permit_give_back(&p);
  assert_int_equal(reserver_result(&r), WEIR_ECLOSED);
  assert_int_equal(next(), WEIR_ECLOSED);
  drop_both();
}

static void failed_reserve_and_cancelled_reserve_many_wakes_closed_receiver(void **state)
{
  (void)state;
  struct reserver failed, cancelled;
  struct taker t;
  make(1);
  put(1);
  reserve_in_line(&failed, 1, 0, WEIR_FOREVER);
  reserve_in_line(&cancelled, 1, 0, WEIR_FOREVER);
  weir_task_cancel(cancelled.task);
  assert_int_equal(reserver_result(&cancelled), WEIR_ECANCELED);
  weir_receiver_close(rx);
  assert_int_equal(next(), 1);
  taker_start(&t);
  assert_int_equal(reserver_result(&failed), WEIR_ECLOSED);
  assert_int_equal(taken(&t), WEIR_ECLOSED);
  drop_both();
}

static void a_permit_of_a_dropped_receiver_is_gone(void **state)
{
  (void)state;
  weir_permit p, q;
  make(3);
  assert_int_equal(weir_channel_reserve_many(tx, 2, WEIR_FOREVER, &p), WEIR_OK);
  hold(&q);
  weir_receiver_drop(rx);
  assert_int_equal(weir_permit_places(p), 0);
  assert_int_equal(weir_permit_send(p, number, .n = 1), WEIR_ECLOSED);
  assert_int_equal(weir_permit_send(p, number, .n = 1), WEIR_EINVAL);
  weir_permit_give_back(&q);
  weir_sender_drop(tx);
}

/* ---- holders ---- */

static weir_permit kept;

static int end_with_permit(weir_sender *s) { return weir_channel_reserve(*s, WEIR_FOREVER, &kept); }

static int fail_with_permit(weir_sender *s)
{
  if (weir_channel_reserve(*s, WEIR_FOREVER, &kept) == WEIR_OK) weir_fail(WEIR_EUSER(1), "on purpose");
  return WEIR_OK;
}

static void a_permit_is_given_back_when_its_task_ends_or_fails(void **state)
{
  (void)state;
  int result;
  make(1);
  int (*const ends[])(weir_sender *) = {end_with_permit, fail_with_permit};
  for (int i = 0; i < 2; i++) {
    weir_task *t = weir_task_start(NULL, ends[i], &tx);
    assert_int_equal(weir_task_join(t, WEIR_SECONDS(20), &result), WEIR_OK);
    assert_int_equal(result, i ? WEIR_EUSER(1) : WEIR_OK);
    assert_int_equal(weir_sender_room(tx), 1);
    assert_int_equal(weir_permit_send(kept, number, .n = 1), WEIR_EINVAL);
  }
  drop_both();
}

static void *reserve_on_thread(void *arg)
{
  (void)arg;
  return weir_channel_reserve(tx, WEIR_FOREVER, &kept) ? &tx : NULL;
}

static void a_permit_is_given_back_when_its_thread_ends(void **state)
{
  (void)state;
  pthread_t thread;
  struct reserver r;
  weir_permit p;
  void *failed;
  make(1);
  hold(&p);
  reserve_in_line(&r, 1, 3, WEIR_FOREVER);
  assert_int_equal(pthread_create(&thread, NULL, reserve_on_thread, NULL), 0);
  while (line_length(tx.bits) < 2) weir_sleep(WEIR_MILLIS(0.1));
  weir_permit_give_back(&p);
  assert_int_equal(next(), 3);
  assert_int_equal(pthread_join(thread, &failed), 0);
  assert_null(failed);
  assert_int_equal(reserver_result(&r), WEIR_OK);
  assert_int_equal(weir_sender_room(tx), 1);
  drop_both();
}

/* Reserves a place of `kept_by`, the one of a ref, and keeps the permit in its state. */
struct keeper {
  weir_permit permit;
  int64_t count;
};
struct keep {
  weir_ref of;
};
WEIR_MESSAGE(keep, WEIR_FIELD(of));
struct use {
  int64_t n;
};
WEIR_MESSAGE(use, WEIR_FIELD(n));
static int keeper_keep(struct keeper *k, const struct keep *m) { return weir_reserve(m->of, WEIR_FOREVER, &k->permit); }
static int keeper_use(struct keeper *k, const struct use *m)
{
  if (m->n < 0) weir_fail(WEIR_EUSER(2), "on purpose");
  return weir_permit_send(k->permit, number, .n = m->n);
}
static int keeper_number(struct keeper *k, const struct number *m)
{
  k->count += m->n;
  return WEIR_OK;
}
static int keeper_get(struct keeper *k, struct number *reply)
{
  reply->n = k->count;
  return WEIR_OK;
}
static int keeper_hold(struct keeper *k, const struct hold *m)
{
  (void)k;
  return gate_stand(m);
}
WEIR_ACTOR(keeper,
           WEIR_ON(keep, keeper_keep) WEIR_ON(use, keeper_use) WEIR_ON(number, keeper_number) WEIR_ON(get, keeper_get)
               WEIR_ON(hold, keeper_hold),
           .capacity = 2);

static void an_actor_keeps_a_permit_from_one_handler_to_the_next(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&keeper), b = weir_spawn(&keeper);
  assert_int_equal(weir_ask(a, WEIR_SECONDS(20), NULL, keep, .of = b), WEIR_OK);
  assert_int_equal(weir_room(b), 1);
  struct holders h = holders_of(b.bits);
  assert_int_equal(h.last.kind, WEIR__HELD_BY_ACTOR);
  assert_int_equal(h.last.name, a.bits);
  assert_int_equal(weir_ask(a, WEIR_SECONDS(20), NULL, use, .n = 5), WEIR_OK);
  assert_int_equal(get_from(b), 5);
  assert_int_equal(weir_ask(a, WEIR_SECONDS(20), NULL, use, .n = 5), WEIR_EINVAL);
}

static void a_permit_is_given_back_when_its_actor_ends_or_fails(void **state)
{
  (void)state;
  weir_ref b = weir_spawn(&keeper);
  for (int fails = 0; fails < 2; fails++) {
    weir_ref a = weir_spawn(&keeper);
    assert_int_equal(weir_ask(a, WEIR_SECONDS(20), NULL, keep, .of = b), WEIR_OK);
    assert_int_equal(weir_room(b), 1);
    if (fails)
      assert_int_equal(weir_ask(a, WEIR_SECONDS(20), NULL, use, .n = -1), WEIR_EFAILED);
    else
      assert_int_equal(weir_stop(a), WEIR_OK);
    wait_until_gone(a);
    assert_int_equal(weir_room(b), 2);
  }
}

static void a_permit_of_a_stopped_actor_is_dead(void **state)
{
  (void)state;
  weir_permit p, q;
  struct gate g;
  weir_ref a = weir_spawn(&keeper);
  assert_int_equal(weir_reserve(a, WEIR_FOREVER, &p), WEIR_OK);
  assert_int_equal(weir_reserve(a, WEIR_FOREVER, &q), WEIR_OK);
  assert_int_equal(weir_stop(a), WEIR_OK);
  assert_int_equal(weir_permit_send(p, number, .n = 1), WEIR_EDEAD);
  wait_until_gone(a); /* though a permit is still out */
  assert_int_equal(weir_permit_send(q, number, .n = 1), WEIR_EDEAD);
  assert_int_equal(weir_reserve(a, WEIR_FOREVER, &p), WEIR_EDEAD);
  weir_ref b = weir_spawn(&keeper);
  gate_enter(&g, b);
  assert_int_equal(weir_reserve(b, WEIR_FOREVER, &p), WEIR_OK);
  assert_int_equal(weir_drain(b), WEIR_OK); /* what is held does not keep it from ending */
  gate_open(&g);
  wait_until_gone(b);
  assert_int_equal(weir_permit_send(p, number, .n = 1), WEIR_EDEAD);
}

static void a_permit_that_is_forgotten_does_not_keep_the_runtime_from_stopping(void **state)
{
  (void)state;
  weir_permit p;
  weir_ref a = weir_spawn(&keeper);
  assert_int_equal(weir_reserve(a, WEIR_FOREVER, &p), WEIR_OK);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(weir_permit_send(p, number, .n = 1), WEIR_EDEAD);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_place_that_is_reserved_is_nobody_elses),
      ON_RUNTIME(reserve_disarm),
      ON_RUNTIME(a_permit_that_was_used_or_given_back_is_stale),
      ON_RUNTIME(a_permit_of_a_value_that_cannot_be_copied_is_kept),
      ON_RUNTIME(a_message_above_64_kib_takes_several_places_of_a_permit),
      ON_RUNTIME(reserve_many_above_cap),
      ON_RUNTIME(reserve_many_zero_and_try_reserve_many_zero),
      ON_RUNTIME(reserve_many_and_send_and_try_reserve_many_and_send),
      ON_RUNTIME(try_reserve_fails_and_try_reserve_many_full_and_edge_cases),
      ON_RUNTIME(reserve_many_on_closed_channel_and_try_reserve_many_on_closed_channel),
      ON_RUNTIME(drop_permit_iterator_releases_permits),
      ON_RUNTIME(drop_permit_releases_permit),
      ON_RUNTIME(those_that_reserve_stand_in_the_line_of_those_that_send),
      ON_RUNTIME(a_reserve_whose_time_is_over_leaves_the_line_to_those_behind_it),
      ON_RUNTIME(trouble_34_a_cancelled_reserve_passes_its_place_on),
      ON_RUNTIME(trouble_34_asking_for_room_takes_no_place),
      ON_RUNTIME(trouble_34_who_holds_a_place_can_be_seen),
      ON_RUNTIME(recv_close_gets_none_reserved),
      ON_RUNTIME(try_recv_after_receiver_close_with_permit),
      ON_RUNTIME(dropping_last_permit_wakes_closed_receiver),
      ON_RUNTIME(dropping_last_permit_iterator_wakes_closed_receiver),
      ON_RUNTIME(sending_last_permit_wakes_closed_receiver),
      ON_RUNTIME(releasing_last_owned_permit_wakes_closed_receiver),
      ON_RUNTIME(permit_available_not_acquired_close),
      ON_RUNTIME(failed_reserve_and_cancelled_reserve_many_wakes_closed_receiver),
      ON_RUNTIME(a_permit_of_a_dropped_receiver_is_gone),
      ON_RUNTIME(a_permit_is_given_back_when_its_task_ends_or_fails),
      ON_RUNTIME(a_permit_is_given_back_when_its_thread_ends),
      ON_RUNTIME(an_actor_keeps_a_permit_from_one_handler_to_the_next),
      ON_RUNTIME(a_permit_is_given_back_when_its_actor_ends_or_fails),
      ON_RUNTIME(a_permit_of_a_stopped_actor_is_dead),
      ON_RUNTIME(a_permit_that_is_forgotten_does_not_keep_the_runtime_from_stopping),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
