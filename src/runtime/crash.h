/* crash.h: a handler that crashes fails its actor or task, where that is sound (T1 to T3): see platform/trap.h.
 *
 *    fault in a handler --contained--> landing, on the same fiber from its top --> weir__drop(): the fiber begins anew, and
 *    first tells of the crash, then fails the actor or task that ran there.
 *
 * X1  Only what runs on a worker's fiber is contained: not on the blocking pool, in libuv's callbacks, or on plain threads.
 * X2  The watchdog ends a handler that hogs its worker for too long by the same way: it names a turn (`condemned`) and
 *     sends the worker a signal; the handler of that looks whether it is still that turn, and whether a fault would be
 *     contained at that instruction. If not, nothing happens, and the watchdog tries again. */
#ifndef WEIR__CRASH_H
#define WEIR__CRASH_H

#include <weir/runtime.h>

struct weir__worker;
struct weir__strand;

struct weir__crashes {
  bool contained;
  void (*on_crash)(const weir_crash *, void *);
  void *arg;
  int64_t end_hogs_ns; /* 0: they go on */
};

/* From the options, before any worker starts. WEIR_OK, or an error with a text. */
int weir__crashes_begin(struct weir_runtime *rt, const weir_runtime_options *o);
void weir__crashes_end(struct weir_runtime *rt);
/* On the worker's thread, on its own stack. False: no memory. */
bool weir__crashes_thread_begin(struct weir__worker *w);
void weir__crashes_thread_end(struct weir__worker *w);

/* The watchdog's: ends what has this worker in that turn (weir__turn_of()), if it is still at it, where that is sound. */
void weir__end_hog(struct weir__worker *w, uint64_t turn);

/* Implemented by who runs there: what the fiber of this strand carried has crashed, for the reason in strand->error. On the
 * same fiber, begun anew. */
void weir__actor_crashed(struct weir__strand *s);
void weir__task_crashed(struct weir__strand *s);

#endif
