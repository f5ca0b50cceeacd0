/* tables.h: the objects of a topology whose keys are plain. From these tables come the checker, its --explain, the JSON
 * Schema and what `weir types` and the documentation say; what a table can't say is checked by hand (check.h). */
#ifndef WEIR_TOPOLOGY_TABLES_H
#define WEIR_TOPOLOGY_TABLES_H

#include <weir/message.h>

#define WEIR__DESCRIPTION WEIR_FIELD(description, .def = "null", .help = "for people")

/** The document, but for its lists of things. */
struct weir__header {
  const char *schema;
  const char *name;
  const char *description;
};
WEIR_MESSAGE(weir__header,
             WEIR_FIELD(schema, .json = "$schema", .def = "null", .help = "where the JSON Schema lies; for editors"),
             WEIR_FIELD(name, .def = "null", .help = "what the topology is called"), WEIR__DESCRIPTION);

/** "runtime" */
struct weir__settings {
  const char *description;
  const char *flavor;
  int32_t workers; /* 0: one per core */
  int64_t stack;
  bool trap;
  int64_t memory; /* 0: no budget */
  weir_duration drain;
};
WEIR_MESSAGE(weir__settings, WEIR__DESCRIPTION,
             WEIR_FIELD(flavor, .def = "\"multi_thread\"", .one_of = "multi_thread|current_thread",
                        .reload = WEIR_RELOAD_REFUSE,
                        .help = "many actors on several threads, or all on the one that runs the command"),
             WEIR_FIELD(workers, .def = "\"auto\"", .one_of = "auto", .min = 1, .max = 256,
                        .reload = WEIR_RELOAD_REFUSE, .help = "threads of the multi_thread flavor; auto: one per core"),
             WEIR_FIELD(stack, .def = "\"256KiB\"", .unit = WEIR_UNIT_BYTES, .min = 65536, .max = 1073741824,
                        .reload = WEIR_RELOAD_REFUSE, .help = "of a handler that waits, in address space"),
             WEIR_FIELD(trap, .def = "true", .reload = WEIR_RELOAD_REFUSE,
                        .help = "a crash in a handler fails its actor, where that is sound, and not the process"),
             WEIR_FIELD(memory, .def = "null", .unit = WEIR_UNIT_BYTES, .min = 1, .max = 0x1p62,
                        .help = "a budget: what mailboxes, batches under way and stacks can come to is at most this"),
             WEIR_FIELD(drain, .def = "\"10s\"", .max = 86400e9,
                        .help = "how long what is under way may take to end when the run is told to"));

/** "mailbox" of an actor, and of the defaults */
struct weir__mailbox_settings {
  const char *description;
  int64_t capacity; /* 0: as the defaults say, then its type */
  const char *overflow;
};
WEIR_MESSAGE(
    weir__mailbox_settings, WEIR__DESCRIPTION,
    WEIR_FIELD(capacity, .def = "null", .min = 1, .max = 16777216,
               .help = "places of each instance's mailbox, of one batch each; when it is full its senders wait"),
    WEIR_FIELD(overflow, .def = "\"wait\"", .one_of = "wait",
               .help = "who finds no room waits; what else may be done is said at the edge: \"when_full\""));

/** "on_failure" of an actor */
struct weir__on_failure {
  const char *description;
  uint32_t retry;
  weir_duration backoff[2];
  const char *then;
};
WEIR_MESSAGE(weir__on_failure, WEIR__DESCRIPTION,
             WEIR_FIELD(retry, .def = "0", .max = 63, .help = "how often a record with which it fails is tried again"),
             WEIR_FIELD(backoff, .def = "[\"100ms\", \"10s\"]", .max = 86400e9,
                        .help = "how long it waits before it starts again: at first, and at most"),
             WEIR_FIELD(then, .def = "\"dead_letters\"",
                        .help = "who gets the record after that: an actor, \"dead_letters\" or \"discard\""));

/** "breaker" of an actor */
struct weir__breaker_settings {
  const char *description;
  uint32_t failures;
  weir_duration reset;
  const char *while_open;
};
WEIR_MESSAGE(weir__breaker_settings, WEIR__DESCRIPTION,
             WEIR_FIELD(failures, .def = "5", .min = 1, .max = 1000000, .help = "so many failures in a row open it"),
             WEIR_FIELD(reset, .def = "\"15s\"", .min = 1e6, .max = 86400e9,
                        .help = "after which it lets one record through, to see"),
             WEIR_FIELD(while_open, .def = "\"dead_letters\"",
                        .help = "who gets records meanwhile: an actor, \"dead_letters\" or \"discard\""));

