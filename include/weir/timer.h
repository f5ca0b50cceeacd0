/* weir/timer.h: messages sent later, once or periodically. */
#ifndef WEIR_TIMER_H
#define WEIR_TIMER_H

#include <weir/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A timer that was set, or the error why not. A plain value; stale ones are detected. */
typedef struct weir_timer {
  uint64_t bits;
  int error;
} weir_timer;

/** weir_send_after(weir_self(), WEIR_SECONDS(1), tick); weir_send_every(…): first after one period, then each. */
#define weir_send_after(to, after, ...) weir_send_after_value((to), (after), WEIR_VALUE(__VA_ARGS__))
#define weir_send_every(to, every, ...) weir_send_every_value((to), (every), WEIR_VALUE(__VA_ARGS__))

/**
 * Sets a timer that sends a copy of `value`, never early.
 *
 * An actor's timer to itself takes no place in its mailbox and goes ahead of what is queued; a periodic one that has
 * not been handled yet is not queued twice. One aimed at another actor takes a place; where it finds none it stays
 * armed and tries again with each millisecond. Periods are kept by the clock (no drift); what was missed is not made up
 * for. A timer set in a handler ends with its actor, any timer with the actor it is aimed at, and when its runtime
 * drains.
 *
 * @param after  At least 0;  @param every  at least one millisecond.
 *
 * Threads  Any. Does not wait.
 * Errors   (in .error) WEIR_EINVAL  no runtime, a negative or too short time, a value that can't be copied
 *          WEIR_EDEAD  no such actor any more;  WEIR_ENOMEM.
 */
WEIR_API weir_timer weir_send_after_value(weir_ref to, weir_duration after, weir_value value);
WEIR_API weir_timer weir_send_every_value(weir_ref to, weir_duration every, weir_value value);
/** WEIR_OK: it will not come any more, but for what a periodic one has queued in another actor's mailbox. WEIR_EDEAD: it
 * has come (or is queued), or was cancelled before, or ended with its actor.
 * Threads: any. Does not wait. */
WEIR_API int weir_timer_cancel(weir_timer timer);

#ifdef __cplusplus
}
#endif
#endif
