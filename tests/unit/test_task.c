/* Tasks: results, joins, cancelling in every kind of wait, families, and what becomes of those nobody waits for. */
#include <pthread.h>
#include <uv.h>
#include <weir/uv.h>

#include "runtime/task.h"
#include "unit/actor_fixture.h"

static int answer(int *n) { return *n; }

static int result_of(weir_task *task)
{
  int result = 1;
  assert_non_null(task);
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), &result), WEIR_OK);
  return result;
}

static void a_join_brings_the_result(void **state)
{
  (void)state;
  int results[] = {WEIR_OK, WEIR_EUSER(1), 42, WEIR_ETIMEDOUT};
  for (size_t i = 0; i < sizeof results / sizeof results[0]; i++)
    assert_int_equal(result_of(weir_task_start(NULL, answer, &results[i])), results[i]);
  assert_int_equal(weir_task_join(weir_task_start(NULL, answer, &results[1]), WEIR_SECONDS(20), NULL), WEIR_OK);
  assert_int_equal(weir_task_join(NULL, WEIR_SECONDS(20), NULL), WEIR_EINVAL);
}

static int stand(struct hold *h) { return gate_stand(h); }

/* A task that stands until its gate is opened. */
static weir_task *standing(struct gate *g)
{
  *g = gate_make();
  weir_task *task = weir_task_start(NULL, stand, &g->hold);
  assert_non_null(task);
  assert_int_equal(gate_begun(g), WEIR_OK);
  return task;
}

static void a_join_may_be_tried_again(void **state)
{
  (void)state;
  struct gate g;
  int result = 1;
  weir_task *task = standing(&g);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(weir_task_join(task, WEIR_MILLIS(1), &result), WEIR_ETIMEDOUT);
    assert_string_equal(weir_error_text(), "the task has not ended yet");
  }
  gate_open(&g);
  assert_int_equal(result_of(task), WEIR_OK);
}

/* ---- from several places ---- */

struct joining {
  weir_task *task;
  _Atomic(bool) over;
  int rc, result;
};
static int join_another(struct joining *j)
{
  j->rc = weir_task_join(j->task, WEIR_FOREVER, &j->result);
  atomic_store(&j->over, true);
  return WEIR_OK;
}

static void one_joins_at_a_time(void **state)
{
  (void)state;
  struct gate g;
  struct joining first = {.task = standing(&g)}, second = {.task = first.task};
  weir_task *one = weir_task_start(NULL, join_another, &first), *two = weir_task_start(NULL, join_another, &second);
  while (!atomic_load(&first.over) && !atomic_load(&second.over)) weir_sleep(WEIR_MILLIS(0.1));
  gate_open(&g);
  assert_int_equal(result_of(one), WEIR_OK);
  assert_int_equal(result_of(two), WEIR_OK);
  assert_true((first.rc == WEIR_OK && second.rc == WEIR_EBUSY) || (first.rc == WEIR_EBUSY && second.rc == WEIR_OK));
}

static void *join_on_a_thread(void *j)
{
  join_another(j);
  return NULL;
}

static void a_plain_thread_joins(void **state)
{
  (void)state;
  if (on_current_thread()) return; /* nobody would run it: this thread blocks in pthread_join() */
  struct gate g;
  struct joining j = {.task = standing(&g)};
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, join_on_a_thread, &j), 0);
  gate_open(&g);
  pthread_join(thread, NULL);
  assert_int_equal(j.rc, WEIR_OK);
}

static struct {
  weir_task *task;
  int early, late;
  uint64_t done;
} seen;

static void on_time(uv_timer_t *timer)
{
  int result = 1, rc = weir_task_join(seen.task, WEIR_SECONDS(1), &result);
  if (rc == WEIR_EWOULDBLOCK) {
    seen.early = rc; /* not ended: try again later */
    weir_promise_send((weir_promise){*(uint64_t *)timer->data}, signal);
    return;
  }
  seen.late = rc ? rc : result;
  news_tell(seen.done, 0);
  weir_uv_close(timer);
}

struct caller {
  uint64_t go;
};
static int caller_hold(struct caller *c, const struct hold *h)
{
  c->go = h->go;
  uv_timer_t *timer = weir_uv_new(uv_timer_t);
  int rc = timer ? uv_timer_init(weir_loop(), timer) : WEIR_ENOMEM;
  if (rc) return rc;
  timer->data = &c->go;
  return uv_timer_start(timer, on_time, 0, 1);
}
WEIR_ACTOR(caller, WEIR_ON(hold, caller_hold));

static void a_callback_joins_what_has_ended(void **state)
{
  (void)state;
  weir_promise done;
  weir_future is_done;
  struct gate g;
  seen.task = standing(&g);
  assert_int_equal(weir_oneshot(&done, &is_done), WEIR_OK);
  seen.done = done.bits;
  weir_send(weir_spawn(&caller), hold, .go = g.go.bits);
  assert_int_equal(news_wait(is_done), 0);
  assert_int_equal(seen.early, WEIR_EWOULDBLOCK);
  assert_int_equal(seen.late, WEIR_OK);
}

