/* Bounded mailboxes: who waits, who is turned away, in which order, and what a place is. */
#include "platform/clock.h"
#include "unit/line_fixture.h"

enum { PLACE_BYTES = 64 << 10 };

/* A number of a sender. */
struct item {
  int32_t sender;
  int64_t n;
};
WEIR_MESSAGE(item, WEIR_FIELD(sender), WEIR_FIELD(n));
struct blob {
  weir_bytes bytes;
};
WEIR_MESSAGE(blob, WEIR_FIELD(bytes));

enum { SENDERS = 8 };
static int64_t got[512]; /* numbers as they were handled */
static int64_t next_of[SENDERS];
static bool out_of_order;

struct sink {
  int64_t count;
};
static int sink_number(struct sink *s, const struct number *m)
{
  if (s->count < 512) got[s->count] = m->n;
  s->count++;
  return WEIR_OK;
}
static int sink_item(struct sink *s, const struct item *m)
{
  if (m->n != next_of[m->sender]++) out_of_order = true;
  s->count++;
  return WEIR_OK;
}
static int sink_blob(struct sink *s, const struct blob *m)
{
  s->count += (int64_t)m->bytes.size;
  return WEIR_OK;
}
static int sink_hold(struct sink *s, const struct hold *m)
{
  (void)s;
  return gate_stand(m);
}
static int sink_get(struct sink *s, struct number *reply)
{
  reply->n = s->count;
  return WEIR_OK;
}
WEIR_ACTOR(sink,
           WEIR_ON(number, sink_number) WEIR_ON(item, sink_item) WEIR_ON(blob, sink_blob) WEIR_ON(hold, sink_hold)
               WEIR_ON(get, sink_get),
           .capacity = 1);

/* ---- full ---- */

static void try_send_on_full_makes_no_message(void **state)
{
  (void)state;
  weir_accounts before, after;
  struct gate g;
  weir_ref s = weir_spawn(&sink, .capacity = 3);
  gate_enter(&g, s);
  for (int i = 0; i < 3; i++) assert_int_equal(weir_try_send(s, number, .n = i), WEIR_OK);
  weir_accounts_read(&before);
  for (int i = 0; i < 100; i++) assert_int_equal(weir_try_send(s, number, .n = 100), WEIR_EFULL);
  weir_accounts_read(&after);
  assert_int_equal(after.created, before.created);
  assert_int_equal(after.refused_full - before.refused_full, 100);
  gate_open(&g);
  assert_int_equal(get_from(s), 3);
}

static void send_within_gives_up_when_no_place_comes_free(void **state)
{
  (void)state;
  weir_accounts before, after;
  struct gate g;
  weir_ref s = weir_spawn(&sink);
  gate_enter(&g, s);
  weir_send(s, number, .n = 1);
  weir_accounts_read(&before);
  int64_t begin = weir__now_ns();
  assert_int_equal(weir_send_within(s, WEIR_MILLIS(10), number, .n = 2), WEIR_ETIMEDOUT);
  assert_true(weir__now_ns() - begin >= 10000000);
  assert_int_equal(weir_send_within(s, WEIR_MILLIS(0), number, .n = 3), WEIR_ETIMEDOUT);
  weir_accounts_read(&after);
  assert_int_equal(after.unsent - before.unsent, 2);
  gate_open(&g);
  assert_int_equal(weir_send_within(s, WEIR_SECONDS(20), number, .n = 4), WEIR_OK);
  assert_int_equal(get_from(s), 2);
  assert_int_equal(got[1], 4);
}

struct sending {
  weir_ref whom;
  int64_t first, count;
};
static int send_numbers(struct sending *s)
{
  int rc = WEIR_OK;
  for (int64_t i = 0; i < s->count && !rc; i++) rc = weir_send(s->whom, number, .n = s->first + i);
  return rc;
}
static int join(weir_task *task)
{
  int rc;
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(60), &rc), WEIR_OK);
  return rc;
}

static void a_sender_is_suspended_until_there_is_a_place(void **state)
{
  (void)state;
  struct gate g;
  struct sending sending = {.whom = weir_spawn(&sink), .count = 500};
  gate_enter(&g, sending.whom);
  uint64_t created = accounts_created();
  weir_task *task = weir_task_start(NULL, send_numbers, &sending);
  wait_until_created(created + 2); /* one is queued, one hangs on the wait of its sender */
  assert_int_equal(weir_task_join(task, WEIR_MILLIS(5), NULL), WEIR_ETIMEDOUT);
  assert_int_equal(accounts_created(), created + 2);
  gate_open(&g);
  assert_int_equal(join(task), WEIR_OK);
  assert_int_equal(get_from(sending.whom), 500);
  for (int i = 0; i < 500; i++) assert_int_equal(got[i], i);
}

