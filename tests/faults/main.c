/* main.c: runs each scenario again and again, each time in a new process: without a fault; then with the n-th of the
 * calls that may fail failing, for n = 1, 2, … until a run gets by without meeting it; then with all calls from the n-th
 * on; then with few descriptors to be had; and last each call site that is reached and was missed so far (on several threads the n-th call is not always
 * the same one).
 *
 *   faults [--sites FILE] [SCENARIO [one|from|files N]]     (N 0: without a fault)
 *
 * After each run: it has ended, by itself and in time, without a crash or a finding of a sanitizer; all calls of weir
 * returned what they should (scenario.h); no message lives, each that was made has an end, no buffer is left; there are
 * no more threads and descriptors than before. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <uv.h>
#include <weir/weir.h>

#include "faults/inject.h"
#include "faults/scenario.h"

enum {
  RUNS_MOST = 4000,
  FDS_MOST = 256,
  FILES_MOST = 24, /* more than any scenario opens */
  TICK_NS = 2000000,
  TICKS_MOST = 10000, /* of a run: 20 s. Ticks are counted, not time: who is stopped and goes on has not used it up */
  SAID_MOST = 16384
};

/* ---- what a run says ---- */

static struct result {
  _Atomic(bool) came_by; /* a call was made to fail */
  _Atomic(bool) reported, failed;
} * result; /* shared with the run */

void reported(void) { atomic_store(&result->reported, true); }
static bool few_files;
bool undisturbed(void) { return fault_count() == 0 && !few_files; }

