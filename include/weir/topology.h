/* weir/topology.h: a JSON document becomes a graph of actors that runs until its input has ended.
 *
 *   weir_topology *topology;
 *   weir_listener listener = {.problem = print_problem};
 *   int rc = weir_topology_load("wordcount.json", &listener, &topology);
 *   if (!rc) rc = weir_topology_run(topology, NULL, &listener);
 *   weir_topology_free(topology);
 *
 * A document is checked as a whole before anything starts. Guide: docs/guide/topologies.md. */
#ifndef WEIR_TOPOLOGY_H
#define WEIR_TOPOLOGY_H

#include <weir/json.h>
#include <weir/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A document that was found good: its actors, their configuration and wiring. It does not change. */
typedef struct weir_topology weir_topology;

/** How an instance of an actor fared in a run. */
typedef struct weir_actor_account {
  const char *actor WEIR__ZERO;         /* its name: "count[0]" where there are several instances */
  int code WEIR__ZERO;                  /* WEIR_OK: it ended well */
  uint64_t mailbox_high WEIR__ZERO;     /* the most places of its mailbox that were ever taken … */
  uint64_t mailbox_capacity WEIR__ZERO; /* … of so many */
  uint64_t dropped WEIR__ZERO;          /* records that it gave to a receiver that was full, and were dropped … */
  uint64_t diverted WEIR__ZERO;         /* … or went to another one, as the edge says */
  uint64_t turned_away WEIR__ZERO;      /* records that came while its breaker was open */
  uint64_t dead_letters WEIR__ZERO;     /* records that it refused, failed with or gave away, and that went there */
} weir_actor_account;

/** A step of a record that is followed, or of one that comes of it: of one that was sent while it was handled. */
typedef struct weir_step {
  /* "given"        the record that is followed: ACTOR, a source, gives it …
   * "got"          … or is about to handle it
   * "sent"         ACTOR sends it, by OUTPUT, TO another one; NULL: to nobody
   * "begun"        ACTOR begins to handle it, after TIME
   * "refused"      ACTOR's handler has refused it, by CODE and TEXT; then it is tried again, or given up
   * "failed"       ACTOR has failed with it; then likewise, when it has started again
   * "diverted"     its receiver is full: it goes TO another one
   * and the ends:
   * "done"         ACTOR has handled it, in TIME; RECORDS came of it
   * "dropped"      its receiver is full, or gone, and the edge says so
   * "discarded"    nobody gets it
   * "dead letter"  nobody gets it; it was refused, by TEXT, or its output leads there
   * "lost"         by CODE and TEXT
   * "over"         all has come to an end, after TIME: RECORDS were followed, BEYOND more were not */
  const char *what WEIR__ZERO;
  const char *record WEIR__ZERO; /* which one: "1" is the first, "1.2" the second that came of it */
  int depth WEIR__ZERO;          /* 1, 2, … */
  const char *actor WEIR__ZERO;
  const char *output WEIR__ZERO;
  const char *to WEIR__ZERO;
  weir_value value
      WEIR__ZERO; /* "given", "got" and "sent": what it is. Secrets in it are as they are: see weir_print_value() */
  weir_duration time WEIR__ZERO;
  unsigned records WEIR__ZERO;
  uint64_t beyond WEIR__ZERO;
  int code WEIR__ZERO;
  const char *text WEIR__ZERO;
  const char *json WEIR__ZERO; /* all of this as a line of JSON, a value without its secrets; NULL: no memory */
} weir_step;

/** Who is told of problems. All is called on the thread that called weir_topology_…(), before that call returns, and
 * what it is given is borrowed until it returns. */
typedef struct weir_listener {
  void (*problem)(void *arg, const weir_problem *problem) WEIR__ZERO;
  /* After a run, for each instance of each actor, receivers before their senders. NULL: not wanted. */
  void (*account)(void *arg, const weir_actor_account *account) WEIR__ZERO;
  void *arg WEIR__ZERO;
  /* weir_topology_serve(): a signal came, and everything ends in order from now on. Unlike the others on a worker: must not
   * wait. NULL: not wanted. */
  void (*ending)(void *arg, int signum) WEIR__ZERO;
  /* One record is followed, and each of its steps told, in the order in which they were taken, until 256 records come of it.
   * Likewise on a worker: must not wait. NULL: not wanted. */
  void (*step)(void *arg, const weir_step *step) WEIR__ZERO;
  /* The actor whose first record is followed: that it gives, if it is a source, else that it gets. NULL: the first source of
   * the document. */
  const char *follow WEIR__ZERO;
} weir_listener;

/**
 * Reads and checks a document from a file, and reads its secrets.
 *
 * @param file      A name in the file system; at most 64 MiB of UTF-8.
 * @param listener  Told of every problem, in the order of the document. NULL: nobody is told.
 * @param topology  Receives the topology; owned, weir_topology_free() it. NULL on error.
 *
 * Threads  Any, all at once. Not from inside a handler, task or callback: it reads a file.
 * Waiting  For the file only.
 * Errors   WEIR_EINVAL  the document is wrong, and the listener was told how
 *          WEIR_ENOMEM  no memory; nobody was told
 *          libuv's      the file can't be read, and the listener was told so
 */
