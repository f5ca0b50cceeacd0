/* stock_fakes.h: what a stock actor calls, faked, so that its handlers can be called bare: no runtime, no actor.
 *
 * A test includes this, then the actor's .c file, and defines capture(). Waiting for a future runs a loop of the test's
 * own, so files and pipes are real. */
#ifndef WEIR_TESTS_STOCK_FAKES_H
#define WEIR_TESTS_STOCK_FAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>
#include <weir/uv.h>
#include <weir/weir.h>

#define weir_output fake_output
#define weir_self fake_self
#define weir_send_value fake_send
#define weir__send fake_send
#define weir_try_send_value fake_send
#define weir_send_after_value fake_send_after
#define weir_error fake_error
#define weir_error_text fake_error_text
#define weir_fail fake_fail
#define weir_loop fake_loop
#define weir__uv_new fake_uv_new
#define weir_uv_close fake_uv_close
#define weir_oneshot fake_oneshot
#define weir_promise_drop fake_promise_drop
#define weir_future_wait_value fake_future_wait
#define weir_future_drop fake_future_drop
#define weir_defer fake_defer
#define weir_cancelled fake_cancelled

/* An actor calls some of these. */
#define UNUSED __attribute__((unused))

/* The test's: takes a copy of what it wants to look at. */
static void capture(weir_value value);

static struct {
  char text[512];     /* of the last error */
  char sent[1 << 20]; /* what log_sent() gathered */
  size_t sent_size;
  int send_result; /* what a send to the output returns … */
  int own_result;  /* … and to itself */
  int own;         /* messages to itself that it has not been given yet */
  int timers;      /* that were set */
  uv_loop_t loop;
  bool wait_pending; /* a promise was made and not yet dropped */
  int cancel_after;  /* this many waits from now one is told to stop; 0: none is */
  bool killed;       /* from now on: no wait is of any use */
  bool no_memory;    /* from now on */
  jmp_buf landing;   /* of weir_fail() */
} fake;

enum { FAKE_OUTPUT = 1, FAKE_SELF = 2 };

/* Does the call end in weir_fail()? */
#define FAILS(call) (setjmp(fake.landing) == 0 ? ((void)(call), false) : true)

UNUSED static void log_sent(const void *bytes, size_t size)
{
  assert_true(fake.sent_size + size <= sizeof fake.sent);
  memcpy(fake.sent + fake.sent_size, bytes, size);
  fake.sent_size += size;
}

#define assert_sent(expected)                                                                                          \
  do {                                                                                                                 \
    assert_int_equal(fake.sent_size, sizeof(expected) - 1);                                                            \
    assert_memory_equal(fake.sent, expected, sizeof(expected) - 1);                                                    \
  } while (0)

UNUSED static weir_ref fake_output(const char *name)
{
  assert_string_equal(name, "out");
  return (weir_ref){FAKE_OUTPUT};
}

UNUSED static weir_ref fake_self(void) { return (weir_ref){FAKE_SELF}; }

/* Not inlined: what is sent to oneself is not captured, but a compiler may not know to whom it goes. */
UNUSED __attribute__((noinline)) static int fake_send(weir_ref to, weir_value value)
{
  if (to.bits == FAKE_SELF && fake.own_result) return fake.own_result;
  if (to.bits == FAKE_SELF) return fake.own++, WEIR_OK;
  if (fake.send_result) return fake.send_result;
  capture(value);
  return WEIR_OK;
}

UNUSED static weir_timer fake_send_after(weir_ref to, weir_duration after, weir_value value)
{
  (void)after, (void)value;
  assert_int_equal(to.bits, FAKE_SELF);
  fake.timers++;
  return (weir_timer){.error = WEIR_OK};
}

UNUSED WEIR_PRINTF(1, 0) static void note_text(const char *format, va_list arguments)
{
  char text[sizeof fake.text];
  vsnprintf(text, sizeof text, format, arguments);
  memcpy(fake.text, text, sizeof text);
}

UNUSED WEIR_PRINTF(2, 3) static int fake_error(int code, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  note_text(format, arguments);
  va_end(arguments);
  return code;
}

UNUSED WEIR_NORETURN WEIR_PRINTF(2, 3) static void fake_fail(int code, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  note_text(format, arguments);
  va_end(arguments);
  longjmp(fake.landing, code);
}

UNUSED static const char *fake_error_text(void) { return fake.text; }

UNUSED static uv_loop_t *fake_loop(void) { return &fake.loop; }

UNUSED static void *fake_uv_new(size_t size) { return calloc(1, size); }

UNUSED static void *fake_malloc(size_t size) { return fake.no_memory ? NULL : malloc(size); }
UNUSED static void *fake_calloc(size_t count, size_t size) { return fake.no_memory ? NULL : calloc(count, size); }
UNUSED static void *fake_realloc(void *block, size_t size) { return fake.no_memory ? NULL : realloc(block, size); }
UNUSED static char *fake_strdup(const char *text) { return fake.no_memory ? NULL : strdup(text); }

UNUSED static void free_handle(uv_handle_t *handle) { free(handle); }

UNUSED static void fake_uv_close(void *handle) { uv_close(handle, free_handle); }

UNUSED static int fake_oneshot(weir_promise *promise, weir_future *future)
{
  promise->bits = 1, future->bits = 1;
  fake.wait_pending = true;
  return WEIR_OK;
}

UNUSED static void fake_promise_drop(weir_promise promise)
{
  assert_int_equal(promise.bits, 1);
  fake.wait_pending = false;
}

UNUSED static int fake_future_wait(weir_future future, weir_duration within, const weir_message *type, void *out)
{
  (void)future, (void)within, (void)type;
  *(void **)out = NULL;
  if (fake.cancel_after && --fake.cancel_after == 0) return WEIR_ECANCELED;
  while (fake.wait_pending) uv_run(&fake.loop, UV_RUN_ONCE);
  return WEIR_ECLOSED;
}

UNUSED static void fake_future_drop(weir_future future) { assert_int_equal(future.bits, 1); }

/* The test itself calls what is deferred. */
UNUSED static int fake_defer(void (*f)(void *arg), void *arg)
{
  assert_true(f && arg);
  return WEIR_OK;
}

UNUSED static bool fake_cancelled(void) { return fake.killed; }

/* For cmocka: a new world for each test, in which nothing may be left over at its end. */
UNUSED static int fake_setup(void **unused)
{
  (void)unused;
  memset(&fake, 0, sizeof fake);
  return uv_loop_init(&fake.loop);
}

UNUSED static int fake_teardown(void **unused)
{
  (void)unused;
  uv_run(&fake.loop, UV_RUN_DEFAULT);
  return uv_loop_close(&fake.loop);
}

#define malloc fake_malloc
#define calloc fake_calloc
#define realloc fake_realloc
#define strdup fake_strdup

#define FAKED(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)

#endif
