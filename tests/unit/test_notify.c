/* Who is refused a place can be called back when it is its turn (M10). */
#include <pthread.h>

#include "channel/permit.h"
#include "unit/callback_fixture.h"
#include "unit/channel_fixture.h"

/* ---- what callbacks saw ---- */

enum { CALLS_MOST = 64, KEEP = -1, SEND_TWICE = -2 };

/* An argument of a callback: which number it is to send, or KEEP: none. */
struct call {
  int64_t n;
};
static struct {
  _Atomic(int) count;
  int64_t n[CALLS_MOST];
  int status[CALLS_MOST];
  size_t places[CALLS_MOST];
  int sent[CALLS_MOST], waits[CALLS_MOST];
} calls;
static struct call numbered[CALLS_MOST];

static void on_room(void *arg, weir_permit permit, int status)
{
  const struct call *call = arg;
  int i = atomic_load(&calls.count);
  calls.n[i] = call->n;
  calls.status[i] = status;
  calls.places[i] = weir_permit_places(permit);
  calls.waits[i] = weir_sleep(WEIR_MILLIS(1));
  calls.sent[i] = call->n > 0 || call->n == SEND_TWICE ? weir_permit_send(permit, number, .n = call->n) : WEIR_OK;
  if (call->n == SEND_TWICE) calls.sent[i] = weir_permit_send(permit, number, .n = call->n);
  atomic_store(&calls.count, i + 1);
}

static void wait_for_calls(int count)
{
  while (atomic_load(&calls.count) < count) weir_sleep(WEIR_MILLIS(0.1));
}

static int up(void **state)
{
  memset(&calls, 0, sizeof calls);
  for (int i = 0; i < CALLS_MOST; i++) numbered[i].n = i;
  return runtime_up(state);
}
#define NOTIFY(test) cmocka_unit_test_setup_teardown(test, up, runtime_down)

/* ---- an actor that asks for notices ---- */

struct ask_notice {
  uint64_t tx, ref;
  int64_t n;
};
struct cancel_notice {
  WEIR_EMPTY;
};
struct asked {
  int64_t rc, at_once;
  uint64_t notice;
};
WEIR_MESSAGE(asked, WEIR_FIELD(rc), WEIR_FIELD(at_once), WEIR_FIELD(notice));
WEIR_REQUEST(ask_notice, asked, WEIR_FIELD(tx), WEIR_FIELD(ref), WEIR_FIELD(n));
WEIR_REQUEST(cancel_notice, number);

struct keen {
  weir_notice last;
  uint64_t ended;
};
static struct call spare = {KEEP}, twice = {SEND_TWICE};
static void *arg_of(int64_t n) { return n == KEEP ? &spare : n == SEND_TWICE ? &twice : &numbered[n]; }

static int keen_ask_notice(struct keen *k, const struct ask_notice *m, struct asked *reply)
{
  int before = atomic_load(&calls.count);
  reply->rc = m->tx ? weir_channel_notify_writable((weir_sender){m->tx}, on_room, arg_of(m->n), &k->last)
                    : weir_notify_writable((weir_ref){m->ref}, on_room, arg_of(m->n), &k->last);
  reply->at_once = atomic_load(&calls.count) - before;
  reply->notice = k->last.bits;
  return WEIR_OK;
}
static int keen_cancel_notice(struct keen *k, struct number *reply)
{
  reply->n = weir_notice_cancel(k->last);
  return WEIR_OK;
}
static int keen_hold(struct keen *k, const struct hold *m)
{
  (void)k;
  return gate_stand(m);
}
WEIR_ACTOR(keen,
           WEIR_ON(ask_notice, keen_ask_notice) WEIR_ON(cancel_notice, keen_cancel_notice) WEIR_ON(hold, keen_hold));

static struct asked ask_for(weir_ref who, uint64_t sender, weir_ref to, int64_t n)
{
  struct asked *reply, got;
  assert_int_equal(weir_ask(who, WEIR_SECONDS(20), &reply, ask_notice, .tx = sender, .ref = to.bits, .n = n), WEIR_OK);
  got = *reply;
  weir_free(reply);
  return got;
}

static int64_t cancel_by(weir_ref who)
{
  struct number *reply;
  assert_int_equal(weir_ask(who, WEIR_SECONDS(20), &reply, cancel_notice), WEIR_OK);
  int64_t rc = reply->n;
  weir_free(reply);
  return rc;
}

/* A notice of the channel, by an actor: it stands in line, or will be called. */
static void notice_by(weir_ref who, int64_t n)
{
  struct asked got = ask_for(who, tx.bits, (weir_ref){0}, n);
  assert_int_equal(got.rc, WEIR_OK);
  assert_int_equal(got.at_once, 0);
  assert_true(got.notice != 0);
}

