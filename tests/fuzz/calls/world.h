/* world.h: what the instructions of an input work on, and what is noted to judge it by.
 *
 * An instruction is four bytes: which call, and three operands. Main, handlers, tasks and callbacks draw their
 * instructions from one sequence; all run on one thread, so an input does the same each time, but for the clock. Things that a
 * call makes (refs, permits, timers …) are kept in small tables, from which later instructions take them, stale or not. */
#ifndef WEIR_TESTS_FUZZ_WORLD_H
#define WEIR_TESTS_FUZZ_WORLD_H

#include "fuzz/fuzz.h"

enum {
  REFS = 8,
  PENDINGS = 4,
  PERMITS = 4,
  TIMERS = 4,
  NOTICES = 2,
  ASKERS = 4,
  KEPT = 2,
  CHANNELS = 2,
  ONESHOTS = 4,
  TASKS = 4,
  TREES = 2,
  WATCHES = 4,
  TASKS_MOST = 64,    /* in one run */
  SENDERS_MOST = 128, /* whose order is looked at */
  MESSAGES_MOST = 4096
};

/* ---- messages ---- */

/* Who sent what: `from` 0 is nobody whose order is known. */
#define ORIGIN                                                                                                         \
  uint64_t to;                                                                                                         \
  uint32_t id, from, steps, key;                                                                                       \
  weir_bytes load;                                                                                                     \
  const char *text
struct origin {
  ORIGIN;
};
struct job {
  ORIGIN;
};
struct sum {
  int64_t n;
  weir_bytes load;
};
struct query {
  ORIGIN;
};
#define ORIGIN_FIELDS                                                                                                  \
  WEIR_FIELD(to), WEIR_FIELD(id), WEIR_FIELD(from), WEIR_FIELD(steps), WEIR_FIELD(key, .key = true), WEIR_FIELD(load), \
      WEIR_FIELD(text)
WEIR_MESSAGE(origin, ORIGIN_FIELDS);
WEIR_MESSAGE(job, ORIGIN_FIELDS);
WEIR_MESSAGE(sum, WEIR_FIELD(n), WEIR_FIELD(load));
WEIR_REQUEST(query, sum, ORIGIN_FIELDS);
struct tick {
  uint32_t steps;
};
WEIR_MESSAGE(tick, WEIR_FIELD(steps));
struct birth {
  uint32_t fails, steps;
};
WEIR_MESSAGE(birth, WEIR_FIELD(fails), WEIR_FIELD(steps));

/* ---- who performs an instruction ---- */

enum where { IN_MAIN, IN_HANDLER, IN_END, IN_TASK, IN_CALLBACK };

struct body; /* an actor's state */
struct who {
  enum where where;
  uint32_t sender;     /* 0: nobody whose order is known */
  struct body *body;   /* of an actor; else NULL */
  const void *message; /* in hand, a job or query; NULL: none, or gone */
  bool asks;           /* it is a query */
  uint32_t id;         /* of that message */
  int code;            /* what the handler will return */
  struct job **kept;   /* KEPT of them: main's and a task's own; an actor's lie in its body */
};

struct body {
  uint32_t sender;
  bool running, reordered; /* it took messages in another order */
  struct job *kept[KEPT];
  uint32_t last[SENDERS_MOST]; /* the last message's id of each sender */
};

struct step {
  uint8_t call, a, b, c;
};
struct call {
  char letter; /* in the seeds */
  void (*perform)(struct who *who, const struct step *s);
};
/* Each ends with a zero. */
extern const struct call actor_calls[], inside_calls[], place_calls[], channel_calls[], task_calls[], family_calls[];

/* Takes the next instruction; false: the input is over. */
bool next_step(struct step *s);
/* Performs up to so many. */
void perform(struct who *who, unsigned steps);

/* ---- the tables ---- */

struct message_note {
  bool begun, moved,
      refused; /* a handler began with it; it was forwarded, kept, stashed or selected; its send failed */
};

