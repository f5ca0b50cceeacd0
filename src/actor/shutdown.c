/* shutdown.c: see shutdown.h and weir/serve.h.
 *
 * I1  What is shared with the thread that waits is written by the actor before it drops the promise, and read there after it
 *     has seen that. */
#include "actor/shutdown.h"

#include <weir/serve.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <weir/ask.h>
#include <weir/oneshot.h>
#include <weir/timer.h>
#include <weir/uv.h>

#include "platform/clock.h"
#include "runtime/runtime.h"
#include "runtime/wait.h"

enum { GRACE_S = 1 };

/* ---- the actor that waits for signals ---- */

struct weir__shutdown_plan {
  uint64_t at; /* of the struct weir__shutdown */
};
WEIR_SHARED(weir__shutdown_plan, "weir.shutdown_plan", WEIR_FIELD(at));
struct weir__signal_came {
  int32_t signum;
};
WEIR_SHARED(weir__signal_came, "weir.signal_came", WEIR_FIELD(signum));
struct weir__shutdown_due {
  bool kills;
};
WEIR_SHARED(weir__shutdown_due, "weir.shutdown_due", WEIR_FIELD(kills));
struct weir__shutdown_ready {
  bool unused;
};
WEIR_SHARED(weir__shutdown_ready, "weir.shutdown_ready", WEIR_FIELD(unused));

static const int signals[] = {SIGINT, SIGTERM};
enum { SIGNALS = sizeof signals / sizeof signals[0] };

struct weir__signals {
  const struct weir__shutdown *plan;
  uv_signal_t *handles[SIGNALS]; /* NULL: it is ignored */
};

/* Their default effect is back. */
static void watch_no_more(struct weir__signals *s)
{
  for (int i = 0; i < SIGNALS; i++)
    if (s->handles[i]) uv_signal_stop(s->handles[i]);
}

static void on_signal(uv_signal_t *handle, int signum)
{
  watch_no_more(handle->data);
  int rc = weir_try_send(weir_uv_owner(handle), weir__signal_came, .signum = signum);
  if (rc) raise(signum); /* there is no memory to tell it in order */
}

static bool is_ignored(int signum)
{
  struct sigaction now;
  return sigaction(signum, NULL, &now) == 0 && now.sa_handler == SIG_IGN && !(now.sa_flags & SA_SIGINFO);
}

static int watch(struct weir__signals *s, int i)
{
  if (is_ignored(signals[i])) return WEIR_OK;
  s->handles[i] = weir_uv_new(uv_signal_t);
  int rc = s->handles[i] ? uv_signal_init(weir_loop(), s->handles[i]) : WEIR_ENOMEM;
  if (rc) return rc;
  s->handles[i]->data = s;
  return uv_signal_start(s->handles[i], on_signal, signals[i]);
}

static int signals_start(struct weir__signals *s, const struct weir__shutdown_plan *p)
{
  int rc = WEIR_OK;
  s->plan = (const struct weir__shutdown *)(uintptr_t)p->at;
  for (int i = 0; i < SIGNALS && !rc; i++) rc = watch(s, i);
  if (rc) return weir_error(rc, "can't wait for signals: %s", weir_strerror(rc));
  return s->plan->root.bits ? weir_monitor(s->plan->root).error : WEIR_OK;
}

static int signals_came(struct weir__signals *s, const struct weir__signal_came *m)
{
  s->plan->begin(s->plan->arg, m->signum);
  if (s->plan->within.ns == INT64_MAX) return WEIR_OK;
  weir_timer timer = weir_send_after(weir_self(), s->plan->within, weir__shutdown_due);
  if (timer.error) s->plan->stop(s->plan->arg); /* without memory for a timer it is over now */
  return WEIR_OK;
}

static int signals_due(struct weir__signals *s, const struct weir__shutdown_due *m)
{
  if (m->kills) {
    s->plan->kill(s->plan->arg);
    return WEIR_OK;
  }
  s->plan->stop(s->plan->arg);
  if (!s->plan->kill) return WEIR_OK;
  weir_timer timer = weir_send_after(weir_self(), WEIR_SECONDS(GRACE_S), weir__shutdown_due, .kills = true);
  if (timer.error) s->plan->kill(s->plan->arg);
  return WEIR_OK;
}

static int signals_down(struct weir__signals *s, const struct weir_down *m)
{
  if (s->plan->ended) s->plan->ended(s->plan->arg, m);
  return WEIR_OK;
}

static int signals_ready(struct weir__signals *s)
{
  (void)s;
  return WEIR_OK;
}

