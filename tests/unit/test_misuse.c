/* What no sound program does: a defined error in every build, and in debug builds a line on standard error. */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/actor_fixture.h"

#include <weir/uv.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif
#ifdef WEIR_DEBUG
enum { DEBUG = 1 };
#else
enum { DEBUG = 0 };
#endif

struct note {
  const char *text;
};
WEIR_MESSAGE(note, WEIR_FIELD(text));
struct question {
  int32_t what;
};
WEIR_REQUEST(question, note, WEIR_FIELD(what));
struct setup {
  const char *text;
};
WEIR_MESSAGE(setup, WEIR_FIELD(text));

/* ---- what a misuse says ---- */

static char said[1024];

/* Standard error goes to a file meanwhile. */
static int listen_begin(int *saved)
{
  FILE *f = tmpfile();
  int fd = f ? dup(fileno(f)) : -1;
  if (f) fclose(f);
  fflush(stderr);
  *saved = dup(STDERR_FILENO);
  dup2(fd, STDERR_FILENO);
  setenv("WEIR_MISUSE", "", 1);
  return fd;
}

static void listen_end(int fd, int saved)
{
  fflush(stderr);
  dup2(saved, STDERR_FILENO);
  close(saved);
  ssize_t n = pread(fd, said, sizeof said - 1, 0);
  said[n < 0 ? 0 : n] = 0;
  close(fd);
  setenv("WEIR_MISUSE", "quiet", 1);
}

static void expect_said(const char *text)
{
  if (DEBUG && !strstr(said, text)) fail_msg("\"%s\" is not in \"%s\"", text, said);
  if (!DEBUG) assert_string_equal(said, "");
}

/* The code of a misuse, its text, and the same text on standard error in debug builds. */
#define EXPECT_MISUSE(code, call, text)                                                                                \
  do {                                                                                                                 \
    int expect_saved, expect_fd = listen_begin(&expect_saved), expect_rc = (call);                                     \
    listen_end(expect_fd, expect_saved);                                                                               \
    assert_int_equal(expect_rc, code);                                                                                 \
    if (!strstr(weir_error_text(), text)) fail_msg("\"%s\" is not in \"%s\"", text, weir_error_text());                \
    expect_said(text);                                                                                                 \
  } while (0)

/* ---- outside of actors ---- */

static void a_ref_that_was_never_set_is_nobody(void **state)
{
  (void)state;
  weir_ref nobody = {0};
  EXPECT_MISUSE(WEIR_EDEAD, weir_send(nobody, note, .text = "x"), "a ref that was never set");
  EXPECT_MISUSE(WEIR_EDEAD, weir_try_send(nobody, note, .text = "x"), "a ref that was never set");
  EXPECT_MISUSE(WEIR_EDEAD, weir_ask(nobody, WEIR_SECONDS(1), NULL, question, .what = 1), "a ref that was never set");
}

static void a_promise_and_a_future_are_used_once(void **state)
{
  (void)state;
  weir_promise p;
  weir_future f;
  struct note *n;
  assert_int_equal(weir_oneshot(&p, &f), WEIR_OK);
  assert_int_equal(weir_promise_send(p, note, .text = "x"), WEIR_OK);
  EXPECT_MISUSE(WEIR_EINVAL, weir_promise_send(p, note, .text = "x"), "the promise was used up before");
  assert_int_equal(weir_future_wait(f, WEIR_SECONDS(1), &n, note), WEIR_OK);
  weir_free(n);
  EXPECT_MISUSE(WEIR_EINVAL, weir_future_wait(f, WEIR_SECONDS(1), &n, note), "the future was used up before");
}

static void a_receiver_that_was_dropped_is_none(void **state)
{
  (void)state;
  weir_sender tx;
  weir_receiver rx;
  struct note *n;
  assert_int_equal(weir_mpsc(1, &tx, &rx), WEIR_OK);
  weir_receiver_drop(rx);
  EXPECT_MISUSE(WEIR_EINVAL, weir_receive(rx, &n, note), "no such receiver");
  weir_sender_drop(tx);
}

/* Called so that the compiler does not see what is tested here: it would refuse it. */
static void (*volatile free_it)(void *) = weir_free;
static int (*volatile pass_it)(weir_ref, void *) = weir_pass;

