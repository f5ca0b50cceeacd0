/* How often children are restarted, when, and who gives up: what supervisors tell is compared with a count of our own of
 * the restarts in each period. Two inner trees fail at the same time, and their supervisor may as well. */
#include "family.h"

enum { SUPERVISORS = 3, ROOT = SUPERVISORS - 1, BUDGETS = SUPERVISORS + KIDS, RESTARTS_MOST = 400 };

static int64_t escalated, gave_up, stayed; /* over all seeds */

/* Of each supervisor, then of each child that has one of its own. */
struct budget_seen {
  int max_restarts; /* 0: there is none */
  int64_t within_ns, at[RESTARTS_MOST];
  int used;
};
static struct {
  struct budget_seen budgets[BUDGETS];
  /* The times that it gave up, that it did not start again, and that one or the other was told by the one above. */
  int spent[SUPERVISORS], not_started[SUPERVISORS], failures[SUPERVISORS];
  bool alone; /* each is restarted alone */
  weir_backoff backoff;
} seen;

static const char *const names[SUPERVISORS] = {"left", "right", "root"};

static int index_of(const char *name, const char *const *list, int count)
{
  int i = 0;
  while (i < count && strcmp(list[i], name) != 0) i++;
  return i;
}

/* How many there have been in the period, this one included; one too many is none. */
static int count_restarts(struct budget_seen *b, int64_t now)
{
  int count = 1;
  for (int i = 0; i < b->used; i++) count += now - b->at[i] <= b->within_ns;
  if (count <= b->max_restarts && b->used < RESTARTS_MOST) b->at[b->used++] = now;
  return count;
}

static void check_wait(const weir_restart_event *e, int id, int64_t now)
{
  double jitter = seen.backoff.jitter, least = (double)seen.backoff.first.ns, most = (double)seen.backoff.most.ns;
  double wait = (double)e->wait.ns;
  if (wait < least * (1 - jitter) - 1 || wait > most * (1 + jitter) + 1)
    broken("the wait is out of its bounds", __LINE__);
  if (id < KIDS && seen.alone) family.kid[id].not_before = now + e->wait.ns;
}

/* Another incarnation of a supervisor counts anew. */
static void forget_counts(int supervisor)
{
  seen.budgets[supervisor].used = 0;
  for (int i = 0; i < KIDS; i++) {
    if (family.first_of[i] != 3 * supervisor) continue;
    seen.budgets[SUPERVISORS + i].used = 0;
    family.kid[i].not_before = 0;
  }
}

static void on_event(const weir_restart_event *e, void *arg)
{
  kid_told(e, arg);
  int64_t now = weir_simulation_elapsed(family.rt).ns;
  int supervisor = index_of(e->supervisor_name, names, SUPERVISORS), id = index_of(e->child_name, kid_names, KIDS);
  if (e->what == WEIR_CHILD_NOT_STARTED && id == KIDS) seen.not_started[index_of(e->child_name, names, ROOT)]++;
  if (e->what == WEIR_CHILD_NOT_STARTED || e->what == WEIR_CHILD_KILLED) return;
  bool own = id < KIDS && seen.budgets[SUPERVISORS + id].max_restarts;
  struct budget_seen *b = &seen.budgets[own ? SUPERVISORS + id : supervisor];
  int count = count_restarts(b, now), most = b->max_restarts < 0 ? 0 : b->max_restarts;
  if (e->restarts != count || e->max_restarts != most) broken("restarts are counted otherwise", __LINE__);
  if ((e->what == WEIR_CHILD_FAILED) != (count <= most)) broken("too often, or not", __LINE__);
  if (e->what == WEIR_CHILD_FAILED) check_wait(e, id, now);
  if (e->what == WEIR_GROUP_SPENT) seen.spent[supervisor]++;
  if (id == KIDS) seen.failures[index_of(e->child_name, names, SUPERVISORS)]++;
  if (e->what == WEIR_GROUP_SPENT) forget_counts(supervisor);
}

