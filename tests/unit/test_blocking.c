/* The blocking pool: functions that block on behalf of a handler or a task, and actors that live there. */
#include <dirent.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <uv.h>
#include <weir/uv.h>

#include "platform/clock.h"
#include "runtime/runtime.h"
#include "unit/callback_fixture.h"

enum { BAD_LUCK = WEIR_EUSER(7) };

/* ---- calls from a task ---- */

struct call {
  pthread_t caller, ran_on;
  int result;
};

static int note_thread(struct call *c)
{
  c->ran_on = pthread_self();
  return c->result;
}
static int call_it(struct call *c)
{
  c->caller = pthread_self();
  return weir_run_blocking(note_thread, c);
}

static int result_of(weir_task *t)
{
  int result = WEIR_EINVAL;
  assert_non_null(t);
  assert_int_equal(weir_task_join(t, WEIR_SECONDS(20), &result), WEIR_OK);
  return result;
}
#define RUN_TASK(f, arg) result_of(weir_task_start(runtime, f, arg))

static void a_call_runs_on_another_thread_and_returns_what_its_function_does(void **state)
{
  (void)state;
  static const int results[] = {WEIR_OK, 42, WEIR_EFULL, BAD_LUCK};
  for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
    struct call c = {.result = results[i]};
    assert_int_equal(RUN_TASK(call_it, &c), results[i]);
    assert_false(pthread_equal(c.caller, c.ran_on));
  }
}

static void on_a_plain_thread_it_is_a_plain_call(void **state)
{
  (void)state;
  struct call c = {.result = 3};
  assert_int_equal(call_it(&c), 3);
  assert_true(pthread_equal(c.caller, c.ran_on));
}

static int call_call_it(struct call *c) { return weir_run_blocking(call_it, c); }

static void a_call_within_a_call_stays_on_its_thread(void **state)
{
  (void)state;
  struct call c = {.result = 5};
  assert_int_equal(RUN_TASK(call_call_it, &c), 5);
  assert_true(pthread_equal(c.caller, c.ran_on));
}

static int await_semaphore(sem_t *s)
{
  while (sem_wait(s)) continue;
  return WEIR_OK;
}
static int block_on(sem_t *s) { return weir_run_blocking(await_semaphore, s); }
static int post_semaphore(sem_t *s) { return sem_post(s); }

static void the_worker_goes_on_while_a_call_blocks(void **state)
{
  (void)state;
  sem_t s;
  sem_init(&s, 0, 0);
  weir_task *blocked = weir_task_start(NULL, block_on, &s);
  assert_int_equal(RUN_TASK(post_semaphore, &s), WEIR_OK);
  assert_int_equal(weir_task_join(blocked, WEIR_SECONDS(20), NULL), WEIR_OK);
  sem_destroy(&s);
}

/* ---- how many at once ---- */

static struct {
  _Atomic(int) now, most;
} at_once;

static int be_counted(int *unused)
{
  (void)unused;
  int now = atomic_fetch_add(&at_once.now, 1) + 1, most = atomic_load(&at_once.most);
  while (now > most && !atomic_compare_exchange_weak(&at_once.most, &most, now)) continue;
  for (int i = 0; i < 20; i++) sched_yield();
  atomic_fetch_sub(&at_once.now, 1);
  return WEIR_OK;
}
static int call_counted(int *calls)
{
  for (int i = 0; i < *calls; i++)
    if (weir_run_blocking(be_counted, calls)) return WEIR_EFAILED;
  return WEIR_OK;
}

static void run_counted(int tasks, int calls)
{
  weir_task *t[64];
  for (int i = 0; i < tasks; i++) t[i] = weir_task_start(runtime, call_counted, &calls);
  for (int i = 0; i < tasks; i++) {
    int result;
    assert_int_equal(weir_task_join(t[i], WEIR_SECONDS(50), &result), WEIR_OK);
    assert_int_equal(result, WEIR_OK);
  }
}