/** "supervision", and each supervisor in it */
struct weir__supervision {
  const char *name;
  const char *description;
  const char *strategy;
  int32_t max_restarts;
  weir_duration within;
  const char *on_exhausted;
};
WEIR_MESSAGE(weir__supervision, WEIR_FIELD(name, .def = "null", .help = "unique, as actors' names are"),
             WEIR__DESCRIPTION,
             WEIR_FIELD(strategy, .def = "\"one_for_one\"", .one_of = "one_for_one|one_for_all|rest_for_one",
                        .help = "who is started again when one fails: it alone, all, or it and those behind it"),
             WEIR_FIELD(max_restarts, .def = "3", .max = 1000000, .help = "more than so many restarts are too many"),
             WEIR_FIELD(within, .def = "\"5s\"", .min = 1e6, .max = 86400e9,
                        .help = "the time in which they are counted"),
             WEIR_FIELD(on_exhausted, .def = "\"escalate\"", .one_of = "escalate|leave_down",
                        .help = "after too many: it fails, too, or its children stay down"));

/** Each of "secrets" */
struct weir__secret {
  const char *description;
  const char *file;
  bool reload;
  bool world_readable;
};
WEIR_MESSAGE(weir__secret, WEIR__DESCRIPTION, WEIR_FIELD(file, .help = "the file that holds it, and nothing else"),
             WEIR_FIELD(reload, .def = "false",
                        .help = "a reload reads the file again; else what was read at the start stays"),
             WEIR_FIELD(world_readable, .def = "false",
                        .help = "everybody on this machine may read the file: else that is an error"));

/** Each of "plugins" */
struct weir__plugin_entry {
  const char *description;
  const char *path;
};
WEIR_MESSAGE(weir__plugin_entry, WEIR__DESCRIPTION, WEIR_FIELD(path, .help = "the shared library"));

/** Each of "templates" */
struct weir__template {
  const char *description;
  const char *in;
  const char *out;
};
WEIR_MESSAGE(weir__template, WEIR__DESCRIPTION,
             WEIR_FIELD(in, .def = "null", .help = "its actor that gets what is sent to it"),
             WEIR_FIELD(out, .def = "null", .help = "its actor whose records go where \"to\" of its use says"));

/** Each of a template's "params" */
struct weir__param {
  const char *description;
  const char *kind;
};
WEIR_MESSAGE(weir__param, WEIR__DESCRIPTION,
             WEIR_FIELD(kind, .one_of = "int|number|bool|text|duration|size|rate", .help = "what it may be"));

/** An actor, but for what its type decides */
struct weir__actor_settings {
  const char *description;
  int64_t instances;
  bool pinned;
};
WEIR_MESSAGE(weir__actor_settings, WEIR__DESCRIPTION,
             WEIR_FIELD(instances, .def = "1", .min = 1, .max = 1024,
                        .help = "how many of it run side by side; a source has one"),
             WEIR_FIELD(pinned, .def = "false", .help = "each instance stays on the worker where it began"));

/** The use of a template, but for what it gives it */
struct weir__use_settings {
  const char *description;
};
WEIR_MESSAGE(weir__use_settings, WEIR__DESCRIPTION);

/** Each of "tests" */
struct weir__test {
  const char *name;
  const char *description;
  int32_t seeds;
  weir_duration advance;
  bool end;
  bool any_order;
};
WEIR_MESSAGE(weir__test, WEIR_FIELD(name, .help = "what it shows"), WEIR__DESCRIPTION,
             WEIR_FIELD(seeds, .def = "10", .min = 1, .max = 1000000, .help = "in how many orders it is run"),
             WEIR_FIELD(advance, .def = "\"0s\"", .max = 31536000e9,
                        .help = "so much time passes when what is fed has been handled; the input stays open"),
             WEIR_FIELD(end, .def = "false", .help = "the input ends also after \"advance\""),
             WEIR_FIELD(any_order, .def = "false", .help = "records may come in another order than is written"));

/** What "tests" expect as dead letters */
struct weir__buried {
  const char *actor;
  const char *record;
  const char *error;
};
WEIR_SHARED(weir__buried, "dead letter", WEIR_FIELD(actor), WEIR_FIELD(record), WEIR_FIELD(error));

#endif
