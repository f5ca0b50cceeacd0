/* weir/runtime.h: the runtime: workers that run actors and tasks.
 *
 * Two flavours with one API. Multi-thread: M:N, many actors and tasks on a few threads, with work stealing.
 * Current-thread: everything on the thread that calls; no thread is started, and work goes on while that thread is
 * in a waiting call of weir. Guide: docs/guide/runtimes.md. */
#ifndef WEIR_RUNTIME_H
#define WEIR_RUNTIME_H

#include <weir/base.h>
#include <weir/message.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_runtime weir_runtime;

enum { WEIR_MULTI_THREAD = 0, WEIR_CURRENT_THREAD };

/** A handler or task that has its worker to itself for too long. Those that are bound to that worker stand still
 * meanwhile (rule F5). All pointers: borrowed until the callback returns. */
typedef struct weir_hog {
  weir_ref actor WEIR__ZERO;      /* who; nobody for a task */
  const char *name WEIR__ZERO;    /* the actor's name, or its type's; "a task" */
  const char *message WEIR__ZERO; /* the type of the message in hand; NULL: a start or end clause, a task */
  weir_duration since WEIR__ZERO; /* how long already; `over`: how long in all. Up to a quarter of hog_after short */
  int worker WEIR__ZERO;          /* 0 to weir_runtime_workers() - 1 */
  int bound WEIR__ZERO;           /* pinned actors, and tasks that have begun, on that worker */
  int suspended WEIR__ZERO;       /* handlers and tasks that wait there */
  bool others_wait WEIR__ZERO;    /* something was handed to that worker alone, and has not been looked at */
  bool over WEIR__ZERO;           /* it goes on: what was told before has ended */
} weir_hog;

/** A handler or task that has crashed, and fails by that. All pointers: borrowed until the callback returns. */
typedef struct weir_crash {
  weir_ref actor WEIR__ZERO;            /* who; nobody for a task */
  const char *name WEIR__ZERO;          /* the actor's name, or its type's; "a task" */
  const char *message WEIR__ZERO;       /* the type of the message in hand; NULL: a start or end clause, a task */
  const char *what WEIR__ZERO;          /* "SIGSEGV at address 0x10", "stack overflow", "had its worker for 5000 ms" */
  const char *const *frames WEIR__ZERO; /* where: functions, file and line as far as known, the innermost first */
  int frame_count WEIR__ZERO;
  int worker WEIR__ZERO; /* 0 to weir_runtime_workers() - 1 */
} weir_crash;

/** How a runtime is made. All zeros is a good choice. */
typedef struct weir_runtime_options {
  int flavor WEIR__ZERO;         /* WEIR_MULTI_THREAD (0) or WEIR_CURRENT_THREAD */
  int workers WEIR__ZERO;        /* threads of the multi-thread flavour, 1 to 256; 0: one per core */
  size_t stack_bytes WEIR__ZERO; /* address space of each handler's stack, 16 KiB to 1 GiB; 0: 256 KiB */
  /* The watchdog tells, once, of a handler or task that neither waits nor returns for `hog_after` (0: 1 s; at least 1
   * ms; WEIR_FOREVER: there is none), and once more when that is over. On a current-thread runtime, which starts no
   * thread, only if one of these is set. */
  weir_duration hog_after WEIR__ZERO;
  void (*on_hog)(const weir_hog *hog, void *arg) WEIR__ZERO; /* on a thread of its own: must not wait, nor stop the
                                                                runtime. NULL: a line on standard error */
  void *on_hog_arg WEIR__ZERO;
  /* SIGSEGV, SIGBUS, SIGFPE, SIGILL, stack overflow and abort() in a handler or task fail that actor or task alone, where
   * that is sound (rules T1 to T3): in code of the program, of plugins, and of the libraries whose names end with one of
   * `containable`, called by nothing else, up to the handler. Any other crash ends the process, with a report on standard
   * error. What the code had half done to memory of others stays half done. Memory of its own that it did not have from
   * weir_alloc(), or told weir_defer() of, is lost. x86-64 and AArch64 Linux, with weir as a shared library. */
  bool contain_crashes WEIR__ZERO;
  const char *const *containable WEIR__ZERO; /* borrowed; the last one NULL. NULL: no library */
  void (*on_crash)(const weir_crash *crash,
                   void *arg) WEIR__ZERO; /* on the worker, before the actor fails: must not wait.
                                                                      NULL: lines on standard error */
  void *on_crash_arg WEIR__ZERO;
  /* With contain_crashes: a handler or task that neither waits nor returns for so long is ended in the same way, if it is,
   * at one of the moments when the watchdog looks, where a crash would be contained. 0: it never is. Not below hog_after. */
  weir_duration end_hogs_after WEIR__ZERO;
  int blocking_threads WEIR__ZERO; /* most threads of the blocking pool (weir/blocking.h), 1 to 32,768; 0: 512 */
} weir_runtime_options;