/* A task that waits to send. */
static int send_it(void *n) { return weir_channel_send(tx, number, .n = *(int64_t *)n); }
static weir_task *send_in_line(int64_t *n)
{
  int before = line_length(tx.bits);
  weir_task *task = weir_task_start(NULL, send_it, n);
  assert_non_null(task);
  while (line_length(tx.bits) == before) weir_sleep(WEIR_MILLIS(0.1));
  return task;
}

/* ---- being called ---- */

static void who_was_refused_is_called_when_there_is_a_place(void **state)
{
  (void)state;
  make(1);
  put(1);
  weir_ref k = weir_spawn(&keen);
  notice_by(k, 2);
  assert_int_equal(line_length(tx.bits), 1);
  assert_int_equal(next(), 1);
  assert_int_equal(next(), 2);
  wait_for_calls(1);
  assert_int_equal(calls.status[0], WEIR_OK);
  assert_int_equal(calls.places[0], 1);
  assert_int_equal(calls.sent[0], WEIR_OK);
  assert_int_equal(weir_sender_room(tx), 1);
  assert_int_equal(cancel_by(k), WEIR_EDEAD); /* it was called */
  drop_both();
}

static void nothing_can_be_waited_for_in_the_callback(void **state)
{
  (void)state;
  make(1);
  notice_by(weir_spawn(&keen), KEEP);
  wait_for_calls(1);
  assert_int_equal(calls.waits[0], WEIR_EWOULDBLOCK);
  drop_both();
}

static void where_there_is_room_it_is_called_later_all_the_same(void **state)
{
  (void)state;
  make(1);
  notice_by(weir_spawn(&keen), 7); /* which looks that it was not called at once */
  wait_for_calls(1);
  assert_int_equal(next(), 7);
  drop_both();
}

static void a_place_that_is_not_used_goes_back(void **state)
{
  (void)state;
  make(1);
  put(1);
  int64_t three = 3;
  notice_by(weir_spawn(&keen), KEEP);
  weir_task *task = send_in_line(&three);
  assert_int_equal(next(), 1);
  assert_int_equal(next(), 3);
  assert_int_equal(join(task), WEIR_OK);
  assert_int_equal(atomic_load(&calls.count), 1);
  assert_int_equal(weir_sender_room(tx), 1);
  drop_both();
}

static void a_notice_is_one_place(void **state)
{
  (void)state;
  make(2);
  notice_by(weir_spawn(&keen), SEND_TWICE);
  wait_for_calls(1);
  assert_int_equal(calls.sent[0], WEIR_EINVAL);
  assert_int_equal(next(), SEND_TWICE);
  assert_int_equal(weir_receiver_length(rx), 0);
  drop_both();
}

static void it_has_its_turn_among_those_that_wait(void **state)
{
  (void)state;
  make(1);
  put(1);
  int64_t two = 2, four = 4;
  weir_ref k = weir_spawn(&keen);
  weir_task *a = send_in_line(&two);
  notice_by(k, 3);
  weir_task *b = send_in_line(&four);
  notice_by(k, 5);
  notice_by(k, 6);
  assert_int_equal(line_length(tx.bits), 5);
  assert_int_equal(weir_channel_try_send(tx, number, .n = 9), WEIR_EFULL);
  for (int64_t n = 1; n <= 6; n++) assert_int_equal(next(), n);
  assert_int_equal(join(a), WEIR_OK);
  assert_int_equal(join(b), WEIR_OK);
  wait_for_calls(3);
  for (int i = 0; i < 2; i++) assert_true(calls.n[i] < calls.n[i + 1]);
  drop_both();
}

static void an_actors_mailbox_tells_as_well(void **state)
{
  (void)state;
  struct gate gate;
  weir_ref k = weir_spawn(&keen), to = weir_spawn(&keen, .capacity = 1);
  gate_enter(&gate, to);
  assert_int_equal(weir_try_send(to, hold, 0, 0), WEIR_OK);
  struct asked got = ask_for(k, 0, to, KEEP);
  assert_int_equal(got.rc, WEIR_OK);
  assert_int_equal(line_length(to.bits), 1);
  assert_int_equal(atomic_load(&calls.count), 0);
  gate_open(&gate);
  wait_for_calls(1);
  assert_int_equal(calls.status[0], WEIR_OK);
  while (weir_room(to) == 0) weir_sleep(WEIR_MILLIS(0.1));
}

/* ---- its target ends ---- */

