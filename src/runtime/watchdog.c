/* watchdog.c: see watchdog.h. */
#include "runtime/watchdog.h"

#include <stdio.h>
#include <stdlib.h>

#include "platform/clock.h"
#include "runtime/runtime.h"

#define DEFAULT_NS 1000000000 /* below it a busy machine, which lets a worker wait for a core, looks like a hog */
#define LEAST_NS 1000000
enum { LOOKS = 4 }; /* within hog_after: it is told at most a quarter of that time late */

/* ---- telling ---- */

static void tell_on_stderr(const weir_hog *hog)
{
  long long ms = (long long)(hog->since.ns / 1000000);
  if (hog->over)
    fprintf(stderr, "weir: %s let go of worker %d after %lld ms\n", hog->name, hog->worker, ms);
  else
    fprintf(stderr,
            "weir: %s%s%s has had worker %d for %lld ms%s: %d actors and tasks are bound to it, %d are suspended\n",
            hog->name, hog->message ? " with a " : "", hog->message ? hog->message : "", hog->worker, ms,
            hog->others_wait ? ", and others wait for it" : "", hog->bound, hog->suspended);
}

static void tell(struct weir_runtime *rt, unsigned index, struct weir__sight *s, int64_t now, bool over)
{
  struct weir__watchdog *d = &rt->watchdog;
  struct weir__worker *w = &rt->workers[index];
  weir_hog hog = {.name = s->name,
                  .message = s->message ? s->message->name : NULL,
                  .since = {now - s->since_ns},
                  .worker = (int)index,
                  .bound = (int)atomic_load_explicit(&w->bound, memory_order_relaxed),
                  .suspended = (int)atomic_load_explicit(&w->suspended, memory_order_relaxed),
                  .others_wait = atomic_load_explicit(&w->inbox, memory_order_relaxed) != NULL,
                  .over = over};
  if (s->running != WEIR__SOME_TASK) hog.actor.bits = s->running;
  if (d->on_hog)
    d->on_hog(&hog, d->arg);
  else
    tell_on_stderr(&hog);
}

/* ---- looking ---- */

static void name_it(struct weir_runtime *rt, struct weir__sight *s)
{
  if (s->running == WEIR__SOME_TASK)
    snprintf(s->name, sizeof s->name, "a task");
  else if (!weir__name_of_running(rt, s->running, s->name, sizeof s->name))
    snprintf(s->name, sizeof s->name, "an actor that has ended");
}

static void look_at(struct weir_runtime *rt, unsigned index, int64_t now)
{
  struct weir__worker *w = &rt->workers[index];
  struct weir__sight *s = &rt->watchdog.sights[index];
  unsigned turns = atomic_load_explicit(&w->tick, memory_order_relaxed);
  int work_to_poll = atomic_load_explicit(&w->work_to_poll, memory_order_relaxed);
  uint64_t running = atomic_load_explicit(&w->running, memory_order_relaxed);
  bool sleeps = atomic_load_explicit(&w->parked, memory_order_relaxed);
  if (sleeps || turns != s->turns || work_to_poll != s->work_to_poll || running != s->running) {
    if (s->told) tell(rt, index, s, now, true);
    *s = (struct weir__sight){.turns = turns, .work_to_poll = work_to_poll, .running = running, .since_ns = now};
    return;
  }
  int64_t for_ns = running == WEIR__NOBODY ? 0 : now - s->since_ns;
  if (s->told && rt->crashes.end_hogs_ns && for_ns >= rt->crashes.end_hogs_ns)
    weir__end_hog(w, (uint64_t)turns << 32 | (uint32_t)work_to_poll);
  if (s->told || !for_ns || for_ns < rt->watchdog.after_ns) return;
  s->told = true;
  s->message = atomic_load_explicit(&w->handling, memory_order_relaxed);
  name_it(rt, s);
  tell(rt, index, s, now, false);
}

/* D3: a hog that was told, whose end was not. */
static bool has_more_to_tell(const struct weir_runtime *rt)
{
  for (unsigned i = 0; i < rt->worker_count; i++)
    if (rt->watchdog.sights[i].told) return true;
  return false;
}

