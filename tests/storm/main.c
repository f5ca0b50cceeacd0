/* A storm of failures (see storm.h):
 *
 *   storm [--seconds N] [--halted N] [--children N] [--workers N] [--fail-in N] [--hogs MS] [--no-crashes]
 *
 * A handler that loops is ended after `hogs` ms (1000). First one of `halted` seconds (1; 0: none) in the midst of which the runtime is stopped; then one of `seconds`, after which
 * it becomes calm. Prints figures every five seconds and in the end, and fails if
 *   the failures that were about to be are not those that supervisors were told of, or restarted children after;
 *   not all children live when it has become calm;
 *   what was deferred was not called as often, or a message has no end, or a buffer is left;
 *   the memory that is resident grows (sanitizers keep what was freed for a while: there leaks are looked for). */
#include "storm/storm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chance.h"
#include "memory.h"

enum { BRANCHES = 10, LEAVES = 10, CLIENTS = 32, MUCH = 1 << 20, HOG_MS = 1000 };

struct storm storm;

static struct {
  _Atomic(int64_t) failed, not_started, spent, killed, crashes;
} told;
static _Atomic(bool) clients_go_home;

static int64_t load(const _Atomic(int64_t) *counter) { return atomic_load_explicit(counter, memory_order_relaxed); }

static int fail(const char *what)
{
  printf("WRONG: %s\n", what);
  return 1;
}

/* ---- what is told ---- */

static void on_event(const weir_restart_event *e, void *unused)
{
  (void)unused;
  count_one(e->what == WEIR_CHILD_FAILED        ? &told.failed
            : e->what == WEIR_CHILD_NOT_STARTED ? &told.not_started
            : e->what == WEIR_CHILD_KILLED      ? &told.killed
                                                : &told.spent);
}

/* One that was at work for too long: because it loops, or because this machine had no time for it. True: that is the crash
 * of a child; false: it was about to fail otherwise, or is none. */
static bool note_loop(weir_ref who)
{
  for (int i = 0; i < storm.children; i++) {
    struct child_seen *seen = &storm.child[i];
    if (atomic_load_explicit(&seen->ref, memory_order_relaxed) != who.bits) continue;
    int noted = atomic_load_explicit(&seen->noted, memory_order_relaxed);
    if (!noted) note_failure(seen, LOOP);
    if (atomic_exchange_explicit(&seen->loops, false, memory_order_relaxed)) failure_is_settled();
    return !noted || noted > FIRST_CRASH;
  }
  return false;
}

static void on_crash(const weir_crash *c, void *unused)
{
  (void)unused;
  if (!strstr(c->what, "had its worker") || note_loop(c->actor)) count_one(&told.crashes);
}

static void on_hog(const weir_hog *hog, void *unused) { (void)hog, (void)unused; }

/* ---- the tree ---- */

/* The first `of` of so many: what is borrowed until weir_supervise() returns. */
static weir_supervisor_options group(weir_child *children, size_t count)
{
  return (weir_supervisor_options){
      .max_restarts = MUCH, .within = WEIR_MILLIS(1), .on_event = on_event, .children = {children, count}};
}

static weir_ref start_tree(void)
{
  int leaves = BRANCHES * LEAVES, each = storm.children / leaves;
  weir_child *children = calloc((size_t)storm.children, sizeof *children), in_branch[BRANCHES * LEAVES] = {{0}};
  struct child_config *configs = calloc((size_t)storm.children, sizeof *configs);
  weir_supervisor_options leaf[BRANCHES * LEAVES], branch[BRANCHES];
  weir_child in_root[BRANCHES] = {{0}};
  static char names[BRANCHES * LEAVES][24];
  if (!children || !configs) abort();
  for (int i = 0; i < storm.children; i++) {
    configs[i].id = i;
    children[i] =
        (weir_child){.type = storm_child, .config = WEIR_AT(child_config, &configs[i]), .memory = MEMORY_MOST};
  }
  for (int i = 0; i < leaves; i++) {
    snprintf(names[i], sizeof names[i], "leaf %d", i);
    leaf[i] = group(children + i * each, (size_t)each);
    in_branch[i] = (weir_child){.name = names[i], .tree = &leaf[i]};
  }
  for (int i = 0; i < BRANCHES; i++) {
    branch[i] = group(in_branch + i * LEAVES, LEAVES);
    in_root[i] = (weir_child){.tree = &branch[i]};
  }
  weir_supervisor_options root = group(in_root, BRANCHES);
  root.name = "root";
  weir_ref tree = weir__supervise(&root);
  free(children);
  free(configs);
  return tree;
}

/* ---- the load ---- */

static weir_ref some_child(void)
{
  return (weir_ref){atomic_load_explicit(&storm.child[draw() % (uint64_t)storm.children].ref, memory_order_relaxed)};
}