struct world {
  const uint8_t *at, *end; /* of the input */
  weir_runtime *runtime;
  bool stopped;
  weir_bytes shared; /* a buffer for all */
  uint32_t senders, messages;
  struct message_note notes[MESSAGES_MOST];
  struct {
    weir_ref ref;
    bool route;
    size_t capacity; /* the largest that its mailbox ever had */
  } refs[REFS];
  struct {
    weir_pending pending;
    uint32_t id;
    const void *owner; /* a body, or NULL: anybody's but an actor's */
    bool awaited, begun;
  } pendings[PENDINGS];
  struct {
    weir_permit permit;
    uint64_t to;
  } permits[PERMITS];
  weir_timer timers[TIMERS];
  weir_ref trees[TREES];
  weir_watch watches[WATCHES];
  weir_notice notices[NOTICES];
  struct {
    weir_asker asker;
    uint32_t id;
  } askers[ASKERS];
  struct job *kept[KEPT]; /* main's */
  struct {
    weir_sender tx[2];
    bool open[2]; /* not dropped yet */
    weir_receiver rx;
    bool receiver; /* not dropped yet */
    unsigned receiving;
    size_t capacity;
  } channels[CHANNELS];
  struct {
    weir_promise promise;
    weir_future future;
    unsigned waiting;
  } oneshots[ONESHOTS];
  struct task_note {
    unsigned steps;
    uint32_t sender;
    struct job *kept[KEPT];
  } task_notes[TASKS_MOST];
  unsigned tasks_started;
  struct {
    weir_task *task;
    unsigned joining;
  } tasks[TASKS];
};
extern struct world world;

/* ---- what a call may return ---- */

enum {
  OK = 1 << 0,
  DEAD = 1 << 1,
  FULL = 1 << 2,
  CLOSED = 1 << 3,
  EMPTY = 1 << 4,
  LOCKED = 1 << 5, /* a deadlock */
  BLOCKS = 1 << 6, /* in a callback only */
  FAILED = 1 << 7,
  PROTO = 1 << 8,
  RANGE = 1 << 9,
  DOUBT = 1 << 10,
  TIMED = 1 << 11,
  CANCELED = 1 << 12, /* by who was told to stop only */
  INVALID = 1 << 13,
  BUSY = 1 << 14,
  EXISTS = 1 << 15,
  USER = 1 << 16,
  UNSUPPORTED = 1 << 17,
  ENDED = 1 << 18,                     /* WEIR_ESHUTDOWN, WEIR_EKILLED */
  WAITING = LOCKED | BLOCKS | CANCELED /* of every call that waits */
};

/* Checks a result against what its page allows. */
#define EXPECT(who, rc, allowed) expect((who), (rc), (allowed), __FILE__, __LINE__)
void expect(const struct who *who, int rc, unsigned allowed, const char *file, int line);
/* What every use of a ref may return beside: the error that it carries; and of a route, that it can't be used so. */
unsigned own_errors(unsigned ref);

/* ---- values ---- */

/* An operand as a time. Only who can be told to stop waits without a limit. */
weir_duration time_of(const struct who *who, unsigned operand);
/* A message of the next number, of which the operands say how large it is, and how many steps its handler takes. */
struct origin origin_of(const struct who *who, uint64_t to, const struct step *s);
weir_value as_job(const struct origin *o, struct job *job);
weir_value as_query(const struct origin *o, struct query *query);
/* What arrived is what was sent. */
void check_origin(const struct origin *o);
/* The send of a message failed, or did not. */
void note_sent(uint32_t id, int rc);
/* For actors' handlers and whoever takes messages from elsewhere. */
void note_begun(uint32_t id);
/* A place for a message that is one's own; NULL: all are taken. */
struct job **room_for_kept(struct who *who);
uint32_t new_sender(void);

/* Types of actors.c, so many. */
enum { ACTOR_TYPES = 3 };
extern const weir_actor *const actor_types[ACTOR_TYPES];

#endif
