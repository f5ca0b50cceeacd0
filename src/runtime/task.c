/* task.c: see weir/task.h.
 *
 *   WAITS ----> RUNS ----> JOINS (its children) ----> ENDED ----> freed, by join or detach
 *                           '-- set down, without memory to wait with, until they have ended: to JOINS again
 *
 * I1  One lock for all tasks guards phase, joiner, family and the list of a runtime's tasks: slow path only, and a task
 *     that has ended outlives its runtime until it is joined. It is taken before a wait's finish, never after a
 *     runtime's lock.
 * I2  A task in phase RUNS or JOINS belongs to its worker's fiber. */
#include <weir/task.h>

#include <assert.h>
#include <stdlib.h>

#include "platform/trap.h"
#include "runtime/runtime.h"
#include "runtime/scope.h"
#include "runtime/strand.h"
#include "runtime/task.h"
#include "runtime/wait.h"

enum phase { WAITS, RUNS, JOINS, ENDED };

struct weir_task {
  struct weir__work work;    /* its phase: under the lock */
  _Atomic(uint64_t) waiting; /* its wait, for who cancels: see wait.h */
  struct weir_runtime *rt;
  struct weir__worker *placed; /* on whose `bound` it counts until it begins; NULL: on nobody's */
  weir__guard guard;           /* by which f is called; NULL: directly */
  int (*f)(void *);
  void *arg;
  int result;                                         /* its worker's; ENDED: fixed */
  struct weir__scope *scope;                          /* its fiber's; NULL: none */
  bool detached;                                      /* this and the rest: under the lock */
  uint64_t joiner;                                    /* the wait of who joins it */
  uint64_t reaper;                                    /* the wait of its own, for its children … */
  bool set_down;                                      /* … or it has neither that nor a stack: see set_down() */
  uint64_t owner;                                     /* the actor that started it; 0: none */
  struct weir_task *parent, *child, *elder, *younger; /* children that have not ended */
  struct weir_task *next, *previous;                  /* in its runtime's list */
  struct weir__permit *permits;                       /* that it holds: see channel/permit.h, P3 */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct weir_task *task_of(struct weir__work *work)
{
  return (struct weir_task *)((char *)work - offsetof(struct weir_task, work));
}

static struct weir_task *task_here(void)
{
  struct weir__strand *s = weir__strand_here();
  return s && s->self && s->self->kind == WEIR__TASK_BEGIN ? task_of(s->self) : NULL;
}

struct weir__permit **weir__task_permits(void)
{
  struct weir_task *t = task_here();
  return t ? &t->permits : NULL;
}

/* ---- family and list: lock held ---- */

static void link_task(struct weir_task *t)
{
  t->next = t->rt->tasks;
  if (t->next) t->next->previous = t;
  t->rt->tasks = t;
  if (!t->parent) return;
  t->elder = t->parent->child;
  if (t->elder) t->elder->younger = t;
  t->parent->child = t;
}

static void unlink_task(struct weir_task *t)
{
  if (t->previous)
    t->previous->next = t->next;
  else
    t->rt->tasks = t->next;
  if (t->next) t->next->previous = t->previous;
  if (!t->parent) return;
  if (t->younger)
    t->younger->elder = t->elder;
  else
    t->parent->child = t->elder;
  if (t->elder) t->elder->younger = t->younger;
}

static void wake(uint64_t name)
{
  if (weir__wait_claim(name, WEIR__IDLE)) weir__wait_finish(weir__wait_at(name), WEIR_OK, NULL, NULL);
}

/* Lock held. Tells it and those that it started to stop. */
static void cancel(struct weir_task *t)
{
  atomic_fetch_or_explicit(&t->work.flags, WEIR__CANCELLED, memory_order_seq_cst);
  weir__wait_cancel(&t->waiting);
  for (struct weir_task *child = t->child; child; child = child->elder) cancel(child);
}

/* ---- start ---- */

/* F5: balance is decided now, by where the least is bound; what was begun elsewhere, by one who was idle, is counted
 * there. From outside whoever is free takes it. */
static void place(struct weir_task *t)
{
  struct weir__worker *here = weir__worker_here();
  if (!here || here->rt != t->rt) {
    weir__schedule(t->rt, &t->work);
    return;
  }
  struct weir__worker *least = weir__runtime_least_bound(t->rt);
  t->placed = least;
  atomic_fetch_add_explicit(&least->bound, 1, memory_order_relaxed);
  if (least == here)
    weir__schedule(t->rt, &t->work);
  else
    weir__worker_post(least, &t->work);
}

/* It begins on this worker. */
static void bind_to(struct weir_task *t, struct weir__worker *w)
{
  t->work.home = (uint16_t)w->index;
  if (t->placed == w) return;
  atomic_fetch_add_explicit(&w->bound, 1, memory_order_relaxed);
  if (t->placed) atomic_fetch_sub_explicit(&t->placed->bound, 1, memory_order_relaxed);
}

/* NULL: no memory, or the runtime is being stopped. */
static struct weir_task *make_task(struct weir_runtime *rt)
{
  struct weir_task *t = calloc(1, sizeof *t);
  if (!t) {
    weir_error(WEIR_ENOMEM, "no memory for a task");
    return NULL;
  }
  if (!weir__runtime_enter(rt)) {
    free(t);
    weir_error(WEIR_EDEAD, "the runtime is being stopped");
    return NULL;
  }
  t->rt = rt;
  return t;
}

/* What it is to run has been written. */
static void begin(struct weir_task *t)
{
  t->work.kind = WEIR__TASK_BEGIN;
  t->work.home = WEIR__ANYWHERE;
  t->parent = task_here();
  t->owner = weir__owner_of_tasks();
  pthread_mutex_lock(&lock);
  if (t->parent && t->parent->rt != t->rt) t->parent = NULL;
  link_task(t);
  if (t->parent && (atomic_load_explicit(&t->parent->work.flags, memory_order_relaxed) & WEIR__CANCELLED)) cancel(t);
  pthread_mutex_unlock(&lock);
  if (t->rt->simulation) weir__simulation_knows_task(t->rt->simulation, &t->work);
  place(t);
}

weir_task *weir__task_start(weir_runtime *rt, weir__guard guard, int (*f)(void *), void *arg)
{
  if (rt)
    weir__runtime_hold(rt);
  else
    rt = weir__runtime_here_held();
  struct weir_task *t = rt && f ? make_task(rt) : NULL;
  if (!rt || !f) weir_error(WEIR_EINVAL, !rt ? "no runtime is running" : "no function was given");
  if (t) {
    t->guard = guard;
    t->f = f;
    t->arg = arg;
    begin(t);
  }
  if (rt) weir__runtime_release(rt);
  return t;
}
/* ---- run and end ---- */

/* There is no memory to wait for its children with, and no need of a stack: its function has returned, and what is left
 * to do begins anew when the last of them has ended. */
static void set_down(struct weir__strand *s)
{
  struct weir_task *t = task_of(s->self);
  weir__strand_rest(s);
  pthread_mutex_lock(&lock);
  t->set_down = t->child;
  bool goes_on = !t->set_down;
  pthread_mutex_unlock(&lock);
  if (goes_on) weir__schedule(t->rt, &t->work);
}

/* A task ends after those that it started: also when it was cancelled, they were, too. */
static void join_children(struct weir_task *t)
{
  struct weir__strand *strand = weir__strand_here();
  strand->heeds = 0;
  pthread_mutex_lock(&lock);
  assert(t->work.phase == RUNS || t->work.phase == JOINS);
  t->work.phase = JOINS;
  while (t->child) {
    struct weir__wait *w =
        weir__can_suspend(strand->worker) ? NULL : weir__wait_open_for(WEIR__IDLE, WEIR__JOINS_CHILDREN);
    if (w) {
      w->task = &t->work;
      weir__wait_attach(w);
      t->reaper = weir__wait_name(w);
    }
    pthread_mutex_unlock(&lock);
    if (!w) weir__drop(set_down);
    weir__wait_sleep(w, INT64_MAX);
    weir__wait_close(w);
    pthread_mutex_lock(&lock);
  }
  pthread_mutex_unlock(&lock);
}

struct weir__scope **weir__task_scope(struct weir__work *self) { return &task_of(self)->scope; }

/* Lock held. */
static void wake_parent(struct weir_task *parent)
{
  if (parent->set_down)
    weir__schedule(parent->rt, &parent->work);
  else if (parent->reaper)
    wake(parent->reaper);
  parent->set_down = false;
}

static void end_task(struct weir__worker *w, struct weir_task *t)
{
  struct weir_runtime *rt = t->rt;
  weir__permits_end(&t->permits); /* before its children are joined: they may wait for these places */
  do join_children(t);
  while (weir__scope_run_one(t->scope)); /* which may have started others; if it fails, we come here again */
  weir__scope_free(t->scope);
  t->scope = NULL;
  weir__permits_end(&t->permits);
  weir__strand_rest(w->current);
  atomic_fetch_sub_explicit(&w->bound, 1, memory_order_relaxed);
  pthread_mutex_lock(&lock);
  unlink_task(t);
  struct weir_task *parent = t->parent;
  if (parent && !parent->child) wake_parent(parent);
  bool detached = t->detached;
  assert(t->work.phase == JOINS && !t->child);
  t->work.phase = ENDED;
  if (t->joiner) wake(t->joiner);
  pthread_mutex_unlock(&lock);
  if (detached) free(t);
  weir__runtime_leave(rt);
}

/* Of one whose own stack is gone. */
static void end_without_stack(struct weir__strand *s, struct weir_task *t)
{
  weir__strand_begin(s, &t->work, &t->waiting);
  end_task(s->worker, t);
}

WEIR__ENTRY_APART static int call(const struct weir_task *t)
{
  int rc = t->guard ? t->guard(t->f, t->arg) : t->f(t->arg);
  return rc == WEIR__THREW ? WEIR_EFAILED : rc;
}

void weir__run_task(struct weir__worker *w, struct weir__work *work)
{
  struct weir_task *t = task_of(work);
  pthread_mutex_lock(&lock);
  assert(t->work.phase == WAITS || t->work.phase == JOINS);
  bool was_set_down = t->work.phase == JOINS;
  if (!was_set_down) t->work.phase = RUNS;
  pthread_mutex_unlock(&lock);
  if (was_set_down) {
    end_without_stack(w->current, t);
    return;
  }
  bind_to(t, w);
  weir__strand_begin(w->current, &t->work, &t->waiting);
  weir__strand_forget(w->current);
  weir__strand_shows(w->current, WEIR__SOME_TASK);
  weir__strand_takes(w->current, NULL);
  t->result = call(t);
  end_task(weir__worker_here(), t);
}

static void end_failed_task(struct weir__strand *s) { end_without_stack(s, task_of(s->self)); }

/* What it has deferred, and its children, are seen to; its result says why. */
void weir__task_crashed(struct weir__strand *s)
{
  task_of(s->self)->result = s->error.code;
  end_failed_task(s);
}

bool weir__task_fail(int code)
{
  struct weir_task *t = task_here();
  if (!t) return false;
  t->result = code;
  weir__drop(end_failed_task);
}

/* ---- join, cancel, detach ---- */

static int take_result(struct weir_task *t, int *result)
{
  if (result) *result = t->result;
  free(t);
  return WEIR_OK;
}

static bool has_ended(struct weir_task *t)
{
  pthread_mutex_lock(&lock);
  bool ended = t->work.phase == ENDED;
  pthread_mutex_unlock(&lock);
  return ended;
}

/* Lock held. After weir__may_wait(). */
static int wait_for_end(struct weir_task *t, weir_duration within)
{
  int rc;
  struct weir__wait *w = weir__wait_open_for(WEIR__IDLE, WEIR__JOINS_TASK);
  if (!w) return weir_error(WEIR_ENOMEM, "no memory to wait with");
  w->task = &t->work;
  atomic_store_explicit(&w->keeps, true, memory_order_relaxed);
  weir__wait_attach(w);
  t->joiner = weir__wait_name(w);
  pthread_mutex_unlock(&lock);
  rc = weir__wait_sleep(w, weir__deadline(within));
  pthread_mutex_lock(&lock);
  t->joiner = 0;
  if (!rc && w->result) rc = weir__error_with(w->result, w->text); /* a deadlock */
  weir__wait_close(w);
  return t->work.phase == ENDED ? WEIR_OK : rc;
}

int weir_task_join(weir_task *task, weir_duration within, int *result)
{
  if (!task) return weir__misuse(WEIR_EINVAL, "no task was given");
  /* Without the lock: it may send off what an actor has gathered, and wait for that. */
  int rc = has_ended(task) ? WEIR_OK : weir__may_wait();
  pthread_mutex_lock(&lock);
  if (!rc && task->joiner) /* also when it has ended: that one goes on soon */
    rc = weir_error(WEIR_EBUSY, "somebody else is joining it");
  else if (!rc && task->work.phase != ENDED)
    rc = wait_for_end(task, within);
  pthread_mutex_unlock(&lock);
  if (rc == WEIR_ETIMEDOUT) return weir_error(rc, "the task has not ended yet");
  return rc ? weir__heeded(rc) : take_result(task, result);
}

void weir_task_cancel(weir_task *task)
{
  if (!task) return;
  pthread_mutex_lock(&lock);
  cancel(task);
  pthread_mutex_unlock(&lock);
}

void weir_task_detach(weir_task *task)
{
  if (!task) return;
  pthread_mutex_lock(&lock);
  bool ended = task->work.phase == ENDED;
  task->detached = true;
  pthread_mutex_unlock(&lock);
  if (ended) free(task);
}

void weir__stop_all_tasks(struct weir_runtime *rt)
{
  pthread_mutex_lock(&lock);
  for (struct weir_task *t = rt->tasks; t; t = t->next) cancel(t);
  pthread_mutex_unlock(&lock);
}

void weir__stop_tasks_of(struct weir_runtime *rt, uint64_t owner)
{
  pthread_mutex_lock(&lock);
  for (struct weir_task *t = rt->tasks; t; t = t->next)
    if (t->owner == owner) cancel(t);
  pthread_mutex_unlock(&lock);
}

/* ---- for who looks for deadlocks ---- */

void weir__tasks_lock(void) { pthread_mutex_lock(&lock); }
void weir__tasks_unlock(void) { pthread_mutex_unlock(&lock); }

const _Atomic(uint64_t) *weir__task_waiting(const struct weir__work *task)
{
  return &((const struct weir_task *)((const char *)task - offsetof(struct weir_task, work)))->waiting;
}

void weir__task_children(const struct weir__work *task, void (*f)(struct weir__work *, void *), void *arg)
{
  const struct weir_task *t = (const struct weir_task *)((const char *)task - offsetof(struct weir_task, work));
  for (struct weir_task *child = t->child; child; child = child->elder) f(&child->work, arg);
}

void weir__tasks_of_each(const struct weir_runtime *rt, uint64_t owner, void (*f)(struct weir__work *, void *),
                         void *arg)
{
  for (struct weir_task *t = rt->tasks; t; t = t->next)
    if (t->owner == owner) f(&t->work, arg);
}