WEIR_ACTOR(weir__signals,
           WEIR_ON_START(weir__shutdown_plan, signals_start) WEIR_ON(weir__signal_came, signals_came)
               WEIR_ON(weir__shutdown_due, signals_due) WEIR_ON(weir_down, signals_down)
                   WEIR_ON(weir__shutdown_ready, signals_ready),
           .runs = WEIR_PINNED, .capacity = 8);

int weir__shutdown_on_signals(weir_runtime *rt, const struct weir__shutdown *s)
{
  struct weir__shutdown_plan plan = {(uintptr_t)s};
  sigset_t both, before;
  sigemptyset(&both);
  sigaddset(&both, SIGINT);
  sigaddset(&both, SIGTERM);
  /* A signal that comes while the actor begins, which takes long where its worker is at something long, is heeded then. */
  pthread_sigmask(SIG_BLOCK, &both, &before);
  weir_ref ref = weir_spawn(&weir__signals, .on = rt, .config = WEIR_AT(weir__shutdown_plan, &plan));
  int rc = weir_ask(ref, WEIR_FOREVER, NULL, weir__shutdown_ready);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return rc;
}

/* ---- a program that serves ---- */

/* I1 */
struct served {
  struct weir__shutdown plan;
  weir_ref root;
  weir_promise done; /* dropped once, by the actor */
  bool is_done;      /* the actor's */
  bool late;         /* it was not drained in time */
  int64_t until_ns;  /* when it is to be drained; 0: no signal came */
  int code;          /* with which root has ended */
  char text[sizeof((struct weir__error *)0)->text];
};

static void be_done(struct served *s)
{
  if (s->is_done) return;
  s->is_done = true;
  weir_promise_drop(s->done);
}

static void root_drains(void *arg, int signum)
{
  struct served *s = arg;
  s->until_ns = weir__deadline(s->plan.within);
  fprintf(stderr, "weir: %s: ending in order; once more ends it at once\n", signum == SIGINT ? "SIGINT" : "SIGTERM");
  if (s->plan.within.ns)
    weir_drain(s->root);
  else
    be_done(s); /* it is stopped with all the others */
}

static void root_is_late(void *arg)
{
  struct served *s = arg;
  s->late = !s->is_done;
  be_done(s);
}

static void root_ended(void *arg, const struct weir_down *m)
{
  struct served *s = arg;
  if (s->is_done) return;
  s->code = m->code;
  snprintf(s->text, sizeof s->text, "%s: %s", m->name, *m->text ? m->text : weir_strerror(m->code));
  be_done(s);
}

/* WEIR_OK: root has ended, or it is late. */
static int wait_for_end(weir_runtime *rt, struct served *s)
{
  weir_future future;
  struct weir_none *nothing = NULL;
  int rc = weir_oneshot(&s->done, &future);
  if (rc) return rc;
  rc = weir__shutdown_on_signals(rt, &s->plan);
  if (!rc) rc = weir_future_wait(future, WEIR_FOREVER, &nothing, weir_none);
  if (rc == WEIR_ECLOSED) return WEIR_OK;
  weir_future_drop(future);
  return rc;
}

static weir_duration what_is_left(const struct served *s)
{
  if (s->late) return WEIR__NS(0);
  if (!s->until_ns || s->plan.within.ns == INT64_MAX || !s->plan.within.ns) return s->plan.within;
  int64_t left = s->until_ns - weir__now_ns();
  return WEIR__NS(left > 0 ? left : 1);
}

/* The first error counts, but for messages that do not add up. */
static int stop_with(weir_runtime *rt, weir_duration drain, int code, const char *text)
{
  char kept[sizeof((struct weir__error *)0)->text];
  snprintf(kept, sizeof kept, "%s", text);
  int rc = weir_runtime_stop(rt, drain);
  return !code || rc == WEIR_EFAILED ? rc : weir_error(code, "%s", kept);
}

int weir_serve(weir_runtime *rt, weir_ref root, weir_duration drain)
{
  struct served s = {.root = root};
  if (!rt) return weir__misuse(WEIR_EINVAL, "no runtime was given");
  int rc = weir__runtime_check_stopper(rt);
  if (rc) return rc;
  s.plan = (struct weir__shutdown){.within = drain.ns > 0 ? drain : WEIR__NS(0),
                                   .root = root,
                                   .begin = root_drains,
                                   .stop = root_is_late,
                                   .ended = root_ended,
                                   .arg = &s};
  rc = weir_ref_error(root);
  if (!rc && rt->simulation) rc = weir_error(WEIR_ENOTSUP, "there are no signals in a simulation");
  if (!rc) rc = wait_for_end(rt, &s);
  if (rc) return stop_with(rt, WEIR__NS(0), rc, weir_error_text());
  if (s.late) return stop_with(rt, WEIR__NS(0), WEIR_ETIMEDOUT, "not drained in time");
  return stop_with(rt, what_is_left(&s), s.code, s.text);
}