static void those_that_wait_are_served_first_come_first_served(void **state)
{
  (void)state;
  struct gate g;
  struct sending sending[20];
  weir_task *tasks[20];
  weir_ref s = weir_spawn(&sink);
  gate_enter(&g, s);
  weir_send(s, number, .n = -1);
  for (int i = 0; i < 20; i++) {
    sending[i] = (struct sending){.whom = s, .first = i, .count = 1};
    tasks[i] = weir_task_start(NULL, send_numbers, &sending[i]);
    while (line_length(s.bits) <= i) weir_sleep(WEIR_MILLIS(0.1));
  }
  assert_int_equal(weir_try_send(s, number, .n = 1000), WEIR_EFULL); /* nobody overtakes */
  gate_open(&g);
  for (int i = 0; i < 20; i++) assert_int_equal(join(tasks[i]), WEIR_OK);
  assert_int_equal(get_from(s), 21);
  for (int i = 0; i < 21; i++) assert_int_equal(got[i], i - 1);
}

static void those_that_wait_learn_at_once_that_the_actor_is_gone(void **state)
{
  (void)state;
  struct gate g;
  struct sending sending = {.whom = weir_spawn(&sink), .count = 10};
  gate_enter(&g, sending.whom);
  uint64_t created = accounts_created();
  weir_task *task = weir_task_start(NULL, send_numbers, &sending);
  wait_until_created(created + 2);
  weir_stop(sending.whom);
  assert_int_equal(join(task), WEIR_EDEAD);
  weir_promise_drop(g.go);
}

static void a_place_is_free_when_its_message_is_popped(void **state)
{
  (void)state;
  struct gate first, second;
  weir_ref s = weir_spawn(&sink);
  gate_enter(&first, s); /* in hand: its place is back (M6) */
  assert_int_equal(weir_try_send(s, number), WEIR_OK);
  assert_int_equal(weir_try_send(s, number), WEIR_EFULL);
  gate_open(&first);
  gate_enter(&second, s);
  assert_int_equal(weir_try_send(s, number), WEIR_OK);
  gate_open(&second);
  assert_int_equal(get_from(s), 2);
}

/* ---- large messages ---- */

static char megabyte[1 << 20];

/* The struct is part of the payload, too. */
static weir_bytes filling(int places)
{
  return (weir_bytes){megabyte, (size_t)places * PLACE_BYTES - sizeof(struct blob), NULL};
}

static void a_large_message_takes_a_place_for_each_64_kib(void **state)
{
  (void)state;
  struct gate g;
  weir_ref s = weir_spawn(&sink, .capacity = 4);
  gate_enter(&g, s);
  assert_int_equal(weir_try_send(s, blob, .bytes = filling(3)), WEIR_OK);
  assert_int_equal(weir_try_send(s, blob, .bytes = filling(2)), WEIR_EFULL);
  assert_int_equal(weir_try_send(s, blob, .bytes = filling(1)), WEIR_OK);
  assert_int_equal(weir_try_send(s, blob, .bytes = {NULL, 0, NULL}), WEIR_EFULL);
  gate_open(&g);
  assert_int_equal(get_from(s), (int64_t)(filling(3).size + filling(1).size));
  assert_int_equal(weir_send(s, blob, .bytes = filling(4)), WEIR_OK);
  assert_int_equal(get_from(s), (int64_t)(filling(3).size + filling(1).size + filling(4).size));
}

static void what_a_mailbox_can_never_hold_is_refused(void **state)
{
  (void)state;
  weir_ref s = weir_spawn(&sink, .capacity = 4);
  weir_bytes five = filling(5);
  five.size -= PLACE_BYTES - 1;
  assert_int_equal(weir_send(s, blob, .bytes = five), WEIR_ERANGE);
  assert_non_null(strstr(weir_error_text(), "5 places"));
  assert_int_equal(weir_try_send(s, blob, .bytes = five), WEIR_ERANGE);
  assert_int_equal(weir_ask(s, WEIR_SECONDS(20), NULL, blob, .bytes = five), WEIR_ERANGE);
  assert_int_equal(get_from(s), 0);
}

