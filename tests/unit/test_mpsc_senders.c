/* Senders of a bounded channel: clones, each dropped on its own, and plain copies of the value, which do not keep the
 * channel open; from tasks and from plain threads. */
#include <pthread.h>

#include "unit/channel_fixture.h"

/* ---- tasks and plain threads ---- */

static int send_two_and_drop(void *unused)
{
  (void)unused;
  int rc = weir_channel_send(tx, number, .n = 1);
  if (!rc) rc = weir_channel_send(tx, number, .n = 2);
  weir_sender_drop(tx);
  return rc;
}

static void what_a_task_sends_comes_and_then_the_end(void **state)
{
  (void)state;
  make(16);
  weir_task *task = weir_task_start(NULL, send_two_and_drop, NULL);
  assert_int_equal(next(), 1);
  assert_int_equal(next(), 2);
  assert_int_equal(next(), WEIR_ECLOSED);
  assert_int_equal(join(task), WEIR_OK);
  weir_receiver_drop(rx);
}

static int send_ten(void *unused)
{
  (void)unused;
  int rc = weir_channel_send(tx, number, .n = 10);
  weir_sender_drop(tx);
  return rc;
}

static int receive_until_the_end(int64_t *sum)
{
  int64_t n;
  while ((n = next()) > 0) *sum += n;
  return (int)n;
}

static void *receive_on_a_thread(void *sum)
{
  receive_until_the_end(sum);
  return NULL;
}

static void a_plain_thread_receives_what_a_task_sends(void **state)
{
  (void)state;
  pthread_t thread;
  int64_t sum = 0;
  make(1);
  assert_int_equal(pthread_create(&thread, NULL, receive_on_a_thread, &sum), 0);
  assert_int_equal(join(weir_task_start(NULL, send_ten, NULL)), WEIR_OK);
  pthread_join(thread, NULL);
  assert_int_equal(sum, 10);
  weir_receiver_drop(rx);
}

static void *send_on_a_thread(void *rc)
{
  *(int *)rc = send_ten(NULL);
  return NULL;
}

static void a_plain_thread_sends_what_a_task_receives(void **state)
{
  (void)state;
  pthread_t thread;
  int rc = 1;
  int64_t sum = 0;
  make(1);
  assert_int_equal(pthread_create(&thread, NULL, send_on_a_thread, &rc), 0);
  assert_int_equal(join(weir_task_start(NULL, receive_until_the_end, &sum)), WEIR_ECLOSED);
  pthread_join(thread, NULL);
  assert_int_equal(rc, WEIR_OK);
  assert_int_equal(sum, 10);
  weir_receiver_drop(rx);
}

/* ---- clones and copies ---- */

static uint64_t senders(void) { return atomic_load(&weir__cell_at((uint32_t)rx.bits)->small.senders); }

static void each_clone_counts_and_each_drop_counts(void **state)
{
  (void)state;
  weir_sender clone, copy;
  make(1);
  copy = tx;
  assert_int_equal(senders(), 1);
  assert_int_equal(weir_sender_clone(tx, &clone), WEIR_OK);
  assert_int_equal(senders(), 2);
  weir_sender_drop(clone);
  assert_int_equal(senders(), 1);
  assert_int_equal(weir_sender_clone(copy, &clone), WEIR_OK); /* by a copy, too, which itself counts nothing */
  assert_int_equal(senders(), 2);
  weir_sender_drop(clone);
  weir_sender_drop(tx);
  assert_int_equal(senders(), 0);
  weir_receiver_drop(rx);
}

static void a_copy_can_be_cloned_while_there_is_a_sender(void **state)
{
  (void)state;
  weir_sender clone, copy;
  make(1);
  copy = tx;
  assert_int_equal(weir_sender_clone(copy, &clone), WEIR_OK);
  weir_sender_drop(tx);
  put(1); /* by the clone's right: the channel is open */
  assert_int_equal(next(), 1);
  weir_sender_drop(clone);
  weir_receiver_drop(rx);
}

static void copies_do_not_keep_a_channel_open(void **state)
{
  (void)state;
  weir_sender clone, first, second;
  make(1);
  first = second = tx;
  assert_int_equal(weir_sender_clone(tx, &clone), WEIR_OK);
  weir_sender_drop(clone);
  weir_sender_drop(tx);
  assert_int_equal(next_within(WEIR_FOREVER), WEIR_ECLOSED);
  assert_int_equal(weir_sender_clone(first, &clone), WEIR_ECLOSED);
  assert_int_equal(weir_sender_clone(second, &clone), WEIR_ECLOSED);
  assert_int_equal(clone.bits, 0);
  assert_int_equal(weir_channel_send(first, number, .n = 1), WEIR_ECLOSED);
  weir_receiver_drop(rx);
}

static bool is_closed(void)
{
  weir_sender clone;
  int rc = weir_sender_clone(tx, &clone);
  if (!rc) weir_sender_drop(clone);
  return rc == WEIR_ECLOSED;
}

static int drop_a_sender(weir_sender *sender)
{
  weir_sender_drop(*sender);
  return WEIR_OK;
}