/**
 * Starts a runtime.
 *
 * @param options  Borrowed until the call returns. NULL: all defaults.
 * @param rt       Receives the runtime; owned, end it with weir_runtime_stop(). NULL on error.
 *
 * Threads  A plain thread. The current-thread flavour belongs to the thread that calls.
 * Waiting  No.
 * Errors   WEIR_EINVAL   an option is out of its bounds, the call came from inside a handler, task or callback, or this
 *                        thread has a current-thread runtime and is to have another one
 *          WEIR_ENOMEM   no memory or address space
 *          WEIR_ENOTSUP  shadow stacks are switched on in this process: stacks can't be switched under them; or crashes
 *                        are to be contained, and can't be here
 *          libuv's       a loop or a thread could not be made. Nothing is left running.
 */
WEIR_API WEIR_NODISCARD int weir_runtime_start(const weir_runtime_options *options, weir_runtime **rt);

/**
 * Drains, then stops a runtime, and frees it.
 *
 * Draining: timers are cancelled; what is queued is handled, what handlers send on as well, until nothing is
 * queued and no handler or task is at work; at most for `drain`. Then everything that is left is stopped: handlers
 * and tasks at work are told (their waits return WEIR_ECANCELED), queued messages become dead letters, end clauses
 * run. A handler that neither waits nor returns is waited for.
 *
 * @param rt     Owned; gone afterwards, also on the errors that name a leftover. NULL is fine.
 * @param drain  0: stop at once.
 *
 * Threads  A plain thread; of a current-thread runtime its own thread.
 * Waiting  Yes.
 * Errors   WEIR_ETIMEDOUT  the drain was not finished within its time; what was queued then became dead letters
 *          WEIR_EINVAL     from inside a handler, task or callback, or from a thread that doesn't own it: nothing is
 *                          stopped
 *          WEIR_EFAILED    this was the last runtime of the process, and the messages don't add up: a message
 *                          that was made had no counted end (weir_error_text() has the figures): a bug, please report
 */
WEIR_API int weir_runtime_stop(weir_runtime *rt, weir_duration drain);

/** The runtime of the calling handler or task; on a plain thread the oldest one that runs and is not simulated. NULL:
 * none. */
WEIR_API weir_runtime *weir_runtime_here(void);

/** The number of workers. Threads: any. */
WEIR_API int weir_runtime_workers(const weir_runtime *rt);

/**
 * Sleeps: an actor or task is suspended, a plain thread blocks. Never wakes early.
 *
 * Waiting  Yes. On the thread of a current-thread runtime the runtime works on meanwhile.
 * Errors   WEIR_ECANCELED    the caller was told to stop
 *          WEIR_EWOULDBLOCK  in a libuv callback
 *          WEIR_ENOMEM       no stack is left to go on with
 */
WEIR_API int weir_sleep(weir_duration how_long);

/**
 * Lets others run: the calling handler or task goes to the end of its worker's line. Elsewhere it does nothing.
 *
 * Errors   WEIR_ECANCELED  the caller was told to stop
 *          WEIR_ENOMEM     no stack is left to go on with
 */
WEIR_API int weir_yield(void);

/** Was the calling handler or task told to stop? False elsewhere. Does not wait. */
WEIR_API bool weir_cancelled(void);

/** How messages ended, over the whole process. Each message that was made has one end (rule L2):
 * created == handled + received + withdrawn + dead + freed + unsent + evicted + live. */
typedef struct weir_accounts {
  uint64_t created;   /* messages made */
  uint64_t handled;   /* a handler took it and returned WEIR_OK or WEIR_STOP */
  uint64_t received;  /* taken from a channel, a oneshot or as an answer: the receiver's from then on */
  uint64_t withdrawn; /* a request whose asker's time was over before any handler began */
  uint64_t dead;      /* dead letters: refused by its handler, or its receiver was gone */
  uint64_t freed;     /* freed by the library without having been on its way: configurations, timers, answers that
                         nobody waited for */
  uint64_t unsent;    /* made to wait for a place, and not sent: time over, cancelled, or the receiver gone */
  uint64_t evicted;   /* dropped from a full mailbox by its overflow policy */
  uint64_t live;      /* on their way now */
  /* Turned away at once, before a message was made: */
  uint64_t refused_full; /* WEIR_EFULL */
  uint64_t refused_dead; /* WEIR_EDEAD, WEIR_ECLOSED */
  uint64_t refused_open; /* by a breaker: WEIR_EOPEN, or WEIR_OK where it discards */
  uint64_t dropped;      /* WEIR_OK, and dropped by the policy WEIR_DROP_NEWEST */

  uint64_t buffers; /* of weir/bytes.h that live now */
} weir_accounts;

/** Reads the accounts. Exact while nothing is being sent, else near. Threads: any. Does not wait. */
WEIR_API void weir_accounts_read(weir_accounts *accounts);

#ifdef __cplusplus
}
#endif
#endif