void failed(const char *format, ...)
{
  va_list args;
  va_start(args, format);
  fputs("  ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  atomic_store(&result->failed, true);
}

static bool is_lack(int rc) { return rc == WEIR_ENOMEM || rc == -EAGAIN || rc == -EMFILE || rc == -ENFILE; }

int checked(int rc, const char *what)
{
  const char *text = weir_error_text();
  if (rc == WEIR_OK) return rc;
  if (undisturbed()) {
    failed("%s: %d (%s): %s", what, rc, weir_strerror(rc), text);
  } else if (is_lack(rc) || rc == WEIR_EFAILED) {
    if (!*text) failed("%s: %d (%s), and no text", what, rc, weir_strerror(rc));
    reported();
  } else if (rc != WEIR_EDEAD && rc != WEIR_ECLOSED && rc != WEIR_ECANCELED) {
    failed("%s: after a lack of memory: %d (%s): %s", what, rc, weir_strerror(rc), text);
  }
  return rc;
}

bool checked_pointer(const void *at, const char *what)
{
  if (!at) checked(WEIR_ENOMEM, what);
  return at != NULL;
}

/* ---- one run, in its own process ---- */

static int entries(const char *path)
{
  int count = 0;
  DIR *dir = opendir(path);
  if (!dir) return -1;
  while (readdir(dir)) count++;
  closedir(dir);
  return count;
}

static void note_descriptors(bool open_now[FDS_MOST])
{
  for (int fd = 0; fd < FDS_MOST; fd++) open_now[fd] = fcntl(fd, F_GETFD) >= 0;
}

/* Each open one that `before` did not have, with what it is. */
static void name_descriptors(const bool before[FDS_MOST])
{
  for (int fd = 0; fd < FDS_MOST; fd++) {
    char link[64], target[128];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = before[fd] ? -1 : readlink(link, target, sizeof target);
    if (n >= 0) failed("descriptor %d is left: %.*s", fd, (int)n, target);
  }
}

/* A joined thread may be there for a moment. */
static void look_for_threads(int allowed)
{
  int own = allowed + 3; /* and "." and ".." */
  int threads = entries("/proc/self/task");
  for (int i = 0; threads > own && i < 1000; i++) {
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    threads = entries("/proc/self/task");
  }
  if (threads > own) failed("%d threads are left", threads - own);
}

static void look_at_accounts(void)
{
  weir_accounts a;
  weir_accounts_read(&a);
  uint64_t ends = a.handled + a.received + a.withdrawn + a.dead + a.freed + a.unsent + a.evicted;
  if (a.live || a.created != ends)
    failed("%llu messages were made, %llu have ended", (unsigned long long)a.created, (unsigned long long)ends);
  if (a.buffers) failed("%llu buffers are left", (unsigned long long)a.buffers);
}

/* How many threads a sanitizer keeps is not our concern. */
static bool has_own_threads(void)
{
#if defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
  return true;
#endif
#endif
  return false;
}

static void run_here(const struct scenario *scenario, int number, const struct fault_plan *plan)
{
  bool open_before[FDS_MOST];
  note_descriptors(open_before);
  few_files = plan->mode == FAULT_FILES;
  fault_begin(plan, number);
  scenario->run();
  fault_end();
  atomic_store(&result->came_by, few_files ? plan->n < FILES_MOST : fault_count() > 0);
  look_at_accounts();
  if (!has_own_threads()) look_for_threads((scenario->about & USES_POOL) != 0);
  name_descriptors(open_before);
  struct fault_site *site = fault_first();
  if (plan->mode != FAULT_FROM && plan->mode != FAULT_FILES && site) {
    atomic_fetch_add(&site->failed, 1);
    if (!atomic_load(&result->reported)) atomic_fetch_add(&site->silent, 1);
  }
  exit(atomic_load(&result->failed));
}

/* ---- one run, from outside ---- */

static const char *mode_name(enum fault_mode mode)
{
  static const char *const names[] = {"no", "one", "from", "site", "files"};
  return names[mode];
}

/* False: it does not end. */
static bool await(pid_t child, int *status)
{
  for (int ticks = 0; ticks < TICKS_MOST; ticks++) {
    if (waitpid(child, status, WNOHANG) == child) return true;
    nanosleep(&(struct timespec){.tv_nsec = ticks < 8 ? TICK_NS / 8 : TICK_NS}, NULL);
  }
  kill(child, SIGABRT);
  waitpid(child, status, 0);
  return false;
}

static void print_said(int fd)
{
  char said[SAID_MOST];
  ssize_t n = pread(fd, said, sizeof said, 0);
  if (n > 0) fwrite(said, 1, (size_t)n, stderr);
}

/* False: it failed, and why was said. `*came_by`: it met the fault. */
static bool run_once(const struct scenario *scenario, int number, const struct fault_plan *plan, bool *came_by)
{
  int status = 0, said = memfd_create("said", 0);
  *result = (struct result){.came_by = false};
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    dup2(said, STDOUT_FILENO);
    dup2(said, STDERR_FILENO);
    run_here(scenario, number, plan);
  }
  bool ended = child > 0 && await(child, &status);
  *came_by = atomic_load(&result->came_by);
  bool well = ended && WIFEXITED(status) && WEXITSTATUS(status) == 0 && !atomic_load(&result->failed);
  if (!well) {
    fprintf(stderr, "%s %s %u: %s %d\n", scenario->name, mode_name(plan->mode), plan->n,
            !ended                ? "does not end,"
            : WIFSIGNALED(status) ? "signal"
                                  : "exit code",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    print_said(said);
  }
  close(said);
  return well;
}

/* ---- all runs of one scenario ---- */

/* Where coverage is measured each run writes at its end what was counted, in many files: there only those are made that are
 * likely to go another way than the ones before. */
#ifdef WEIR_TEST_COVERAGE
enum { FEW = true };
#else
enum { FEW = false };
#endif

/* How many failed. */
static int run_mode(const struct scenario *scenario, int number, enum fault_mode mode, unsigned *runs)
{
  int bad = 0;
  bool came_by = true;
  for (unsigned n = 1; came_by && bad < 3; n += FEW ? n / 8 + 1 : 1) {
    if (n >= RUNS_MOST) return fprintf(stderr, "%s: no end of faults\n", scenario->name), 1;
    if (!run_once(scenario, number, &(struct fault_plan){mode, n, 0}, &came_by)) bad++, came_by = true;
    ++*runs;
  }
  return bad;
}

static int run_missed_sites(const struct scenario *scenario, int number, unsigned *runs)
{
  int bad = 0;
  bool came_by;
  for (struct fault_site *s = fault_board(); s < fault_board() + FAULT_SITES; s++) {
    if (atomic_load(&s->failed) || !atomic_load(&s->reached) || atomic_load(&s->scenario) != number) continue;
    bad += !run_once(scenario, number, &(struct fault_plan){FAULT_AT_SITE, 1, atomic_load(&s->pc)}, &came_by);
    ++*runs;
  }
  return bad;
}

/* The first call of each site that the run without a fault has reached, `before` which the counts were these. */
static int run_reached_sites(const struct scenario *scenario, int number, const unsigned before[], unsigned *runs)
{
  int bad = 0;
  bool came_by;
  for (int i = 0; i < FAULT_SITES; i++) {
    struct fault_site *s = &fault_board()[i];
    if (atomic_load(&s->reached) == before[i]) continue;
    bad += !run_once(scenario, number, &(struct fault_plan){FAULT_AT_SITE, 1, atomic_load(&s->pc)}, &came_by);
    ++*runs;
  }
  return bad;
}

static int run_all(const struct scenario *scenario, int number)
{
  bool came_by;
  unsigned runs = 1, before[FAULT_SITES];
  for (int i = 0; i < FAULT_SITES; i++) before[i] = atomic_load(&fault_board()[i].reached);
  int bad = !run_once(scenario, number, &(struct fault_plan){.mode = FAULT_NONE}, &came_by);
  if (!bad && FEW) bad += run_reached_sites(scenario, number, before, &runs);
  if (!bad && !FEW) bad += run_mode(scenario, number, FAULT_ONE, &runs);
  if (!bad && (scenario->about & LACKS_FOR_EVER)) bad += run_mode(scenario, number, FAULT_FROM, &runs);
  if (!bad) bad += run_mode(scenario, number, FAULT_FILES, &runs);
  if (!bad && !FEW) bad += run_missed_sites(scenario, number, &runs);
  printf("%-24s %5u runs%s\n", scenario->name, runs, bad ? ", FAILED" : "");
  return bad;
}

/* ---- all scenarios, some at a time ---- */

static const struct scenario *scenario_at(int number)
{
  const struct scenario *const lists[] = {library_scenarios, document_scenarios, command_scenarios};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
    for (const struct scenario *s = lists[i]; s->name; s++)
      if (number-- == 0) return s;
  return NULL;
}

static int run_in_parallel(void)
{
  long most = sysconf(_SC_NPROCESSORS_ONLN), running = 0;
  int bad = 0, status;
  for (int number = 0; scenario_at(number) || running;) {
    if (scenario_at(number) && running < most) {
      fflush(NULL);
      if (fork() == 0) {
        result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        int own = result == MAP_FAILED || run_all(scenario_at(number), number);
        fflush(NULL);
        _exit(own);
      }
      running++, number++;
    } else if (wait(&status) > 0) {
      running--;
      bad += status != 0;
    }
  }
  return bad;
}

/* One line for each site: its place, the runs in which it failed alone, and in how many of them nobody was told. */
static bool write_sites(const char *path)
{
  FILE *f = fopen(path, "w");
  if (!f) return false;
  for (struct fault_site *s = fault_board(); s < fault_board() + FAULT_SITES; s++)
    if (atomic_load(&s->pc))
      fprintf(f, "%016lx %u %u\n", (unsigned long)atomic_load(&s->pc), atomic_load(&s->failed),
              atomic_load(&s->silent));
  return fclose(f) == 0;
}

static int run_named(const char *name, const char *mode, unsigned n)
{
  bool came_by;
  int number = 0;
  result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  while (scenario_at(number) && strcmp(scenario_at(number)->name, name) != 0) number++;
  if (!scenario_at(number)) return EXIT_FAILURE;
  if (!mode) return run_all(scenario_at(number), number) != 0;
  struct fault_plan plan = {n == 0                       ? FAULT_NONE
                            : strcmp(mode, "one") == 0   ? FAULT_ONE
                            : strcmp(mode, "files") == 0 ? FAULT_FILES
                                                         : FAULT_FROM,
                            n, 0};
  return !run_once(scenario_at(number), number, &plan, &came_by);
}

/* What libuv keeps for the process is there before descriptors are counted. */
static bool warm_up_libuv(void)
{
  uv_loop_t loop;
  return uv_loop_init(&loop) == 0 && uv_loop_close(&loop) == 0;
}

int main(int count, char **arguments)
{
  setenv("WEIR_MISUSE", "quiet", 0);
  setenv("UV_THREADPOOL_SIZE", "1", 1);
  close_range(STDERR_FILENO + 1, ~0U, 0); /* that few are to be had shall mean the same wherever it is run */
  fault_board_make();
  if (!warm_up_libuv()) return EXIT_FAILURE;
  const char *sites = NULL;
  if (count > 2 && strcmp(arguments[1], "--sites") == 0) sites = arguments[2], count -= 2, arguments += 2;
  if (count > 1)
    return run_named(arguments[1], count > 3 ? arguments[2] : NULL,
                     count > 3 ? (unsigned)strtoul(arguments[3], NULL, 10) : 0);
  int bad = run_in_parallel();
  if (sites && !write_sites(sites)) bad++;
  printf("%s\n", bad ? "FAILED" : "no failure was missed");
  return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
