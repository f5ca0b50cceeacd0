/* shutdown.h: SIGINT and SIGTERM end a runtime in order.
 *
 *   WAITS --a signal--> DRAINS --time is over--> STOPS --a second later--> KILLS
 *     '-------- root has ended --> done <-----------'
 *
 * An actor in the runtime waits for the signals, on the loop of its worker, and calls what its user has given, on that
 * worker, one at a time; those must not wait. After the first signal both have their default effect again: the second one
 * ends the process. */
#ifndef WEIR__SHUTDOWN_H
#define WEIR__SHUTDOWN_H

#include <weir/actor.h>
#include <weir/link.h>

struct weir__shutdown {
  weir_duration within;
  weir_ref root;                                      /* `ended` is called when it has; all zeros: nobody */
  void (*begin)(void *arg, int signum);               /* the first signal came */
  void (*stop)(void *arg);                            /* `within` is over */
  void (*kill)(void *arg);                            /* that was a second ago; NULL: not wanted */
  void (*ended)(void *arg, const struct weir_down *); /* NULL: not wanted */
  void *arg;
};

/* Starts that actor, and waits until it waits for signals. `s` is borrowed until the runtime has been stopped. Its error, if
 * it can't. */
int weir__shutdown_on_signals(weir_runtime *rt, const struct weir__shutdown *s);

#endif