static int free_code(void *message)
{
  weir_error(WEIR_OK, "%s", "");
  free_it(message);
  return *weir_error_text() ? WEIR_EINVAL : WEIR_OK;
}

/* Where the pointer points may be looked at only in debug builds, and there not under a sanitizer, which sees it
 * too. */
static void what_is_no_message_is_not_freed(void **state)
{
  (void)state;
  weir_sender tx;
  weir_receiver rx;
  struct note *n;
  assert_int_equal(weir_mpsc(4, &tx, &rx), WEIR_OK);
  assert_int_equal(weir_channel_send(tx, note, .text = "a text of some length"), WEIR_OK);
  assert_int_equal(weir_receive(rx, &n, note), WEIR_OK);
  EXPECT_MISUSE(WEIR_EINVAL, free_code((char *)n + 1), "a pointer into a message, or to something else");
  if (DEBUG && !SANITIZED) {
    struct note stack[16] = {{NULL}};
    EXPECT_MISUSE(WEIR_EINVAL, free_code(&stack[8]), "no message: a pointer into one");
    EXPECT_MISUSE(WEIR_EINVAL, free_code(&n->text + 1), "no message: a pointer into one");
    EXPECT_MISUSE(WEIR_EINVAL, pass_it((weir_ref){0}, &stack[8]), "no message: a pointer into one");
    weir_free(n);
    EXPECT_MISUSE(WEIR_EINVAL, free_code(n), "one that was freed before");
  } else {
    weir_free(n);
  }
  weir_sender_drop(tx);
  weir_receiver_drop(rx);
}

/* ---- in a handler: notes are judged by the test's thread ---- */

enum { CASES = 8 };
struct sinner {
  const struct setup *config;
  weir_asker asker;
};
static struct {
  int code[CASES];
  char text[CASES][256];
  const char *late;
} seen;

static void see(int which, int code)
{
  seen.code[which] = code;
  snprintf(seen.text[which], sizeof seen.text[which], "%s", weir_error_text());
}

static int sinner_start(struct sinner *s, const struct setup *c)
{
  s->config = c;
  return WEIR_OK;
}
static int sinner_note(struct sinner *s, const struct note *n)
{
  see(0, free_code((void *)(uintptr_t)n));
  see(1, pass_it(weir_self(), (void *)(uintptr_t)n));
  see(2, free_code((void *)(uintptr_t)n->text));
  see(3, free_code((void *)(uintptr_t)s->config));
  struct note copy = *n;
  see(4, weir_keep(note, &copy) ? WEIR_OK : WEIR_EINVAL);
  see(5, weir_runtime_stop(runtime, WEIR_SECONDS(1)));
  seen.late = n->text;
  return WEIR_OK;
}
static int sinner_question(struct sinner *s, const struct question *q, struct note *reply)
{
  (void)q;
  see(6, free_code(reply));
  s->asker = weir_answer_later();
  weir_answer(s->asker, note, .text = "once");
  see(7, weir_answer(s->asker, note, .text = "twice"));
  return WEIR_OK;
}
WEIR_ACTOR(sinner, WEIR_ON_START(setup, sinner_start) WEIR_ON(note, sinner_note) WEIR_ON(question, sinner_question));

static void a_handler_can_not_free_what_it_has_borrowed(void **state)
{
  (void)state;
  memset(&seen, 0, sizeof seen);
  int saved, fd = listen_begin(&saved);
  weir_ref s = weir_spawn(&sinner, .config = WEIR_VALUE(setup, .text = "mine"));
  /* So long that nothing else of this test gets its memory. */
  weir_send(s, note,
            .text = "a text that is borrowed, too: it goes on and on, and on, until it takes more than two lines");
  struct note *n = NULL;
  int rc = weir_ask(s, WEIR_SECONDS(20), &n, question, .what = 1);
  weir_stop(s); /* the answer came in the middle of the handler */
  wait_until_gone(s);
  listen_end(fd, saved);
  assert_int_equal(rc, WEIR_OK);
  assert_string_equal(n->text, "once");
  weir_free(n);
  static const char *const texts[CASES] = {"the message in hand: it is borrowed until the handler returns",
                                           "the message in hand: it is borrowed until the handler returns",
                                           "the message in hand: it is borrowed until the handler returns",
                                           "the configuration: it is borrowed until the actor ends",
                                           "only the message in hand can be kept",
                                           "a runtime is not stopped from a handler",
                                           "the answer to be filled in: it is the library's",
                                           "answered before, or nobody asked"};
  for (int i = 0; i < CASES; i++) {
    if (seen.code[i] != WEIR_EINVAL) fail_msg("case %d: %d", i, seen.code[i]);
    if (!strstr(seen.text[i], texts[i]) && !(i == 5 && strstr(seen.text[i], "is stopped by the thread")))
      fail_msg("case %d: \"%s\" is not in \"%s\"", i, texts[i], seen.text[i]);
  }
  expect_said("the message in hand: it is borrowed");
  /* What was borrowed and is used later is seen: poison here, a report under AddressSanitizer. */
  if (DEBUG && !SANITIZED) assert_int_equal((unsigned char)seen.late[24], 0xdb);
}

