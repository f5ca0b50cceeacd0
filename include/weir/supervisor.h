/* weir/supervisor.h: actors that start others, in order, and start them again when they fail.
 *
 *   weir_ref tree = weir_supervise(
 *       .name = "shop", .strategy = WEIR_REST_FOR_ONE, .max_restarts = 3, .within = WEIR_SECONDS(5),
 *       .backoff = {.first = WEIR_MILLIS(100), .most = WEIR_SECONDS(10), .jitter = 0.2},
 *       .children = WEIR_CHILDREN(
 *           {&store, .name = "store", .config = WEIR_VALUE(store_config, .path = "shop.db")},
 *           {&worker, .name = "worker", .restart = WEIR_TRANSIENT, .shutdown = WEIR_SECONDS(2)}));
 *
 * A restart keeps the child's ref, its name and its mailbox: what was queued is not lost. Guide:
 * docs/guide/supervision.md. */
#ifndef WEIR_SUPERVISOR_H
#define WEIR_SUPERVISOR_H

#include <weir/actor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Who is restarted when one child fails. */
enum {
  WEIR_ONE_FOR_ONE = 0, /* that child */
  WEIR_ONE_FOR_ALL,     /* all: the others are ended in reverse order, then all start in order */
  WEIR_REST_FOR_ONE,    /* it, and those that were started after it */
  WEIR_DYNAMIC /* that child. The only child in `children` is a pattern: weir_start_child() makes children of it,
                           in no order, and they are ended all at once */
};

/** Which ends of a child are followed by a restart. */
enum {
  WEIR_PERMANENT = 0, /* each */
  WEIR_TRANSIENT,     /* all but WEIR_OK and WEIR_ESHUTDOWN (weir/link.h) */
  WEIR_TEMPORARY      /* none, not even together with others; what is known of it ends with it */
};

/** What becomes of what is queued for a child when it is restarted. */
enum {
  WEIR_KEEP_FAILED =
      0,     /* the child that failed keeps it; of those that are restarted with it, it becomes dead letters */
  WEIR_KEEP, /* it is kept */
  WEIR_FLUSH /* it becomes dead letters */
};

/** When a child has used up the restarts of its own (`max_restarts` of weir_child). */
enum {
  WEIR_LEAVE_DOWN = 0, /* it has ended for good: who sends gets WEIR_EDEAD. weir_restart_child starts it anew */
  WEIR_PARK,           /* it stays as it is, its mailbox open: who sends waits, until weir_restart_child */
  WEIR_ESCALATE        /* its supervisor gives up, as when the group's are used up */
};

/** When a supervisor ends by itself because children do. */
enum {
  WEIR_NEVER = 0,
  WEIR_ANY_SIGNIFICANT, /* when a significant child has ended and is not restarted */
  WEIR_ALL_SIGNIFICANT  /* when the last one has */
};

/** No restarts at all, where 0 is the default. */
#define WEIR_NO_RESTARTS (-1)
/** A child that is killed at once when it is to end. */
#define WEIR_AT_ONCE WEIR__NS(-1)

/** Waiting before a restart: first so long, then twice as long each time. All zeros: no waiting. */
typedef struct weir_backoff {
  weir_duration first WEIR__ZERO;
  weir_duration most WEIR__ZERO;  /* 0: no limit */
  double jitter WEIR__ZERO;       /* each is longer or shorter by up to this part of it, at random; 0 to 1 */
  weir_duration quiet WEIR__ZERO; /* a child that has lived for so long begins with `first` again; 0: ten times what it
                                     waited last, and at least a second */
} weir_backoff;

struct weir_supervisor_options;

/** A child. All texts and values: borrowed until the call returns. */
typedef struct weir_child {
  const weir_actor *type WEIR__ZERO;
  const char *name WEIR__ZERO;       /* its name in the registry, too. NULL: none; then it is known by its ref alone */
  weir_value config WEIR__ZERO;      /* for its start clause; copied, and given again at each restart */
  int restart WEIR__ZERO;            /* WEIR_PERMANENT, … */
  weir_duration shutdown WEIR__ZERO; /* how long it may take to end; then it is killed. 0: five seconds; a supervisor:
                                        as long as it takes. WEIR_FOREVER, WEIR_AT_ONCE */
  const struct weir_supervisor_options *tree WEIR__ZERO; /* instead of `type`: a supervisor. See WEIR_TREE() */
  size_t capacity WEIR__ZERO;                            /* of its mailbox; 0: its type's */
  int overflow WEIR__ZERO;                               /* likewise */
  int mailbox WEIR__ZERO;                                /* WEIR_KEEP_FAILED, … */
  unsigned retries WEIR__ZERO;     /* how often a message with which it fails is tried again, first in line, before it
                                       is given up; at most 63. Its place is its until then */
  int max_restarts WEIR__ZERO;     /* so many of its own `within`; they don't count for the group. 0: it has none */
  weir_duration within WEIR__ZERO; /* 0: five seconds */
  int when_spent WEIR__ZERO;       /* WEIR_LEAVE_DOWN, … */
  bool significant WEIR__ZERO;     /* see auto_shutdown; not for a permanent one */
  weir_backoff backoff WEIR__ZERO; /* its own; all zeros: as the supervisor's */
  weir_breaker breaker WEIR__ZERO; /* see weir/actor.h; it outlives restarts */
  size_t memory WEIR__ZERO;        /* what it may hold, in bytes: see weir_spawn_options. 0: no limit */
  weir_ref made WEIR__ZERO;        /* the library's own: it was made already, and rests until it is started */
} weir_child;

