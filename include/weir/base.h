/* weir/base.h: what every other header stands on: attributes, refs, durations, errors.
 *
 * Does not include libuv. */
#ifndef WEIR_BASE_H
#define WEIR_BASE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The layout of the tables that programs hold by value (weir_field, weir_message, weir_actor, the
 * option structs). A program and the library it runs with must agree on it. */
#define WEIR_ABI 5

#if defined(__GNUC__)
#define WEIR_API __attribute__((visibility("default")))
#define WEIR_NODISCARD __attribute__((warn_unused_result))
#define WEIR_PRINTF(format_at, arguments_at) __attribute__((format(printf, format_at, arguments_at)))
#define WEIR_NORETURN __attribute__((noreturn))
/* Who owns a pointer, for the checks of compilers: what the function returns is to be given to `f` as its first
 * argument, or as its second to `g`; and the argument of that number is gone afterwards. gcc tells of a use after it by
 * -Wuse-after-free (in -Wall), gcc -fanalyzer of leaks, too; clang --analyze of a use, with
 * -Xclang -analyzer-config -Xclang unix.DynamicMemoryModeling:Optimistic=true. */
#if defined(__clang__)
#define WEIR_OWNED(f, g) /* its analyzer would take what is returned for uninitialized */
#define WEIR_TAKES(argument) __attribute__((ownership_takes(malloc, argument)))
#elif __GNUC__ >= 11
#define WEIR_OWNED(f, g) __attribute__((malloc(f, 1), malloc(g, 2)))
#define WEIR_TAKES(argument)
#else
#define WEIR_OWNED(f, g)
#define WEIR_TAKES(argument)
#endif
#else
#error "weir needs gcc or clang"
#endif

#ifdef __cplusplus
/* else g++ -Wextra reports "missing initializer" for designated lists */
#define WEIR__ZERO = {}
#else
#define WEIR__ZERO
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** An actor's address: a plain value. Copy it, compare it, put it in messages; it never dangles and is
 * never freed. Generation 0 is nobody: such a ref carries the error that made it so (weir_ref_error()). */
typedef struct weir_ref {
  uint64_t bits;
} weir_ref;

/** A span of time. Make one with WEIR_MILLIS() or WEIR_SECONDS(); a bare number does not compile. */
typedef struct weir_duration {
  int64_t ns;
} weir_duration;

/** So many times in a span of time: WEIR_RATE(10, WEIR_SECONDS(1)). Kept as it was given, so that it is exact. */
typedef struct weir_rate {
  int64_t count;
  weir_duration per; /* above 0, unless the count is 0 */
} weir_rate;

#ifdef __cplusplus
#define WEIR_RATE(n, time)                                                                                             \
  weir_rate { (int64_t)(n), (time) }
#else
#define WEIR_RATE(n, time) ((weir_rate){(int64_t)(n), (time)})
#endif

#ifdef __cplusplus
#define WEIR__NS(x)                                                                                                    \
  weir_duration { (int64_t)(x) }
#else
#define WEIR__NS(x) ((weir_duration){(int64_t)(x)})
#endif
/** `x` milliseconds or seconds; fractions are fine. */
#define WEIR_MILLIS(x) WEIR__NS((x)*1e6)
#define WEIR_SECONDS(x) WEIR__NS((x)*1e9)
/** Waits without a limit. */
#define WEIR_FOREVER WEIR__NS(INT64_MAX)

/** What functions return: 0 or a negative code. libuv's own codes pass through unchanged. */
enum {
  WEIR_OK = 0,
  WEIR_STOP = 0x57454952, /* a handler returns it: handled, and this actor ends. No count looks like it. */
  WEIR_RESTART,           /* a clause for a change of configuration returns it: not in place, start me anew */

  /* The same values as libuv's UV_E... on this platform. */
  WEIR_ENOMEM = -ENOMEM,       /* no memory: of the process, of the address space, or of mappings (stacks) */
  WEIR_EINVAL = -EINVAL,       /* an argument is wrong; weir_error_text() says which */
  WEIR_ENOTSUP = -ENOTSUP,     /* not on this platform */
  WEIR_EEXIST = -EEXIST,       /* the name is taken */
  WEIR_EBUSY = -EBUSY,         /* somebody else waits there already */
  WEIR_ETIMEDOUT = -ETIMEDOUT, /* the time is over, and what was asked for has not begun */
  WEIR_ECANCELED = -ECANCELED, /* the caller was told to stop: return soon */

  WEIR_EDEAD = -5001,       /* no such actor, or not any more */
  WEIR_EFULL = -5002,       /* no place, and the call does not wait */
  WEIR_ECLOSED = -5004,     /* the other side of the channel is gone */
  WEIR_EMPTY_NOW = -5005,   /* nothing is there, and the call does not wait */
  WEIR_EDEADLOCK = -5006,   /* nothing that it waits for can run any more; weir_error_text() names the cycle */
  WEIR_EWOULDBLOCK = -5007, /* it would have to wait where nobody may: in a libuv callback */
  WEIR_EFAILED = -5009,     /* the actor that began failed */
  WEIR_EPROTO = -5010,      /* a message of a type that is not understood there */
  WEIR_ERANGE = -5011,      /* a number or a size outside its bounds */
  WEIR_EINDOUBT = -5012,    /* the time is over, and its handler had begun: done or not, nobody knows */
  WEIR_ESHUTDOWN = -5013,   /* why an actor ended: it was told to, by whom it belongs to */
  WEIR_EKILLED = -5014,     /* why an actor ended: it was killed (weir/link.h) */
  WEIR_EOPEN = -5015        /* the breaker of the actor is open: too many failures in a row (weir_breaker) */
};
/** A program's own error codes: WEIR_EUSER(0), WEIR_EUSER(1), … */
#define WEIR_EUSER(n) (-100000 - (n))

/**
 * The text of an error code: weir's own and libuv's (so the system's, too).
 *
 * Ownership  The text is the library's: borrowed for ever.
 * Threads    Any. Does not wait.
 */
WEIR_API const char *weir_strerror(int code);

/** The library's version, "major.minor.patch". Threads: any. */
WEIR_API const char *weir_version(void);

/**
 * What is known about the last error that was reported here (to this handler, task or thread) beyond its code:
 * which argument, which actor, the text with which an ask was refused. "" when there is nothing.
 *
 * Ownership  Borrowed until the next call of weir here.
 * Threads    Any. Does not wait.
 */
WEIR_API const char *weir_error_text(void);

/**
 * Notes a text for an error and returns its code, so that a handler can end with
 * `return weir_error(BANK_NO_FUNDS, "%lld cents short", n);`. In a handler this refuses the message in hand: the
 * asker gets code and text, the actor goes on. Elsewhere weir_error_text() shows it.
 *
 * @param code  A negative code: one of weir's, of libuv's, or WEIR_EUSER(n).
 * Threads      Any. Does not wait.
 */
WEIR_API int weir_error(int code, const char *format, ...) WEIR_PRINTF(2, 3);

/** Prints one line on standard error: `what`, the code's text, weir_error_text(). Returns EXIT_FAILURE for main(). */
WEIR_API int weir_die(int code, const char *what);

/** EXIT_SUCCESS for WEIR_OK, else EXIT_FAILURE. */
WEIR_API int weir_exit_status(int code);

#ifdef __cplusplus
}
#endif
#endif
