/* weir/actor.h: actors: state, a mailbox, and one message at a time.
 *
 *   struct greeter { int64_t greeted; };
 *   static int greet_them(struct greeter *g, const struct greet *m) { …; return WEIR_OK; }
 *   WEIR_ACTOR(greeter, WEIR_ON(greet, greet_them), .capacity = 16);
 *   weir_ref g = weir_spawn(&greeter);
 *   weir_send(g, greet, .name = "river");
 *
 * A handler is an ordinary function; it may wait anywhere (send, ask, sleep): then its actor is suspended, and the
 * worker goes on with others. Guide: docs/guide/actors.md. */
#ifndef WEIR_ACTOR_H
#define WEIR_ACTOR_H

#include <weir/message.h>
#include <weir/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- actor types ---- */

struct weir__probe;
/* What the library hands to the dispatch function that WEIR_ACTOR() writes. A clause for messages looks at `type` alone, and only
 * where that is NULL is there more to look at. */
typedef struct weir__call {
  const weir_message *type; /* of the message; NULL: none is handled */
  void *state;
  const void *payload;
  void *reply;
  int hook;
  int version;
  struct weir__probe *probe;  /* it is only looked at which clauses there are */
  const weir_message *config; /* START and CONFIG: the type of what comes with it; NULL: nothing does */
} weir__call;
enum { WEIR__MESSAGE_HOOK = 0, WEIR__START, WEIR__ENDED, WEIR__CONFIG, WEIR__UPGRADE };
enum { WEIR__UNHANDLED = 0x57454900 };
WEIR_API bool weir__is(const weir__call *call, int hook, const weir_message *type);
/* Does this table stand for its type? Of all tables of a type one does, once the library has met it: so two that do are
 * two types. Relaxed: what it points to is not looked at. */
static inline bool weir__stands(const weir_message *type)
{
  return type && type->note && __atomic_load_n(&type->note->known, __ATOMIC_RELAXED) == type;
}
/* Is the call for that clause, of messages? Mostly the tables are the same, or both stand for their types. */
static inline bool weir__meant(const weir__call *call, const weir_message *type)
{
  if (call->type == type) return true;
  if (!call->type) return call->probe && weir__is(call, WEIR__MESSAGE_HOOK, type);
  return !(weir__stands(call->type) && weir__stands(type)) && weir__is(call, WEIR__MESSAGE_HOOK, type);
}
/* Or for that one, of another hook? */
static inline bool weir__meant_hook(const weir__call *call, int hook, const weir_message *type)
{
  if (call->type) return false;
  if (call->probe) return weir__is(call, hook, type);
  return call->hook == hook && (call->config == type || weir__is(call, hook, type));
}

/* Is the call for the upgrade clause that takes over the state of that version, a struct of so many bytes? The slow way
 * is only gone by who looks at the clauses. */
WEIR_API bool weir__is_upgrade(const weir__call *call, int version, size_t bytes);
static inline bool weir__meant_upgrade(const weir__call *call, int version, size_t bytes)
{
  return !call->type && (call->probe || call->hook == WEIR__UPGRADE) && weir__is_upgrade(call, version, bytes);
}

/** Where an actor runs. */
enum {
  WEIR_ON_ANY_WORKER = 0, /* may move between workers from one message to the next */
  WEIR_PINNED,            /* stays on the worker where it began; may own libuv handles (weir/uv.h) */
  WEIR_ON_BLOCKING_POOL   /* its handlers may block: they run on threads of the blocking pool (weir/blocking.h), one
                             message at a time; a wait in one blocks that thread */
};

/** What a full mailbox does with one message more. A sender is told WEIR_OK where a message is dropped: it is counted
 * (weir_stats_read(), weir_missed()). Whoever asks is never dropped in silence: it gets WEIR_EFULL at once. */