/* Lock held. D2: with nobody awake there is nothing to look at. */
static void pause_looking(struct weir_runtime *rt)
{
  struct weir__watchdog *d = &rt->watchdog;
  bool all_sleep = atomic_load_explicit(&rt->parked, memory_order_relaxed) == rt->worker_count;
  d->rests = !d->ending && all_sleep && !has_more_to_tell(rt);
  while (d->rests && !d->ending) pthread_cond_wait(&d->stirred, &rt->lock);
  d->rests = false; /* also at the end: then nobody stirs it any more */
  int64_t at = weir__now_ns() + d->after_ns / LOOKS;
  struct timespec until = {.tv_sec = (time_t)(at / 1000000000), .tv_nsec = (long)(at % 1000000000)};
  while (!d->ending && pthread_cond_timedwait(&d->stirred, &rt->lock, &until) != ETIMEDOUT) continue;
}

/* D4: the time that counts. */
static int64_t count_time(struct weir__watchdog *d)
{
  const int64_t most = 2 * d->after_ns / LOOKS;
  int64_t now = weir__now_ns(), passed = now - d->looked_ns;
  d->looked_ns = now;
  d->counted_ns += passed < most ? passed : most;
  return d->counted_ns;
}

static void *watch(void *runtime)
{
  struct weir_runtime *rt = runtime;
  rt->watchdog.looked_ns = weir__now_ns();
  pthread_mutex_lock(&rt->lock);
  while (!rt->watchdog.ending) {
    pthread_mutex_unlock(&rt->lock);
    int64_t now = count_time(&rt->watchdog);
    for (unsigned i = 0; i < rt->worker_count; i++) look_at(rt, i, now);
    pthread_mutex_lock(&rt->lock);
    pause_looking(rt);
  }
  pthread_mutex_unlock(&rt->lock);
  return NULL;
}

/* ---- beginning and end ---- */

/* A current-thread runtime has one only where it is asked for: it starts no threads else. */
static bool is_wanted(const struct weir_runtime *rt, const weir_runtime_options *o)
{
  if (o->hog_after.ns == INT64_MAX) return false;
  return rt->flavor == WEIR_MULTI_THREAD || o->hog_after.ns || o->on_hog || o->end_hogs_after.ns;
}

int64_t weir__watchdog_after(const weir_runtime_options *o)
{
  return !o->hog_after.ns ? DEFAULT_NS : o->hog_after.ns < LEAST_NS ? LEAST_NS : o->hog_after.ns;
}

int weir__watchdog_start(struct weir_runtime *rt, const weir_runtime_options *o)
{
  struct weir__watchdog *d = &rt->watchdog;
  if (!is_wanted(rt, o)) return WEIR_OK;
  d->after_ns = weir__watchdog_after(o);
  d->on_hog = o->on_hog;
  d->arg = o->on_hog_arg;
  d->sights = calloc(rt->worker_count, sizeof *d->sights);
  if (!d->sights) return weir_error(WEIR_ENOMEM, "no memory for a watchdog");
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&d->stirred, &attributes);
  pthread_condattr_destroy(&attributes);
  sigset_t before;
  weir__block_signals(&before);
  d->started = pthread_create(&d->thread, NULL, watch, rt) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (d->started) return WEIR_OK;
  pthread_cond_destroy(&d->stirred);
  return weir_error(WEIR_ENOMEM, "no thread for a watchdog");
}

void weir__watchdog_end(struct weir_runtime *rt)
{
  struct weir__watchdog *d = &rt->watchdog;
  if (d->started) {
    pthread_mutex_lock(&rt->lock);
    d->ending = true;
    pthread_cond_signal(&d->stirred);
    pthread_mutex_unlock(&rt->lock);
    pthread_join(d->thread, NULL);
    pthread_cond_destroy(&d->stirred);
    d->started = false;
  }
  free(d->sights);
  d->sights = NULL;
}
