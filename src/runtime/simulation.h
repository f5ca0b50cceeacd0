/* simulation.h: a simulated runtime: a current-thread runtime whose seed decides what elsewhere the machine does.
 *
 *            what can run                        the thread's own stack
 *   lines of the worker --gather--> runnable --draw--> runs                 (simulated_loop() of worker.c)
 *   its wheel ---------------------> due ------draw--> alarm rings          (weir__simulation_parks())
 *   neither: deadlocks are looked for; time jumps to the next of both; none is left: the call that waits is stuck
 *
 * S1  Everything is as on a current-thread runtime but for who decides; what the worker has in its lines is taken out of
 *     there before each decision. So whatever makes something runnable need not know of simulations, and the ordinary
 *     runtime never asks: its fibers run another loop.
 * S2  What is drawn, and in which order, depends on the seed alone: not on addresses, slots, caches, or what other
 *     runtimes do. Actors and tasks have numbers here, by which the trace and all lists go.
 * S3  The thread's cache of blocks is kept aside (weir__thread.aside), so that the short ways find none: each send and
 *     each ask comes by the long way, where `simulation` of the thread's context is looked at.
 * S4  The thread's clock (platform/clock.h) is virtual from start to stop. */
#ifndef WEIR__SIMULATION_H
#define WEIR__SIMULATION_H

#include <weir/simulation.h>

#include "runtime/thread.h"
#include "runtime/work.h"

struct weir__worker;
struct weir__strand;
struct weir__simulation;

enum weir__simulated_event {
  WEIR__SIM_SPAWN = 1,
  WEIR__SIM_TASK,
  WEIR__SIM_RUNS,
  WEIR__SIM_SEND,
  WEIR__SIM_SENT,
  WEIR__SIM_TAKES,
  WEIR__SIM_TOOK,
  WEIR__SIM_ENDS,
  WEIR__SIM_RINGS,
  WEIR__SIM_JUMP,
  WEIR__SIM_FAULT,
  WEIR__SIM_DRIVER,
  WEIR__SIM_DRAW
};

enum weir__simulated_fault {
  WEIR__SIM_NO_FAULT,
  WEIR__SIM_REFUSE,
  WEIR__SIM_FAIL,
  WEIR__SIM_STALL,
  WEIR__SIM_DELAY,
  WEIR__SIM_NO_MEMORY
};

/* Of the thread that runs here; NULL: the usual case. */
static inline struct weir__simulation *weir__simulation_here(void)
{
  struct weir__thread *t = weir__thread_here;
  return t ? t->simulation : NULL;
}

/* ---- for the runtime ---- */

/* NULL: no memory. Its clock is this thread's from now on. */
struct weir__simulation *weir__simulation_make(uint64_t seed, const weir_simulation_options *options);
void weir__simulation_free(struct weir__simulation *s);
/* Its runtime's worker is made, on this thread: chances begin. */
void weir__simulation_begins(struct weir__simulation *s, struct weir__worker *w);
/* Nothing lives in it any more: the thread is as before. */
void weir__simulation_ends(struct weir__simulation *s);
/* Another thread than its own has work for it. */
void weir__simulation_is_touched(struct weir__simulation *s);
bool weir__simulation_was_touched(const struct weir__simulation *s);
/* There was no memory for what it notes: this is not the seed's run. */
bool weir__simulation_is_broken(const struct weir__simulation *s);
/* Where its hash is to be written when it ends. */
void weir__simulation_reports(struct weir__simulation *s, uint64_t *hash);

/* ---- for the loop of its worker ---- */

/* The work that runs next; NULL: an alarm is to ring, or nothing is left (weir__simulation_parks()), or (`stays`) nothing
 * that could run now. */