/* ---- in a callback ---- */

static int callback_code[2];
static weir_ref callback_target;
static weir_future callback_future;

static void on_timer(uv_timer_t *timer)
{
  struct number *n;
  callback_code[0] = weir_ask(callback_target, WEIR_SECONDS(1), NULL, get);
  callback_code[1] = weir_future_wait(callback_future, WEIR_SECONDS(1), &n, number);
  weir_uv_close(timer);
  weir_send(callback_target, signal);
}

struct owner {
  int64_t done;
};
static int owner_hold(struct owner *o, const struct hold *h)
{
  (void)o;
  uv_timer_t *t = weir_uv_new(uv_timer_t);
  callback_future = (weir_future){h->go};
  callback_target = weir_self();
  uv_timer_init(weir_loop(), t);
  return uv_timer_start(t, on_timer, 0, 0);
}
static int owner_signal(struct owner *o)
{
  o->done = 1;
  return WEIR_OK;
}
static int owner_get(struct owner *o, struct number *reply)
{
  reply->n = o->done;
  return WEIR_OK;
}
WEIR_ACTOR(owner, WEIR_ON(hold, owner_hold) WEIR_ON(signal, owner_signal) WEIR_ON(get, owner_get), .runs = WEIR_PINNED);

static void a_callback_does_not_wait(void **state)
{
  (void)state;
  weir_promise p;
  weir_future f;
  assert_int_equal(weir_oneshot(&p, &f), WEIR_OK);
  int saved, fd = listen_begin(&saved);
  weir_ref o = weir_spawn(&owner);
  weir_send(o, hold, .go = f.bits);
  while (get_from(o) == 0) weir_sleep(WEIR_MILLIS(1));
  listen_end(fd, saved);
  assert_int_equal(callback_code[0], WEIR_EWOULDBLOCK);
  assert_int_equal(callback_code[1], WEIR_EWOULDBLOCK);
  expect_said("a libuv callback must not wait");
  weir_promise_drop(p);
  weir_future_drop(f);
}

/* ---- told to abort ---- */

static void a_debug_build_can_abort_at_a_misuse(void **state)
{
  (void)state;
  pid_t child = fork();
  if (child == 0) { /* nothing of the library runs in this process but the call */
    close(STDERR_FILENO);
    signal(SIGABRT, SIG_DFL);
    setenv("WEIR_MISUSE", "abort", 1);
    _exit(weir_send((weir_ref){0}, note, .text = "x") == WEIR_EDEAD ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  if (DEBUG)
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
  else
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
  setenv("WEIR_MISUSE", "quiet", 1);
  const struct CMUnitTest plain[] = {
      cmocka_unit_test(a_ref_that_was_never_set_is_nobody),  cmocka_unit_test(a_promise_and_a_future_are_used_once),
      cmocka_unit_test(a_receiver_that_was_dropped_is_none), cmocka_unit_test(what_is_no_message_is_not_freed),
      cmocka_unit_test(a_debug_build_can_abort_at_a_misuse),
  };
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_handler_can_not_free_what_it_has_borrowed),
      ON_RUNTIME(a_callback_does_not_wait),
  };
  return cmocka_run_group_tests(plain, NULL, NULL) + RUN_ON_EACH_RUNTIME(tests);
}
