/* weir/arena.h: memory and calls that end with the actor or task that asked for them.
 *
 *   p->path = weir_strdup(c->path);
 *   int fd = open(p->path, O_RDONLY);
 *   if (weir_defer(close_fd, fd_at(p))) …
 */
#ifndef WEIR_ARENA_H
#define WEIR_ARENA_H

#include <weir/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * In a handler or a task: `size` zeroed bytes, aligned to 16. Nothing is freed one by one: all goes when the actor or
 * task has ended, after its deferred calls. So it is for what lives as long as the actor; what comes and goes with each
 * message does not belong here, since it would grow without end. At most 16 KiB more than was asked for is held, and no
 * more than as much again.
 *
 * @return  Owned by the library. NULL (weir_error_text() says why): no memory, or not in a handler or task. If it would
 *          exceed what its actor may hold (`.memory` of weir_spawn()), the actor fails here, and it does not return.
 * Waiting  No.
 */
WEIR_API WEIR_NODISCARD void *weir_alloc(size_t size);
/** A copy of `text` in the same memory; NULL for NULL, too. */
WEIR_API WEIR_NODISCARD char *weir_strdup(const char *text);

/**
 * In a handler or a task: `f(arg)` is called once when the actor or task ends, however it does (a failure and a failed
 * start included), the last one that was deferred first. An actor's run after its end clause, a task's after those that
 * it started have ended. They may do what an end clause may: wait, and defer more. No C++ exception may leave them.
 *
 * @param arg  Borrowed until the call.
 *
 * Waiting  No.
 * Errors   WEIR_EINVAL  not in a handler or task, or no function;  WEIR_ENOMEM. It is not called then.
 */
WEIR_API WEIR_NODISCARD int weir_defer(void (*f)(void *arg), void *arg);

#ifdef __cplusplus
}
#endif
#endif