static void one_whose_target_stops_is_told_so(void **state)
{
  (void)state;
  struct gate gate;
  weir_ref k = weir_spawn(&keen), to = weir_spawn(&keen, .capacity = 1);
  gate_enter(&gate, to);
  assert_int_equal(weir_try_send(to, hold, 0, 0), WEIR_OK);
  assert_int_equal(ask_for(k, 0, to, 1).rc, WEIR_OK);
  assert_int_equal(weir_stop(to), WEIR_OK);
  wait_for_calls(1);
  assert_int_equal(calls.status[0], WEIR_EDEAD);
  assert_int_equal(calls.places[0], 0);
  assert_int_equal(calls.sent[0], WEIR_EINVAL); /* there is no permit */
  gate_open(&gate);
  wait_until_gone(to);
  assert_int_equal(ask_for(k, 0, to, 1).rc, WEIR_EDEAD);
  assert_int_equal(atomic_load(&calls.count), 1);
}

static void one_whose_channel_closes_is_told_so(void **state)
{
  (void)state;
  make(1);
  put(1);
  weir_ref k = weir_spawn(&keen);
  notice_by(k, KEEP);
  weir_receiver_close(rx);
  wait_for_calls(1);
  assert_int_equal(calls.status[0], WEIR_ECLOSED);
  assert_int_equal(ask_for(k, tx.bits, (weir_ref){0}, KEEP).rc, WEIR_ECLOSED);
  drop_both();
  assert_int_equal(ask_for(k, tx.bits, (weir_ref){0}, KEEP).rc, WEIR_ECLOSED);
}

/* ---- who asked for it ends, or takes it back ---- */

static void one_whose_actor_has_ended_is_not_called(void **state)
{
  (void)state;
  make(1);
  put(1);
  weir_ref k = weir_spawn(&keen), other = weir_spawn(&keen);
  notice_by(k, 2);
  notice_by(other, 3);
  weir_stop(k);
  wait_until_gone(k);
  assert_int_equal(line_length(tx.bits), 1);
  assert_int_equal(next(), 1);
  assert_int_equal(next(), 3);
  wait_for_calls(1);
  assert_int_equal(calls.n[0], 3);
  drop_both();
}

static void one_that_is_taken_back_lets_the_next_pass(void **state)
{
  (void)state;
  make(1);
  put(1);
  weir_ref k = weir_spawn(&keen), other = weir_spawn(&keen);
  notice_by(k, 2);
  notice_by(other, 3);
  assert_int_equal(cancel_by(k), WEIR_OK);
  assert_int_equal(cancel_by(k), WEIR_EDEAD);
  assert_int_equal(line_length(tx.bits), 1);
  assert_int_equal(next(), 1);
  assert_int_equal(next(), 3);
  wait_for_calls(1);
  assert_int_equal(calls.n[0], 3);
  drop_both();
}

/* Asks for a notice where there is room, and takes it back before its worker has come to it. */
static struct {
  int asked, cancelled, again, room, stale;
} undone;
static void ask_and_take_back(void)
{
  weir_notice notice;
  undone.asked = weir_channel_notify_writable(tx, on_room, &numbered[1], &notice);
  undone.room = (int)weir_sender_room(tx);
  undone.cancelled = weir_notice_cancel(notice);
  undone.again = weir_notice_cancel(notice);
  undone.stale = weir_notice_cancel((weir_notice){0});
}

static void one_that_has_its_place_can_be_taken_back(void **state)
{
  (void)state;
  make(1);
  run_in_callback(ask_and_take_back);
  assert_int_equal(undone.asked, WEIR_OK);
  assert_int_equal(undone.room, 0);
  assert_int_equal(undone.cancelled, WEIR_OK);
  assert_int_equal(undone.again, WEIR_EDEAD);
  assert_int_equal(undone.stale, WEIR_EDEAD);
  assert_int_equal(weir_sender_room(tx), 1);
  put(2);
  assert_int_equal(next(), 2);
  assert_int_equal(atomic_load(&calls.count), 0);
  drop_both();
}

/* ---- from where ---- */

static int rc_in_callback;
static void ask_in_callback(void) { rc_in_callback = weir_channel_notify_writable(tx, on_room, &numbered[2], NULL); }

static void a_callback_that_was_refused_is_called_again(void **state)
{
  (void)state;
  make(1);
  put(1);
  run_in_callback(ask_in_callback);
  assert_int_equal(rc_in_callback, WEIR_OK);
  assert_int_equal(next(), 1);
  assert_int_equal(next(), 2);
  drop_both();
}