struct weir__work *weir__simulation_picks(struct weir__simulation *s, bool stays);
/* What the driving thread waited for is there: does it go on now? */
bool weir__simulation_returns(struct weir__simulation *s);
/* How many messages may be sent before others have their turn (F6). */
unsigned weir__simulation_budget(struct weir__simulation *s);
/* On the thread's own stack, after weir__simulation_picks() had nothing. */
void weir__simulation_parks(struct weir__simulation *s);
/* Has nothing been taken out of its worker's lines that has not run yet? */
bool weir__simulation_is_empty(const struct weir__simulation *s);
/* The driving thread waits for this; 0: for something else. */
void weir__simulation_drives(struct weir__simulation *s, uint64_t wait);
/* Nothing that the driving thread waits for can come any more. */
bool weir__simulation_is_stuck(const struct weir__simulation *s);
/* Why a wait ended that nobody would have ended, in words. */
const char *weir__simulation_why(const struct weir__simulation *s);
/* It is to be stopped: steps are counted anew. */
void weir__simulation_stops(struct weir__simulation *s);
/* Was told to stop, so often in vain that it never ends. */
WEIR_NORETURN void weir__simulation_never_ends(struct weir__simulation *s);
/* This thread's own code lets all run that can, until nothing is left that needs no alarm to go on. False: it does not end
 * (`steps_most`). */
bool weir__simulation_settles(struct weir__simulation *s);
/* This thread's own code is about to send or ask: others may run first. */
void weir__simulation_lets_others(struct weir__simulation *s);
/* The fiber here has a job for the blocking pool, or has just done it: others may run meanwhile. */
int weir__simulation_gives_way(struct weir__simulation *s);

/* ---- chances ---- */

/* Below n, at least 1. */
uint64_t weir__simulation_draws(struct weir__simulation *s, uint64_t n);
/* Does this fault come now? Noted if so. */
bool weir__simulation_strikes(struct weir__simulation *s, enum weir__simulated_fault fault);
/* Memory is needed, and there is none. */
static inline bool weir__simulation_has_no_memory(void)
{
  struct weir__simulation *s = weir__simulation_here();
  return s && weir__simulation_strikes(s, WEIR__SIM_NO_MEMORY);
}
/* On the fiber of a handler that begins: virtual time passes. */
void weir__simulation_stalls(struct weir__simulation *s);
/* The messages that a turn may handle. */
int weir__simulation_turn(struct weir__simulation *s);
/* The code with which the handler of a message refuses it. */
int weir__simulation_refusal(const struct weir__simulation *s);

/* ---- names and events ---- */

enum { WEIR__SIM_NAME = 80 };

/* Gives an actor its number; a task. */
void weir__simulation_knows_actor(struct weir__simulation *s, uint64_t ref, const struct weir__work *work,
                                  const char *name);
void weir__simulation_knows_task(struct weir__simulation *s, const struct weir__work *work);
/* The number of a ref. One that was not known gets one. Of a ref that carries an error: its bits. */
uint64_t weir__simulation_number(struct weir__simulation *s, uint64_t ref);
/* "greeter#3" */
void weir__simulation_name(struct weir__simulation *s, uint64_t ref, char name[WEIR__SIM_NAME]);
/* The refs of its actors in the order of their numbers. */
uint64_t weir__simulation_actor(const struct weir__simulation *s, size_t index);
size_t weir__simulation_actors(const struct weir__simulation *s);
/* Who runs here. */
uint64_t weir__simulation_self(struct weir__simulation *s, char name[WEIR__SIM_NAME]);

/* Notes an event. Where events are told, weir__simulation_tells() follows. */
void weir__simulation_notes(struct weir__simulation *s, enum weir__simulated_event event, uint64_t a, uint64_t b,
                            uint64_t c);
bool weir__simulation_is_traced(const struct weir__simulation *s);
void weir__simulation_tells(struct weir__simulation *s, const char *format, ...) WEIR_PRINTF(2, 3);

/* One of its worker's fibers was made; it is not freed before the end. */
void weir__simulation_knows_strand(struct weir__simulation *s, struct weir__strand *strand);

#endif