static void no_more_threads_than_the_options_say(void **state)
{
  (void)state;
  static const int limits[] = {1, 2, 5};
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    weir_runtime_options options = runtime_options;
    options.blocking_threads = limits[i];
    atomic_store(&at_once.most, 0);
    assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
    assert_int_equal(weir_runtime_start(&options, &runtime), WEIR_OK);
    run_counted(16, (int)count_or(10, 3));
    assert_in_range(atomic_load(&at_once.most), 1, limits[i]);
    assert_in_range(runtime->blocking.threads, 1, limits[i]);
  }
}

static void blocking_threads_have_bounds(void **state)
{
  (void)state;
  static const int wrong[] = {-1, 32769};
  for (size_t i = 0; i < 2; i++) {
    weir_runtime *rt;
    assert_int_equal(weir_runtime_start(&(weir_runtime_options){.blocking_threads = wrong[i]}, &rt), WEIR_EINVAL);
    assert_null(rt);
    assert_non_null(strstr(weir_error_text(), "blocking_threads is"));
  }
}

static unsigned threads_of_pool(void)
{
  pthread_mutex_lock(&runtime->blocking.lock);
  unsigned n = runtime->blocking.threads;
  pthread_mutex_unlock(&runtime->blocking.lock);
  return n;
}

static void threads_end_when_nothing_comes(void **state)
{
  (void)state;
  assert_int_equal(threads_of_pool(), 0); /* none before it is needed */
  runtime->blocking.idle_ns = 1000000;
  for (int i = 0; i < 3; i++) {
    run_counted(8, 1);
    while (threads_of_pool()) sched_yield();
  }
}

static int count_entries(const char *folder)
{
  int count = 0;
  DIR *d = opendir(folder);
  while (readdir(d)) count++;
  closedir(d);
  return count;
}

static void a_stop_joins_the_threads(void **state)
{
  (void)state;
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  int before = count_entries("/proc/self/task");
  assert_int_equal(weir_runtime_start(&runtime_options, &runtime), WEIR_OK);
  run_counted(16, 2);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  while (count_entries("/proc/self/task") > before) sched_yield(); /* may be listed a moment longer, before, too */
}

static int note_signals(sigset_t *blocked) { return pthread_sigmask(SIG_BLOCK, NULL, blocked); }
static int call_note_signals(sigset_t *blocked) { return weir_run_blocking(note_signals, blocked); }

static void its_threads_take_no_signals(void **state)
{
  (void)state;
  sigset_t blocked;
  assert_int_equal(RUN_TASK(call_note_signals, &blocked), WEIR_OK);
  static const int asynchronous[] = {SIGINT, SIGTERM, SIGPIPE, SIGUSR1, SIGCHLD, SIGALRM};
  for (size_t i = 0; i < sizeof asynchronous / sizeof asynchronous[0]; i++)
    assert_int_equal(sigismember(&blocked, asynchronous[i]), 1);
  assert_int_equal(sigismember(&blocked, SIGSEGV), 0);
}

/* ---- libuv's own threads (libuv #660, #28, #2618: four threads filled by slow work starve files and names) ---- */

struct looker {
  uv_fs_t fs;
  uv_getaddrinfo_t name;
  uint64_t done;
  int left;
};
static void one_done(struct looker *l)
{
  if (--l->left == 0) news_tell(l->done, 2);
}
static void on_stat(uv_fs_t *req)
{
  uv_fs_req_cleanup(req);
  one_done(req->data);
}
static void on_name(uv_getaddrinfo_t *req, int status, struct addrinfo *found)
{
  (void)status;
  uv_freeaddrinfo(found);
  one_done(req->data);
}
static int looker_hold(struct looker *l, const struct hold *h)
{
  static const struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST};
  l->done = h->go;
  l->fs.data = l->name.data = l;
  l->left = 2;
  int rc = uv_fs_stat(weir_loop(), &l->fs, "/", on_stat);
  return rc ? rc : uv_getaddrinfo(weir_loop(), &l->name, on_name, "127.0.0.1", NULL, &numeric);
}
WEIR_ACTOR(looker, WEIR_ON(hold, looker_hold));