static int send_blobs(struct sending *s)
{
  int rc = WEIR_OK;
  for (int64_t i = 0; i < s->count && !rc; i++)
    rc = weir_send(s->whom, blob, .bytes = filling((int)((s->first + i) % 4) + 1));
  return rc;
}

static void large_and_small_messages_wait_in_one_line(void **state)
{
  (void)state;
  struct sending sending[4];
  weir_task *tasks[4];
  int64_t each = count_or(400, 40), sum = 0;
  weir_ref s = weir_spawn(&sink, .capacity = 4);
  for (int i = 0; i < 4; i++) {
    sending[i] = (struct sending){.whom = s, .first = i, .count = each};
    assert_non_null(tasks[i] = weir_task_start(NULL, send_blobs, &sending[i]));
    for (int64_t k = 0; k < each; k++) sum += (int64_t)filling((int)((i + k) % 4) + 1).size;
  }
  for (int i = 0; i < 4; i++) assert_int_equal(join(tasks[i]), WEIR_OK);
  assert_int_equal(get_from(s), sum);
}

/* ---- order ---- */

static int send_items(struct sending *s)
{
  int rc = WEIR_OK;
  for (int64_t i = 0; i < s->count && !rc; i++) {
    struct item m = {.sender = (int32_t)s->first, .n = i};
    rc = i % 3 ? WEIR_EFULL : weir_try_send_value(s->whom, WEIR_AT(item, &m));
    if (rc == WEIR_EFULL) rc = weir_send_value(s->whom, WEIR_AT(item, &m));
  }
  return rc;
}

static void each_sender_is_heard_in_its_order(void **state)
{
  (void)state;
  for (size_t capacity = 1; capacity <= 64; capacity *= 8) {
    struct sending sending[SENDERS];
    weir_task *tasks[SENDERS];
    int64_t each = count_or(3000, 200);
    memset(next_of, 0, sizeof next_of);
    out_of_order = false;
    weir_ref s = weir_spawn(&sink, .capacity = capacity);
    for (int i = 0; i < SENDERS; i++) {
      sending[i] = (struct sending){.whom = s, .first = i, .count = each};
      assert_non_null(tasks[i] = weir_task_start(NULL, send_items, &sending[i]));
    }
    for (int i = 0; i < SENDERS; i++) assert_int_equal(join(tasks[i]), WEIR_OK);
    assert_int_equal(get_from(s), SENDERS * each);
    assert_false(out_of_order);
  }
}

/* ---- F6 ---- */

static _Atomic(bool) enough;

/* Sends to a mailbox that always has room, until it is told that it is enough. */
static int send_without_end(struct sending *s)
{
  int rc = WEIR_OK;
  while (!atomic_load(&enough) && !rc) rc = weir_send(s->whom, number);
  return rc;
}

static void who_sends_without_end_lets_others_run(void **state)
{
  (void)state;
  atomic_store(&enough, false);
  weir_ref s = weir_spawn(&sink, .capacity = 1 << 24);
  struct sending sending = {.whom = s};
  weir_task *tasks[9];
  for (int i = 0; i < 9; i++) assert_non_null(tasks[i] = weir_task_start(NULL, send_without_end, &sending));
  for (int i = 0; i < 3; i++) assert_int_equal(get_from(weir_spawn(&sink)), 0);
  atomic_store(&enough, true);
  for (int i = 0; i < 9; i++) assert_int_equal(join(tasks[i]), WEIR_OK);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(try_send_on_full_makes_no_message),
      ON_RUNTIME(send_within_gives_up_when_no_place_comes_free),
      ON_RUNTIME(a_sender_is_suspended_until_there_is_a_place),
      ON_RUNTIME(those_that_wait_are_served_first_come_first_served),
      ON_RUNTIME(those_that_wait_learn_at_once_that_the_actor_is_gone),
      ON_RUNTIME(a_place_is_free_when_its_message_is_popped),
      ON_RUNTIME(a_large_message_takes_a_place_for_each_64_kib),
      ON_RUNTIME(what_a_mailbox_can_never_hold_is_refused),
      ON_RUNTIME(large_and_small_messages_wait_in_one_line),
      ON_RUNTIME(each_sender_is_heard_in_its_order),
      ON_RUNTIME(who_sends_without_end_lets_others_run),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