/* An actor, so that what it holds goes back if it is ended by mistake (note_loop()). */
struct client {
  WEIR_EMPTY;
};
static int client_start(struct client *c)
{
  (void)c;
  while (!atomic_load_explicit(&clients_go_home, memory_order_relaxed)) {
    uint64_t luck = draw();
    weir_ref to = some_child(), other = some_child();
    struct answer *a = NULL;
    int rc = WEIR_OK;
    if (luck % 4 == 0)
      rc = weir_ask(to, WEIR_MILLIS(5), &a, question, .luck = luck, .other = other);
    else if (luck % 4 == 1)
      rc = weir_try_send(to, job, .luck = luck, .other = other, .text = "try");
    else
      rc = weir_send_within(to, WEIR_MILLIS(5), job, .luck = luck, .other = other, .text = "some text to carry");
    weir_free(a);
    if (rc == WEIR_ECANCELED) return rc;
  }
  return WEIR_STOP;
}
WEIR_ACTOR(client, WEIR_ON_START(weir_none, client_start));

/* ---- figures ---- */

static int64_t sum_of_failures(void)
{
  int64_t sum = 0;
  for (int i = 0; i < WAYS; i++) sum += load(&storm.failures[i]);
  return sum;
}

static void tell(double seconds)
{
  printf("%5.0f s: %lld failures, %lld restarts, %lld crashes; %lld messages handled; %lld KiB resident\n", seconds,
         (long long)sum_of_failures(), (long long)(load(&told.failed) - load(&told.not_started)),
         (long long)load(&told.crashes), (long long)load(&storm.handled), (long long)resident_bytes() / 1024);
  fflush(stdout);
}

static void tell_ways(void)
{
  for (int i = 0; i < WAYS; i++)
    printf("%s%s %lld", i ? ", " : "  ", way_names[i], (long long)load(&storm.failures[i]));
  printf("\n");
}

/* ---- the end ---- */

static int64_t restarts_of(weir_ref leaf, int64_t *active)
{
  struct weir_child_list *list = NULL;
  int64_t restarts = 0;
  if (weir_which_children(leaf, WEIR_SECONDS(300), &list)) return INT64_MIN / 2;
  for (size_t i = 0; i < list->count; i++) {
    restarts += (int64_t)list->children[i].restarts;
    *active += list->children[i].state == WEIR_CHILD_RUNS;
  }
  weir_free(list);
  return restarts;
}

static int64_t restarts_of_all(int64_t *active)
{
  int64_t restarts = 0;
  *active = 0;
  for (int i = 0; i < BRANCHES * LEAVES; i++) {
    char name[24];
    snprintf(name, sizeof name, "leaf %d", i);
    restarts += restarts_of(weir_find(name), active);
  }
  return restarts;
}

/* Until all live, and what is counted is what was told. A handler may have been about to fail for long: so we look again
 * and again; but what is wrong for good stays wrong. */
static int64_t become_calm(void)
{
  enum { LOOKS = 500 };
  int64_t restarts = 0, active = 0;
  atomic_store(&storm.calm, true);
  for (int i = 0; i < LOOKS || active < storm.children; i++) {
    weir_sleep(WEIR_MILLIS(20));
    bool decided = !atomic_load(&storm.deciding); /* first: what was decided is counted */
    restarts = restarts_of_all(&active);
    int64_t failures = sum_of_failures();
    if (decided && active == storm.children && load(&told.failed) == failures &&
        restarts == failures - load(&told.not_started) && load(&storm.starts) == storm.children + restarts)
      break;
  }
  return restarts;
}

static int check(int64_t restarts)
{
  int wrong = 0;
  int64_t crashes = 0, failures = sum_of_failures();
  for (int i = FIRST_CRASH; i < WAYS; i++) crashes += load(&storm.failures[i]);
  printf("%lld failures: %lld told, %lld restarts, %lld that failed; %lld starts\n", (long long)failures,
         (long long)load(&told.failed), (long long)restarts, (long long)load(&told.not_started),
         (long long)load(&storm.starts));
  if (load(&told.failed) != failures) wrong |= fail("failures are not those that were told");
  if (restarts != failures - load(&told.not_started)) wrong |= fail("restarts are not as many as failures");
  if (load(&storm.starts) != storm.children + restarts)
    wrong |= fail("starts are not as many as children and restarts");
  if (load(&told.not_started) != load(&storm.failures[BAD_RESTART]))
    wrong |= fail("starts that failed are not those told");
  if (load(&told.crashes) != crashes) wrong |= fail("crashes are not those that were told");
  if (load(&told.spent)) wrong |= fail("a supervisor gave up");
  return wrong;
}

static int check_accounts(void)
{
  weir_accounts a;
  int wrong = 0;
  weir_accounts_read(&a);
  printf("%llu messages: %llu handled, %llu dead, %llu withdrawn; %llu live, %llu buffers\n",
         (unsigned long long)a.created, (unsigned long long)a.handled, (unsigned long long)a.dead,
         (unsigned long long)a.withdrawn, (unsigned long long)a.live, (unsigned long long)a.buffers);
  if (a.live || a.buffers) wrong |= fail("messages or buffers are left");
  if (load(&storm.defers) != load(&storm.deferred)) wrong |= fail("what was deferred was not called");
  return wrong;
}

