/* storm.h: thousands of children under a tree of three levels, of which each fails again and again, in every way there is,
 * while it is worked by others.
 *
 *   main.c   the tree, its load, figures, and what must hold in the end
 *   child.c  the children: what they hold when they fail
 *   ways.c   the ways to fail
 *
 * A failure is counted by who is about to fail, and by the supervisor that is told of it: in the end both are the same
 * number. */
#ifndef WEIR_TESTS_STORM_H
#define WEIR_TESTS_STORM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/uv.h>
#include <weir/weir.h>

/* What they do is what sanitizers are there to find. */
#if defined(__SANITIZE_THREAD__)
#define THREAD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THREAD_SANITIZED 1
#elif __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(THREAD_SANITIZED)
#define SANITIZED 1
#endif
#ifdef SANITIZED
#define UNCHECKED __attribute__((no_sanitize("address", "undefined")))
#else
#define UNCHECKED
#endif

/* ---- ways ---- */

enum way {
  FAILS,          /* weir_fail() */
  FAILS_LATER,    /* … after a wait */
  FAILS_DEFERRED, /* stops, and what it has deferred fails */
  FAILS_AT_END,   /* stops, and its end clause fails */
  STOPS,          /* ends well, which a permanent child must not */
  IS_KILLED,
  IS_TOLD_TO_EXIT,
  HOLDS_TOO_MUCH, /* more memory than it may */
  BAD_RESTART,    /* the next incarnation does not start: it returns an error; chosen by the start clause */
  FIRST_CRASH,    /* those below need the trap */
  NULL_POINTER = FIRST_CRASH,
  WILD_COPY,
  BUS_ERROR,
  DIVISION,
  ILLEGAL,
  OVERFLOW,
  ABORT,
  LOOP, /* … and the watchdog */
  WAYS
};
extern const char *const way_names[WAYS];
/* Must be called once, before. */
void ways_begin(void);
/* Is it possible here? */
bool way_is_there(enum way way, bool trap);
/* Fails the actor here so; for ways that are crashes. Does not return, unless it was no such way. */
void crash(enum way way);

/* ---- children ---- */

struct child_config {
  int64_t id;
};
WEIR_MESSAGE(child_config, WEIR_FIELD(id));

/* Something to do. `luck` decides what. */
struct job {
  uint64_t luck;
  weir_ref other; /* another child */
  const char *text;
};
struct answer {
  uint64_t luck;
};
struct question {
  uint64_t luck;
  weir_ref other;
};
WEIR_MESSAGE(job, WEIR_FIELD(luck), WEIR_FIELD(other), WEIR_FIELD(text));
WEIR_MESSAGE(answer, WEIR_FIELD(luck));
WEIR_REQUEST(question, answer, WEIR_FIELD(luck), WEIR_FIELD(other));

struct child_seen {
  _Atomic(uint64_t) ref; /* of its first start on; for all */
  _Atomic(int) noted;    /* the way to fail that is counted already, and 1; by itself, and where it crashed */
  _Atomic(int) starts;   /* that went well; by itself */
  _Atomic(bool) loops;   /* it has decided to; by itself, then by who ends it */
};

enum { CHILDREN_MOST = 100000, MEMORY_MOST = 64 << 10 };
struct storm {
  bool trap;
  int children;
  /* Nobody decides to fail any more. Who does counts as `deciding` before it looks, until its failure is counted: sequentially
   * consistent, so who makes it calm sees all others. */
  _Atomic(bool) calm;
  _Atomic(int64_t) deciding;
  _Atomic(int64_t) fail_in; /* about one job in so many */
  struct child_seen child[CHILDREN_MOST];
  /* Counts, by anybody: relaxed. */
  _Atomic(int64_t) failures[WAYS];
  _Atomic(int64_t) starts, handled, defers, deferred;
};
extern struct storm storm;
extern const weir_actor *const storm_child;

static inline void count_one(_Atomic(int64_t) *counter) { atomic_fetch_add_explicit(counter, 1, memory_order_relaxed); }
/* That child is about to fail. */
void note_failure(struct child_seen *seen, enum way way);
/* It is counted. */
void failure_is_settled(void);

#endif