/* ---- cancelling ---- */

static struct {
  weir_sender tx, full;
  weir_receiver rx;
  weir_future future;
  weir_task *standing;
  weir_ref busy;
} waits_for;

static int in_sleep(void) { return weir_sleep(WEIR_SECONDS(3600)); }
static int in_send(void) { return weir_channel_send(waits_for.full, number, .n = 1); }
static int in_receive(void)
{
  struct number *m;
  return weir_receive(waits_for.rx, &m, number);
}
static int in_future(void)
{
  struct number *m;
  return weir_future_wait(waits_for.future, WEIR_FOREVER, &m, number);
}
static int in_join(void) { return weir_task_join(waits_for.standing, WEIR_FOREVER, NULL); }
static int in_ask(void) { return weir_ask(waits_for.busy, WEIR_SECONDS(3600), NULL, get); }
static int in_yields(void)
{
  int rc;
  while (!(rc = weir_yield())) continue;
  return rc;
}
static int in_thought(void)
{
  while (!weir_cancelled()) weir_yield();
  return WEIR_ECANCELED;
}

static _Atomic(int) set_out;

struct trial {
  int (*wait)(void);
  int first, second;
  bool cancelled;
};
static int try_to_wait(struct trial *t)
{
  atomic_fetch_add(&set_out, 1);
  t->first = t->wait();
  t->second = weir_sleep(WEIR_MILLIS(1)); /* told once, and for all waits */
  t->cancelled = weir_cancelled();
  return t->first;
}

struct sitter {
  WEIR_EMPTY;
};
static int sitter_hold(struct sitter *s, const struct hold *h)
{
  (void)s;
  return gate_stand(h);
}
static int sitter_get(struct sitter *s, struct number *reply)
{
  (void)s;
  reply->n = 1;
  return WEIR_OK;
}
WEIR_ACTOR(sitter, WEIR_ON(hold, sitter_hold) WEIR_ON(get, sitter_get));

static void every_wait_ends_when_its_task_is_cancelled(void **state)
{
  (void)state;
  static int (*const waits[])(void) = {in_sleep, in_send, in_receive, in_future,
                                       in_join,  in_ask,  in_yields,  in_thought};
  struct gate g, in_busy;
  weir_promise promise;
  weir_receiver full_rx;
  assert_int_equal(weir_mpsc(1, &waits_for.tx, &waits_for.rx), WEIR_OK);
  assert_int_equal(weir_mpsc(1, &waits_for.full, &full_rx), WEIR_OK);
  assert_int_equal(weir_channel_send(waits_for.full, number, .n = 1), WEIR_OK);
  assert_int_equal(weir_oneshot(&promise, &waits_for.future), WEIR_OK);
  waits_for.standing = standing(&g);
  waits_for.busy = weir_spawn(&sitter);
  gate_enter(&in_busy, waits_for.busy);
  for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
    for (int early = 0; early < 2; early++) { /* told before it has begun to wait; while it waits, or nearly so */
      struct trial t = {.wait = waits[i]};
      atomic_store(&set_out, 0);
      weir_task *task = weir_task_start(NULL, try_to_wait, &t);
      while (!early && atomic_load(&set_out) == 0) weir_sleep(WEIR_MILLIS(0.1));
      weir_task_cancel(task);
      weir_task_cancel(task);
      assert_int_equal(result_of(task), WEIR_ECANCELED);
      assert_int_equal(t.second, WEIR_ECANCELED);
      assert_true(t.cancelled);
    }
  gate_open(&in_busy);
  gate_open(&g);
  assert_int_equal(result_of(waits_for.standing), WEIR_OK);
  assert_int_equal(weir_receiver_length(full_rx), 1); /* nothing was sent */
  weir_sender_drop(waits_for.tx);
  weir_receiver_drop(waits_for.rx);
  weir_sender_drop(waits_for.full);
  weir_receiver_drop(full_rx);
  weir_promise_drop(promise);
  weir_future_drop(waits_for.future);
  weir_task_cancel(NULL);
}

/* ---- families ---- */

struct family {
  int depth;
  _Atomic(int) begun, ended;
};

/* Each starts the next one, and leaves it to the scope. */
struct member {
  struct family *family;
  int depth;
};
static struct member members[8];
static int live(struct member *m)
{
  struct family *f = m->family;
  atomic_fetch_add(&f->begun, 1);
  if (m->depth < f->depth) {
    members[m->depth + 1] = (struct member){f, m->depth + 1};
    weir_task_detach(weir_task_start(NULL, live, &members[m->depth + 1]));
  }
  int rc = weir_sleep(WEIR_SECONDS(3600));
  atomic_fetch_add(&f->ended, 1);
  return rc;
}

static void a_cancel_reaches_children_and_grandchildren(void **state)
{
  (void)state;
  enum { DEPTH = 5 };
  struct family f = {.depth = DEPTH};
  members[0] = (struct member){&f, 0};
  weir_task *task = weir_task_start(NULL, live, &members[0]);
  while (atomic_load(&f.begun) <= DEPTH) weir_sleep(WEIR_MILLIS(0.1));
  weir_task_cancel(task);
  assert_int_equal(result_of(task), WEIR_ECANCELED);
  assert_int_equal(atomic_load(&f.ended), DEPTH + 1); /* it ends after all of them */
}