static void trouble_37_slow_calls_starve_neither_files_nor_names_of_libuv(void **state)
{
  (void)state;
  enum { BLOCKED = 32 };
  weir_task *blocked[BLOCKED];
  weir_promise done;
  weir_future is_done;
  sem_t s;
  sem_init(&s, 0, 0);
  for (int i = 0; i < BLOCKED; i++) blocked[i] = weir_task_start(NULL, block_on, &s);
  assert_int_equal(weir_oneshot(&done, &is_done), WEIR_OK);
  assert_int_equal(weir_send(weir_spawn(&looker), hold, .go = done.bits), WEIR_OK);
  assert_int_equal(news_wait(is_done), 2);
  for (int i = 0; i < BLOCKED; i++) sem_post(&s);
  for (int i = 0; i < BLOCKED; i++) assert_int_equal(weir_task_join(blocked[i], WEIR_SECONDS(20), NULL), WEIR_OK);
  sem_destroy(&s);
}

/* ---- calls from a handler ---- */

struct work {
  int32_t what;
  uint64_t begun, go;
};
struct outcome {
  int32_t rc;
  int64_t seen;
  const char *text;
};
WEIR_MESSAGE(outcome, WEIR_FIELD(rc), WEIR_FIELD(seen), WEIR_FIELD(text));
WEIR_REQUEST(work, outcome, WEIR_FIELD(what), WEIR_FIELD(begun), WEIR_FIELD(go));
enum { REFUSE = 1, FORMAT, FAIL, WANTED, STOPPED, SLEEP, SELF, ASK, KEEP, AGAIN, MANY };

struct worker {
  weir_ref other;
  uint64_t told;
  struct work *kept;
};
struct job {
  const struct work *m;
  struct outcome *reply;
  struct worker *self;
  weir_ref me;
};

static void tell_begun(const struct work *m) { news_tell(m->begun, 1); }

static int blocks(struct job *j)
{
  switch (j->m->what) {
  case REFUSE:
    return weir_error(BAD_LUCK, "%s said no", "the world");
  case FORMAT:
    j->reply->text = weir_format("%d texts", 1);
    return WEIR_OK;
  case FAIL:
    weir_fail(BAD_LUCK, "deep in a library");
  case WANTED:
    tell_begun(j->m);
    while (weir_wanted()) sched_yield();
    news_tell(j->m->go, 1);
    return WEIR_OK;
  case STOPPED:
    tell_begun(j->m);
    while (!weir_cancelled()) sched_yield();
    return weir_sleep(WEIR_FOREVER);
  case SLEEP:
    tell_begun(j->m);
    return weir_sleep(WEIR_FOREVER);
  case SELF:
    j->me = weir_self();
    j->reply->seen = weir_runtime_here() == runtime && weir_loop() == NULL && weir_uv_new(uv_timer_t) == NULL;
    return WEIR_OK;
  case ASK:
    j->reply->seen = get_from(j->self->other);
    return WEIR_OK;
  case KEEP:
    j->self->kept = weir_keep(work, j->m);
    return j->self->kept ? WEIR_OK : WEIR_EINVAL;
  case MANY:
    for (int i = 0; i < 1000; i++) {
      int rc = weir_send(j->self->other, number, .n = 1);
      if (rc) return rc;
    }
    return weir_yield();
  }
  return WEIR_OK;
}

