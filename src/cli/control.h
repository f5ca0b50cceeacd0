/* control.h: the control socket of a run: where it is, who listens there, and who asks.
 *
 * A connection carries one request and one answer, each a line of JSON: that of a weir_reload_file and of a weir_reloaded
 * (weir/reload.h). The socket is the user's alone (mode 0600). A thread of its own listens there, and heeds SIGHUP.
 *
 * L1  Who starts looks whether somebody listens there, removes what nobody listens at any more, and binds, while it holds a
 *     lock on the folder: two that start at once don't take each other's.
 * L2  Nothing that a client does disturbs the run: there is one at a time, a request is short, and is there within some
 *     seconds, as its answer is taken within some; else the connection is closed. */
#ifndef WEIR_CLI_CONTROL_H
#define WEIR_CLI_CONTROL_H

#include <pthread.h>
#include <sys/types.h>

#include <weir/reload.h>

enum { WEIR__CONTROL_PATH = 108 }; /* bytes, as the system has it */

/* Where a run of this file has its socket if nothing else is said: in $XDG_RUNTIME_DIR. False: nowhere. */
bool weir__control_path(const char *file, char path[WEIR__CONTROL_PATH]);

struct weir__control {
  const char *path; /* NULL: no socket */
  bool wanted;      /* it was asked for: without it the run does not begin */
  const char *file; /* what is run */
  /* The rest is who listens. */
  weir_ref reloader;
  int socket, hup, stop[2]; /* descriptors; -1: there is none. What is written to the last one ends it */
  dev_t device;             /* by which the socket is known again … */
  ino_t inode;              /* … when it is removed */
  pthread_t thread;
  bool runs;
};
/* For weir_serving.began, `arg` being a struct weir__control: begins to listen. SIGHUP has been blocked on this thread, and on
 * those of the runtime. An error is told. */
int weir__control_begin(void *arg, weir_runtime *rt, weir_ref reloader);
/* The run has ended. */
void weir__control_end(struct weir__control *control);

/* Asks the run that listens there. `*answer`: owned, weir_free() it. An exit code, and that is told: WEIR__EXIT_SUCCESS, or why
 * there is no answer. */
int weir__control_ask(const char *path, const struct weir_reload_file *request, struct weir_reloaded **answer);

/* What came of it, as lines for people: to `to`. */
void weir__control_print(const struct weir_reloaded *answer, void (*line)(void *to, const char *text), void *to);

#endif
