/* weir/serve.h: a program that goes on until it is told to end, and then ends in order.
 *
 *   weir_ref tree = weir_supervise(.name = "shop", .children = WEIR_CHILDREN({&store, …}, {&counter, …}, {&doors, …}));
 *   return weir_exit_status(weir_serve(rt, tree, WEIR_SECONDS(10)));
 *
 * Guide: docs/guide/supervision.md. */
#ifndef WEIR_SERVE_H
#define WEIR_SERVE_H

#include <weir/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Waits until the process gets SIGINT or SIGTERM, or the actor `root` ends by itself; then ends everything in order, and
 * frees the runtime.
 *
 * After a signal, which is told on standard error, `root` is drained (weir_drain()). If it is a supervisor that drains its
 * children, the one that was started last first: so who brings work in stands last, and what it has handed on is handled by
 * those before it. Then what else lives in the runtime is drained as weir_runtime_stop() does. All of that within `drain`;
 * what is left after it is stopped. The second signal has its usual effect: it ends the process at once.
 *
 * A signal that was ignored when this was called stays ignored (nohup, a shell's background). While it waits the two signals
 * are this call's: what the program has set for them does not count, and when it returns they have their usual effect.
 *
 * @param rt     Owned; gone afterwards, but after WEIR_EINVAL and WEIR_EWOULDBLOCK.
 * @param root   An actor of that runtime.
 * @param drain  At most so long after the signal, or after the end of `root`. 0: all is stopped at once.
 *
 * Threads  A plain thread; of a current-thread runtime its own thread.
 * Waiting  Yes.
 * Errors   WEIR_ETIMEDOUT  it was not drained in time; what was queued then became dead letters
 *          WEIR_EFAILED    the signals can't be waited for, with a text that says why; or as weir_runtime_stop()
 *          WEIR_ENOTSUP    a simulated runtime: there are no signals
 *          WEIR_EDEAD      `root` had ended before
 *          the code, and the text, with which `root` ended, if that was not WEIR_OK: WEIR_ESHUTDOWN of a supervisor that
 *          gave up, or ended since significant children had; see weir/link.h
 *          weir_ref_error() of `root`; otherwise as weir_runtime_stop()
 */
WEIR_API int weir_serve(weir_runtime *rt, weir_ref root, weir_duration drain);

#ifdef __cplusplus
}
#endif
#endif