static int worker_work(struct worker *w, const struct work *m, struct outcome *reply)
{
  struct job j = {.m = m, .reply = reply, .self = w};
  int rc = weir_run_blocking(blocks, &j);
  if (m->what == SELF) reply->seen = reply->seen && j.me.bits == weir_self().bits;
  if (m->what == AGAIN) reply->rc = weir_run_blocking(blocks, &j);
  return rc;
}
static void worker_end(struct worker *w)
{
  struct call c = {.result = 11};
  if (w->told) news_tell(w->told, call_it(&c));
}
static int worker_hold(struct worker *w, const struct hold *h)
{
  w->told = h->go;
  return WEIR_OK;
}
static int worker_number(struct worker *w, const struct number *n)
{
  w->other.bits = (uint64_t)n->n;
  return WEIR_OK;
}
WEIR_ACTOR(worker, WEIR_ON(work, worker_work) WEIR_ON(hold, worker_hold) WEIR_ON(number, worker_number)
                       WEIR_ON_END(worker_end));

/* The same on the pool itself: there its calls are plain ones. */
static weir_actor pooled;
static const weir_actor *const kinds[] = {&worker, &pooled};
enum { KINDS = 2 };

struct asked {
  int rc;
  int32_t code;
  int64_t seen;
  char text[80];
};

static struct asked ask_work(weir_ref to, weir_value value)
{
  struct asked a = {0};
  struct outcome *o;
  a.rc = weir_ask_value(to, WEIR_SECONDS(20), &o, value);
  snprintf(a.text, sizeof a.text, "%s", a.rc ? weir_error_text() : o->text ? o->text : "");
  if (o) a.code = o->rc, a.seen = o->seen;
  weir_free(o);
  return a;
}
#define ASK_WORK(to, w) ask_work((to), WEIR_VALUE(work, .what = (w)))

static void errors_and_texts_of_the_function_are_the_handlers(void **state)
{
  (void)state;
  for (int k = 0; k < KINDS; k++) {
    weir_ref w = weir_spawn(kinds[k]);
    struct asked refused = ASK_WORK(w, REFUSE), formatted = ASK_WORK(w, FORMAT), who = ASK_WORK(w, SELF);
    assert_int_equal(refused.rc, BAD_LUCK);
    assert_string_equal(refused.text, "the world said no");
    assert_int_equal(formatted.rc, WEIR_OK);
    assert_string_equal(formatted.text, "1 texts");
    assert_int_equal(who.seen, 1);
  }
}

static void a_failure_in_the_function_is_the_actors(void **state)
{
  (void)state;
  for (int k = 0; k < KINDS; k++) {
    weir_promise ended;
    weir_future has_ended;
    weir_ref w = weir_spawn(kinds[k]);
    assert_int_equal(weir_oneshot(&ended, &has_ended), WEIR_OK);
    assert_int_equal(weir_send(w, hold, .go = ended.bits), WEIR_OK);
    struct asked failed = ASK_WORK(w, FAIL);
    assert_int_equal(failed.rc, WEIR_EFAILED);
    assert_non_null(strstr(failed.text, "failed: deep in a library"));
    assert_int_equal(news_wait(has_ended), 11); /* and in the end clause calls are fine */
    assert_false(weir_alive(w));
  }
}

static int fail_in_call(int *code) { weir_fail(*code, "no way"); }
static int call_fail(int *code)
{
  weir_run_blocking(fail_in_call, code);
  return WEIR_OK; /* never reached */
}

static void a_failure_in_the_function_ends_the_task(void **state)
{
  (void)state;
  int code = BAD_LUCK;
  assert_int_equal(RUN_TASK(call_fail, &code), BAD_LUCK);
}

static void the_function_sees_that_nobody_waits_any_more(void **state)
{
  (void)state;
  for (int k = 0; k < KINDS; k++) {
    weir_promise begun, seen;
    weir_future has_begun, was_seen;
    weir_ref w = weir_spawn(kinds[k]);
    assert_int_equal(weir_oneshot(&begun, &has_begun), WEIR_OK);
    assert_int_equal(weir_oneshot(&seen, &was_seen), WEIR_OK);
    weir_pending p = weir_ask_begin(w, WEIR_SECONDS(20), work, .what = WANTED, .begun = begun.bits, .go = seen.bits);
    assert_int_equal(news_wait(has_begun), 1);
    weir_cancel(&p, 1);
    assert_int_equal(news_wait(was_seen), 1);
  }
}

