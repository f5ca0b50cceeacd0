/* Cycles of asks and of full mailboxes: each is found and named, nobody waits for ever, and where there is no cycle none is
 * found. */
#include "simulation_fixture.h"

enum { ACTORS_MOST = 5, CALLERS = 2 };

struct done {
  WEIR_EMPTY;
};
struct call {
  int64_t hops;
};
struct know {
  weir_ref next;
  bool sends;
};
struct filler {
  WEIR_EMPTY;
};
WEIR_MESSAGE(done);
WEIR_REQUEST(call, done, WEIR_FIELD(hops));
WEIR_MESSAGE(know, WEIR_FIELD(next), WEIR_FIELD(sends));
WEIR_MESSAGE(filler);

static struct {
  int deadlocks, ok, others;
  char text[200];
} seen;
static int64_t found; /* over all seeds */

struct node {
  weir_ref next;
  bool sends;
};
static int node_know(struct node *n, const struct know *m)
{
  n->next = m->next;
  n->sends = m->sends;
  return WEIR_OK;
}

/* Asks the next, or, in a handler that is asked itself, fills its mailbox. */
static int node_call(struct node *n, const struct call *m)
{
  int rc = WEIR_OK;
  if (m->hops == 0) return WEIR_OK;
  for (int i = 0; !rc && n->sends && i < 4; i++) rc = weir_send(n->next, filler);
  if (!rc) rc = weir_ask(n->next, WEIR_FOREVER, (struct done **)NULL, call, .hops = m->hops - 1);
  if (rc == WEIR_EDEADLOCK) {
    snprintf(seen.text, sizeof seen.text, "%s", weir_error_text());
    MUST(strstr(seen.text, "waits for"));
  }
  return rc;
}
static int node_filler(struct node *n, const struct filler *m)
{
  (void)n, (void)m;
  return WEIR_OK;
}
WEIR_ACTOR(node, WEIR_ON(know, node_know) WEIR_ON(call, node_call) WEIR_ON(filler, node_filler), .capacity = 2);

struct caller {
  weir_ref whom;
  int64_t hops;
};
static int one_call(struct caller *c)
{
  int rc = weir_ask(c->whom, WEIR_FOREVER, (struct done **)NULL, call, .hops = c->hops);
  seen.deadlocks += rc == WEIR_EDEADLOCK;
  seen.ok += rc == WEIR_OK;
  seen.others += rc != WEIR_OK && rc != WEIR_EDEADLOCK;
  return rc;
}

static int call_all(weir_runtime *rt, weir_ref *nodes, int64_t count, int64_t hops)
{
  struct caller callers[CALLERS];
  weir_task *tasks[CALLERS];
  for (int i = 0; i < CALLERS; i++) {
    callers[i] = (struct caller){nodes[between(rt, 0, count - 1)], hops};
    tasks[i] = weir_task_start(rt, one_call, &callers[i]);
    MUST(tasks[i]);
  }
  for (int i = 0; i < CALLERS; i++) MUST(weir_task_join(tasks[i], WEIR_SECONDS(100), NULL) == WEIR_OK);
  MUST(seen.others == 0);
  return WEIR_OK;
}

static int spawn_nodes(weir_runtime *rt, weir_ref *nodes, int64_t count, bool closes)
{
  memset(&seen, 0, sizeof seen);
  for (int64_t i = 0; i < count; i++) nodes[i] = weir_spawn(&node);
  for (int64_t i = 0; i < count; i++) {
    bool last = i == count - 1;
    if (last && !closes) continue;
    MUST(weir_send(nodes[i], know, .next = nodes[(i + 1) % count], .sends = between(rt, 0, 1) == 1) == WEIR_OK);
  }
  return WEIR_OK;
}

static int cycle(weir_runtime *rt)
{
  weir_ref nodes[ACTORS_MOST];
  int64_t count = between(rt, 1, ACTORS_MOST);
  MUST(spawn_nodes(rt, nodes, count, true) == WEIR_OK);
  int rc = call_all(rt, nodes, count, 2 * ACTORS_MOST + 2);
  MUST(seen.deadlocks == CALLERS && seen.ok == 0);
  found += seen.deadlocks;
  return rc;
}

/* A chain, which is asked no further than to its end. */
static int chain(weir_runtime *rt)
{
  weir_ref nodes[ACTORS_MOST];
  int64_t count = between(rt, 1, ACTORS_MOST);
  MUST(spawn_nodes(rt, nodes, count, false) == WEIR_OK);
  int rc = call_all(rt, nodes, 1, count - 1);
  MUST(seen.deadlocks == 0 && seen.ok == CALLERS);
  return rc;
}

static void each_cycle_is_found_and_named(void **state)
{
  (void)state;
  simulate(NULL, cycle);
  assert_true(found > 0);
}

static void no_cycle_is_found_where_there_is_none(void **state)
{
  (void)state;
  simulate(NULL, chain);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_cycle_is_found_and_named),
      cmocka_unit_test(no_cycle_is_found_where_there_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
