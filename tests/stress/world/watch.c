/* watch.c: see world.h: ends the process when nothing goes on any more, and says who waits for what.
 *
 * It counts its own looks, not the time: a process that stands still, or gets no processor, makes none. */
#include "stress/world/world.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "actor/actor.h"
#include "channel/cell.h"
#include "runtime/wait.h"

enum { LOOKS_MOST = 900, LOOK_MS = 100 }; /* without a beat */

static pthread_t thread;
static _Atomic(bool) ends;

static const char *phase_name(unsigned phase)
{
  switch (phase) {
  case WEIR__IDLE:
    return "for an event";
  case WEIR__LINE:
    return "for a place";
  case WEIR__QUEUED:
    return "for an answer, not begun";
  case WEIR__BEGUN:
    return "for an answer, begun";
  default:
    return "for nothing any more";
  }
}

/* What can be seen from here of an actor that does not rest; others run, so it is a hint. */
static void tell_life(uint32_t index)
{
  const struct life *l = &world.lives[index];
  struct weir__cell *cell = weir__cell_at(weir__slot_of(l->ref));
  if (l->route || !cell || !weir_alive(l->ref)) return;
  uint64_t wait = atomic_load_explicit(&cell->waiting, memory_order_acquire) & ~WEIR__UNCANCELLED;
  int64_t at_work = atomic_load(&l->begun) - atomic_load(&l->done);
  const struct dweller *d = weir__state_of(cell);
  weir_stats s;
  if (weir_stats_read(l->ref, &s) || (!wait && !at_work && !d->owing && !s.length)) return;
  struct weir__edge_seen seen = weir__wait_see(wait);
  printf("  node %u (%s, actor %u): %llu of %llu places, %llu held, %llu in line, %lld handlers at work, owes %d "
         "answers; waits %s",
         l->node, world.nodes[l->node].trade == KEEPER ? "keeper" : "other", weir__slot_of(l->ref),
         (unsigned long long)s.length, (unsigned long long)s.capacity, (unsigned long long)s.permits,
         (unsigned long long)s.waiting, (long long)at_work, d->owing, wait ? phase_name(seen.phase) : "for nothing");
  if (seen.edge) printf(" of slot %u%s", seen.edge - 1, seen.owed ? ", owed" : "");
  printf("\n");
}

/* The debugger shows stacks, where there is one. */
static void tell_by_gdb(void)
{
  char command[400];
#ifdef __linux__
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
#endif
  snprintf(command, sizeof command,
           "gdb -p %d -batch -x '%s/share/weir-gdb.py' -ex 'weir runtime' -ex 'weir fibers' -ex 'weir actors' "
           "-ex 'thread apply all backtrace 16' 2>/dev/null",
           (int)getpid(), WEIR_SOURCE_DIR);
  if (system(command)) printf("(without a debugger)\n");
}

static void tell(void)
{
  uint32_t used = atomic_load(&world.lives_used);
  printf("\nNothing goes on any more, --seed %llu --kind %d: %s; %lld steps left, %lld answers owed, %lld tasks\n",
         (unsigned long long)world.plan.seed, world.plan.kind, atomic_load(&world.phase),
         (long long)atomic_load(&world.steps_left), (long long)atomic_load(&world.owed),
         (long long)atomic_load(&world.tasks));
  for (uint32_t i = 1; i < used; i++) tell_life(i);
  fflush(stdout);
  tell_by_gdb();
}

static void *watch(void *unused)
{
  (void)unused;
  int64_t seen = -1;
  for (int looks = 0; !atomic_load(&ends); looks++) {
    int64_t beats = atomic_load(&world.beats) + atomic_load(&world.sums.rounds);
    if (beats != seen) looks = 0;
    seen = beats;
    if (looks == LOOKS_MOST) {
      tell();
      abort();
    }
    usleep(LOOK_MS * 1000);
  }
  return NULL;
}

void watch_begin(void)
{
  if (pthread_create(&thread, NULL, watch, NULL)) abort();
}

void watch_end(void)
{
  atomic_store(&ends, true);
  pthread_join(thread, NULL);
}