static void a_stop_reaches_the_function_and_its_waits_and_nobody_abandons_it(void **state)
{
  (void)state;
  static const int32_t ways[] = {STOPPED, SLEEP};
  for (int k = 0; k < KINDS; k++)
    for (int i = 0; i < 2; i++) {
      weir_promise begun;
      weir_future has_begun;
      weir_ref w = weir_spawn(kinds[k]);
      assert_int_equal(weir_oneshot(&begun, &has_begun), WEIR_OK);
      weir_pending p = weir_ask_begin(w, WEIR_SECONDS(20), work, .what = ways[i], .begun = begun.bits);
      assert_int_equal(news_wait(has_begun), 1);
      assert_int_equal(weir_stop(w), WEIR_OK);
      assert_int_equal(weir_await(p, NULL, work), WEIR_EFAILED);
      assert_non_null(strstr(weir_error_text(), "was stopped while it handled the message"));
      wait_until_gone(w);
    }
}

struct counter {
  int64_t n;
};
static int counter_number(struct counter *c, const struct number *m)
{
  c->n += m->n;
  return WEIR_OK;
}
static int counter_get(struct counter *c, struct number *reply)
{
  reply->n = c->n;
  return WEIR_OK;
}
WEIR_ACTOR(counter, WEIR_ON(number, counter_number) WEIR_ON(get, counter_get), .capacity = 4);

static void the_function_may_send_and_ask_and_wait_for_it(void **state)
{
  (void)state;
  for (int k = 0; k < KINDS; k++) {
    weir_ref w = weir_spawn(kinds[k]), c = weir_spawn(&counter);
    assert_int_equal(weir_send(w, number, .n = (int64_t)c.bits), WEIR_OK);
    assert_int_equal(ASK_WORK(w, MANY).rc, WEIR_OK);
    struct asked asked = ASK_WORK(w, ASK);
    assert_int_equal(asked.rc, WEIR_OK);
    assert_int_equal(asked.seen, 1000);
  }
}

static void the_function_may_keep_the_message(void **state)
{
  (void)state;
  for (int k = 0; k < KINDS; k++) assert_int_equal(ASK_WORK(weir_spawn(kinds[k]), KEEP).rc, WEIR_OK);
}

static int sleep_then_call(struct call *c)
{
  int rc = weir_sleep(WEIR_FOREVER);
  return rc == WEIR_ECANCELED ? call_it(c) : rc;
}

static void who_was_told_to_stop_begins_no_call(void **state)
{
  (void)state;
  int result;
  struct call c = {.result = 1};
  weir_task *t = weir_task_start(NULL, sleep_then_call, &c);
  weir_task_cancel(t);
  assert_int_equal(weir_task_join(t, WEIR_SECONDS(20), &result), WEIR_OK);
  assert_int_equal(result, WEIR_ECANCELED);
}

static struct {
  int rc, missing;
  char text[80];
} refused;
static void call_in_callback(void)
{
  struct call c = {.result = 1};
  refused.rc = call_it(&c);
  snprintf(refused.text, sizeof refused.text, "%s", weir_error_text());
  refused.missing = weir__run_blocking(NULL, NULL, NULL);
}

static void in_a_callback_of_libuv_it_is_refused(void **state)
{
  (void)state;
  run_in_callback(call_in_callback);
  assert_int_equal(refused.rc, WEIR_EWOULDBLOCK);
  assert_int_equal(strncmp(refused.text, "not run: ", 9), 0);
  assert_int_equal(refused.missing, WEIR_EINVAL);
}

/* ---- actors on the pool ---- */

struct resident {
  int64_t sum, calls;
  _Atomic(int) inside;
  pthread_t started_on;
  uint64_t told;
  weir_ref child;
};
static _Atomic(int64_t) overlaps;

