/* families.c: the calls of the API fuzzer that start and order supervisors, and those of links, monitors and exits. */
#include "world.h"

enum {
  ANY_ORDER = OK | EXISTS | DEAD | FULL | TIMED | DOUBT | FAILED | INVALID | BUSY | USER | UNSUPPORTED | ENDED | WAITING
};

static const char *const names[] = {"first", "second", "third"};
enum { NAMES = sizeof names / sizeof names[0] };

/* ---- supervisors ---- */

static void on_event(const weir_restart_event *e, void *unused)
{
  (void)unused;
  CHECK(e->supervisor_name && e->child_name && e->what >= WEIR_CHILD_FAILED && e->what <= WEIR_CHILD_KILLED);
  CHECK(!weir_ref_error(e->supervisor) && e->wait.ns >= 0);
}

static weir_child child_of(const struct step *s, unsigned n, const struct birth *birth)
{
  weir_child c = {.type = actor_types[(s->b + n) % ACTOR_TYPES], .config = WEIR_AT(birth, birth)};
  c.restart = (int)(s->c + n) % 3;
  c.mailbox = (int)(s->c >> 2) % 3;
  c.retries = s->c & 16 ? 2 : 0;
  c.when_spent = (int)(s->c >> 5) % 3;
  if (s->c & 128) c.max_restarts = 2;
  c.shutdown = n == 1 ? WEIR_AT_ONCE : WEIR_MILLIS(1);
  return c;
}

static void call_supervise(struct who *who, const struct step *s)
{
  static const int restarts[] = {0, WEIR_NO_RESTARTS, 2, 50};
  struct birth births[NAMES] = {{.fails = s->a >> 4 & 1, .steps = s->b >> 6}, {.steps = s->c & 1}, {.steps = 1}};
  weir_child children[NAMES];
  bool dynamic = s->b % 4 == WEIR_DYNAMIC;
  size_t count = dynamic ? 1 : s->a >> 5 & 3;
  for (unsigned i = 0; i < NAMES; i++) {
    children[i] = child_of(s, i, &births[i]);
    if (!dynamic) children[i].name = names[i];
  }
  weir_supervisor_options o = {.strategy = s->b % 4,
                               .max_restarts = restarts[s->b >> 2 & 3],
                               .on_event = on_event,
                               .children = {children, count}};
  if (s->b & 16) o.backoff = (weir_backoff){.first = {20000}, .most = {100000}, .jitter = 0.5};
  weir_ref tree = weir__supervise(&o);
  EXPECT(who, weir_ref_error(tree), OK | DEAD);
  world.trees[s->a % TREES] = tree;
  world.refs[s->a % REFS].ref = tree;
  world.refs[s->a % REFS].route = false;
  world.refs[s->a % REFS].capacity = SIZE_MAX;
}

/* A child, from now on among those that others send to. */
static void adopt(unsigned at, weir_ref ref)
{
  world.refs[at % REFS].ref = ref;
  world.refs[at % REFS].route = false;
  world.refs[at % REFS].capacity = SIZE_MAX;
}

static void call_start_child(struct who *who, const struct step *s)
{
  weir_ref ref;
  struct birth birth = {.fails = s->b >> 5 == 7, .steps = s->b & 1};
  weir_child c = {.name = s->c % 4 < NAMES ? names[s->c % 4] : NULL, .config = WEIR_AT(birth, &birth)};
  if (s->b & 2) c.type = actor_types[s->c >> 4 & 1];
  if (s->b & 4) c.restart = WEIR_TRANSIENT;
  int rc = weir__start_child(world.trees[s->a % TREES], time_of(who, s->b >> 3), &ref, &c);
  EXPECT(who, rc, ANY_ORDER);
  CHECK(rc ? weir_ref_error(ref) != 0 : !weir_ref_error(ref));
  if (!rc) adopt(s->a, ref);
}

static void call_order(struct who *who, const struct step *s)
{
  weir_ref tree = world.trees[s->a % TREES], ref;
  weir_duration within = time_of(who, s->b >> 3);
  const char *name = names[s->c % NAMES];
  struct weir_child_counts counts = {0};
  struct weir_child_list *list = NULL;
  int rc;
  switch (s->b % 6) {
  case 0:
    rc = weir_stop_child(tree, within, name);
    break;
  case 1:
    rc = weir_stop_child_ref(tree, within, world.refs[s->c % REFS].ref);
    break;
  case 2:
    rc = weir_restart_child(tree, within, name, &ref);
    if (!rc) adopt(s->a, ref);
    break;
  case 3:
    rc = weir_delete_child(tree, within, name);
    break;
  case 4:
    rc = weir_which_children(tree, within, &list);
    CHECK(!rc == !!list);
    for (size_t i = 0; list && i < list->count; i++) {
      int state = list->children[i].state;
      CHECK(state >= WEIR_CHILD_RUNS && state <= WEIR_CHILD_STOPPED);
      CHECK(state == WEIR_CHILD_STOPPED || !weir_ref_error(list->children[i].ref));
    }
    weir_free(list);
    break;
  default:
    rc = weir_count_children(tree, within, &counts);
    CHECK(counts.active <= counts.supervisors + counts.workers);
    break;
  }
  EXPECT(who, rc, ANY_ORDER);
}

static void call_find_child(struct who *who, const struct step *s)
{
  (void)who;
  weir_ref ref = weir_find(names[s->b % NAMES]);
  if (!weir_ref_error(ref)) adopt(s->a, ref);
}

/* ---- exits, links, monitors ---- */

static void call_kill(struct who *who, const struct step *s)
{
  unsigned own = own_errors(s->a); /* others may run before it returns */
  weir_ref ref = world.refs[s->a % REFS].ref;
  int rc = s->b % 2 ? weir_exit(ref, s->c % 3 ? WEIR_EUSER(s->c % 3) : WEIR_OK) : weir_kill(ref);
  EXPECT(who, rc, OK | DEAD | INVALID | own);
}

static void call_tie(struct who *who, const struct step *s)
{
  unsigned own = own_errors(s->a); /* others may run before it returns */
  weir_ref ref = world.refs[s->a % REFS].ref;
  unsigned w = s->c % WATCHES;
  int rc;
  switch (s->b % 5) {
  case 0:
    rc = weir_link(ref);
    break;
  case 1:
    rc = weir_unlink(ref);
    break;
  case 2:
    world.watches[w] = weir_monitor(ref);
    rc = world.watches[w].error;
    break;
  case 3:
    rc = weir_demonitor(world.watches[w]);
    break;
  default:
    rc = weir_trap_exits(s->c % 2);
    break;
  }
  EXPECT(who, rc, OK | DEAD | INVALID | own);
}

const struct call family_calls[] = {
    {'+', call_supervise},
    {'*', call_start_child},
    {'/', call_order},
    {'@', call_find_child},
    {'^', call_kill},
    {'=', call_tie},
    {0},
};
