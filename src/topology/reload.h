/* reload.h: a topology is changed while it runs: its file is read anew, and what differs is done.
 *
 *   read, check ---> plan (plan.h) ---> make, wire and start what is new ---> change what stays ---> in force ---> what was removed
 *        |              |                        '--- fails: all of it is taken back ---'                          ends, or is killed
 *     refused        refused
 *
 * An actor does it, the reloader: so there is one at a time, and who asks meanwhile waits.
 *
 * D1  Until it is in force nothing is touched but configurations that actors have taken, and those are given back. Putting it in
 *     force can't fail, and waits for nobody (actor/rewire.h).
 * D2  What is new is held until then: it has started, and so has opened what it needs, but handles nothing.
 * D3  Who sends to whom, and so when an input has ended, is told to the receivers before (V2 of actor/rewire.h): so a run does
 *     not end because all its sources were replaced. Until it is let go a new actor counts the reloader as its sender.
 * D4  What is removed ends as it would with its input, its sources as by a signal; what has not ended in time is killed, and
 *     what it had not handled becomes dead letters. */
#ifndef WEIR_TOPOLOGY_RELOAD_H
#define WEIR_TOPOLOGY_RELOAD_H

#include <weir/message.h>

/** A reload, as it is asked for. */
struct weir__reload {
  bool dry_run;          /* says what would be done */
  weir_duration timeout; /* how long actors may take to start, or to take another configuration */
};

struct weir__reload_step {
  const char *mark; /* "+", "-", "~" or "!" */
  const char *name;
  const char *text;
};
WEIR_SHARED(weir__reload_step, "weir.reload_step", WEIR_FIELD(mark), WEIR_FIELD(name), WEIR_FIELD(text));
/** As weir_problem. */
struct weir__reload_problem {
  const char *file;
  int32_t line, column;
  const char *pointer;
  const char *text;
  const char *message;
};
WEIR_SHARED(weir__reload_problem, "weir.reload_problem", WEIR_FIELD(file, .def = "null"), WEIR_FIELD(line),
            WEIR_FIELD(column), WEIR_FIELD(pointer, .def = "null"), WEIR_FIELD(text), WEIR_FIELD(message));
/** What came of it. */
struct weir__reloaded {
  const char *outcome; /* "unchanged", "applied", "would_apply", "refused", "failed" */
  int64_t generation;  /* how often the topology has been changed since it was started */
  const char *why;     /* refused, failed: what is not among the others; NULL: it is */
  const struct weir__reload_step *plan;
  size_t step_count;
  const struct weir__reload_problem *problems; /* with the file */
  size_t problem_count;
  const char *const *killed; /* what was removed, and did not end in time */
  size_t killed_count;
  int64_t dead_letters; /* records that this has come to */
};
WEIR_SHARED(weir__reloaded, "weir.reloaded",
            WEIR_FIELD(outcome, .one_of = "unchanged|applied|would_apply|refused|failed"), WEIR_FIELD(generation),
            WEIR_FIELD(why, .def = "null"), WEIR_LIST_OF(plan, step_count, weir__reload_step),
            WEIR_LIST_OF(problems, problem_count, weir__reload_problem), WEIR_LIST(killed, killed_count),
            WEIR_FIELD(dead_letters));
WEIR__DEFINE(weir__reload, "weir.reload", true, weir__reloaded, weir_message_weir__reloaded,
             WEIR_FIELD(dry_run, .def = "false"), WEIR_FIELD(timeout, .def = "\"10s\"", .max = 86400e9),
             WEIR__LAST_FIELD);

struct weir__run;
/* Starts the reloader, and tells that everything has begun. */
int weir__reloader_start(struct weir__run *run);

#endif