static int resident_start(struct resident *r, const struct number *config)
{
  r->sum = config ? config->n : 0;
  r->started_on = pthread_self();
  return weir_loop() ? WEIR_EINVAL : WEIR_OK;
}
static int resident_number(struct resident *r, const struct number *m)
{
  if (atomic_fetch_add(&r->inside, 1)) atomic_fetch_add(&overlaps, 1);
  r->calls++;
  r->sum += m->n;
  sched_yield();
  atomic_fetch_sub(&r->inside, 1);
  return m->n < 0 ? weir_error(BAD_LUCK, "%d is negative", (int)m->n) : WEIR_OK;
}
static int resident_get(struct resident *r, struct number *reply)
{
  reply->n = r->sum;
  return WEIR_OK;
}
static int resident_hold(struct resident *r, const struct hold *h)
{
  (void)r;
  return gate_stand(h);
}
struct watch {
  uint64_t end;
};
WEIR_MESSAGE(watch, WEIR_FIELD(end));
static int resident_watch(struct resident *r, const struct watch *w)
{
  r->told = w->end;
  return WEIR_OK;
}
static int resident_signal(struct resident *r)
{
  r->child = weir_spawn(&counter, .name = "child of the pool");
  weir_timer t = weir_send_after(weir_self(), WEIR_MILLIS(1), number, .n = 1000);
  return t.error ? t.error : weir_ask(r->child, WEIR_SECONDS(20), NULL, number, .n = 1);
}
static void resident_end(struct resident *r)
{
  if (r->told) news_tell(r->told, r->sum);
}
WEIR_ACTOR(resident,
           WEIR_ON_START(number, resident_start) WEIR_ON(number, resident_number) WEIR_ON(get, resident_get)
               WEIR_ON(hold, resident_hold) WEIR_ON(watch, resident_watch) WEIR_ON(signal, resident_signal)
                   WEIR_ON_END(resident_end),
           .runs = WEIR_ON_BLOCKING_POOL, .capacity = 8);

static weir_ref resident_watched(weir_future *has_ended)
{
  weir_promise ended;
  weir_ref r = weir_spawn(&resident, .config = WEIR_VALUE(number, .n = 100));
  assert_int_equal(weir_ref_error(r), WEIR_OK);
  assert_int_equal(weir_oneshot(&ended, has_ended), WEIR_OK);
  assert_int_equal(weir_send(r, watch, .end = ended.bits), WEIR_OK);
  return r;
}

static int send_many(weir_ref *to)
{
  for (int i = 0; i < 100; i++) {
    int rc = weir_send(*to, number, .n = 1);
    if (rc) return rc;
  }
  return WEIR_OK;
}

static void an_actor_of_the_pool_handles_one_message_at_a_time(void **state)
{
  (void)state;
  weir_task *tasks[8];
  weir_ref r = weir_spawn(&resident);
  atomic_store(&overlaps, 0);
  for (int i = 0; i < 8; i++) tasks[i] = weir_task_start(NULL, send_many, &r);
  for (int i = 0; i < 8; i++) {
    int result;
    assert_int_equal(weir_task_join(tasks[i], WEIR_SECONDS(50), &result), WEIR_OK);
    assert_int_equal(result, WEIR_OK);
  }
  assert_int_equal(get_from(r), 800);
  assert_int_equal(atomic_load(&overlaps), 0);
}

static void an_actor_of_the_pool_starts_ends_and_refuses_as_any_other(void **state)
{
  (void)state;
  weir_future has_ended;
  weir_ref r = resident_watched(&has_ended);
  assert_int_equal(weir_ask(r, WEIR_SECONDS(20), NULL, number, .n = -1), BAD_LUCK);
  assert_string_equal(weir_error_text(), "-1 is negative");
  assert_int_equal(get_from(r), 99);
  assert_int_equal(weir_drain(r), WEIR_OK);
  assert_int_equal(news_wait(has_ended), 99);
  wait_until_gone(r);
  assert_int_equal(weir_send(r, number, .n = 1), WEIR_EDEAD);
}

