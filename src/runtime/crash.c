/* crash.c: see crash.h. */
#include "runtime/crash.h"

#include <stdio.h>
#include <string.h>

#include "platform/symbols.h"
#include "platform/trap.h"
#include "runtime/runtime.h"
#include "runtime/strand.h"

enum { FRAME_TEXT = 256 };

/* ---- in the signal handler ---- */

/* X2. The thread itself reads what it writes: exact. */
static bool is_condemned(const struct weir__worker *w)
{
  return weir__turn_of(w) == atomic_load_explicit(&w->condemned, memory_order_relaxed);
}

static void land(void *worker);

static const char *asks(struct weir__landing *landing, bool interrupted)
{
  struct weir__worker *w = weir__worker_here();
  if (!w || !w->trap || !w->on_fiber) return "it happened outside of handlers";
  struct weir__strand *s = w->current;
  if (!s->self) return "it happened in the scheduling loop";
  if (interrupted && !is_condemned(w)) return "it has gone on meanwhile";
  *landing = (struct weir__landing){
      .low = s->fiber.stack.low, .high = (char *)s, .guard = WEIR__STACK_GUARD, .land = land, .arg = w};
  return NULL;
}

/* ---- on the landing ---- */

/* Where a function calls itself, once, with how often. */
static void print_frames(const weir_crash *c)
{
  for (int i = 0, same; i < c->frame_count; i += same) {
    for (same = 1; i + same < c->frame_count && strcmp(c->frames[i], c->frames[i + same]) == 0;) same++;
    fprintf(stderr, "weir:   %s", c->frames[i]);
    if (same > 1) fprintf(stderr, " (%d times)", same);
    fputc('\n', stderr);
  }
}

static void tell_on_stderr(const weir_crash *c)
{
  flockfile(stderr);
  fprintf(stderr, "weir: %s%s%s on worker %d: %s\n", c->name, c->message ? " with a " : "",
          c->message ? c->message : "", c->worker, c->what);
  print_frames(c);
  funlockfile(stderr);
}

static void tell(struct weir__worker *w, struct weir__strand *s, const struct weir__crash *crash)
{
  char texts[WEIR__CRASH_FRAMES][FRAME_TEXT], name[64] = "a task";
  const char *frames[WEIR__CRASH_FRAMES];
  weir_crash c = {.name = name,
                  .message = s->request ? s->request->name : NULL,
                  .what = s->error.text,
                  .frames = frames,
                  .frame_count = (int)crash->frames,
                  .worker = (int)w->index};
  if (s->runs != WEIR__SOME_TASK) {
    c.actor.bits = s->runs;
    weir__name_of_running(w->rt, s->runs, name, sizeof name);
  }
  for (unsigned i = 0; i < crash->frames; i++) {
    weir__symbol(crash->pc[i], texts[i], sizeof texts[i]);
    frames[i] = texts[i];
  }
  if (w->rt->crashes.on_crash)
    w->rt->crashes.on_crash(&c, w->rt->crashes.arg);
  else
    tell_on_stderr(&c);
}

/* On the fresh fiber. */
static void crashed(struct weir__strand *s)
{
  struct weir__worker *w = s->worker;
  const struct weir__crash *crash = weir__trap_crash(w->trap);
  struct weir__error *e = weir__strand_error(s);
  e->code = WEIR_EFAILED;
  if (crash->signal)
    weir__crash_text(crash, e->text, sizeof e->text);
  else
    snprintf(e->text, sizeof e->text, "had its worker for %lld ms", (long long)(w->rt->crashes.end_hogs_ns / 1000000));
  tell(w, s, crash);
  if (s->self->kind == WEIR__ACTOR_TURN)
    weir__actor_crashed(s);
  else
    weir__task_crashed(s);
}

static void land(void *worker)
{
  struct weir__worker *w = worker;
  weir__trap_landed(w->trap);
  weir__drop(crashed);
}

/* ---- beginning and end ---- */

static int contain_listed(const char *const *names)
{
  for (; names && *names; names++)
    if (!weir__trap_contain_library(*names))
      return weir_error(WEIR_EINVAL, "containable: this process has no library whose name ends with \"%s\"", *names);
  return WEIR_OK;
}

int weir__crashes_begin(struct weir_runtime *rt, const weir_runtime_options *o)
{
  const char *why = "";
  rt->crashes =
      (struct weir__crashes){.on_crash = o->on_crash, .arg = o->on_crash_arg, .end_hogs_ns = o->end_hogs_after.ns};
  if (!o->contain_crashes) return WEIR_OK;
  if (!weir__trap_hold(asks, &why)) return weir_error(WEIR_ENOTSUP, "contain_crashes: %s", why);
  rt->crashes.contained = true;
  return contain_listed(o->containable);
}

void weir__crashes_end(struct weir_runtime *rt)
{
  if (rt->crashes.contained) weir__trap_release();
  rt->crashes.contained = false;
}

bool weir__crashes_thread_begin(struct weir__worker *w)
{
  if (!w->rt->crashes.contained) return true;
  w->trap = weir__trap_thread_begin();
  return w->trap != NULL;
}

void weir__crashes_thread_end(struct weir__worker *w)
{
  weir__trap_thread_end(w->trap);
  w->trap = NULL;
}

void weir__end_hog(struct weir__worker *w, uint64_t turn)
{
  atomic_store_explicit(&w->condemned, turn, memory_order_relaxed); /* seen after the signal, which is a system call */
  weir__trap_interrupt(w->thread_id);
}
