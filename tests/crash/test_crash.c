/* Crashes of handlers: which are contained, what is left afterwards, and which end the process, with what report (rules
 * T1 to T3). On the shared library, which the trap needs. `test_crash NAME` does one of those that end it. */
#include <weir/uv.h>
#include <weir/weir.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#include <assert.h>
#include <dlfcn.h>
#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void must(int rc)
{
  if (rc) print_error("%d: %s\n", rc, weir_error_text());
  assert_int_equal(rc, WEIR_OK);
}

/* ---- ways to crash ---- */

/* What they do is what sanitizers are there to find; and these put functions of their own before those of the C library. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef SANITIZED
#define UNCHECKED __attribute__((no_sanitize("address", "undefined")))
#else
#define UNCHECKED
#endif

static int *volatile nowhere;
static volatile int zero;
/* An address where nothing is, made of a number on purpose. */
static char *volatile too_high = (char *)(uintptr_t)0x100; /* NOLINT(performance-no-int-to-ptr) */

UNCHECKED static int write_to_null(void) { return *nowhere = 1; }
#ifndef SANITIZED
static int copy_from_nowhere(void)
{
  char here[64];
  memcpy(here, too_high, sizeof here - (size_t)zero);
  return here[zero];
}
static int measure_nowhere(void) { return (int)strlen(too_high); }
#endif
UNCHECKED static int recurse(int depth)
{
  volatile char room[512];
  room[0] = (char)depth;
  if (depth < 0) return 0;
  return recurse(depth + 1) + room[0];
}
static int overflow_stack(void) { return recurse(zero); }
UNCHECKED static int call_null(void)
{
  int (*volatile f)(void) = NULL;
  return f() + zero;
}
static int call_abort(void) { abort(); }
#ifdef __x86_64__
UNCHECKED static int divide_by_zero(void) { return 100 / zero; }
static int leave_flags_behind(void)
{
  fesetround(FE_UPWARD);
  __asm__ volatile("std");
  return write_to_null();
}
#endif
static int block_signals_and_crash(void)
{
  sigset_t all;
  sigfillset(&all);
  sigdelset(&all, SIGSEGV);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
  return write_to_null();
}

static int compare_badly(const void *a, const void *b)
{
  (void)a, (void)b;
  return write_to_null();
}
static int crash_in_qsort(void)
{
  int two[2] = {2, 1};
  qsort(two, 2, sizeof two[0], compare_badly);
  return two[0];
}
static int crash_in_libc(void) { return fclose((FILE *)too_high); }
static int crash_in_weir(void)
{
  weir_free(too_high);
  return WEIR_OK;
}
static void on_timer(uv_timer_t *t)
{
  (void)t;
  write_to_null();
}
static int in_a_callback(void)
{
  uv_timer_t *t = weir_uv_new(uv_timer_t);
  int rc = t ? uv_timer_init(weir_loop(), t) : WEIR_ENOMEM;
  if (!rc) rc = uv_timer_start(t, on_timer, 1, 0);
  return rc ? rc : weir_sleep(WEIR_SECONDS(20));
}
static int assert_in_handler(void)
{
  assert(zero);
  return WEIR_OK;
}
static int raise_segv(void) { return raise(SIGSEGV); }

static const struct way {
  const char *name;
  int (*crash)(void);
} ways[] = {{"write_to_null", write_to_null},
#ifndef SANITIZED
            {"copy_from_nowhere", copy_from_nowhere},
            {"measure_nowhere", measure_nowhere},
#endif
            {"overflow_stack", overflow_stack},
            {"call_null", call_null},
            {"call_abort", call_abort},
            {"block_signals_and_crash", block_signals_and_crash},
#ifdef __x86_64__
            {"divide_by_zero", divide_by_zero},
            {"leave_flags_behind", leave_flags_behind},
#endif
            /* From here on: not contained. */
            {"crash_in_qsort", crash_in_qsort},
            {"crash_in_libc", crash_in_libc},
            {"crash_in_weir", crash_in_weir},
            {"raise_segv", raise_segv},
            {"in_a_callback", in_a_callback},
            {"assert_in_handler", assert_in_handler}};