static void an_actor_of_the_pool_has_timers_names_and_children(void **state)
{
  (void)state;
  weir_ref r = weir_spawn(&resident, .name = "resident");
  assert_int_equal(weir_find("resident").bits, r.bits);
  assert_int_equal(weir_ask(r, WEIR_SECONDS(20), NULL, signal), WEIR_OK);
  weir_ref child = weir_find("child of the pool");
  assert_int_equal(get_from(child), 1);
  while (get_from(r) != 1000) weir_sleep(WEIR_MILLIS(0.2));
  assert_int_equal(weir_stop(r), WEIR_OK);
  wait_until_gone(child);
}

static void a_stop_ends_a_wait_of_an_actor_of_the_pool(void **state)
{
  (void)state;
  struct gate g;
  weir_future has_ended;
  weir_ref r = resident_watched(&has_ended);
  gate_enter(&g, r);
  for (int i = 0; i < 8; i++) assert_int_equal(weir_send(r, number, .n = 1), WEIR_OK);
  assert_int_equal(weir_try_send(r, number, .n = 1), WEIR_EFULL);
  assert_int_equal(weir_stop(r), WEIR_OK);
  assert_int_equal(news_wait(has_ended), 100);
  wait_until_gone(r);
  weir_promise_drop(g.go);
}

/* Who waits in line gets the place that the message in hand gave back, while its handler blocks (M2). */
static int send_one(weir_ref *to) { return weir_send(*to, number, .n = 1); }

static void an_actor_of_the_pool_serves_its_line_before_it_waits(void **state)
{
  (void)state;
  struct gate first, second;
  int result;
  weir_ref r = weir_spawn(&resident);
  gate_enter(&first, r);
  second = gate_make();
  assert_int_equal(weir_send_value(r, WEIR_AT(hold, &second.hold)), WEIR_OK);
  for (int i = 0; i < 7; i++) assert_int_equal(weir_send(r, number, .n = 1), WEIR_OK);
  weir_task *waits = weir_task_start(NULL, send_one, &r);
  assert_int_equal(weir_task_join(waits, WEIR_MILLIS(1), &result), WEIR_ETIMEDOUT);
  gate_open(&first);
  assert_int_equal(gate_begun(&second), WEIR_OK);
  assert_int_equal(weir_task_join(waits, WEIR_SECONDS(20), &result), WEIR_OK);
  assert_int_equal(result, WEIR_OK);
  gate_open(&second);
}

/* From the pool to a worker and back, while the runtime drains: nothing is forgotten (R3). */
struct bouncer {
  weir_ref other;
};
static _Atomic(int64_t) bounces;
static int bouncer_number(struct bouncer *b, const struct number *m)
{
  atomic_fetch_add(&bounces, 1);
  return m->n > 0 ? weir_send(b->other, number, .n = m->n - 1) : WEIR_OK;
}
static int bouncer_watch(struct bouncer *b, const struct watch *w)
{
  b->other.bits = w->end;
  return WEIR_OK;
}
WEIR_ACTOR(bouncer, WEIR_ON(number, bouncer_number) WEIR_ON(watch, bouncer_watch));
static weir_actor bouncer_of_pool;

static void a_drain_waits_for_what_goes_to_and_fro_between_pool_and_workers(void **state)
{
  (void)state;
  int64_t n = count_or(2000, 200);
  atomic_store(&bounces, 0);
  for (int i = 0; i < 4; i++) {
    weir_ref a = weir_spawn(&bouncer), b = weir_spawn(&bouncer_of_pool);
    assert_int_equal(weir_send(a, watch, .end = b.bits) | weir_send(b, watch, .end = a.bits), WEIR_OK);
    assert_int_equal(weir_send(a, number, .n = n - 1), WEIR_OK);
  }
  assert_int_equal(runtime_stopped(WEIR_SECONDS(50)), WEIR_OK);
  assert_int_equal(atomic_load(&bounces), 4 * n);
}

