/* weir/blocking.h: what blocks: other libraries' calls, databases, file systems.
 *
 *   static int look_up(struct query *q) { … blocks …; return WEIR_OK; }
 *   rc = weir_run_blocking(look_up, &query);
 *
 * A runtime has threads of its own for that, the blocking pool: as many as there are calls at once, up to
 * weir_runtime_options.blocking_threads. Workers don't stand still, and libuv's own threads stay free. Actors whose
 * handlers block all the time live there: `.runs = WEIR_ON_BLOCKING_POOL`. Guide: docs/guide/blocking.md. */
#ifndef WEIR_BLOCKING_H
#define WEIR_BLOCKING_H

#include <weir/cpp.h>
#include <weir/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Runs f(arg) where it may block, and returns what it returns. A handler or task is suspended meanwhile; on a plain
 * thread, on the blocking pool itself, and on the thread of a current-thread runtime outside of handlers it is a plain
 * call.
 *
 * Inside f the calling handler goes on: weir_self(), weir_error(), weir_error_text(), weir_format(), weir_wanted() and
 * weir_fail() are its, weir_cancelled() says whether it was told to stop. A stop does not end f: f must look. Calls of
 * weir that wait (weir_send(), weir_ask(), weir_sleep() …) block the pool's thread, and are told to stop as the handler
 * would be. weir_loop() is NULL.
 *
 * @param f    int (*)(T *): any int is fine. In C++ an exception in it fails the actor or task; on a plain thread the
 *             call returns WEIR_EFAILED with its text.
 * @param arg  T *: may lie on the caller's stack: that stays until f has returned.
 *
 * Threads  Any. f runs on another thread: thread-local variables, errno among them, are not the caller's.
 * Waiting  Yes, without a limit: for a thread when all are at work, and for f.
 * Errors   The call's own, after which f has not run; weir_error_text() then begins with "not run: ", and f would have
 *          to set that text itself to be mistaken:
 *          WEIR_EWOULDBLOCK  in a libuv callback
 *          WEIR_ECANCELED    the caller was told to stop before
 *          WEIR_ENOMEM       no thread and none to be had, or no stack to go on with
 *          WEIR_EINVAL       f is NULL
 */
#define weir_run_blocking(f, arg)                                                                                      \
  weir__run_blocking(WEIR__GUARD, (int (*)(void *))(f), (0 ? ((void)(f)(arg), (arg)) : (arg)))
WEIR_API int weir__run_blocking(weir__guard guard, int (*f)(void *), void *arg);

#ifdef __cplusplus
}
#endif
#endif