enum { WAYS = sizeof ways / sizeof ways[0], UNCONTAINED = 6 };

static int crash_by_name(const char *name)
{
  for (size_t i = 0; i < WAYS; i++)
    if (strcmp(ways[i].name, name) == 0) return ways[i].crash();
  return 0;
}

/* ---- actors that do it ---- */

struct crash {
  const char *way;
  bool suspended; /* after a wait */
};
WEIR_MESSAGE(crash, WEIR_FIELD(way), WEIR_FIELD(suspended));
struct get {
  int64_t unused;
};
struct number {
  int64_t n;
};
WEIR_MESSAGE(number, WEIR_FIELD(n));
WEIR_REQUEST(get, number, WEIR_FIELD(unused));
struct where {
  bool start, end, deferred;
};
WEIR_MESSAGE(where, WEIR_FIELD(start), WEIR_FIELD(end), WEIR_FIELD(deferred));

static _Atomic(int) ended, deferred;

struct fragile {
  bool at_end;
  int64_t count;
};
static void on_deferred(void *crash)
{
  deferred++;
  if (crash) write_to_null();
}
static int fragile_start(struct fragile *f, const struct where *w)
{
  must(weir_defer(on_deferred, NULL));
  if (w && w->deferred) must(weir_defer(on_deferred, f));
  f->at_end = w && w->end;
  if (w && w->start) return write_to_null();
  return WEIR_OK;
}
static int fragile_crash(struct fragile *f, const struct crash *c)
{
  f->count++;
  if (c->suspended) must(weir_sleep(WEIR_MILLIS(1)));
  return crash_by_name(c->way);
}
static int fragile_get(struct fragile *f, struct number *reply)
{
  reply->n = f->count;
  return WEIR_OK;
}
static void fragile_end(struct fragile *f)
{
  ended++;
  if (f->at_end) write_to_null();
}
WEIR_ACTOR(fragile, WEIR_ON_START(where, fragile_start) WEIR_ON(crash, fragile_crash) WEIR_ON(get, fragile_get)
                        WEIR_ON_END(fragile_end));

/* ---- what is told ---- */

