/* threads.c: the threads of a run: contexts of one thread of the system, each with its own thread-local variables. */
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/engine.h"

enum { STACK_BYTES = 256 << 10 };

static char *tls OF_ENGINE = NULL;
static size_t tls_bytes OF_ENGINE = 0;
static char tls_first[TLS_BYTES] OF_ENGINE = {0};

static int find_tls(struct dl_phdr_info *info, size_t size, void *arg)
{
  (void)size, (void)arg;
  for (int i = 0; i < info->dlpi_phnum; i++)
    if (info->dlpi_phdr[i].p_type == PT_TLS) {
      tls = info->dlpi_tls_data;
      tls_bytes = info->dlpi_phdr[i].p_memsz;
    }
  return 1; /* the program comes first */
}

/* Each has its own; they share errno, which nobody relies on across a step. */
bool in_tls(const void *at)
{
  return ((const char *)at >= tls && (const char *)at < tls + tls_bytes) || at == (void *)&errno;
}

void threads_init(void)
{
  dl_iterate_phdr(find_tls, NULL);
  if (tls_bytes > TLS_BYTES) {
    fprintf(stderr, "more than %d bytes of thread-local variables\n", TLS_BYTES);
    exit(2);
  }
  memcpy(tls_first, tls, tls_bytes);
  char *stacks = mmap(NULL, (size_t)STACK_BYTES * THREADS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stacks == MAP_FAILED) abort();
  for (unsigned i = 0; i < THREADS; i++) engine->threads[i].stack = stacks + (size_t)STACK_BYTES * i;
}

bool in_stacks(const void *at, unsigned *owner)
{
  const char *low = engine->threads[0].stack;
  if ((const char *)at < low || (const char *)at >= low + (size_t)STACK_BYTES * THREADS) return false;
  *owner = (unsigned)((size_t)((const char *)at - low) / STACK_BYTES);
  return true;
}

void switch_thread(unsigned to)
{
  struct thread *from = thread_here();
  memcpy(from->tls, tls, tls_bytes);
  engine->current = to;
  memcpy(tls, engine->threads[to].tls, tls_bytes);
  weir__context_switch(&from->context, &engine->threads[to].context);
}

void leave_run(void)
{
  struct weir__context dropped;
  weir__context_switch(&dropped, &engine->main);
  __builtin_unreachable();
}

/* ---- the life of a thread ---- */

static void end_specifics(struct thread *t)
{
  for (unsigned i = 0; i < engine->keys; i++)
    if (t->specific[i] && engine->destructors[i]) {
      void *value = t->specific[i];
      t->specific[i] = NULL;
      engine->destructors[i](value);
    }
}

static void run_thread(void *arg)
{
  struct thread *t = arg;
  t->result = t->entry(t->arg);
  if (engine->scenario->ends) end_specifics(t);
  t->state = ENDED;
  if (engine->launching) switch_thread(0);
  /* Whoever it is that goes on, it does not come back here. */
  t->next = (struct step){.kind = RESUME};
  t->woken = false;
  step_begin(t->next);
  abort();
}

unsigned thread_make(void *(*entry)(void *), void *arg)
{
  if (engine->thread_count == THREADS) fail("more than %d threads", THREADS);
  unsigned n = engine->thread_count++;
  struct thread *t = &engine->threads[n];
  char *stack = t->stack;
  memset(t, 0, offsetof(struct thread, now));
  t->now.count = t->acquired.count = 0;
  memset(t->now.clock, 0, sizeof t->now.clock);
  memset(t->acquired.clock, 0, sizeof t->acquired.clock);
  t->published = NULL;
  memset(t->clock, 0, sizeof t->clock);
  t->events = 0;
  t->stack = stack;
  t->entry = entry;
  t->arg = arg;
  t->state = READY;
  t->background = engine->quiet && n > 0; /* a worker that setup has started */
  t->next.kind = START;
  memcpy(t->tls, tls_first, tls_bytes);
  if (n > 0) {
    view_join(&t->now, &thread_here()->now);
    memcpy(t->clock, thread_here()->clock, sizeof t->clock);
  }
  t->now.clock[n] = 1;
  weir__context_make(&t->context, stack, STACK_BYTES, run_thread, t);
  return n;
}

/* ---- a run ---- */

static void *run_scenario_thread(void *arg)
{
  if (engine->scenario->begin) {
    engine->quiet = true;
    engine->scenario->begin();
    engine->quiet = false;
  }
  (*(void (**)(void))arg)();
  return NULL;
}

/* Each goes up to its first step: what is before that nobody sees. */
static void launch(void)
{
  engine->launching = true;
  for (unsigned i = 1; i < engine->thread_count; i++)
    if (engine->threads[i].state == READY && engine->threads[i].next.kind == START) switch_thread(i);
  engine->launching = false;
}

/* All that was done so far was before all that follows. */
static void share_all(void)
{
  struct thread *me = thread_here();
  for (unsigned i = 1; i < engine->thread_count; i++) view_join(&me->now, &engine->threads[i].now);
  for (unsigned i = 1; i < engine->thread_count; i++) view_join(&engine->threads[i].now, &me->now);
  for (unsigned i = 0; i < engine->thread_count; i++) engine->threads[i].now.clock[i]++;
}

static void *conduct(void *arg)
{
  const struct model_scenario *s = engine->scenario;
  (void)arg;
  if (s->setup) s->setup();
  for (unsigned i = 0; i < THREADS - 1 && s->threads[i]; i++)
    engine->threads[thread_make(run_scenario_thread, (void *)(uintptr_t)&s->threads[i])].background = false;
  share_all();
  engine->quiet = false;
  launch();
  step_begin((struct step){.kind = RESUME});
  engine->quiet = true;
  if (s->finish) s->finish();
  engine->over = true;
  leave_run();
}

void run_once(void)
{
  arena_reset();
  order_reset();
  races_reset();
  engine->quiet = true;
  engine->launching = engine->failed = engine->over = engine->spurious_done = engine->is_cut = false;
  engine->learned = false;
  engine->at = 0;
  engine->node = -1;
  engine->current = engine->thread_count = 0;
  engine->asleep = engine->preemptions = 0;
  engine->event_count = 0;
  engine->changes = 0;
  memset(engine->changes_by, 0, sizeof engine->changes_by);
  engine->now_ns = 1000000000;
  engine->keys = 0;
  thread_make(conduct, NULL);
  memcpy(tls, tls_first, tls_bytes);
  weir__context_switch(&engine->main, &engine->threads[0].context);
}

unsigned model_thread(void) { return engine->current; }
bool model_has_ended(unsigned thread) { return engine->threads[thread].state == ENDED; }
void model_background(void) { thread_here()->background = true; }