/* ---- */

static int64_t option(int argc, char **argv, const char *name, int64_t otherwise)
{
  for (int i = 1; i + 1 < argc; i++)
    if (!strcmp(argv[i], name)) return strtoll(argv[i + 1], NULL, 10);
  return otherwise;
}

static bool has(int argc, char **argv, const char *name)
{
  for (int i = 1; i < argc; i++)
    if (!strcmp(argv[i], name)) return true;
  return false;
}

static int64_t hog_ms;

static int begin(int workers, weir_runtime **rt)
{
  weir_runtime_options o = {.workers = workers,
                            .contain_crashes = storm.trap,
                            .on_crash = on_crash,
                            .on_hog = on_hog,
                            .hog_after = WEIR_MILLIS((double)hog_ms / 2)};
  if (way_is_there(LOOP, storm.trap)) o.end_hogs_after = WEIR_MILLIS((double)hog_ms);
  int rc = weir_runtime_start(&o, rt);
  if (rc != WEIR_ENOTSUP) return rc;
  printf("without crashes: %s\n", weir_error_text());
  storm.trap = o.contain_crashes = false;
  o.end_hogs_after = WEIR_MILLIS(0);
  return weir_runtime_start(&o, rt);
}

/* The most that was resident in the second quarter of the time, and in the second half. */
struct memory {
  int64_t early, late;
};

static void blow(int64_t seconds, struct memory *memory)
{
  int64_t from = chance_now_ns(), told_at = from, all = seconds * 1000000000, now;
  do {
    weir_sleep(WEIR_MILLIS(50));
    now = chance_now_ns();
    int64_t resident = resident_bytes(), *most = 2 * (now - from) < all ? &memory->early : &memory->late;
    if (4 * (now - from) >= all && resident > *most) *most = resident;
    if (now - told_at < INT64_C(5000000000)) continue;
    told_at = now;
    tell((double)(now - from) / 1e9);
  } while (now - from < all);
}

/* One storm. `halts`: its runtime is stopped in the midst of it; else it becomes calm before. */
static int round_run(int workers, int64_t seconds, bool halts)
{
  weir_runtime *rt;
  weir_ref clients[CLIENTS];
  struct memory memory = {0};
  int wrong = 0;
  if (begin(workers, &rt)) return fail(weir_error_text());
  weir_ref tree = start_tree();
  if (weir_count_children(tree, WEIR_SECONDS(300), NULL)) return fail(weir_error_text());
  for (int i = 0; i < CLIENTS; i++) clients[i] = weir_spawn(&client);
  blow(seconds, &memory);
  int64_t restarts = halts ? 0 : become_calm();
  if (!halts) atomic_store(&clients_go_home, true);
  for (int i = 0; i < CLIENTS && !halts; i++)
    while (weir_alive(clients[i])) weir_sleep(WEIR_MILLIS(1));
  tell((double)seconds);
  if (!halts) tell_ways();
  if (!halts) wrong |= check(restarts);
  if (weir_runtime_stop(rt, WEIR_MILLIS(0))) wrong |= fail(weir_error_text());
  wrong |= check_accounts();
  if (halts) return wrong;
  printf("memory: %lld KiB resident in the second quarter, %lld KiB in the second half\n",
         (long long)memory.early / 1024, (long long)memory.late / 1024);
  if (!getenv("WEIR_TEST_SLOW") && seconds >= 30 && memory.late > memory.early + memory.early / 4 + (8 << 20))
    wrong |= fail("memory grows");
  return wrong;
}

static void forget_all(void)
{
  int children = storm.children;
  bool trap = storm.trap;
  int64_t fail_in = load(&storm.fail_in);
  memset(&storm, 0, sizeof storm);
  memset(&told, 0, sizeof told);
  storm.children = children;
  storm.trap = trap;
  atomic_store(&storm.fail_in, fail_in);
}

int main(int argc, char **argv)
{
  bool slow = getenv("WEIR_TEST_SLOW") != NULL;
  int64_t seconds = option(argc, argv, "--seconds", slow ? 2 : 3), halted = option(argc, argv, "--halted", 1);
  int children = (int)option(argc, argv, "--children", slow ? 1000 : 10000);
  int workers = (int)option(argc, argv, "--workers", 0);
  storm.children = children / (BRANCHES * LEAVES) * BRANCHES * LEAVES;
  hog_ms = option(argc, argv, "--hogs", HOG_MS);
  storm.trap = !has(argc, argv, "--no-crashes");
  atomic_store(&storm.fail_in, option(argc, argv, "--fail-in", 20));
  if (storm.children < BRANCHES * LEAVES || storm.children > CHILDREN_MOST || load(&storm.fail_in) < 1)
    return fail("options");
  chance_begin();
  ways_begin();
  int wrong = halted ? round_run(workers, halted, true) : 0;
  forget_all();
  wrong |= round_run(workers, seconds, false);
  if (!wrong) printf("all as it should be\n");
  return wrong;
}