static void a_stop_ends_actors_of_the_pool_at_work(void **state)
{
  (void)state;
  struct gate g[4];
  for (int i = 0; i < 4; i++) gate_enter(&g[i], weir_spawn(&resident));
  assert_int_equal(runtime_stopped(WEIR_MILLIS(0)), WEIR_OK);
  for (int i = 0; i < 4; i++) weir_promise_drop(g[i].go);
}

static struct {
  int start, stop;
} meddled;
static int meddle(void *unused)
{
  (void)unused;
  weir_runtime *another;
  meddled.start = weir_runtime_start(NULL, &another);
  meddled.stop = weir_runtime_stop(runtime, WEIR_SECONDS(1));
  return WEIR_OK;
}
static int call_meddle(void *unused) { return weir_run_blocking(meddle, unused); }

static void on_the_pool_no_runtime_is_started_or_stopped(void **state)
{
  (void)state;
  assert_int_equal(RUN_TASK(call_meddle, NULL), WEIR_OK);
  assert_int_equal(meddled.start, WEIR_EINVAL);
  assert_int_equal(meddled.stop, WEIR_EINVAL);
}

int main(void)
{
  pooled = worker;
  pooled.name = "pooled";
  pooled.runs = WEIR_ON_BLOCKING_POOL;
  bouncer_of_pool = bouncer;
  bouncer_of_pool.runs = WEIR_ON_BLOCKING_POOL;
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_call_runs_on_another_thread_and_returns_what_its_function_does),
      ON_RUNTIME(on_a_plain_thread_it_is_a_plain_call),
      ON_RUNTIME(a_call_within_a_call_stays_on_its_thread),
      ON_RUNTIME(the_worker_goes_on_while_a_call_blocks),
      ON_RUNTIME(no_more_threads_than_the_options_say),
      ON_RUNTIME(threads_end_when_nothing_comes),
      ON_RUNTIME(a_stop_joins_the_threads),
      ON_RUNTIME(its_threads_take_no_signals),
      ON_RUNTIME(trouble_37_slow_calls_starve_neither_files_nor_names_of_libuv),
      ON_RUNTIME(errors_and_texts_of_the_function_are_the_handlers),
      ON_RUNTIME(a_failure_in_the_function_is_the_actors),
      ON_RUNTIME(a_failure_in_the_function_ends_the_task),
      ON_RUNTIME(the_function_sees_that_nobody_waits_any_more),
      ON_RUNTIME(a_stop_reaches_the_function_and_its_waits_and_nobody_abandons_it),
      ON_RUNTIME(the_function_may_send_and_ask_and_wait_for_it),
      ON_RUNTIME(the_function_may_keep_the_message),
      ON_RUNTIME(who_was_told_to_stop_begins_no_call),
      ON_RUNTIME(in_a_callback_of_libuv_it_is_refused),
      ON_RUNTIME(an_actor_of_the_pool_handles_one_message_at_a_time),
      ON_RUNTIME(an_actor_of_the_pool_starts_ends_and_refuses_as_any_other),
      ON_RUNTIME(an_actor_of_the_pool_has_timers_names_and_children),
      ON_RUNTIME(a_stop_ends_a_wait_of_an_actor_of_the_pool),
      ON_RUNTIME(an_actor_of_the_pool_serves_its_line_before_it_waits),
      ON_RUNTIME(a_drain_waits_for_what_goes_to_and_fro_between_pool_and_workers),
      ON_RUNTIME(a_stop_ends_actors_of_the_pool_at_work),
      ON_RUNTIME(on_the_pool_no_runtime_is_started_or_stopped),
  };
  const struct CMUnitTest alone[] = {cmocka_unit_test(blocking_threads_have_bounds)};
  return cmocka_run_group_tests(alone, NULL, NULL) + RUN_ON_EACH_RUNTIME(tests);
}
