/* weir/reload.h: a topology is changed while it runs: its file is read anew, and what differs is done.
 *
 *   static int on_begun(void *arg, weir_runtime *rt, weir_ref reloader) { … keeps `reloader` for whoever may ask it …; return WEIR_OK; }
 *   weir_serving serving = {.drain = {-1}, .file = "flow.json", .began = on_begun};
 *   rc = weir_topology_serve_file(topology, NULL, &listener, &serving);
 *
 *   struct weir_reloaded *r;                            // elsewhere
 *   rc = weir_ask(reloader, WEIR_SECONDS(60), &r, weir_reload_file, .timeout = WEIR_SECONDS(10));
 *   if (!rc) printf("%s\n", r->outcome);
 *   weir_free(r);
 *
 * What is new is started before anything that runs is touched, and if any of it fails nothing has changed. No record is lost or
 * comes twice. Guide: docs/guide/reloading.md. */
#ifndef WEIR_RELOAD_H
#define WEIR_RELOAD_H

#include <weir/ask.h>
#include <weir/topology.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One thing that a reload does, or would: of an actor, a supervisor or a setting of the runtime. */
struct weir_reload_step {
  const char *mark; /* "+" it is added, "-" removed, "~" changed, "!" refused */
  const char *name;
  const char *text; /* what of it, or why not */
};
WEIR_SHARED(weir_reload_step, "weir.reload_step", WEIR_FIELD(mark), WEIR_FIELD(name), WEIR_FIELD(text));

/** What is wrong with the file: as weir_problem. */
struct weir_reload_problem {
  const char *file;
  int32_t line, column;
  const char *pointer;
  const char *text;
  const char *message; /* the end of `text` */
};
WEIR_SHARED(weir_reload_problem, "weir.reload_problem", WEIR_FIELD(file, .def = "null"), WEIR_FIELD(line),
            WEIR_FIELD(column), WEIR_FIELD(pointer, .def = "null"), WEIR_FIELD(text), WEIR_FIELD(message));

/** What came of a reload. */
struct weir_reloaded {
  /* "unchanged"    nothing differs
   * "applied"      all of it was done
   * "would_apply"  so it would be, but it was a dry run
   * "refused"      the file is wrong, or something in it can't be done while the topology runs; nothing has changed
   * "failed"       something did not start, or did not take its configuration; nothing has changed */
  const char *outcome;
  int64_t generation; /* how often the topology has been changed since it was started */
  const char *why;    /* of what was refused or failed, where plan and problems don't say it; NULL: they do */
  const struct weir_reload_step *plan; /* in the order of the file, then what is removed */
  size_t step_count;
  const struct weir_reload_problem *problems;
  size_t problem_count;
  const char *const *killed; /* what was removed, and had not ended in time */
  size_t killed_count;
  int64_t dead_letters; /* records that became dead letters meanwhile */
};
WEIR_SHARED(weir_reloaded, "weir.reloaded", WEIR_FIELD(outcome), WEIR_FIELD(generation), WEIR_FIELD(why, .def = "null"),
            WEIR_LIST_OF(plan, step_count, weir_reload_step, .def = "[]"),
            WEIR_LIST_OF(problems, problem_count, weir_reload_problem, .def = "[]"),
            WEIR_LIST(killed, killed_count, .def = "[]"), WEIR_FIELD(dead_letters, .def = "0"));

/** Asks for a reload, of the reloader that weir_serving.began is given: answered by a `struct weir_reloaded`. One at a time:
 * others wait in its mailbox. What was begun is brought to its end, also if the asker gives up. It takes as long as what is
 * removed needs for its end, at most the drain's time of the topology and a few seconds. */
struct weir_reload_file {
  bool dry_run; /* only says what would be done */
  /* How long actors may take to start, or to take another configuration, all together; what is left of the run's own start
   * is a part of it. */
  weir_duration timeout;
};
WEIR__DEFINE(weir_reload_file, "weir.reload_file", true, weir_reloaded, weir_message_weir_reloaded,
             WEIR_FIELD(dry_run, .def = "false"), WEIR_FIELD(timeout, .def = "\"10s\"", .max = 86400e9),
             WEIR__LAST_FIELD);

/** How a topology is served. */
typedef struct weir_serving {
  weir_duration drain
      WEIR__ZERO;              /* as for weir_topology_serve(); negative: as the document says, also after a reload */
  const char *file WEIR__ZERO; /* which a reload reads; borrowed until the end of the run */
  /* All actors were made and are starting, and `reloader` takes weir_reload_file requests until the run ends. An error
   * ends the run, which fails with it. Called once, on the run's thread. NULL: it is not to be reloaded. */
  int (*began)(void *arg, weir_runtime *rt, weir_ref reloader) WEIR__ZERO;
  void *arg WEIR__ZERO;
} weir_serving;

/** As weir_topology_serve(), of a topology that can be changed while it runs.
 *
 * @param serving  Borrowed until the call returns.
 *
 * Threads, waiting and errors: as weir_topology_serve(), and that of `began`. */
WEIR_API WEIR_NODISCARD int weir_topology_serve_file(const weir_topology *topology, const weir_runtime_options *runtime,
                                                     const weir_listener *listener, const weir_serving *serving);

#ifdef __cplusplus
}
#endif
#endif