static struct {
  pthread_mutex_t lock;
  int count;
  char name[64], message[64], what[128], frames[1024];
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void on_crash(const weir_crash *c, void *arg)
{
  (void)arg;
  pthread_mutex_lock(&seen.lock);
  seen.count++;
  snprintf(seen.name, sizeof seen.name, "%s", c->name);
  snprintf(seen.message, sizeof seen.message, "%s", c->message ? c->message : "");
  snprintf(seen.what, sizeof seen.what, "%s", c->what);
  seen.frames[0] = 0;
  for (int i = 0; i < c->frame_count && i < 4; i++) {
    strncat(seen.frames, c->frames[i], sizeof seen.frames - strlen(seen.frames) - 2);
    strcat(seen.frames, "\n");
  }
  pthread_mutex_unlock(&seen.lock);
}

static weir_runtime *begin(int flavor)
{
  weir_runtime *rt;
  must(weir_runtime_start(&(weir_runtime_options){.flavor = flavor,
                                                  .workers = flavor == WEIR_MULTI_THREAD ? 2 : 0,
                                                  .contain_crashes = true,
                                                  .on_crash = on_crash,
                                                  .hog_after = WEIR_MILLIS(20),
                                                  .end_hogs_after = WEIR_MILLIS(40)},
                          &rt));
  memset(seen.name, 0, sizeof seen - offsetof(__typeof__(seen), name));
  seen.count = 0;
  ended = deferred = 0;
  return rt;
}

static void end(weir_runtime *rt) { must(weir_runtime_stop(rt, WEIR_SECONDS(5))); }

/* ---- contained ---- */

static bool has_libdw(void)
{
#if __has_include(<elfutils/libdwfl.h>)
  return dlopen("libdw.so.1", RTLD_LAZY) != NULL;
#else
  return false;
#endif
}

static void await_end(weir_ref ref)
{
  while (weir_alive(ref)) must(weir_sleep(WEIR_MILLIS(1)));
}

/* The innermost frames: the function that did it, in this program. Its own name where libdw.so.1 tells it. */
static void names_the_place(const char *way)
{
  if (!strstr(seen.frames, "test_crash")) fail_msg("%s: %s", way, seen.frames);
  if (has_libdw() && strcmp(way, "write_to_null") == 0 && !strstr(seen.frames, "write_to_null at test_crash.c:"))
    fail_msg("%s: %s", way, seen.frames);
}

static void crash_each_way(int flavor)
{
  weir_runtime *rt = begin(flavor);
  for (size_t i = 0; i < WAYS - UNCONTAINED; i++) {
    for (int suspended = 0; suspended < 2; suspended++) {
      weir_ref bystander = weir_spawn(&fragile), victim = weir_spawn(&fragile);
      struct number *n;
      assert_int_equal(weir_ask(victim, WEIR_SECONDS(20), NULL, crash, .way = ways[i].name, .suspended = suspended),
                       WEIR_EFAILED);
      const char *said = strcmp(ways[i].name, "overflow_stack") == 0   ? "stack overflow"
                         : strcmp(ways[i].name, "call_abort") == 0     ? "SIGABRT"
                         : strcmp(ways[i].name, "divide_by_zero") == 0 ? "SIGFPE"
                                                                       : "SIGSEGV at address";
      if (!strstr(weir_error_text(), said)) fail_msg("%s: %s", ways[i].name, weir_error_text());
      assert_string_equal(seen.name, "fragile");
      assert_string_equal(seen.message, "crash");
      assert_non_null(strstr(seen.what, said));
      names_the_place(ways[i].name);
      int gone = weir_ask(victim, WEIR_SECONDS(20), &n, get); /* the asker learned of it while the end goes on */
      assert_true(gone == WEIR_EDEAD || gone == WEIR_EFAILED);
      must(weir_ask(bystander, WEIR_SECONDS(20), &n, get));
      assert_int_equal(n->n, 0);
      weir_free(n);
      must(weir_stop(bystander));
    }
  }
  end(rt);
  assert_int_equal(seen.count, 2 * (WAYS - UNCONTAINED));
  assert_int_equal(ended, 2 * (WAYS - UNCONTAINED)); /* T3: the bystanders', since who crashed runs no end clause */
}

static void test_each_way_multi_thread(void **state)
{
  (void)state;
  crash_each_way(WEIR_MULTI_THREAD);
}

static void test_each_way_current_thread(void **state)
{
  (void)state;
  crash_each_way(WEIR_CURRENT_THREAD);
}

/* On the worker after a crash. */
struct probe {
  int64_t unused;
};
WEIR_REQUEST(probe, number, WEIR_FIELD(unused));
struct prober {
  int64_t unused;
};
static int prober_probe(struct prober *p, const struct probe *m, struct number *reply)
{
  (void)p, (void)m;
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  reply->n = fegetround() == FE_TONEAREST && !sigismember(&mask, SIGBUS);
#ifdef __x86_64__
  uint64_t flags;
  __asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags));
  if (flags & 1 << 10) reply->n = 0;
#endif
  return WEIR_OK;
}
WEIR_ACTOR(prober, WEIR_ON(probe, prober_probe));

static void test_control_words_and_signal_mask_are_as_before(void **state)
{
  (void)state;
  static const char *const leave[] = {"block_signals_and_crash",
#ifdef __x86_64__
                                      "leave_flags_behind"
#endif
  };
  for (size_t i = 0; i < sizeof leave / sizeof leave[0]; i++) {
    weir_runtime *rt = begin(WEIR_CURRENT_THREAD);
    struct number *n;
    weir_ref victim = weir_spawn(&fragile);
    assert_int_equal(weir_ask(victim, WEIR_SECONDS(20), NULL, crash, .way = leave[i]), WEIR_EFAILED);
    must(weir_ask(weir_spawn(&prober), WEIR_SECONDS(20), &n, probe));
    assert_int_equal(n->n, 1);
    weir_free(n);
    end(rt);
  }
}