enum {
  WEIR_WAIT = 1,    /* its sender waits; so it is where nothing is said */
  WEIR_REJECT,      /* WEIR_EFULL at once, for those that would wait, too */
  WEIR_DROP_NEWEST, /* it is dropped */
  WEIR_DROP_OLDEST  /* the oldest that is queued is dropped for it */
};

/** An actor type. Made by WEIR_ACTOR(); the rows from `version` on are the options it takes. */
typedef struct weir_actor {
  const char *name WEIR__ZERO;
  size_t state_bytes WEIR__ZERO;
  int (*dispatch)(weir__call *) WEIR__ZERO;
  int version WEIR__ZERO;     /* of its state: see WEIR_ON_UPGRADE() */
  size_t capacity WEIR__ZERO; /* of its mailbox, 1 to 16,777,216; 0: 64 */
  int runs WEIR__ZERO;
  int overflow WEIR__ZERO;      /* WEIR_WAIT, …; 0: WEIR_WAIT */
  bool keeps_places WEIR__ZERO; /* it stashes, or receives selectively: see weir/stash.h */
  /* What a topology wires: the names of its outputs; what each of them carries, NULL being what it takes; the message
   * that comes to its inputs, NULL being that of its only clause; or that it has no inputs. */
  const char *outputs[8] WEIR__ZERO;
  const weir_message *(*gives[8])(void)WEIR__ZERO;
  const weir_message *(*takes)(void)WEIR__ZERO;
  bool source WEIR__ZERO;
  const char *help WEIR__ZERO; /* one line for people */
} weir_actor;

