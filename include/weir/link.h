/* weir/link.h: who learns that an actor has ended: monitors and links; and telling an actor to end, for a reason.
 *
 *   weir_watch w = weir_monitor(worker);                       // once it ends for good, this actor gets a weir_down
 *   static int on_down(struct boss *b, const struct weir_down *m) { printf("%s: %s\n", m->name, m->text); … }
 *   WEIR_ACTOR(boss, WEIR_ON(weir_down, on_down));
 *
 * The reason of an end is a code. WEIR_OK: it stopped or drained, or its handler returned WEIR_STOP. WEIR_ESHUTDOWN: it
 * was told to end by whom it belongs to. WEIR_EKILLED: it was killed. WEIR_EDEAD: it was gone already when it was looked
 * for. Any other: it failed with that code, or was told to end for that reason.
 *
 * Such news take no place in a mailbox, are never dropped by its policy, and come behind what the dead actor had sent
 * before. Guide: docs/guide/failing.md. */
#ifndef WEIR_LINK_H
#define WEIR_LINK_H

#include <weir/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A monitor that was set, or the error why not. A plain value; stale ones are detected. */
typedef struct weir_watch {
  uint64_t bits;
  int error;
} weir_watch;

/** An actor that was monitored has ended for good. */
struct weir_down {
  uint64_t watch;   /* the bits of the monitor */
  weir_ref who;     /* names nobody any more */
  const char *name; /* its name, or its type's; "" where it was gone already */
  const char *text; /* what is known of the reason; "" where it ended well */
  int32_t code;     /* the reason */
};
WEIR_SHARED(weir_down, "weir.down", WEIR_FIELD(watch), WEIR_FIELD(who), WEIR_FIELD(name), WEIR_FIELD(text),
            WEIR_FIELD(code));

/** To an actor that traps exits: one that it was linked with has ended for good, or weir_exit() was called for it. */
struct weir_exited {
  weir_ref who;     /* who has ended; of weir_exit(): the actor that called it, all zeros where none did */
  const char *name; /* as in weir_down */
  const char *text;
  int32_t code;
  bool linked; /* false: weir_exit() */
};
WEIR_SHARED(weir_exited, "weir.exited", WEIR_FIELD(who), WEIR_FIELD(name), WEIR_FIELD(text), WEIR_FIELD(code),
            WEIR_FIELD(linked));

/**
 * From now on the actor that calls gets a `struct weir_down` when `ref` ends for good; at once, with WEIR_EDEAD, where it
 * has ended already. Each call makes a monitor of its own. It ends with the actor that set it.
 *
 * Threads  An actor's handler. Does not wait.
 * Errors   (in .error) WEIR_EINVAL  not in a handler; a route, an output
 *          WEIR_ENOMEM, or the ref's own error
 */
WEIR_API weir_watch weir_monitor(weir_ref ref);
/**
 * Ends a monitor of the actor that calls: from here on no weir_down of it comes; one that is queued is taken away.
 *
 * Threads  An actor's handler. Does not wait.
 * Errors   WEIR_EDEAD   it had fired: its weir_down was handled before, or has been taken away now
 *          WEIR_EINVAL  not a monitor of this actor
 */
WEIR_API int weir_demonitor(weir_watch watch);

/**
 * Links the actor that calls and `ref`: when one of them ends for good, for another reason than WEIR_OK, the other one is
 * told to end for the same reason, as by weir_exit(); one that traps exits gets a `struct weir_exited` instead, for
 * WEIR_OK, too. There is one link between two at most. With an actor that has ended already it is as if that happened
 * now, with WEIR_EDEAD. A link outlives restarts.
 *
 * Threads  An actor's handler. Does not wait.
 * Errors   WEIR_EINVAL  not in a handler; itself, a route, an output
 *          WEIR_ENOMEM, or the ref's own error
 */
WEIR_API int weir_link(weir_ref ref);
/** Ends a link: the end of `ref` does not come here any more. What was queued before stays. WEIR_OK also where there is
 * none. Threads: an actor's handler. Does not wait. Errors: WEIR_EINVAL  not in a handler. */
WEIR_API int weir_unlink(weir_ref ref);
/** From here on exits come to this actor as messages, or (false) tell it to end again. Threads: an actor's handler (an
 * incarnation begins without). Errors: WEIR_EINVAL  not in a handler. */
WEIR_API int weir_trap_exits(bool traps);

/**
 * Tells an actor to end for a reason: as weir_stop(), but for its code, which those learn that watch it and that it is
 * linked with. One that traps exits gets a `struct weir_exited` instead. WEIR_OK does nothing to one that does not. Of
 * several exits the first counts; while one is queued as a message others do nothing.
 *
 * Threads  Any. Does not wait.
 * Errors   WEIR_EDEAD   it has ended already (or the ref's own error)
 *          WEIR_EINVAL  the code is no error; a route, an output
 *          WEIR_ENOMEM  for the message
 */
WEIR_API int weir_exit(weir_ref ref, int code);
/**
 * Kills an actor: as weir_exit() with WEIR_EKILLED, but whether it traps exits or not, and its handler does not go on:
 * it is given up at the wait where it stands, or the next one that it comes to. No end clause runs, or the one that
 * does is given up as well. What the runtime knows the actor to hold is reclaimed; what its code had allocated by
 * itself is lost. A handler that never waits can't be killed before it returns.
 *
 * Threads  Any. Does not wait for the end.
 * Errors   As weir_exit().
 */
WEIR_API int weir_kill(weir_ref ref);

#ifdef __cplusplus
}
#endif
#endif