WEIR_API WEIR_NODISCARD int weir_topology_load(const char *file, const weir_listener *listener,
                                               weir_topology **topology);

/**
 * As weir_topology_load(), from `size` bytes of text.
 *
 * @param name  What the problems give as their file; borrowed until the call returns, as `text` is.
 */
WEIR_API WEIR_NODISCARD int weir_topology_parse(const char *name, const void *text, size_t size,
                                                const weir_listener *listener, weir_topology **topology);

/** One value that is in effect, and where it comes from. All is borrowed until the callback returns. */
typedef struct weir_setting {
  const char *path WEIR__ZERO;    /* actors.count.mailbox.capacity */
  const char *pointer WEIR__ZERO; /* where it is written, as a JSON pointer into `file`; NULL: nowhere */
  const char *value WEIR__ZERO;   /* as JSON, on one line; of a secret: null, or which one is named */
  const char *from WEIR__ZERO; /* in words: "wordcount.json:6:117", "default", "wordcount.json:2:9, of ${WORKERS:-2}" */
  const char *file WEIR__ZERO; /* where it is written; NULL: nowhere */
  int line WEIR__ZERO;
  int column WEIR__ZERO;
} weir_setting;

typedef struct weir_check_options {
  /* Also opens the files and binds and connects the addresses that it names, and closes them again; and reads the secrets. */
  bool live WEIR__ZERO;
  /* For each value that is in effect, of a document that is good. NULL: not wanted. */
  void (*setting)(void *arg, const weir_setting *setting) WEIR__ZERO;
  void *arg WEIR__ZERO;
} weir_check_options;

/**
 * Checks a document without running it: as weir_topology_load(), and also what can't be run in this version.
 *
 * @param options  Borrowed until the call returns. NULL: all defaults. Without `live` it only reads the document's files.
 *
 * Threads, waiting and errors: as weir_topology_load(); with `live` it may wait for a connection.
 */
WEIR_API WEIR_NODISCARD int weir_topology_check(const char *file, const weir_check_options *options,
                                                const weir_listener *listener);

/** How a topology is drawn. */
enum {
  WEIR_DRAW_DOT = 0, /* for Graphviz */
  WEIR_DRAW_MERMAID
};
/**
 * Draws the graph of a document as a text: who sends what to whom, what a full mailbox does, who starts whom anew.
 *
 * @param form  WEIR_DRAW_DOT, …
 * @param text  Receives the drawing, with a NUL behind it; owned, free() it. NULL on error.
 * @param size  Receives its length without the NUL. NULL: not wanted.
 *
 * Threads, waiting and errors: as weir_topology_load(), but for what can be checked and not run: that is drawn.
 */
WEIR_API WEIR_NODISCARD int weir_topology_draw(const char *file, int form, const weir_listener *listener, char **text,
                                               size_t *size);

/** The full name of one of its actors, those of templates included, from 0 on; borrowed from the topology. NULL: there are not so
 * many. Threads: any. Does not wait. */
WEIR_API const char *weir_topology_actor(const weir_topology *topology, size_t index);

/** Reads what the document says of its runtime. Threads: any. Does not wait. */
WEIR_API void weir_topology_runtime(const weir_topology *topology, weir_runtime_options *options);

/**
 * Runs a topology on a runtime of its own until every actor has ended: until the input has ended, and all that it came
 * to has been handled. The first actor that fails ends the run.
 *
 * @param runtime   Instead of what the document says; borrowed until the call returns. NULL: as the document says.
 * @param listener  Told of a failure, of messages that were lost, and of records that became dead letters, which is no
 *                  failure: of the first few, and of their number. NULL: nobody is told.
 *
 * Threads  A plain thread.
 * Waiting  Until the end of the run.
 * Errors   WEIR_EDEAD     messages were lost, though no actor failed
 *          any other      that with which an actor failed, or that of weir_runtime_start(), weir_spawn() or
 *                         weir_runtime_stop(). Nothing is left running.
 */
WEIR_API WEIR_NODISCARD int weir_topology_run(const weir_topology *topology, const weir_runtime_options *runtime,
                                              const weir_listener *listener);

/**
 * As weir_topology_run(), and ends it in order when the process gets SIGINT or SIGTERM: the sources (actors that nothing feeds)
 * are stopped; what they have sent is handled downstream, actor by actor, as each has got the last of all that feed it. What is
 * left after `drain` is stopped, and a second later killed; its messages are lost, and counted. The second signal has
 * its usual effect: it ends the process at once. Signals that were ignored stay ignored, as with weir_serve().
 *
 * @param drain  From the signal on. 0: all is stopped at once; WEIR_FOREVER is fine; negative: as the document says.
 *
 * Threads  A plain thread.
 * Waiting  Until the end of the run.
 * Errors   WEIR_ETIMEDOUT  it had not drained in time
 *          WEIR_EFAILED    the signals can't be waited for; the listener was told why
 *          else as weir_topology_run()
 */
WEIR_API WEIR_NODISCARD int weir_topology_serve(const weir_topology *topology, const weir_runtime_options *runtime,
                                                const weir_listener *listener, weir_duration drain);

/** Frees a topology that does not run. NULL is fine. Threads: any. Does not wait. */
WEIR_API void weir_topology_free(weir_topology *topology);

#ifdef __cplusplus
}
#endif
#endif
