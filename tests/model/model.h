/* model.h: what a scenario of the interleaving explorer says and calls. README.md tells how to write one.
 *
 * A scenario is a few threads with a few operations each on the real sources. The explorer runs it over and over, until
 * every order of the threads' atomic operations, and every old value that a load may still see, has been tried. All that
 * a scenario touches (its variables, the sources' variables, allocated memory) is as at first when the next run begins. */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODEL_THREADS = 8 }; /* at most, that of setup and finish among them */

typedef struct model_scenario {
  const char *name;
  const char *about;                        /* one line */
  void (*setup)(void);                      /* alone, not explored; NULL: nothing to do */
  void (*begin)(void);                      /* by each of the threads, not explored; NULL: nothing to do */
  void (*threads[MODEL_THREADS - 1])(void); /* explored */
  void (*invariant)(void);                  /* after each step: reads only; NULL: none */
  void (*finish)(void);                     /* alone, when all threads have ended; NULL: none */
  const char *outcomes;                     /* what model_outcome() must have said in the end, all of it, sorted and
                                                 with a blank between; NULL: anything */
  unsigned bound;                           /* so many preemptions at most; 0: any number */
  unsigned old_reads;                       /* how often a thread may read the same value that is not the newest;
                                                 0: as often as usual */
  bool spurious;                            /* one weak compare-and-swap may fail for no reason */
  bool barriers; /* it comes to membarrier(2): each step of a thread may lie before or after it */
  bool ends;     /* what threads leave behind is cleared up when they end */
  bool fails;    /* the explorer must find it wrong: of its own tests */
  struct model_scenario *next;
} model_scenario;

void model_register(model_scenario *scenario);

/* MODEL_SCENARIO(name, .about = "…", .threads = {a, b}, …); */
#define MODEL_SCENARIO(id, ...)                                                                                        \
  static model_scenario id##_scenario = {.name = #id, __VA_ARGS__};                                                    \
  __attribute__((constructor)) static void id##_register(void) { model_register(&id##_scenario); }                     \
  _Static_assert(1, "a semicolon follows")

/* The run has failed: tells of it with the schedule. */
void model_fail(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4), noreturn));
#define MODEL_CHECK(condition)                                                                                         \
  do {                                                                                                                 \
    if (!(condition)) model_fail(__FILE__, __LINE__, "not so: %s", #condition);                                        \
  } while (0)

/* One of 0 to n - 1: all are tried. */
unsigned model_pick(unsigned n);
/* The number of a program to be made up: the same in all runs; see `model --random`. */
unsigned model_seed(void);
/* What came out of this run. */
void model_outcome(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Which thread runs: 0 is setup's and finish's, the scenario's are numbered from 1. */
unsigned model_thread(void);
bool model_has_ended(unsigned thread);
/* The thread need not end: a worker; those that setup has started need not anyway. The run is over when the others have ended
 * and none can go on. */
void model_background(void);

/* Time stands still but for this. */
void model_advance(int64_t ns);
/* In a loop that looks for something: goes on when somebody else has changed something. */
void model_pause(void);

/* A gate is any address: who waits goes through when it is open, and shuts it behind; opening is release, going through
 * acquire. Timed: true: it went through; false: time was over, which may be at any moment. */
void model_gate_open(void *gate);
void model_gate_wait(void *gate);
bool model_gate_wait_timed(void *gate);

/* Says of memory that no thread may touch it any more, in this run. */
void model_give_back(void *at, size_t bytes);

#endif