static void test_what_it_held_is_given_back(void **state)
{
  (void)state;
  weir_runtime *rt = begin(WEIR_MULTI_THREAD);
  for (int i = 0; i < 200; i++) {
    weir_ref victim = weir_spawn(&fragile);
    for (int k = 0; k < 5; k++) (void)weir_send(victim, get);
    (void)weir_send(victim, crash, .way = "write_to_null", .suspended = i % 2 != 0);
    for (int k = 0; k < 5; k++) (void)weir_send(victim, get);
    while (weir_alive(victim)) must(weir_sleep(WEIR_MILLIS(1)));
  }
  end(rt); /* the accounts balance */
  assert_int_equal(seen.count, 200);
  assert_int_equal(deferred, 200);
  assert_int_equal(ended, 0);
}

static void test_in_a_start_clause(void **state)
{
  (void)state;
  weir_runtime *rt = begin(WEIR_MULTI_THREAD);
  weir_ref victim = weir_spawn(&fragile, .config = WEIR_VALUE(where, .start = true));
  int rc = weir_ask(victim, WEIR_SECONDS(20), NULL, crash, .way = "");
  assert_true(rc == WEIR_EFAILED || rc == WEIR_EDEAD); /* queued before its end, or after it */
  await_end(victim);
  assert_int_equal(seen.count, 1);
  assert_string_equal(seen.message, "");
  end(rt);
}

static void test_in_an_end_clause(void **state)
{
  (void)state;
  weir_runtime *rt = begin(WEIR_MULTI_THREAD);
  weir_ref victim = weir_spawn(&fragile, .config = WEIR_VALUE(where, .end = true));
  must(weir_stop(victim));
  await_end(victim);
  end(rt);
  assert_int_equal(seen.count, 1);
  assert_int_equal(ended, 1);
  assert_int_equal(deferred, 1); /* what follows in an end follows all the same */
}

static void test_in_a_deferred_call(void **state)
{
  (void)state;
  weir_runtime *rt = begin(WEIR_MULTI_THREAD);
  weir_ref victim = weir_spawn(&fragile, .config = WEIR_VALUE(where, .deferred = true));
  must(weir_stop(victim));
  await_end(victim);
  end(rt);
  assert_int_equal(seen.count, 1);
  assert_int_equal(ended, 1);
  assert_int_equal(deferred, 2);
}

static int crashing_task(const char *way)
{
  must(weir_defer(on_deferred, NULL));
  return crash_by_name(way);
}

static void test_in_a_task(void **state)
{
  (void)state;
  weir_runtime *rt = begin(WEIR_MULTI_THREAD);
  int result = 0;
  weir_task *t = weir_task_start(rt, crashing_task, (char *)"overflow_stack");
  must(weir_task_join(t, WEIR_SECONDS(20), &result));
  assert_int_equal(result, WEIR_EFAILED);
  assert_int_equal(deferred, 1);
  assert_string_equal(seen.name, "a task");
  end(rt);
}

/* ---- endless loops ---- */

struct spin {
  bool in_weir;
};
WEIR_MESSAGE(spin, WEIR_FIELD(in_weir));
struct spinner {
  int64_t unused;
};
static volatile bool spins;
static int spinner_spin(struct spinner *s, const struct spin *m)
{
  (void)s, (void)m;
  while (spins) continue;
  return WEIR_OK;
}
WEIR_ACTOR(spinner, WEIR_ON(spin, spinner_spin));

static void test_an_endless_loop_is_ended(void **state)
{
  (void)state;
  weir_runtime *rt = begin(WEIR_MULTI_THREAD);
  spins = true;
  assert_int_equal(weir_ask(weir_spawn(&spinner), WEIR_SECONDS(60), NULL, spin), WEIR_EFAILED);
  assert_non_null(strstr(weir_error_text(), "had its worker for 40 ms"));
  spins = false;
  end(rt);
}

#ifndef SANITIZED /* ThreadSanitizer can't bear so many interrupts */

/* An abort() at the very moment at which the watchdog interrupts: both signals are there at once. What sits in another
 * library is interrupted at each look, and goes on. */
