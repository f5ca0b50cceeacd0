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

#ifdef __cplusplus
}
#endif
#endif
