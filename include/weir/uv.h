/* weir/uv.h: libuv handles that belong to an actor.
 *
 * An actor that calls these is pinned: it stays on its worker, whose loop its handles live in. The callbacks of the
 * handles run on that worker, but not in a handler: they must not wait. weir_try_send(), weir_promise_send() and all
 * that does not wait is fine there.
 *
 * Needs -std=gnu11 or _GNU_SOURCE, for libuv's header. */
#ifndef WEIR_UV_H
#define WEIR_UV_H

#include <uv.h>
#include <weir/base.h>
#include <weir/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The loop of the worker that runs the calling handler; pins its actor for good. In a task: the worker's loop. NULL
 * elsewhere. Never call uv_run() on it: WEIR keeps it running. Threads: its worker. */
WEIR_API uv_loop_t *weir_loop(void);

/**
 * uv_udp_t *u = weir_uv_new(uv_udp_t): memory for a handle, zeroed, owned by the calling actor, to be given to its
 * uv_…_init() with weir_loop(). The library closes it when the actor ends, and frees it after its close callback.
 * Pins the actor.
 *
 * To close one earlier: weir_uv_close(). uv_close() is fine, too; the memory then stays until the actor ends.
 *
 * @return  Borrowed until the actor ends or weir_uv_close(). NULL: no memory, or not in a handler.
 */
#define weir_uv_new(T) ((T *)weir__uv_new(sizeof(T)))
WEIR_API void *weir__uv_new(size_t size);
/** Closes a handle of weir_uv_new() now, and frees it after its close callback. In its actor or a callback of its loop.
 */
WEIR_API void weir_uv_close(void *handle);
/** The actor that made a handle with weir_uv_new(): for callbacks, where weir_self() is nobody. */
WEIR_API weir_ref weir_uv_owner(const void *handle);

/* ---- a runtime in a loop of the program's ---- */

/**
 * Starts a current-thread runtime in a loop that the program runs: weir's work is done from that loop's callbacks, at
 * most 256 messages between two polls, so that the program's own handles have their turn.
 *
 * The thread that runs the loop is never in a handler: calls of weir that would have to wait return WEIR_EWOULDBLOCK
 * there, inside uv_run() and outside. weir_try_send(), weir_spawn(), weir_send_after(), weir_task_start() and all that
 * does not wait is fine. What it makes runnable runs once the loop runs.
 *
 * The loop stays alive (uv_run(loop, UV_RUN_DEFAULT) goes on) while an actor or task lives in the runtime, a timer of
 * it runs, or it is being stopped; otherwise the runtime does not keep it.
 *
 * @param loop     Borrowed until the runtime has been stopped. All its runs are on the calling thread.
 * @param options  Borrowed until the call returns. NULL: all defaults. Its flavor may be left out.
 * @param rt       Receives the runtime; owned, end it with weir_runtime_stop_then(). NULL on error.
 *
 * Threads  A plain thread, in a callback of the loop or not. One such runtime for a thread.
 * Waiting  No.
 * Errors   As weir_runtime_start(). Nothing is left in the loop.
 */
WEIR_API WEIR_NODISCARD int weir_runtime_embed(uv_loop_t *loop, const weir_runtime_options *options, weir_runtime **rt);

/**
 * Drains, then stops an embedded runtime, and frees it, as weir_runtime_stop(); but without waiting: the loop does it
 * while the program runs it. (weir_runtime_stop() of an embedded runtime returns WEIR_EWOULDBLOCK.)
 *
 * @param rt     Owned: gone when `then` is called.
 * @param drain  As for weir_runtime_stop(). 0: stop at once.
 * @param then   Called in a callback of the loop when it is done, with what weir_runtime_stop() would have returned: no
 *               handle of weir's is left in the loop then, and weir_error_text() has the details. NULL is fine.
 *
 * Threads  The loop's, in a callback or not; not in a handler or task.
 * Waiting  No.
 * Errors   WEIR_EINVAL  not embedded, not on the loop's thread, or inside a handler or task
 *          WEIR_EBUSY   it is being stopped
 */
WEIR_API WEIR_NODISCARD int weir_runtime_stop_then(weir_runtime *rt, weir_duration drain,
                                                   void (*then)(int rc, void *arg), void *arg);

#ifdef __cplusplus
}
#endif
#endif