static int64_t now_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
static int64_t spin_until;
static int spin_in_qsort(const void *a, const void *b)
{
  (void)a, (void)b;
  while (now_ns() < spin_until) continue;
  return 0;
}
struct aborter {
  int64_t unused;
};
struct abort_at {
  int64_t ns;
};
WEIR_MESSAGE(abort_at, WEIR_FIELD(ns));
static int spinner_abort(struct aborter *s, const struct abort_at *m)
{
  int two[2] = {2, 1};
  (void)s;
  spin_until = now_ns() + m->ns;
  qsort(two, 2, sizeof two[0], spin_in_qsort);
  abort();
}
WEIR_ACTOR(aborter, WEIR_ON(abort_at, spinner_abort));

static void ignore_hog(const weir_hog *hog, void *unused) { (void)hog, (void)unused; }

static void test_an_abort_while_it_is_interrupted(void **state)
{
  (void)state;
  weir_runtime *rt;
  must(weir_runtime_start(&(weir_runtime_options){.workers = 1,
                                                  .contain_crashes = true,
                                                  .on_crash = on_crash,
                                                  .hog_after = WEIR_MILLIS(1),
                                                  .on_hog = ignore_hog,
                                                  .end_hogs_after = WEIR_MILLIS(1)},
                          &rt));
  for (int i = 0; i < 400; i++)
    assert_int_equal(weir_ask(weir_spawn(&aborter), WEIR_SECONDS(60), NULL, abort_at, .ns = 1300000 + i * 331 % 300000),
                     WEIR_EFAILED);
  end(rt);
}

#endif

/* ---- not contained ---- */

static const char *this_program;