#ifdef __cplusplus
}
template <class S, class T, class R> inline int weir__do(int (*f)(S *), S *s, const T *, R *) { return f(s); }
template <class S, class T, class R> inline int weir__do(int (*f)(S *, const T *), S *s, const T *m, R *)
{
  return f(s, m);
}
template <class S, class T, class R> inline int weir__do(int (*f)(S *, const T *, R *), S *s, const T *m, R *r)
{
  return f(s, m, r);
}
template <class S, class T, class R> inline int weir__do(int (*f)(S *, R *), S *s, const T *, R *r) { return f(s, r); }
template <class F, class S, class T, class R> inline int weir__do(F, S *, const T *, R *)
{
  static_assert(sizeof(F) == 0, "a handler must be: int f(its state *, const its message *, its reply *), the last two "
                                "as needed");
  return 0;
}
#define WEIR__DO(T, R, f)                                                                                              \
  return weir__do(f, (weir__state *)c->state, (const weir_struct_##T *)c->payload, (R *)c->reply);
extern "C" {
#else
#define WEIR__DO(T, R, f)                                                                                              \
  _Static_assert(_Generic((f), int (*)(weir__state *) : 1, int (*)(weir__state *, const struct T *) : 1,               \
                          int (*)(weir__state *, R *) : 1, int (*)(weir__state *, const struct T *, R *) : 1,          \
                          default : 0),                                                                                \
                 #f " must be: int " #f "(its state *, const struct " #T " *, its reply *), the last two as needed");  \
  int (*weir__f1)(weir__state *) = _Generic((f), int (*)(weir__state *) : (f), default : NULL);                        \
  int (*weir__f2)(weir__state *, const struct T *) = _Generic((f), int (*)(weir__state *, const struct T *)            \
                                                              : (f), default                                           \
                                                              : NULL);                                                 \
  int (*weir__f3)(weir__state *, const struct T *, R *) = _Generic((f), int (*)(weir__state *, const struct T *, R *)  \
                                                                   : (f), default                                      \
                                                                   : NULL);                                            \
  int (*weir__f4)(weir__state *, R *) = _Generic((f), int (*)(weir__state *, R *) : (f), default : NULL);              \
  return weir__f1   ? weir__f1((weir__state *)c->state)                                                                \
         : weir__f2 ? weir__f2((weir__state *)c->state, (const struct T *)c->payload)                                  \
         : weir__f4 ? weir__f4((weir__state *)c->state, (R *)c->reply)                                                 \
                    : weir__f3((weir__state *)c->state, (const struct T *)c->payload, (R *)c->reply);
#endif
/** WEIR_ON(greet, greet_them): messages `struct greet` go to `int greet_them(state *, const struct greet *, reply *)`;
 * the last two parameters may be left out. It returns WEIR_OK, WEIR_STOP, or an error: this message is refused then.
 * A C++ exception that leaves a clause fails the actor, as weir_fail(WEIR_EFAILED, what()) would, but unwinds first. */
#define WEIR_ON(T, f)                                                                                                  \
  if (weir__meant(c, weir_message_##T())) {                                                                            \
    WEIR__DO(T, weir_reply_of_##T, f)                                                                                  \
  }
/** WEIR_ON_START(opening, account_open): runs first, with the configuration given to weir_spawn(), which is borrowed
 * until the actor ends; NULL if none was given. An error fails the actor: it never handles anything. */
#define WEIR_ON_START(C, f)                                                                                            \
  if (weir__meant_hook(c, WEIR__START, weir_message_##C())) {                                                          \
    WEIR__DO(C, weir_reply_of_weir_none, f)                                                                            \
  }
/** WEIR_ON_CONFIG(opening, account_change): `int f(state *, const struct opening *)` gets a new configuration while the
 * actor lives. WEIR_OK: it is in force, and the one before is gone when f has returned. WEIR_RESTART: it can't be taken
 * in place; the actor is started anew with it, and keeps its mailbox. An error: it is refused, and nothing changes. An
 * actor without this clause is started anew. */
#define WEIR_ON_CONFIG(C, f)                                                                                           \
  if (weir__meant_hook(c, WEIR__CONFIG, weir_message_##C())) {                                                         \
    WEIR__DO(C, weir_reply_of_weir_none, f)                                                                            \
  }
/** WEIR_ON_UPGRADE(1, account_v1, account_from_v1): `int f(state *, struct account_v1 *old)` takes over what the state of
 * version 1 holds, when a newer library comes while the actor lives. The new state has been started before; the end
 * clause of the old version runs on the old state afterwards, so f takes out of it what is not to be given back. An
 * error: the new state is ended, and the old version goes on. */
#define WEIR_ON_UPGRADE(VERSION, OLD, f)                                                                               \
  if (weir__meant_upgrade(c, (VERSION), sizeof(struct OLD))) {                                                         \
    int (*weir__take_over)(weir__state *, struct OLD *) = (f);                                                         \
    return weir__take_over((weir__state *)c->state, (struct OLD *)(uintptr_t)c->payload);                              \
  }
/** WEIR_ON_END(f): `void f(state *)` runs once per start, after a stop, a failure, and a start that failed. It may send
 * and wait; it is not cancelled. */
#define WEIR_ON_END(f)                                                                                                 \
  if (weir__meant_hook(c, WEIR__ENDED, NULL)) {                                                                        \
    void (*weir__end)(weir__state *) = (f);                                                                            \
    weir__end((weir__state *)c->state);                                                                                \
    return WEIR_OK;                                                                                                    \
  }
/** WEIR_ACTOR(greeter, clauses, .capacity = 16, …): struct greeter is the state, zeroed at the start; `greeter` becomes
 * the actor type. */
#define WEIR_ACTOR(S, ...) WEIR__CAT(WEIR__ACTOR_, WEIR__MANY(__VA_ARGS__))(S, __VA_ARGS__)
#define WEIR__DISPATCH(F, S, CLAUSES)                                                                                  \
  static int F(weir__call *c)                                                                                          \
  {                                                                                                                    \
    typedef struct S weir__state;                                                                                      \
    WEIR__TRY CLAUSES return WEIR__UNHANDLED;                                                                          \
    WEIR__CATCH                                                                                                        \
  }
#define WEIR__ACTOR_1(S, CLAUSES)                                                                                      \
  WEIR__DISPATCH(weir_dispatch_##S, S, CLAUSES)                                                                        \
  static const weir_actor S = {.name = #S, .state_bytes = sizeof(struct S), .dispatch = weir_dispatch_##S}
#define WEIR__ACTOR_M(S, CLAUSES, ...)                                                                                 \
  WEIR__DISPATCH(weir_dispatch_##S, S, CLAUSES)                                                                        \
  static const weir_actor S = {.name = #S, .state_bytes = sizeof(struct S), .dispatch = weir_dispatch_##S, __VA_ARGS__}

/* ---- spawning and ending ---- */

/** Which of its instances a route sends a message to. */
enum {
  WEIR_ROUND_ROBIN = 0, /* the next one */
  WEIR_LEAST_BUSY,      /* the one with the fewest messages, that in hand included; the next one of several */
  WEIR_BY_HASH,  /* by the fields that the message's table marks `.key = true`: the same key always goes to the same
                           instance while that lives */
  WEIR_BROADCAST /* all: each gets a copy */
};

/** What becomes of a message while the breaker of its receiver is open. Whoever asks gets WEIR_EOPEN in any case. */
enum {
  WEIR_OPEN_REFUSES = 0, /* its sender gets WEIR_EOPEN */
  WEIR_OPEN_DISCARDS     /* it is a dead letter, and its sender is told WEIR_OK */
};

/**
 * A breaker: an actor that fails at one message after the other gets none for a while, and nobody waits for it.
 *
 * It is closed until `failures` messages in a row have failed: their handler returned an error (a refusal), or the actor
 * failed, in its start clause or at a timer of its own, too. One that is handled well begins the count anew. Then it is open
 * for `reset`: who sends or asks is answered at once, as `while_open` says; who waits for a place and what is queued, too; a
 * place can't be reserved (WEIR_EOPEN). After that one message is let through, while all others are still turned away: if
 * it is handled well the breaker closes, else it is open for another `reset`. If nothing has become of that message in a
 * `reset` (its asker gave up, or its handler still waits) one more is let through.
 *
 * The handler's return decides, also where the answer comes later (weir_answer_later()). What an actor that was told to end
 * does not finish is no failure. Its own timers and news of ends come whatever the breaker says. It outlives restarts.
 */
typedef struct weir_breaker {
  unsigned failures WEIR__ZERO;        /* in a row; 0: there is no breaker */
  weir_duration reset WEIR__ZERO;      /* 0: 15 seconds */
  int while_open WEIR__ZERO;           /* WEIR_OPEN_REFUSES, … */
  bool (*counts)(int code) WEIR__ZERO; /* is a refusal with that code a failure? Else it is neither failure nor success.
                                          Called on the actor's strand: must not wait. NULL: each is one */
} weir_breaker;

typedef struct weir_spawn_options {
  const char *name WEIR__ZERO;  /* unique in its runtime; copied. For weir_find() and for messages to people */
  weir_value config WEIR__ZERO; /* given to WEIR_ON_START; copied */
  size_t capacity WEIR__ZERO;   /* of the mailbox; 0: its type's */
  int overflow WEIR__ZERO;      /* of the mailbox; 0: its type's */
  weir_runtime *on WEIR__ZERO;  /* NULL: weir_runtime_here() */
  size_t instances WEIR__ZERO;  /* so many actors behind one ref, a route, at most 65,536; 0: one actor and no route */
  int route WEIR__ZERO;         /* how it chooses */
  weir_breaker breaker WEIR__ZERO; /* each instance has its own */
  /* So many bytes may an actor hold (each instance): of weir_alloc(), weir_strdup() and weir_defer(), rounded up to 16, and of
   * messages that are its own: kept, received, answers that it has taken. With more it fails, with WEIR_ENOMEM: in the call
   * that would exceed it, or after the message with which it did; messages are counted now and then, so that this costs no
   * more where they are many. Not counted: its state, its configuration, what is queued or stashed, which its capacity
   * bounds, and memory of which weir does not know, as that of malloc(). 0: no limit. */
  size_t memory WEIR__ZERO;
} weir_spawn_options;

/**
 * weir_ref g = weir_spawn(&greeter, .name = "greeter"): makes an actor and goes on; its start clause runs later.
 *
 * What a handler spawns is stopped when its actor ends. If the start fails, what was queued until then is
 * answered WEIR_EFAILED with the start's text (asks) or becomes a dead letter; later uses find WEIR_EDEAD.
 *
 * weir_ref w = weir_spawn(&worker, .instances = 4, .route = WEIR_LEAST_BUSY): all of them or none. The ref is used as
 * that of one actor: each send, ask, forward or timer goes to the instance that the route picks among those that live;
 * when none does it is WEIR_EDEAD. A route that broadcasts sends a copy to each (waiting for one after the other; try_:
 * WEIR_EFULL when some had no place), and can't be asked or forwarded to. weir_stop() and weir_drain() tell all. With a
 * name the instances are name#0, name#1 … A message without a `.key` field is WEIR_EINVAL where WEIR_BY_HASH is to
 * choose. Guide: docs/guide/routes.md.
 *
 * @return  A ref. After an error one whose every use returns that error: see weir_ref_error().
 *
 * Ownership  Nothing to release. `type` is borrowed for as long as such actors live: make it static.
 * Threads    Any. Does not wait.
 * Errors     WEIR_EINVAL   no runtime, a broken actor type, a configuration that can't be copied
 *            WEIR_EDEAD    the runtime is being stopped
 *            WEIR_EEXIST   the name is taken
 *            WEIR_ERANGE   capacity, instances
 *            WEIR_ENOMEM   no memory, or every slot is in use
 */
#define weir_spawn(...) WEIR__CAT(WEIR__SPAWN_, WEIR__MANY(__VA_ARGS__))(__VA_ARGS__)
#define WEIR__SPAWN_1(type) weir__spawn((type), NULL)
#define WEIR__SPAWN_M(type, ...) weir__spawn((type), WEIR__OPTIONS(weir_spawn_options, __VA_ARGS__))
WEIR_API weir_ref weir__spawn(const weir_actor *type, const weir_spawn_options *options);

/** The error that a ref carries; WEIR_OK for one that names, or named, an actor. Threads: any. */
WEIR_API int weir_ref_error(weir_ref ref);
/** Does the actor still live? May be over before the caller looks at the answer. Threads: any. Does not wait. */
WEIR_API bool weir_alive(weir_ref ref);
/** Who runs here: the actor whose handler calls; elsewhere nobody. Threads: any. */
WEIR_API weir_ref weir_self(void);

/**
 * Stops an actor. The handler at work is told (its waits return WEIR_ECANCELED) and may finish; what is queued becomes
 * dead letters, asks among it get WEIR_EDEAD at once; then the end clause runs. Goes ahead of queued messages.
 *
 * Threads  Any. Does not wait for the end.
 * Errors   WEIR_EDEAD (or the ref's own error): it has ended already.
 */
WEIR_API int weir_stop(weir_ref ref);
/** Stops an actor once it has handled what is queued; nothing new is admitted (WEIR_EDEAD). Threads, errors: as
 * weir_stop(). */
WEIR_API int weir_drain(weir_ref ref);

/* ---- sending: the type, then its fields ---- */

/** weir_send(to, greet, .name = "river"): waits while the mailbox is full. */
#define weir_send(to, ...) weir__send((to), WEIR_VALUE(__VA_ARGS__))
/** Never waits: WEIR_EFULL at once, and no message is made. */
#define weir_try_send(to, ...) weir_try_send_value((to), WEIR_VALUE(__VA_ARGS__))
/** Waits at most so long: WEIR_ETIMEDOUT, not sent. */
#define weir_send_within(to, within, ...) weir_send_within_value((to), (within), WEIR_VALUE(__VA_ARGS__))

/**
 * Sends a copy of `value`.
 *
 * WEIR_OK means queued, not handled: the actor may stop right after. To learn that it was handled: weir_ask(). For a
 * struct that was filled in beforehand: weir_send_value(to, WEIR_AT(said, &s)).
 *
 * @param value  Borrowed until the call returns: fields, texts and bytes are copied.
 *
 * Ownership  On any error no message exists and nothing is to be freed.
 * Threads    Any: actors, tasks, plain threads, libuv callbacks, all at once. Not from a signal handler.
 * Waiting    The first and the third: an actor or task is suspended (also now and then with room, so that a handler
 *            that sends without end lets others run: F6), a plain thread blocks. try_: never.
 * Ordering   FIFO per sender; what the sender did before is visible to the handler. Senders that wait are served
 *            first come first served.
 * Errors     WEIR_EDEAD        no such actor any more (or the ref's own error)
 *            WEIR_EFULL        try_: no place, or others wait in line
 *            WEIR_ETIMEDOUT    within: no place came free in time
 *            WEIR_ECANCELED    the caller was told to stop while it waited
 *            WEIR_EDEADLOCK    no place can come free before the caller goes on; weir_error_text() tells the cycle
 *            WEIR_EOPEN        its breaker is open (weir_breaker)
 *            WEIR_EWOULDBLOCK  no place, in a libuv callback
 *            WEIR_ERANGE       the value is larger than the mailbox can ever hold (a message above 64 KiB takes
 *                              a place for each 64 KiB)
 *            WEIR_EINVAL       the value can't be copied: weir_error_text()
 *            WEIR_ENOMEM       no memory for the message, or no stack to go on with
 */
WEIR_API int weir_send_value(weir_ref to, weir_value value);
/* weir_send_value() of a value whose type is written down: the compiler knows its table, and need not call for it. */
WEIR_API int weir__send_typed(weir_ref to, const weir_message *type, const void *value);
static inline int weir__send(weir_ref to, weir_value value) { return weir__send_typed(to, value.type(), value.at); }
WEIR_API WEIR_NODISCARD int weir_try_send_value(weir_ref to, weir_value value);
WEIR_API WEIR_NODISCARD int weir_send_within_value(weir_ref to, weir_duration within, weir_value value);

/* ---- asking ---- */

/** rc = weir_ask(g, WEIR_SECONDS(1), &tally, how_many, …): `&tally` must be a `struct R **` of WEIR_REQUEST(how_many,
 * R), or NULL where the answer's content does not matter. A plain message may be asked with NULL, too. */
#define weir_ask(to, within, ...) weir__ask((to), (within), WEIR__OUT1(__VA_ARGS__), WEIR__VALUE_OF_REST(__VA_ARGS__))
#define WEIR__OUT1(...) WEIR__OUT1_(__VA_ARGS__, 0)
#define WEIR__OUT1_(p, T, ...) WEIR__OUT(T, p)
#define WEIR__VALUE_OF_REST(out, ...) WEIR_VALUE(__VA_ARGS__)

/**
 * Sends a request and waits for its answer.
 *
 * An ask made while handling a request inherits what is left of that one's time, if it is less. After
 * WEIR_ETIMEDOUT, WEIR_ECANCELED and WEIR_EDEAD the request was withdrawn before any handler began: safe to repeat.
 *
 * @param within  For all of it: the place, the handling, the answer. Never ends early.
 * @param out     Receives the answer, a `struct R *`: owned, weir_free() it. NULL on error.
 *
 * Threads  Any. Waiting: an actor or task is suspended, a plain thread blocks.
 * Errors   WEIR_ETIMEDOUT    not begun in time: withdrawn
 *          WEIR_EINDOUBT     the time was over, and the handler had begun
 *          WEIR_EDEAD        no such actor any more, none began (at once); or the ref's own error
 *          WEIR_EFAILED      the actor that began failed or was stopped meanwhile (at once): weir_error_text()
 *          WEIR_EPROTO       the actor has no clause for this message, or answered without a content that is wanted
 *          WEIR_EDEADLOCK    no answer can come before the caller goes on; weir_error_text() tells the cycle
 *          WEIR_EOPEN        its breaker is open, or opened before any handler began: safe to repeat, later
 *          WEIR_ECANCELED    the caller was told to stop (the request may be at work: then it is in doubt, too)
 *          WEIR_EWOULDBLOCK  in a libuv callback, always
 *          WEIR_ERANGE, WEIR_EINVAL, WEIR_ENOMEM  as weir_send_value()
 *          any other code    that with which the handler refused the request; weir_error_text() has its text
 */
WEIR_API WEIR_NODISCARD int weir_ask_value(weir_ref to, weir_duration within, void *out, weir_value value);
/* The same where the type is known, for weir_ask(). */
WEIR_API WEIR_NODISCARD int weir__ask_typed(weir_ref to, weir_duration within, void *out, const weir_message *type,
                                            const void *value);
static inline WEIR_NODISCARD int weir__ask(weir_ref to, weir_duration within, void *out, weir_value value)
{
  return weir__ask_typed(to, within, out, value.type(), value.at);
}

/** From here on the asks of this handler do not inherit the deadline of its request: for what must be finished, whoever
 * still waits. Elsewhere it does nothing. */
WEIR_API void weir_ignore_deadline(void);
/** Does anybody still wait for the answer to the message in hand? True for a plain message, and outside a handler. */
WEIR_API bool weir_wanted(void);

/* ---- inside a handler ---- */

/**
 * Fails the actor: the handler ends here, its message is given up (its asker gets WEIR_EFAILED with this text), the end
 * clause runs, the actor is gone. In a task: the task ends with `code`. Elsewhere: a line on standard error and
 * abort().
 *
 * Nothing on the handler's stack is unwound: what it had allocated by itself is lost.
 */
WEIR_API WEIR_NORETURN void weir_fail(int code, const char *format, ...) WEIR_PRINTF(2, 3);

/**
 * Sends on a message that is the caller's own, without copying it.
 *
 * @param message  Owned: gone afterwards, whatever the result.
 * Waiting         As weir_send().
 * Errors          As weir_send_value(); WEIR_EINVAL: not a message of the caller's.
 */
WEIR_API int weir_pass(weir_ref to, void *message) WEIR_TAKES(2);

/**
 * Makes the message in hand the handler's own: weir_keep(greet, m) turns the borrowed `const struct greet *m` into an
 * owned `struct greet *`, to be freed, passed on, or held in the state until the actor ends. NULL (and an error text)
 * if `m` is not the message in hand.
 *
 * Waiting  No.
 */
#define weir_keep(T, m) ((weir_struct_##T *)weir__keep(WEIR_AT(T, m).at))
WEIR_API void *weir__keep(const void *message) WEIR_OWNED(weir_free, weir_pass);

/** A text that lives until the handler's answer has been made; for texts in replies and in messages. NULL: no memory.
 * On a plain thread (a handler tested by itself) the last sixteen live. Borrowed. */
WEIR_API const char *weir_format(const char *format, ...) WEIR_PRINTF(1, 2);

/**
 * The ref of one of this actor's outputs in a topology ("out" where its type names none): sending to it sends along
 * that edge. A record sent to an output is put in the edge's batch, which goes off when it is full, and when the
 * sender waits or goes idle.
 *
 * @return  A ref, for use by this actor alone; WEIR_EINVAL in it where there is no such output. One that is not
 *          wired loses nothing in silence: what is sent there is a dead letter.
 */
WEIR_API weir_ref weir_output(const char *name);

#ifdef __cplusplus
}
#endif
#endif
