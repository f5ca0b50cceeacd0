/* weir/simulation.h: runs that a seed decides: for tests of actors and tasks.
 *
 *   static int scenario(weir_runtime *rt, void *arg) { … spawns, sends, asks, checks …; return WEIR_OK; }
 *   return weir_exit_status(weir_simulate(NULL, 10000, scenario, NULL));
 *
 * A simulated runtime runs everything on the thread that started it, and draws from its seed what elsewhere the machine
 * decides: who runs next, how many messages a turn handles, where a handler that sends is suspended, how long things
 * take. Time is virtual: it passes a little with each step, and when nothing can run it jumps to the next timer. Faults
 * come on demand. The same seed gives the same run, byte for byte (weir_simulation_hash()), in any process.
 * Guide: docs/guide/testing.md.
 *
 * What holds on real threads holds here: first in, first out per sender, causality, capacities, no timer early. What is
 * different: there are no threads, so nothing ever runs at the same time, and the blocking pool's work runs here, too
 * (weir_run_blocking(), WEIR_ON_BLOCKING_POOL), at moments that are drawn. There is no libuv loop: weir_loop() and
 * weir_uv_new() return NULL (WEIR_ENOTSUP). The seed does not decide over what the program looks at outside of weir: real
 * time, addresses, other threads, random numbers of its own. */
#ifndef WEIR_SIMULATION_H
#define WEIR_SIMULATION_H

#include <weir/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/** When a fault comes: never (all zeros), by chance, or at one certain chance to do so. */
typedef struct weir_odds {
  uint64_t one_in WEIR__ZERO; /* about one time in so many; 1: always; 0: not by chance */
  uint64_t nth WEIR__ZERO;    /* the n-th time, counted from 1; 0: at no certain one */
} weir_odds;

/** How a simulation is made. All zeros: no faults. */
typedef struct weir_simulation_options {
  /* Of each message that is taken in hand: its handler is not run, as if it had returned `refuse_with`; or had called
   * weir_fail(). */
  weir_odds refuse WEIR__ZERO;
  weir_odds fail WEIR__ZERO;
  int refuse_with WEIR__ZERO; /* a negative code; 0: WEIR_EFAILED */
  /* Of each message: virtual time passes in its handler, up to `stall_most`; 0: 10 ms. */
  weir_odds stall WEIR__ZERO;
  weir_duration stall_most WEIR__ZERO;
  /* Of all that has become runnable: it runs so much later, whatever its worker does meanwhile; 0: 10 ms. */
  weir_odds delay WEIR__ZERO;
  weir_duration delay_most WEIR__ZERO;
  /* Of each message, state or stack for which memory is needed: there is none. */
  weir_odds no_memory WEIR__ZERO;
  /* A run that takes more steps does not end: see WEIR_EDEADLOCK below. 0: 1,000,000. */
  uint64_t steps_most WEIR__ZERO;
  size_t stack_bytes WEIR__ZERO; /* as in weir_runtime_options */
  /* Each event in a line, borrowed until the call returns, without a line's end. Must not call weir. NULL: none. */
  void (*trace)(const char *line, void *arg) WEIR__ZERO;
  void *trace_arg WEIR__ZERO;
  /* weir_simulate() alone: */
  weir_duration drain WEIR__ZERO; /* with which it stops each runtime that the scenario has not stopped itself */
  bool twice WEIR__ZERO;          /* runs each seed twice: it fails if the second run is not the same */
} weir_simulation_options;

/**
 * Starts a simulated runtime: a current-thread runtime that a seed decides. It is ended by weir_runtime_stop().
 *
 * When nothing can run any more and no timer is set, or after `steps_most` steps, the call that waits on this thread
 * returns WEIR_EDEADLOCK, mostly with a text that says how many wait; weir_runtime_stop() then goes on as if its drain were
 * over. When even stopping does not end, since an actor or task ignores that it was told to, the process is aborted
 * with a line on standard error.
 *
 * While it runs, this thread's sends, and asks, may let others run before: as if it had lost its core there.
 *
 * @param seed     Any number.
 * @param options  Copied. NULL: no faults.
 * @param rt       Receives the runtime; owned. NULL on error.
 *
 * Threads  A plain thread without a current-thread runtime; the runtime is that one's. Other threads must not touch
 *          it, nor what lives in it: the run would not be the seed's any more; weir_simulate() then fails.
 * Waiting  No.
 * Errors   As weir_runtime_start().
 */
WEIR_API WEIR_NODISCARD int weir_simulation_start(uint64_t seed, const weir_simulation_options *options,
                                                  weir_runtime **rt);

/**
 * Runs a scenario over many seeds, each in a simulated runtime of its own: 1 to `seeds`, or, when the environment has a
 * WEIR_SEED, that one alone; with WEIR_TRACE=1 each event is then printed on standard error.
 *
 * A seed has failed if the scenario returned something else than WEIR_OK, or stopping its runtime did, so also if a message
 * is unaccounted for. It is then run once more, to see whether it fails again, and told on standard error with how to
 * replay it; the seeds after it are not run. A process that dies in a scenario (assert(), a null pointer) tells its seed,
 * too.
 *
 * @param options   Borrowed until the call returns. NULL: no faults.
 * @param scenario  Called on this thread, outside of handlers, as a test would be with a current-thread runtime. Returns
 *                  WEIR_OK, or a code, with a text where there is one (weir_error()). May stop the runtime itself.
 *
 * Threads  As weir_simulation_start().
 * Waiting  Yes.
 * Errors   The first that failed: the scenario's code, or weir_runtime_stop()'s.
 *          WEIR_EINVAL  seeds is 0, or there is no scenario; another thread had to do with the runtime; with
 *                       `twice`: the second run was not the same
 *          As weir_simulation_start().
 */
WEIR_API WEIR_NODISCARD int weir_simulate(const weir_simulation_options *options, uint64_t seeds,
                                          int (*scenario)(weir_runtime *rt, void *arg), void *arg);

/** A hash of all that has happened so far: who ran, what was sent, by whom, to whom, with which content, what was taken
 * in hand and how that ended, timers, faults, time. Two runs with the same hash were the same. Another version of the library
 * has other hashes. 0: no simulation. On its thread. Does not wait. */
WEIR_API uint64_t weir_simulation_hash(const weir_runtime *rt);
/** How much virtual time has passed since the start. On its thread, handlers included. Does not wait. */
WEIR_API weir_duration weir_simulation_elapsed(const weir_runtime *rt);
/** A number below `below` (at least 1), drawn from the seed: for what a scenario decides. On its thread, handlers
 * included. Without a simulation 0. Does not wait. */
WEIR_API uint64_t weir_simulation_draw(weir_runtime *rt, uint64_t below);
/** The seed of a simulated runtime. 0: it is none. */
WEIR_API uint64_t weir_simulation_seed(const weir_runtime *rt);

#ifdef __cplusplus
}
#endif
#endif
