/* oneshot.c: promise and future: the two names of one wait record, and who decides its end. */
#include "scenarios/channel_fixture.h"

static weir_promise promise;
static weir_future future;
static int sent, waited;

static void oneshot(void)
{
  MODEL_CHECK(weir_oneshot(&promise, &future) == WEIR_OK);
  weir_message_number();
}

static void keep(void)
{
  sent = weir_promise_send(promise, number, .n = 7);
  MODEL_CHECK(sent == WEIR_OK);
}
static void await(void)
{
  struct number *m;
  MODEL_CHECK(weir_future_wait(future, WEIR_FOREVER, &m, number) == WEIR_OK);
  MODEL_CHECK(m->n == 7);
  weir_free(m);
}
MODEL_SCENARIO(oneshot_value, .about = "I2, I3, O2 of wait.h: a value wakes who waits, or is there", .setup = oneshot,
               .begin = warm_up, .threads = {keep, await}, .finish = accounts_are_even);

static void break_it(void) { weir_promise_drop(promise); }
static void await_the_end(void)
{
  struct number *m;
  MODEL_CHECK(weir_future_wait(future, WEIR_FOREVER, &m, number) == WEIR_ECLOSED);
}
MODEL_SCENARIO(oneshot_broken, .about = "I3: a promise that is dropped wakes who waits", .setup = oneshot,
               .begin = warm_up, .threads = {break_it, await_the_end}, .finish = accounts_are_even);

/* Time ends the wait, not the future: another wait may follow. */
static void await_in_time_then_for_ever(void)
{
  struct number *m;
  waited = weir_future_wait(future, WEIR_MILLIS(1), &m, number);
  MODEL_CHECK(waited == WEIR_OK || waited == WEIR_ETIMEDOUT);
  if (waited) MODEL_CHECK(weir_future_wait(future, WEIR_FOREVER, &m, number) == WEIR_OK);
  MODEL_CHECK(m->n == 7);
  weir_free(m);
}
MODEL_SCENARIO(oneshot_time, .about = "M3, I3: time takes the sleeper away, or the value wakes it: once",
               .setup = oneshot, .begin = warm_up, .threads = {keep, await_in_time_then_for_ever},
               .finish = accounts_are_even);

/* One waits for a time, then lets another one wait. */
static void await_in_time(void)
{
  struct number *m;
  waited = weir_future_wait(future, WEIR_MILLIS(1), &m, number);
  MODEL_CHECK(waited == WEIR_OK || waited == WEIR_ETIMEDOUT);
  if (!waited) weir_free(m);
  model_gate_open(&waited);
}
static void await_after(void)
{
  model_gate_wait(&waited);
  if (waited) await();
}
MODEL_SCENARIO(oneshot_another_waits, .about = "I3: another one waits after the first gave up", .setup = oneshot,
               .begin = warm_up, .threads = {keep, await_in_time, await_after}, .finish = accounts_are_even);

static void keep_or_not(void)
{
  sent = weir_promise_send(promise, number, .n = 7);
  MODEL_CHECK(sent == WEIR_OK || sent == WEIR_ECLOSED);
}
static void drop_future(void) { weir_future_drop(future); }
static void one_end(void)
{
  weir_accounts a;
  weir_accounts_read(&a);
  MODEL_CHECK(a.live == 0);
  accounts_are_even();
}
MODEL_SCENARIO(oneshot_unwanted,
               .about = "F4, L2: the value is sent, or the future is gone: whoever comes second frees it",
               .setup = oneshot, .begin = warm_up, .threads = {keep_or_not, drop_future}, .finish = one_end);

static void try_then_drop(void)
{
  struct number *m;
  int rc = weir_future_try(future, &m, number);
  MODEL_CHECK(rc == WEIR_OK || rc == WEIR_EMPTY_NOW || rc == WEIR_ECLOSED);
  if (rc == WEIR_OK) weir_free(m);
  if (rc == WEIR_EMPTY_NOW) weir_future_drop(future);
}
MODEL_SCENARIO(oneshot_tried, .about = "F4, L2: tried, and dropped if nothing was there yet", .setup = oneshot,
               .begin = warm_up, .threads = {keep_or_not, try_then_drop}, .finish = one_end);
MODEL_SCENARIO(oneshot_broken_and_tried, .about = "F4, L2: the same with a promise that is dropped", .setup = oneshot,
               .begin = warm_up, .threads = {break_it, try_then_drop}, .finish = one_end);

/* Waits in vain, then drops. */
static void await_then_drop(void)
{
  struct number *m;
  waited = weir_future_wait(future, WEIR_MILLIS(1), &m, number);
  if (waited == WEIR_OK) weir_free(m);
  if (waited == WEIR_ETIMEDOUT) weir_future_drop(future);
}
MODEL_SCENARIO(oneshot_dropped_after_a_wait, .about = "I3, I4: dropped after a wait that gave up", .setup = oneshot,
               .begin = warm_up, .threads = {keep_or_not, await_then_drop}, .finish = one_end);

/* The record is free and used again, while a stale promise comes. */
static weir_promise next_promise;
static weir_future next_future;
static void drop_and_make_another(void)
{
  struct number *m;
  weir_future_drop(future);
  MODEL_CHECK(weir_oneshot(&next_promise, &next_future) == WEIR_OK);
  MODEL_CHECK(weir_future_try(next_future, &m, number) == WEIR_EMPTY_NOW);
}
static void another_is_untouched(void)
{
  MODEL_CHECK(weir_promise_wanted(next_promise));
  weir_promise_drop(next_promise);
  weir_future_drop(next_future);
  accounts_are_even();
}
MODEL_SCENARIO(oneshot_stale, .about = "I1, F4: a stale name does nothing to who has the record next", .setup = oneshot,
               .begin = warm_up, .threads = {keep_or_not, drop_and_make_another}, .finish = another_is_untouched);

/* One who comes while another one sleeps on it is told. */
static void come_second(void)
{
  struct number *m;
  struct weir__wait *w = weir__wait_at(future.bits);
  while (!(w->word & WEIR__ATTACHED)) model_pause();
  MODEL_CHECK(weir_future_wait(future, WEIR_FOREVER, &m, number) == WEIR_EBUSY);
  MODEL_CHECK(weir_future_try(future, &m, number) == WEIR_EMPTY_NOW);
  keep();
}
MODEL_SCENARIO(oneshot_busy, .about = "I3: one sleeper at a time", .setup = oneshot, .begin = warm_up,
               .threads = {come_second, await}, .finish = accounts_are_even);