static void draw_budget(int index)
{
  struct budget_seen *b = &seen.budgets[index];
  b->max_restarts = (int)between(family.rt, 0, 4);
  if (b->max_restarts == 0) b->max_restarts = WEIR_NO_RESTARTS;
  b->within_ns = between(family.rt, 1, 40) * 1000000;
}

#define INNER(which, ...)                                                                                              \
  {                                                                                                                    \
    .name = names[which], .tree = WEIR_TREE(.strategy = strategy, .max_restarts = seen.budgets[which].max_restarts,    \
                                            .within = {seen.budgets[which].within_ns}, .backoff = seen.backoff,        \
                                            .on_event = on_event, .children = WEIR_CHILDREN(__VA_ARGS__))              \
  }
#define OWN(id)                                                                                                        \
  .max_restarts = seen.budgets[SUPERVISORS + (id)].max_restarts,                                                       \
  .within = {seen.budgets[SUPERVISORS + (id)].within_ns}, .when_spent = when_spent

static weir_ref start_tree(void)
{
  siblings(0, 3);
  siblings(3, 6);
  int strategy = (int)between(family.rt, WEIR_ONE_FOR_ONE, WEIR_REST_FOR_ONE);
  int when_spent = (int)between(family.rt, WEIR_LEAVE_DOWN, WEIR_ESCALATE);
  seen.alone = strategy == WEIR_ONE_FOR_ONE;
  for (int i = 0; i < SUPERVISORS; i++) draw_budget(i);
  if (chance(2)) draw_budget(SUPERVISORS + 1);
  return weir_supervise(.name = names[ROOT], .max_restarts = seen.budgets[ROOT].max_restarts,
                        .within = {seen.budgets[ROOT].within_ns}, .backoff = seen.backoff, .on_event = on_event,
                        .children = WEIR_CHILDREN(
                            INNER(0, KID(0, .mailbox = WEIR_KEEP), KID(1, OWN(1)), KID(2, .restart = WEIR_TRANSIENT)),
                            INNER(1, KID(3, .mailbox = WEIR_KEEP), KID(4, .capacity = 8),
                                  KID(5, .mailbox = WEIR_FLUSH))));
}

static int budgets(weir_runtime *rt)
{
  const weir_backoff some = {.first = WEIR_MILLIS(1), .most = WEIR_MILLIS(10), .jitter = 0.25};
  memset(&seen, 0, sizeof seen);
  family_begins(rt);
  if (chance(2)) seen.backoff = some;
  weir_ref root = start_tree();
  MUST(weir_count_children(root, WEIR_FOREVER, NULL) == WEIR_OK);
  family.fall_in = (int)between(rt, 4, 20);
  family.bad_restart_in = (int)between(rt, 0, 1) * 8;
  family.slow_in = (int)between(rt, 0, 1) * 4;
  load_begins(KIDS);
  MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK);
  MUST(seen.spent[ROOT] <= 1 && weir_alive(root) == !seen.spent[ROOT]);
  for (int i = 0; i < ROOT; i++) {
    /* The last may have ended together with the root. */
    int ends = seen.spent[i] + seen.not_started[i];
    MUST(seen.failures[i] <= ends && (seen.failures[i] == ends || seen.spent[ROOT]));
    escalated += seen.failures[i];
  }
  gave_up += seen.spent[ROOT];
  stayed += !seen.spent[ROOT];
  if (seen.spent[ROOT]) return family_is_gone();
  return family_stops();
}

static void restarts_are_counted_as_they_are_told(void **state)
{
  (void)state;
  simulate(NULL, budgets);
  if (!getenv("WEIR_SEED")) assert_true(escalated > 10 && gave_up > 10 && stayed > 10);
}
static void the_same_seed_is_the_same_run(void **state)
{
  (void)state;
  struct scenario s = {budgets};
  assert_int_equal(weir_simulate(&(weir_simulation_options){.twice = true}, 300, run_scenario, &s), WEIR_OK);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(restarts_are_counted_as_they_are_told),
      cmocka_unit_test(the_same_seed_is_the_same_run),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