struct offspring {
  struct gate gate;
  _Atomic(bool) ended;
};
static struct offspring left_behind;
static int stand_and_tell(void *unused)
{
  (void)unused;
  int rc = gate_stand(&left_behind.gate.hold);
  atomic_store(&left_behind.ended, true);
  return rc;
}
static int leave_a_child(bool *detaches)
{
  weir_task *child = weir_task_start(NULL, stand_and_tell, NULL);
  if (*detaches) weir_task_detach(child);
  return child ? WEIR_OK : WEIR_ENOMEM;
}

static void a_task_ends_after_those_that_it_started(void **state)
{
  (void)state;
  bool detaches = true;
  left_behind.gate = gate_make();
  atomic_store(&left_behind.ended, false);
  weir_task *task = weir_task_start(NULL, leave_a_child, &detaches);
  assert_int_equal(gate_begun(&left_behind.gate), WEIR_OK);
  assert_int_equal(weir_task_join(task, WEIR_MILLIS(2), NULL), WEIR_ETIMEDOUT);
  gate_open(&left_behind.gate);
  assert_int_equal(result_of(task), WEIR_OK);
  assert_true(atomic_load(&left_behind.ended));
}

struct employer {
  weir_task *task;
};
static int employer_hold(struct employer *e, const struct hold *h)
{
  (void)h;
  e->task = weir_task_start(NULL, stand_and_tell, NULL);
  return e->task ? WEIR_OK : WEIR_ENOMEM;
}
static void employer_end(struct employer *e) { weir_task_detach(e->task); }
WEIR_ACTOR(employer, WEIR_ON(hold, employer_hold) WEIR_ON_END(employer_end));

static void what_an_actor_started_is_cancelled_when_it_ends(void **state)
{
  (void)state;
  left_behind.gate = gate_make();
  atomic_store(&left_behind.ended, false);
  weir_ref e = weir_spawn(&employer);
  weir_send(e, hold, .go = 0);
  assert_int_equal(gate_begun(&left_behind.gate), WEIR_OK);
  weir_stop(e);
  while (!atomic_load(&left_behind.ended)) weir_sleep(WEIR_MILLIS(0.1));
  gate_open(&left_behind.gate);
}

/* ---- detached, placed, refused ---- */

static void a_detached_task_runs_on(void **state)
{
  (void)state;
  left_behind.gate = gate_make();
  atomic_store(&left_behind.ended, false);
  weir_task_detach(weir_task_start(NULL, stand_and_tell, NULL));
  assert_int_equal(gate_begun(&left_behind.gate), WEIR_OK);
  gate_open(&left_behind.gate);
  while (!atomic_load(&left_behind.ended)) weir_sleep(WEIR_MILLIS(0.1));
  int n = 0;
  weir_task *ended = weir_task_start(NULL, answer, &n);
  while (weir_task_join(ended, WEIR_MILLIS(0), NULL)) continue;
  weir_task_detach(NULL);
}

/* F5 */
static int stay(bool *stayed)
{
  pthread_t here = pthread_self();
  *stayed = true;
  for (int i = 0; i < 20; i++) {
    int rc = i % 2 ? weir_yield() : weir_sleep(WEIR_MILLIS(0.1));
    if (rc) return rc;
    if (!pthread_equal(here, pthread_self())) *stayed = false;
  }
  return WEIR_OK;
}

static void a_task_that_has_begun_stays_where_it_is(void **state)
{
  (void)state;
  enum { TASKS = 50 };
  bool stayed[TASKS];
  weir_task *tasks[TASKS];
  for (int i = 0; i < TASKS; i++) tasks[i] = weir_task_start(NULL, stay, &stayed[i]);
  for (int i = 0; i < TASKS; i++) {
    assert_int_equal(result_of(tasks[i]), WEIR_OK);
    assert_true(stayed[i]);
  }
}

static void without_a_runtime_no_task_is_started(void **state)
{
  (void)state;
  int n = 0;
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_null(weir_task_start(NULL, answer, &n));
  assert_int_not_equal(strlen(weir_error_text()), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_join_brings_the_result),
      ON_RUNTIME(a_join_may_be_tried_again),
      ON_RUNTIME(one_joins_at_a_time),
      ON_RUNTIME(a_plain_thread_joins),
      ON_RUNTIME(a_callback_joins_what_has_ended),
      ON_RUNTIME(every_wait_ends_when_its_task_is_cancelled),
      ON_RUNTIME(a_cancel_reaches_children_and_grandchildren),
      ON_RUNTIME(a_task_ends_after_those_that_it_started),
      ON_RUNTIME(what_an_actor_started_is_cancelled_when_it_ends),
      ON_RUNTIME(a_detached_task_runs_on),
      ON_RUNTIME(a_task_that_has_begun_stays_where_it_is),
      ON_RUNTIME(without_a_runtime_no_task_is_started),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