/** Some children, in order: made by WEIR_CHILDREN({&type, …}, …). In C++ each is {.type = &type, …}. */
typedef struct weir_children {
  const weir_child *first WEIR__ZERO;
  size_t count WEIR__ZERO;
} weir_children;

/** Something that a supervisor did, for its log. Texts: borrowed until the callback returns. */
typedef struct weir_restart_event {
  weir_ref supervisor WEIR__ZERO;
  const char *supervisor_name WEIR__ZERO;
  weir_ref child WEIR__ZERO;
  const char *child_name WEIR__ZERO; /* its name, or its type's */
  int what WEIR__ZERO;               /* WEIR_CHILD_FAILED, … */
  int code WEIR__ZERO;               /* why it ended, or did not start */
  const char *text WEIR__ZERO;
  int restarts WEIR__ZERO;       /* so many in the period, this one included, … */
  int max_restarts WEIR__ZERO;   /* … of so many */
  weir_duration wait WEIR__ZERO; /* before the restart */
} weir_restart_event;
enum {
  WEIR_CHILD_FAILED = 1, /* it has ended, and will be restarted */
  WEIR_CHILD_NOT_STARTED,
  WEIR_CHILD_SPENT, /* it has used up its own restarts */
  WEIR_GROUP_SPENT, /* the supervisor has used up its restarts, and ends */
  WEIR_CHILD_KILLED /* it did not end in time */
};

typedef struct weir_supervisor_options {
  const char *name WEIR__ZERO; /* unique in its runtime; copied */
  weir_runtime *on WEIR__ZERO; /* NULL: weir_runtime_here() */
  int strategy WEIR__ZERO;     /* WEIR_ONE_FOR_ONE, … */
  int max_restarts WEIR__ZERO; /* with one more than so many restarts of its children `within`, the supervisor ends all
                                  children and then itself, with WEIR_ESHUTDOWN. 0: 1; WEIR_NO_RESTARTS */
  weir_duration within WEIR__ZERO; /* 0: five seconds */
  weir_backoff backoff WEIR__ZERO;
  int auto_shutdown WEIR__ZERO; /* WEIR_NEVER, … */
  weir_children children WEIR__ZERO;
  void (*on_event)(const weir_restart_event *event, void *arg) WEIR__ZERO; /* on the supervisor's strand: must not
                                                                              wait. NULL: a line on standard error */
  void *on_event_arg WEIR__ZERO;
  bool ends_made WEIR__ZERO; /* the library's own: its children that were made already end with it for good */
} weir_supervisor_options;