/* A pump: sends a number each time that there is room, without waiting. */
static struct pump {
  _Atomic(int64_t) sent;
  int64_t most;
  _Atomic(int) rc;
} pump;
static void pump_more(void *unused, weir_permit permit, int status)
{
  (void)unused;
  if (status) return;
  int rc = weir_permit_send(permit, number, .n = atomic_load(&pump.sent) + 1);
  if (!rc && atomic_fetch_add(&pump.sent, 1) + 1 < pump.most)
    rc = weir_channel_notify_writable(tx, pump_more, NULL, NULL);
  if (rc) atomic_store(&pump.rc, rc);
}
struct pumping {
  WEIR_EMPTY;
};
static int pumping_signal(struct pumping *p)
{
  (void)p;
  return weir_channel_notify_writable(tx, pump_more, NULL, NULL);
}
WEIR_ACTOR(pumping, WEIR_ON(signal, pumping_signal));

static void a_callback_may_ask_for_the_next(void **state)
{
  (void)state;
  pump.sent = 0;
  pump.rc = WEIR_OK;
  pump.most = count_or(1000, 100);
  make(2);
  weir_ref p = weir_spawn(&pumping);
  assert_int_equal(weir_send(p, signal), WEIR_OK);
  for (int64_t n = 1; n <= pump.most; n++) assert_int_equal(next(), n);
  assert_int_equal(atomic_load(&pump.rc), WEIR_OK);
  drop_both();
}

static void what_a_callback_asks_for_ends_with_its_actor(void **state)
{
  (void)state;
  pump.sent = 0;
  pump.most = 1 << 30;
  make(2);
  weir_ref p = weir_spawn(&pumping);
  assert_int_equal(weir_send(p, signal), WEIR_OK);
  assert_int_equal(next(), 1);
  weir_stop(p);
  wait_until_gone(p);
  while (line_length(tx.bits)) weir_sleep(WEIR_MILLIS(0.1));
  int64_t sent = atomic_load(&pump.sent);
  for (int64_t n = 2; n <= sent; n++) assert_int_equal(next(), n);
  assert_int_equal(weir_receiver_length(rx), 0);
  assert_int_equal(weir_sender_room(tx), 2);
  assert_int_equal(atomic_load(&pump.sent), sent);
  drop_both();
}

static int ask_in_task(void *unused)
{
  (void)unused;
  return weir_channel_notify_writable(tx, on_room, &numbered[1], NULL);
}
static void *ask_on_thread(void *rc)
{
  *(int *)rc = weir_channel_notify_writable(tx, on_room, &numbered[1], NULL);
  return NULL;
}

static void where_nobody_could_call_it_is_refused(void **state)
{
  (void)state;
  int rc = WEIR_OK;
  pthread_t thread;
  weir_notice notice = {1};
  make(1);
  assert_int_equal(pthread_create(&thread, NULL, ask_on_thread, &rc), 0);
  pthread_join(thread, NULL);
  assert_int_equal(rc, WEIR_EINVAL);
  assert_int_equal(join(weir_task_start(NULL, ask_in_task, NULL)), WEIR_EINVAL);
  if (!on_current_thread()) {
    assert_int_equal(weir_channel_notify_writable(tx, on_room, &numbered[1], &notice), WEIR_EINVAL);
    assert_non_null(strstr(weir_error_text(), "weir_reserve()"));
    assert_true(notice.bits == 0);
  }
  assert_int_equal(ask_for(weir_spawn(&keen), tx.bits, (weir_ref){0}, KEEP).rc, WEIR_OK);
  wait_for_calls(1);
  drop_both();
}

static void a_notice_of_another_thread_is_refused(void **state)
{
  (void)state;
  make(1);
  put(1);
  weir_ref k = weir_spawn(&keen);
  struct asked got = ask_for(k, tx.bits, (weir_ref){0}, 2);
  if (!on_current_thread()) assert_int_equal(weir_notice_cancel((weir_notice){got.notice}), WEIR_EINVAL);
  assert_int_equal(next(), 1);
  assert_int_equal(next(), 2);
  wait_for_calls(1);
  assert_int_equal(weir_notice_cancel((weir_notice){got.notice}), WEIR_EDEAD);
  drop_both();
}

static void the_thread_that_drives_is_called_when_it_drives(void **state)
{
  (void)state;
  weir_notice notice;
  if (!on_current_thread()) return;
  make(1);
  put(1);
  assert_int_equal(weir_channel_notify_writable(tx, on_room, &numbered[2], &notice), WEIR_OK);
  assert_true(notice.bits != 0);
  assert_int_equal(next(), 1);
  assert_int_equal(atomic_load(&calls.count), 0); /* it has not driven since */
  assert_int_equal(next(), 2);
  assert_int_equal(calls.waits[0], WEIR_EWOULDBLOCK);
  drop_both();
}

