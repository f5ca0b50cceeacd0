/* watchdog.h: tells of handlers that hog their worker: one thread for a runtime, which looks now and then.
 *
 * Workers only publish, by plain relaxed stores to memory of their own, what they count anyway (turns, messages) and
 * who runs. The watchdog compares two looks: nothing has moved, and somebody runs: that one has the worker since the
 * first of them.
 *
 *      LOOKS every quarter of hog_after --all workers sleep--> RESTS, without a time --a worker is woken--> LOOKS
 *
 * D1  Who publishes is the worker, who reads is the watchdog; nothing else is read of a worker that may move meanwhile.
 *     What is told of an actor is read under the lock of its bucket, by its ref (C2).
 * D2  `rests` is set and cleared under the runtime's lock, under which workers are entered among the parked and taken
 *     off: so a worker that is woken finds it, and an idle process is never woken.
 * D3  A hog is told once, when it is found, and once when it is over: before that it does not rest.
 * D4  Time in which the watchdog itself did not run counts for two looks at most: a process that stood still, or that a
 *     machine gave no core, has no hogs for that. */
#ifndef WEIR__WATCHDOG_H
#define WEIR__WATCHDOG_H

#include "runtime/worker.h"

/* What runs on a worker (`running`): the bits of an actor's ref, or: */
enum { WEIR__NOBODY = 0, WEIR__SOME_TASK = 1 };

/* What was seen of a worker; the watchdog's alone. */
struct weir__sight {
  unsigned turns;
  int work_to_poll;
  uint64_t running;
  int64_t since_ns;
  bool told;
  const struct weir_message *message; /* of the hog that was told */
  char name[64];                      /* likewise */
};

struct weir__watchdog {
  int64_t after_ns; /* 0: there is none. This and the next two: written before it starts */
  void (*on_hog)(const weir_hog *, void *);
  void *arg;
  struct weir__sight *sights; /* by worker */
  int64_t counted_ns;         /* D4; its thread's alone, as the next */
  int64_t looked_ns;          /* when it has looked last */
  pthread_t thread;
  bool started;
  bool rests, ending; /* under the runtime's lock, as the sleep on … */
  pthread_cond_t stirred;
};

/* After so long it tells; INT64_MAX: there is none. */
int64_t weir__watchdog_after(const weir_runtime_options *options);
/* From the options. WEIR_OK, or an error with a text. */
int weir__watchdog_start(struct weir_runtime *rt, const weir_runtime_options *options);
void weir__watchdog_end(struct weir_runtime *rt);
/* Lock of the runtime held: a worker is woken. */
static inline void weir__watchdog_stir(struct weir__watchdog *d)
{
  if (!d->rests) return;
  d->rests = false;
  pthread_cond_signal(&d->stirred);
}

/* Implemented by the actors: the name of the one with that ref, or of its type. False: it is gone. */
bool weir__name_of_running(struct weir_runtime *rt, uint64_t bits, char *name, size_t size);

#endif
