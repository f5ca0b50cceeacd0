/* weir/task.h: a task is a function that runs on a runtime, next to others, and may wait anywhere.
 *
 * A task moves between workers until it begins; then it stays where it is (rule F5). It ends after the tasks that it
 * started: a task is the scope of its children. Guide: docs/guide/tasks.md. */
#ifndef WEIR_TASK_H
#define WEIR_TASK_H

#include <weir/cpp.h>
#include <weir/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A task that was started and not yet joined or detached. */
typedef struct weir_task weir_task;

/**
 * weir_task *t = weir_task_start(rt, parse_all, &job); where parse_all is `int parse_all(struct job *)`.
 *
 * Started by a task, it is that task's child: the parent ends after it, and a cancel of the parent reaches it.
 * Started by an actor, it is cancelled when the actor ends.
 *
 * @param rt   The runtime. NULL: weir_runtime_here().
 * @param f    int (*)(T *): returns WEIR_OK or an error, the task's result. A C++ exception that leaves it:
 *             WEIR_EFAILED.
 * @param arg  T *, borrowed until the task has ended.
 * @return     The task; owned, to be given to weir_task_join() or weir_task_detach(). NULL: weir_error_text() says why
 *             (no runtime, a runtime that stops, no memory).
 *
 * Threads  Any. Does not wait.
 */
#define weir_task_start(rt, f, arg)                                                                                    \
  weir__task_start((rt), WEIR__GUARD, (int (*)(void *))(f), (0 ? ((void)(f)(arg), (arg)) : (arg)))
WEIR_API WEIR_NODISCARD weir_task *weir__task_start(weir_runtime *rt, weir__guard guard, int (*f)(void *), void *arg);

/**
 * Waits for a task's end and takes its result.
 *
 * @param task    Owned; gone after WEIR_OK, still the caller's after an error.
 * @param within  WEIR_FOREVER: without a limit.
 * @param result  Receives what the task's function returned. NULL is fine.
 *
 * Waiting  Yes.
 * Errors   WEIR_ETIMEDOUT    it has not ended yet (the task's own result is apart)
 *          WEIR_ECANCELED    the caller was told to stop
 *          WEIR_EWOULDBLOCK  in a libuv callback, and it has not ended yet
 *          WEIR_EBUSY        somebody else is joining it
 *          WEIR_EDEADLOCK    it can't end before the caller goes on: itself, its own parent, or one that waits for the
 *                            caller
 *          WEIR_ENOMEM       no memory to wait with
 */
WEIR_API WEIR_NODISCARD int weir_task_join(weir_task *task, weir_duration within, int *result);

/** Tells a task, and the tasks it started, to stop: from now on every wait in it returns WEIR_ECANCELED, and
 * weir_cancelled() is true there. It still has to be joined. Threads: any. Does not wait. */
WEIR_API void weir_task_cancel(weir_task *task);

/** Gives a task up: it runs on, its result is dropped. `task` is gone afterwards. Threads: any. Does not wait. */
WEIR_API void weir_task_detach(weir_task *task);

#ifdef __cplusplus
}
#endif
#endif