#ifdef __cplusplus
}
template <size_t N> inline weir_children weir__children(const weir_child (&list)[N]) { return weir_children{list, N}; }
extern "C" {
#define WEIR_CHILDREN(...) weir__children({__VA_ARGS__})
#else
/** See weir_children. */
#define WEIR_CHILDREN(...)                                                                                             \
  ((weir_children){(const weir_child[]){__VA_ARGS__}, sizeof((const weir_child[]){__VA_ARGS__}) / sizeof(weir_child)})
#endif
/** `.tree = WEIR_TREE(.strategy = …, .children = WEIR_CHILDREN(…))`: a child that is a supervisor itself. It is named
 * by the child's `.name`. */
#define WEIR_TREE(...) WEIR__OPTIONS(weir_supervisor_options, __VA_ARGS__)

/**
 * Starts a supervisor, an ordinary actor: its children start in order, each after the one before has started. If one does
 * not, those before are ended, in reverse order, and the supervisor ends with that one's code and text. It ends its
 * children in the same way when it ends, for whatever reason: each is told and has its time, then it is killed.
 *
 * It does not wait for the start: weir_count_children(tree, within, NULL) does, or fails with its text.
 *
 * @return  A ref. After an error one whose every use returns that error: see weir_ref_error().
 *
 * Ownership  All that the options point to is borrowed until the call returns, but for actor types, which are borrowed
 *            as long as such actors live, and `on_event_arg`.
 * Threads    Any. Does not wait.
 * Errors     WEIR_EINVAL   an option, with a text that says which; a child's configuration can't be copied
 *            WEIR_EEXIST   a name that is taken, or that two children have
 *            WEIR_ENOMEM, WEIR_EDEAD  as weir_spawn()
 */
#define weir_supervise(...) weir__supervise(WEIR__OPTIONS(weir_supervisor_options, __VA_ARGS__))
WEIR_API weir_ref weir__supervise(const weir_supervisor_options *options);

/* ---- at run time ---- */

/** How a child is. */
enum {
  WEIR_CHILD_RUNS = 1,
  WEIR_CHILD_RESTARTS, /* it has failed, and is about to be restarted, perhaps after a wait */
  WEIR_CHILD_PARKED,   /* see WEIR_PARK */
  WEIR_CHILD_STOPPED   /* it does not run; what is known of it is kept for weir_restart_child() */
};
struct weir_child_info {
  const char *name; /* "" where it has none */
  const char *type;
  weir_ref ref;      /* of one that is stopped: nobody */
  uint64_t restarts; /* since it was started first */
  int32_t state;     /* WEIR_CHILD_RUNS, … */
  bool supervises;   /* it is a supervisor */
};
WEIR_SHARED(weir_child_info, "weir.child_info", WEIR_FIELD(name), WEIR_FIELD(type), WEIR_FIELD(ref),
            WEIR_FIELD(restarts), WEIR_FIELD(state), WEIR_FIELD(supervises));
/** In the order in which they start. */
struct weir_child_list {
  const struct weir_child_info *children;
  size_t count;
};
WEIR_SHARED(weir_child_list, "weir.child_list", WEIR_LIST_OF(children, count, weir_child_info));
/** How many children are known, run, and are supervisors or not. */
struct weir_child_counts {
  uint64_t specs, active, supervisors, workers;
};
WEIR_SHARED(weir_child_counts, "weir.child_counts", WEIR_FIELD(specs), WEIR_FIELD(active), WEIR_FIELD(supervisors),
            WEIR_FIELD(workers));

/**
 * weir_start_child(tree, WEIR_SECONDS(1), &ref, .type = &worker, .name = "w5"): one more child, behind the others, and
 * waits until it has started. Of a WEIR_DYNAMIC supervisor its pattern is used, and what is given here goes in place of what
 * that says; `.type` and `.tree` are not to be given.
 *
 * @param ref  Receives its ref; NULL: not wanted.
 *
 * Threads  Any. Waits, as weir_ask().
 * Errors   WEIR_EEXIST  a child of that name is there already, running or not
 *          WEIR_EINVAL  an option;  WEIR_ESHUTDOWN  it did not want to start
 *          the code and text with which it did not start; those of weir_ask()
 */
#define weir_start_child(tree, within, ref, ...)                                                                       \
  weir__start_child((tree), (within), (ref), WEIR__OPTIONS(weir_child, __VA_ARGS__))
WEIR_API int weir__start_child(weir_ref tree, weir_duration within, weir_ref *ref, const weir_child *child);
/**
 * Ends a child as a shutdown does, and waits for that. It is not restarted; what is known of it is kept, but for that of a
 * temporary or dynamic one. The second is by its ref: for children without a name.
 *
 * Threads  Any. Waits, as weir_ask().
 * Errors   WEIR_EDEAD  there is no such child;  those of weir_ask()
 */
WEIR_API int weir_stop_child(weir_ref tree, weir_duration within, const char *name);
WEIR_API int weir_stop_child_ref(weir_ref tree, weir_duration within, weir_ref child);
/**
 * Starts a child that is stopped or parked, and waits for that.
 *
 * @param ref  Receives its ref, another one than before unless it was parked; NULL: not wanted.
 *
 * Threads  Any. Waits, as weir_ask().
 * Errors   WEIR_EDEAD   there is no such child;  WEIR_EBUSY  it runs, or restarts
 *          WEIR_ENOTSUP the children are dynamic
 *          as weir_start_child()
 */
WEIR_API int weir_restart_child(weir_ref tree, weir_duration within, const char *name, weir_ref *ref);
/** Forgets a child that is stopped. Threads, errors: as weir_restart_child(). */
WEIR_API int weir_delete_child(weir_ref tree, weir_duration within, const char *name);
/** The children. `*list`: owned, weir_free() it; NULL on error. Threads: any; waits, as weir_ask(), with its errors. */
WEIR_API WEIR_NODISCARD int weir_which_children(weir_ref tree, weir_duration within, struct weir_child_list **list);
/** Counts them; `counts` may be NULL: to wait until a tree has started. Threads: any; waits, as weir_ask(), with its
 * errors. */
WEIR_API int weir_count_children(weir_ref tree, weir_duration within, struct weir_child_counts *counts);

#ifdef __cplusplus
}
#endif
#endif