/* Runs this program to do it: how it ended, and what it said on standard error. */
static int run_this(const char *doing, char *text, size_t most)
{
  int out[2];
  size_t length = 0;
  assert_int_equal(pipe(out), 0);
  pid_t child = fork();
  if (!child) {
    dup2(out[1], STDERR_FILENO);
    close(out[0]);
    execl("/bin/sh", "sh", "-c", "exec $WEIR_WRAPPER \"$0\" \"$1\"", this_program, doing, (char *)NULL);
    _exit(99);
  }
  close(out[1]);
  for (ssize_t n; (n = read(out[0], text + length, most - 1 - length)) > 0;) length += (size_t)n;
  text[length] = 0;
  close(out[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

/* It must end by that signal, and say that. */
static void is_the_end(const char *doing, int signal, const char *says)
{
  char text[65536];
  int status = run_this(doing, text, sizeof text);
  bool right = WIFSIGNALED(status) && WTERMSIG(status) == signal;
#ifdef SANITIZED /* which reports it, too, and exits */
  right |= WIFEXITED(status) && WEXITSTATUS(status) != 0;
#endif
  if (!right || !strstr(text, says)) fail_msg("%s: status %#x, said: %s", doing, (unsigned)status, text);
}

static void test_undecided_is_the_end(void **state)
{
  (void)state;
#ifndef SANITIZED /* whose qsort() is the program's, and who has a handler of its own for what was sent */
  is_the_end("crash_in_qsort", SIGSEGV, "a library that is not listed as containable was among the callers");
  is_the_end("raise_segv", SIGSEGV, "another process or thread has sent it");
#endif
  is_the_end("crash_in_weir", SIGSEGV, "it happened in weir");
  is_the_end("crash_in_libc", SIGSEGV, "it happened in a library that is not listed as containable");
  is_the_end("on_a_plain_thread", SIGSEGV, "it happened outside of handlers");
  is_the_end("in_a_callback", SIGSEGV, "it happened outside of handlers");
  is_the_end("assert_in_handler", SIGABRT, "a library that is not listed");
  is_the_end("on_the_pool", SIGSEGV, "it happened outside of handlers");
}

static void test_a_crash_that_nobody_listens_to_is_written(void **state)
{
  (void)state;
  char text[65536];
  assert_int_equal(run_this("contained", text, sizeof text), 0);
  assert_non_null(strstr(text, "weir: fragile with a crash on worker 0: SIGSEGV at address 0x"));
  assert_non_null(strstr(text, "test_crash")); /* a frame of this program */
}

static int blocking_crash(void *unused)
{
  (void)unused;
  return write_to_null();
}
static int task_on_the_pool(void *unused) { return weir_run_blocking(blocking_crash, unused); }

static int do_as_told(const char *doing)
{
  weir_runtime *rt;
  int result;
  signal(SIGALRM, SIG_DFL);
  alarm(30); /* a hang is told from an end */
  if (weir_runtime_start(&(weir_runtime_options){.workers = 1, .contain_crashes = true}, &rt)) return 98;
  if (strcmp(doing, "contained") == 0) {
    int rc = weir_ask(weir_spawn(&fragile), WEIR_SECONDS(20), NULL, crash, .way = "write_to_null");
    return rc == WEIR_EFAILED ? weir_runtime_stop(rt, WEIR_SECONDS(5)) : 97;
  }
  if (strcmp(doing, "on_a_plain_thread") == 0) return write_to_null();
  if (strcmp(doing, "on_the_pool") == 0)
    return weir_task_join(weir_task_start(rt, task_on_the_pool, NULL), WEIR_SECONDS(20), &result);
  return weir_ask(weir_spawn(&fragile), WEIR_SECONDS(20), NULL, crash, .way = doing);
}

/* ---- switching it on ---- */

static void test_options_are_checked(void **state)
{
  (void)state;
  static const char *const none[] = {"libnosuch.so", NULL};
  weir_runtime *rt;
  assert_int_equal(weir_runtime_start(&(weir_runtime_options){.contain_crashes = true, .containable = none}, &rt),
                   WEIR_EINVAL);
  assert_non_null(strstr(weir_error_text(), "libnosuch.so"));
  assert_int_equal(weir_runtime_start(&(weir_runtime_options){.end_hogs_after = WEIR_SECONDS(5)}, &rt), WEIR_EINVAL);
  assert_non_null(strstr(weir_error_text(), "contain_crashes"));
  assert_int_equal(
      weir_runtime_start(&(weir_runtime_options){.contain_crashes = true, .end_hogs_after = WEIR_MILLIS(5)}, &rt),
      WEIR_EINVAL);
  assert_non_null(strstr(weir_error_text(), "hog_after"));
}

static volatile sig_atomic_t others_handler;
static void others(int signal) { others_handler = signal; }

static void test_handlers_that_were_there_are_back(void **state)
{
  (void)state;
  struct sigaction action = {.sa_handler = others}, before, now;
  sigaction(SIGSEGV, &action, &before);
  weir_runtime *rt = begin(WEIR_CURRENT_THREAD);
  sigaction(SIGSEGV, NULL, &now);
  assert_true(now.sa_handler != others);
  raise(SIGSEGV); /* outside of handlers: as without us */
  assert_int_equal(others_handler, SIGSEGV);
  end(rt);
  sigaction(SIGSEGV, &before, &now);
  assert_true(now.sa_handler == others);
}

/* Built for another way of switching stacks. */
static bool cannot_be_here(void)
{
  weir_runtime *rt;
  int rc = weir_runtime_start(&(weir_runtime_options){.contain_crashes = true}, &rt);
  if (rc == WEIR_ENOTSUP) fprintf(stderr, "%s\n", weir_error_text());
  return rc == WEIR_ENOTSUP || weir_runtime_stop(rt, WEIR_SECONDS(1));
}

int main(int argc, char **argv)
{
  this_program = argv[0];
  if (argc > 1) return do_as_told(argv[1]);
  if (cannot_be_here()) return 77; /* skipped */
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_options_are_checked),
                                     cmocka_unit_test(test_each_way_multi_thread),
                                     cmocka_unit_test(test_each_way_current_thread),
                                     cmocka_unit_test(test_control_words_and_signal_mask_are_as_before),
                                     cmocka_unit_test(test_what_it_held_is_given_back),
                                     cmocka_unit_test(test_in_a_start_clause),
                                     cmocka_unit_test(test_in_an_end_clause),
                                     cmocka_unit_test(test_in_a_deferred_call),
                                     cmocka_unit_test(test_in_a_task),
                                     cmocka_unit_test(test_an_endless_loop_is_ended),
#ifndef SANITIZED
                                     cmocka_unit_test(test_an_abort_while_it_is_interrupted),
#endif
                                     cmocka_unit_test(test_a_crash_that_nobody_listens_to_is_written),
                                     cmocka_unit_test(test_undecided_is_the_end),
                                     cmocka_unit_test(test_handlers_that_were_there_are_back)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