static void a_channel_is_closed_by_its_receiver_or_its_last_sender_whatever_is_queued(void **state)
{
  (void)state;
  for (int64_t queued = 0; queued <= 10; queued += 10)
    for (int closes = 0; closes < 2; closes++) {
      weir_sender other;
      make(10);
      assert_int_equal(weir_sender_clone(tx, &other), WEIR_OK);
      for (int64_t i = 0; i < queued; i++) put(i);
      assert_false(is_closed());
      assert_int_equal(join(weir_task_start(NULL, drop_a_sender, &other)), WEIR_OK);
      assert_false(is_closed());
      if (closes)
        weir_receiver_close(rx);
      else
        weir_sender_drop(tx);
      assert_true(is_closed());
      for (int64_t i = 0; i < queued; i++) assert_int_equal(next(), i);
      assert_true(is_closed());
      drop_both();
    }
}

/* The channel's first sender goes into the task, and comes out as a mere copy. */
static int send_by_clones(weir_sender *copy)
{
  weir_sender again;
  int rc = WEIR_OK;
  for (int64_t i = 0; i < 10 && !rc; i++) rc = weir_channel_send(tx, number, .n = i);
  if (!rc) rc = weir_sender_clone(*copy, &again);
  weir_sender_drop(tx);
  if (rc) return rc;
  rc = weir_channel_send(again, number, .n = 20);
  weir_sender_drop(again);
  return rc;
}

static void a_clone_of_a_copy_sends_and_is_the_last_to_end_the_channel(void **state)
{
  (void)state;
  weir_sender clone, copy;
  make(11);
  copy = tx;
  assert_int_equal(join(weir_task_start(NULL, send_by_clones, &copy)), WEIR_OK);
  for (int64_t i = 0; i < 10; i++) assert_int_equal(next(), i);
  assert_int_equal(next(), 20);
  assert_int_equal(next(), WEIR_ECLOSED);
  assert_int_equal(weir_sender_clone(copy, &clone), WEIR_ECLOSED);
  weir_receiver_drop(rx);
}

/* Owns the receiver, and a copy of its sender to send to itself by: it ends when the others have gone. */
struct owner {
  weir_sender self;
  int64_t requests, own;
};

static int send_to_itself(struct owner *o)
{
  weir_sender sender;
  int rc = weir_sender_clone(o->self, &sender);
  if (rc == WEIR_ECLOSED) return WEIR_OK;
  rc = weir_channel_send(sender, number, .n = -1);
  weir_sender_drop(sender);
  return rc;
}

static int own_a_channel(struct owner *o)
{
  struct number *m;
  int rc;
  while (!(rc = weir_receive(rx, &m, number))) {
    bool own = m->n < 0;
    if (!own) news_tell((uint64_t)m->n, ++o->requests);
    o->own += own;
    weir_free(m);
    if (!own && (rc = send_to_itself(o))) return rc;
  }
  return rc;
}

static int64_t request(void)
{
  weir_promise promise;
  weir_future future;
  assert_int_equal(weir_oneshot(&promise, &future), WEIR_OK);
  put((int64_t)promise.bits);
  return news_wait(future);
}

static void an_owner_that_keeps_a_copy_ends_when_its_users_have_gone(void **state)
{
  (void)state;
  make(8);
  struct owner owner = {.self = tx};
  weir_task *task = weir_task_start(NULL, own_a_channel, &owner);
  assert_int_equal(request(), 1);
  assert_int_equal(request(), 2);
  weir_sender_drop(tx);
  assert_int_equal(join(task), WEIR_ECLOSED);
  assert_int_equal(owner.requests, 2);
  assert_true(owner.own > 0);
  weir_receiver_drop(rx);
}

static void what_was_sent_is_freed_with_the_receiver_though_copies_remain(void **state)
{
  (void)state;
  weir_accounts before, after;
  weir_sender copy;
  make(3);
  copy = tx;
  weir_accounts_read(&before);
  for (int64_t i = 0; i < 2; i++) put(i);
  put(2);
  for (int64_t i = 0; i < 2; i++) assert_int_equal(next(), i);
  weir_receiver_drop(rx);
  weir_accounts_read(&after);
  assert_int_equal(after.dead - before.dead, 1); /* the third */
  assert_int_equal(weir_channel_send(tx, number, .n = 3), WEIR_ECLOSED);
  assert_int_equal(weir_channel_send(copy, number, .n = 3), WEIR_ECLOSED);
  weir_accounts_read(&after);
  assert_int_equal(after.live, before.live);
  assert_int_equal(after.created - before.created, 3); /* for a receiver that is gone none is made */
  weir_sender_drop(tx);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(what_a_task_sends_comes_and_then_the_end),
      ON_RUNTIME(a_plain_thread_receives_what_a_task_sends),
      ON_RUNTIME(a_plain_thread_sends_what_a_task_receives),
      ON_RUNTIME(each_clone_counts_and_each_drop_counts),
      ON_RUNTIME(a_copy_can_be_cloned_while_there_is_a_sender),
      ON_RUNTIME(copies_do_not_keep_a_channel_open),
      ON_RUNTIME(a_channel_is_closed_by_its_receiver_or_its_last_sender_whatever_is_queued),
      ON_RUNTIME(a_clone_of_a_copy_sends_and_is_the_last_to_end_the_channel),
      ON_RUNTIME(an_owner_that_keeps_a_copy_ends_when_its_users_have_gone),
      ON_RUNTIME(what_was_sent_is_freed_with_the_receiver_though_copies_remain),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
