/* bench.h: what the workloads share. A workload runs as a task, so all that it spawns is spawned inside of the runtime;
 * it checks its own result, and dies when that is wrong. */
#ifndef WEIR_BENCH_H
#define WEIR_BENCH_H

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

/* One run. A workload knows the numbers that its row in the table (table.c) gives a default. */
struct bench {
  uint64_t n;        /* operations: what a workload makes of it is in its table row */
  uint64_t capacity; /* of each mailbox, unless the workload says otherwise */
  uint64_t producers, actors, bytes, rate, for_s;
  bool starts_runtimes; /* itself: it runs on the main thread, not as a task */
  bool crashes;         /* its handlers do, and are contained */
  bool may_be_watched;  /* it knows --watched: */
  bool watched;         /* those that exchange messages are supervised, linked and monitored */
  double seconds;       /* set by the workload: the time that counts */
  char more[400];       /* members that its line of JSON has besides: bench_add() */
};

/* A workload: WEIR_OK, or an error. It brackets what counts with bench_begin() and bench_end(). */
typedef int bench_run(struct bench *b);

struct workload {
  const char *name;
  bench_run *run;
  struct bench defaults;
  const char *help;
};
extern const struct workload workloads[];
extern const size_t workload_count, workload_twelve; /* all; those at the head that the peers have, too */

/* What main() was told. */
struct options {
  const struct workload *workload;
  struct bench bench;
  weir_runtime_options runtime;
};
/* Ends the program where they make no sense. */
struct options read_options(int argc, char **argv);

double bench_now(void);
int64_t bench_now_ns(void);
double bench_cpu_s(void);              /* of all threads of the process, user and system */
long bench_status_kb(const char *key); /* a line of /proc/self/status */
/* Runs a workload's function as a task on a runtime of its own. */
#define bench_run_task(options, f, arg)                                                                                \
  bench__run_task((options), (int (*)(void *))(f), (0 ? ((void)(f)(arg), (arg)) : (arg)))
int bench__run_task(const weir_runtime_options *options, int (*f)(void *), void *arg);
/* Adds a member to the line of JSON: bench_add(b, "spawn_s", 0.25). */
void bench_add(struct bench *b, const char *name, double value);
void bench_begin(struct bench *b);
void bench_end(struct bench *b);
/* Computes: so many steps of which each needs the one before. */
void bench_spin(uint64_t steps);
/* How many steps take so long on this machine, by its clock, when nothing else runs. */
uint64_t bench_steps_in(int64_t ns);
/* Ends the program: the workload's result is wrong. */
WEIR_NORETURN void bench_wrong(const char *what, uint64_t is, uint64_t should_be);
WEIR_NORETURN void bench_failed(int rc, const char *what);
/* Ends the program unless rc is WEIR_OK. Returns rc. */
static inline int bench_must(int rc, const char *what)
{
  if (rc) bench_failed(rc, what);
  return rc;
}
weir_ref bench_actor(weir_ref ref);
/* An actor of its own; or (b->watched) the child of a supervisor. Its configuration is copied. */
weir_ref bench_child(const struct bench *b, const weir_actor *type, weir_value config, uint64_t capacity);
/* In a handler: links itself and the other one, and monitors it, if they are watched. */
void bench_watch(const struct bench *b, weir_ref other);

struct number {
  int64_t n;
};
WEIR_MESSAGE(number, WEIR_FIELD(n));

/* Counts down; the last one keeps a promise. */
struct latch {
  _Atomic(uint64_t) left; /* acq_rel: who sees 0 sees what the others did */
  weir_promise done;
  weir_future all;
};
void latch_make(struct latch *l, uint64_t n);
void latch_down(struct latch *l);
void latch_wait(struct latch *l);

/* The next of a sequence of pseudo-random numbers below `below`. */
static inline uint32_t bench_pick(uint32_t *seed, uint32_t below)
{
  *seed = (*seed * 1103515245u + 12345u) & 0x7fffffffu;
  return (*seed >> 8) % below;
}

bench_run bench_pingpong, bench_ring, bench_counting, bench_fanin, bench_create, bench_idle, bench_fjthr, bench_big,
    bench_chameneos, bench_ask, bench_pipeline, bench_skynet, bench_rings, bench_parcels, bench_latency, bench_busy,
    bench_light, bench_memory, bench_allocs, bench_restart, bench_crash;

#endif
