/* notice.c: who is called when there is room: its turn comes, it is taken back, the mailbox closes (channel/notice.h, M10). */
#include "channel/notice.h"

#include "scenarios/channel_fixture.h"
#include "scenarios/worker_fixture.h"

static int called, called_with;
static weir_notice notice;

/* Jobs are done where libuv calls, and what was asked for is called. */
static void post(unsigned i, void (*f)(void))
{
  struct weir__work *work = job((int)i, 0, f);
  work->kind = WEIR__CALLBACK;
  weir__worker_post(&workers[0], work);
}

static void use_it(void *unused, weir_permit permit, int status)
{
  (void)unused;
  called++;
  called_with = status;
  if (!status) MODEL_CHECK(weir_permit_send(permit, number, .n = 2) == WEIR_OK);
}
static void leave_it(void *unused, weir_permit permit, int status)
{
  (void)unused, (void)permit;
  called++;
  called_with = status;
}
static void leave_it_and_say_so(void *unused, weir_permit permit, int status)
{
  leave_it(unused, permit, status);
  model_gate_open(&called);
}
static void ask_to_use_it(void) { MODEL_CHECK(weir_channel_notify_writable(tx, use_it, NULL, &notice) == WEIR_OK); }
static void ask_and_leave_it(void)
{
  MODEL_CHECK(weir_channel_notify_writable(tx, leave_it, NULL, &notice) == WEIR_OK);
}

static void begin(void)
{
  begin_worker();
  warm_up();
}
static void full_channel(void (*f)(void))
{
  make_workers(1);
  make(1);
  put(1);
  post(0, f);
}
static void uses_it(void) { full_channel(ask_to_use_it); }
static void leaves_it(void) { full_channel(ask_and_leave_it); }
static void ask_and_say_so(void)
{
  MODEL_CHECK(weir_channel_notify_writable(tx, leave_it_and_say_so, NULL, &notice) == WEIR_OK);
}
static void says_so(void) { full_channel(ask_and_say_so); }
static void receive_two(void)
{
  MODEL_CHECK(next() == 1);
  MODEL_CHECK(next() == 2);
  stop_workers();
}
static void was_called_once(void)
{
  MODEL_CHECK(called == 1 && called_with == WEIR_OK && !somebody_waits());
  drop_both();
}
MODEL_SCENARIO(notice_called, .about = "M10, N2: who asks for a place while one comes free is called, once",
               .setup = uses_it, .begin = begin, .bound = 2, .old_reads = 1, .threads = {work_0, receive_two},
               .invariant = never_above_capacity, .finish = was_called_once);

/* Before it, or behind, somebody waits. */
static void receive_then_wait_for_a_place(void)
{
  MODEL_CHECK(next() == 1);
  put(2);
  MODEL_CHECK(next() == 2);
  model_gate_wait(&called);
  stop_workers();
}
MODEL_SCENARIO(notice_unused, .about = "M10: a place that the callback leaves goes on to who stands behind",
               .setup = says_so, .begin = begin, .bound = 2, .old_reads = 1,
               .threads = {work_0, receive_then_wait_for_a_place}, .invariant = never_above_capacity,
               .finish = was_called_once);

/* ---- taken back ---- */

static int cancelled;
static void cancel_it(void) { cancelled = weir_notice_cancel(notice); }
static void is_taken_back(void)
{
  leaves_it();
  post(1, cancel_it);
}
static void receive_then_send(void)
{
  MODEL_CHECK(next() == 1);
  put(2); /* nobody holds the place for good */
  MODEL_CHECK(next() == 2);
  stop_workers();
}
static void called_or_cancelled(void)
{
  MODEL_CHECK(called == (cancelled == WEIR_OK ? 0 : 1));
  MODEL_CHECK(workers[0].notices == NULL && !somebody_waits());
  drop_both();
}
MODEL_SCENARIO(notice_cancelled,
               .about = "M10, N2, N4: taken back while its turn comes: called or not, no place is lost",
               .setup = is_taken_back, .begin = begin, .bound = 1, .old_reads = 1,
               .threads = {work_0, receive_then_send}, .invariant = never_above_capacity,
               .finish = called_or_cancelled);

/* ---- the mailbox closes ---- */

static void close_it(void)
{
  weir_receiver_close(rx);
  model_gate_wait(&called);
  stop_workers();
}
static int asked;
static void ask_at_closing(void)
{
  asked = weir_channel_notify_writable(tx, leave_it_and_say_so, NULL, &notice);
  if (asked) model_gate_open(&called);
}
static void closes(void) { full_channel(ask_at_closing); }
static void told_of_the_close(void)
{
  MODEL_CHECK(asked == WEIR_ECLOSED || (called == 1 && called_with == WEIR_ECLOSED));
  MODEL_CHECK(try_next() == 1);
  drop_both();
}
MODEL_SCENARIO(notice_closed, .about = "M10, M3: the mailbox closes while somebody asks for a place", .setup = closes,
               .begin = begin, .bound = 3, .threads = {work_0, close_it}, .finish = told_of_the_close);