/* ---- other policies ---- */

static void a_mailbox_that_rejects_has_a_line_for_notices(void **state)
{
  (void)state;
  struct gate gate;
  weir_ref k = weir_spawn(&keen), to = weir_spawn(&keen, .capacity = 1, .overflow = WEIR_REJECT);
  gate_enter(&gate, to);
  assert_int_equal(weir_try_send(to, hold, 0, 0), WEIR_OK);
  assert_int_equal(weir_send(to, hold, 0, 0), WEIR_EFULL);
  assert_int_equal(ask_for(k, 0, to, KEEP).rc, WEIR_OK);
  assert_int_equal(line_length(to.bits), 1);
  gate_open(&gate);
  wait_for_calls(1);
  assert_int_equal(calls.status[0], WEIR_OK);
}

static void a_mailbox_that_drops_the_oldest_makes_room(void **state)
{
  (void)state;
  struct gate gate;
  weir_stats s;
  weir_permit held;
  weir_ref k = weir_spawn(&keen), to = weir_spawn(&keen, .capacity = 1, .overflow = WEIR_DROP_OLDEST);
  gate_enter(&gate, to);
  assert_int_equal(weir_send(to, hold, 0, 0), WEIR_OK);
  assert_int_equal(ask_for(k, 0, to, KEEP).rc, WEIR_OK);
  wait_for_calls(1);
  assert_int_equal(calls.status[0], WEIR_OK);
  assert_int_equal(weir_stats_read(to, &s), WEIR_OK);
  assert_int_equal(s.dropped, 1);
  while (weir_try_reserve(to, &held)) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(ask_for(k, 0, to, KEEP).rc, WEIR_EFULL);
  weir_permit_give_back(&held);
  gate_open(&gate);
}

/* ---- the runtime ends ---- */

static void a_runtime_that_stops_drops_what_is_in_a_line(void **state)
{
  (void)state;
  make(1);
  put(1);
  notice_by(weir_spawn(&keen), 2);
  run_in_callback(ask_in_callback); /* nobody's */
  assert_int_equal(line_length(tx.bits), 2);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK); /* which drains, and does not wait for it */
  assert_int_equal(line_length(tx.bits), 0);
  assert_int_equal(atomic_load(&calls.count), 0);
  struct number *m;
  assert_int_equal(weir_try_receive(rx, &m, number), WEIR_OK);
  weir_free(m);
  assert_int_equal(weir_sender_room(tx), 1);
  drop_both();
}

static void a_runtime_that_drains_calls_what_has_its_turn(void **state)
{
  (void)state;
  make(1);
  notice_by(weir_spawn(&keen), 5);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(atomic_load(&calls.count), 1);
  struct number *m;
  assert_int_equal(weir_try_receive(rx, &m, number), WEIR_OK);
  assert_int_equal(m->n, 5);
  weir_free(m);
  drop_both();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      NOTIFY(who_was_refused_is_called_when_there_is_a_place),
      NOTIFY(nothing_can_be_waited_for_in_the_callback),
      NOTIFY(where_there_is_room_it_is_called_later_all_the_same),
      NOTIFY(a_place_that_is_not_used_goes_back),
      NOTIFY(a_notice_is_one_place),
      NOTIFY(it_has_its_turn_among_those_that_wait),
      NOTIFY(an_actors_mailbox_tells_as_well),
      NOTIFY(one_whose_target_stops_is_told_so),
      NOTIFY(one_whose_channel_closes_is_told_so),
      NOTIFY(one_whose_actor_has_ended_is_not_called),
      NOTIFY(one_that_is_taken_back_lets_the_next_pass),
      NOTIFY(one_that_has_its_place_can_be_taken_back),
      NOTIFY(a_callback_that_was_refused_is_called_again),
      NOTIFY(a_callback_may_ask_for_the_next),
      NOTIFY(what_a_callback_asks_for_ends_with_its_actor),
      NOTIFY(where_nobody_could_call_it_is_refused),
      NOTIFY(a_notice_of_another_thread_is_refused),
      NOTIFY(the_thread_that_drives_is_called_when_it_drives),
      NOTIFY(a_mailbox_that_rejects_has_a_line_for_notices),
      NOTIFY(a_mailbox_that_drops_the_oldest_makes_room),
      NOTIFY(a_runtime_that_stops_drops_what_is_in_a_line),
      NOTIFY(a_runtime_that_drains_calls_what_has_its_turn),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
