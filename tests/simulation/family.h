/* family.h: children for scenarios of supervision. They draw how they start, work and end, and note it; what must hold
 * of any child at any time is checked here:
 *
 *   no two incarnations of it live at once, and each that began to start ends once;
 *   its supervisor starts it when all before it have started, and ends it when all behind it have ended;
 *   what one sender sends to it comes in its order, and once, unless it is tried again.
 */
#ifndef WEIR_TESTS_FAMILY_H
#define WEIR_TESTS_FAMILY_H

#include "simulation_fixture.h"

enum { KIDS = 6, SENDERS = 2, UNITS = 6, FELL = WEIR_EUSER(2), BAD_START = WEIR_EUSER(3) };

struct kid_plan {
  int64_t id;
};
struct unit {
  int64_t from, n;
};
struct count {
  int64_t n;
};
struct get_count {
  WEIR_EMPTY;
};
WEIR_MESSAGE(kid_plan, WEIR_FIELD(id));
WEIR_MESSAGE(unit, WEIR_FIELD(from), WEIR_FIELD(n));
WEIR_MESSAGE(count, WEIR_FIELD(n));
WEIR_REQUEST(get_count, count);

struct kid_seen {
  int begun_starts, starts, ends; /* ends: of all that began to start */
  int falls;                      /* ends by itself, starts that failed included */
  bool lives, fallen;             /* fallen: it ends by itself, or has, and has not begun to start again */
  int64_t not_before;             /* it is not to start before that, by the virtual clock */
  int begun[SENDERS][UNITS];
};

static struct {
  weir_runtime *rt;
  struct kid_seen kid[KIDS];
  int first_of[KIDS]; /* the first child of the same supervisor, the one behind its last */
  int behind_of[KIDS];
  /* About one time in so many; 0: never. */
  int bad_start_in, bad_restart_in, refused_start_in, fall_in, bad_end_in, slow_in;
  int attempts;       /* for one message */
  bool hangs;         /* child 1 does not end when it is told to */
  bool disorderly;    /* others than the supervisor end children */
  bool kills;         /* they kill themselves, too */
  bool at_once[KIDS]; /* they start and end in no order */
  /* What was told. */
  int failed, not_started, spent, group_spent, killed;
} family;

static inline void family_begins(weir_runtime *rt)
{
  memset(&family, 0, sizeof family);
  family.rt = rt;
  family.attempts = 1;
}

/* Children `first` to `behind` - 1 have one supervisor. */
static inline void siblings(int first, int behind)
{
  for (int i = first; i < behind; i++) {
    family.first_of[i] = first;
    family.behind_of[i] = behind;
  }
}

static inline bool chance(int one_in) { return one_in && weir_simulation_draw(family.rt, (uint64_t)one_in) == 0; }

static inline void kid_told(const weir_restart_event *e, void *arg)
{
  (void)arg;
  family.failed += e->what == WEIR_CHILD_FAILED;
  family.not_started += e->what == WEIR_CHILD_NOT_STARTED;
  family.spent += e->what == WEIR_CHILD_SPENT;
  family.group_spent += e->what == WEIR_GROUP_SPENT;
  family.killed += e->what == WEIR_CHILD_KILLED;
}

struct kid {
  struct kid_seen *seen;
};

static inline void kid_gone(void *arg)
{
  struct kid_seen *seen = arg;
  int id = (int)(seen - family.kid);
  seen->ends++;
  if (!seen->lives) broken("it ended, and did not live", __LINE__);
  seen->lives = false;
  if (seen->fallen || family.disorderly || family.at_once[id]) return;
  for (int i = id + 1; i < family.behind_of[id]; i++)
    if (family.kid[i].lives && !family.kid[i].fallen) broken("it was ended before one behind it", __LINE__);
}

/* Fails in one of many ways. */
static inline int kid_falls(struct kid_seen *seen, int code)
{
  seen->fallen = true;
  seen->falls++;
  switch (weir_simulation_draw(family.rt, family.kills ? 4 : 3)) {
  case 0:
    weir_fail(code, "it falls");
  case 1:
    weir_yield();
    weir_fail(code, "it falls later");
  case 2:
    weir_sleep(WEIR_MILLIS(1));
    weir_fail(code, "it falls much later");
  default:
    weir_kill(weir_self());
    return weir_sleep(WEIR_SECONDS(1));
  }
}

static inline int kid_start(struct kid *k, const struct kid_plan *plan)
{
  struct kid_seen *seen = k->seen = &family.kid[plan->id];
  int first = seen->begun_starts++ == 0;
  MUST(!seen->lives && weir_simulation_elapsed(family.rt).ns >= seen->not_before);
  for (int i = family.first_of[plan->id]; i < plan->id && !family.at_once[plan->id]; i++)
    MUST(family.disorderly || family.kid[i].lives || family.kid[i].fallen);
  seen->lives = true;
  seen->fallen = false;
  int rc = weir_defer(kid_gone, seen);
  if (!rc && chance(family.slow_in)) rc = weir_sleep(WEIR_MILLIS((double)between(family.rt, 0, 3)));
  if (rc) return rc;
  if (chance(first ? family.bad_start_in : family.bad_restart_in)) {
    if (chance(2)) return kid_falls(seen, BAD_START);
    seen->fallen = true;
    seen->falls++;
    return weir_error(BAD_START, "it can't start");
  }
  if (chance(family.refused_start_in)) {
    seen->fallen = true;
    return WEIR_STOP;
  }
  seen->starts++;
  return WEIR_OK;
}

static inline int kid_unit(struct kid *k, const struct unit *m)
{
  int *begun = k->seen->begun[m->from];
  MUST(++begun[m->n] <= family.attempts);
  for (int64_t i = m->n + 1; i < UNITS; i++) MUST(begun[i] == 0);
  if (chance(family.slow_in)) {
    int rc = weir_sleep(WEIR_MILLIS(1));
    if (rc) return rc;
  }
  if (!chance(family.fall_in)) return WEIR_OK;
  if (chance(2)) return kid_falls(k->seen, FELL);
  k->seen->fallen = true;
  k->seen->falls++;
  return WEIR_STOP;
}

static inline int kid_count(struct kid *k, struct count *reply)
{
  reply->n = k->seen->starts;
  return WEIR_OK;
}

static inline void kid_end(struct kid *k)
{
  if (!k->seen) return;
  while (family.hangs && k->seen == &family.kid[1] && !k->seen->fallen) weir_sleep(WEIR_SECONDS(1));
  if (chance(family.slow_in)) weir_sleep(WEIR_MILLIS(1));
  if (chance(family.bad_end_in)) weir_fail(FELL, "it falls at its end");
}

WEIR_ACTOR(kid,
           WEIR_ON_START(kid_plan, kid_start) WEIR_ON(unit, kid_unit) WEIR_ON(get_count, kid_count)
               WEIR_ON_END(kid_end),
           .capacity = 2);

static const char *const kid_names[KIDS] = {"kid 0", "kid 1", "kid 2", "kid 3", "kid 4", "kid 5"};
/* A child of that number. */
#define KID(number, ...)                                                                                               \
  {                                                                                                                    \
    &kid, .name = kid_names[number], .config = WEIR_VALUE(kid_plan, .id = (number)), __VA_ARGS__                       \
  }

static inline int kids_living(void)
{
  int n = 0;
  for (int i = 0; i < KIDS; i++) n += family.kid[i].lives;
  return n;
}

/* All have ended, as often as they had begun. */
static inline int family_is_gone(void)
{
  MUST(kids_living() == 0);
  for (int i = 0; i < KIDS; i++) MUST(family.kid[i].begun_starts == family.kid[i].ends);
  return WEIR_OK;
}

/* A runtime that stops tells all at once, in no order. */
static inline int family_stops(void)
{
  family.disorderly = true;
  MUST(weir_runtime_stop(family.rt, WEIR_MILLIS(0)) == WEIR_OK);
  return family_is_gone();
}

static inline int kids_fell(void)
{
  int n = 0;
  for (int i = 0; i < KIDS; i++) n += family.kid[i].falls;
  return n;
}

/* ---- load ---- */

/* A sender, from a task: so many units to each of the first children; told once how it went. */
struct load {
  int64_t from;
  int kids;
  weir_ref to[KIDS];
  int code;
};

static inline int load_run(struct load *l)
{
  for (int64_t n = 0; n < UNITS; n++)
    for (int i = 0; i < l->kids; i++) {
      int rc = weir_send(l->to[i], unit, .from = l->from, .n = n);
      if (!l->code) l->code = rc;
      if (rc == WEIR_ECANCELED) return rc;
    }
  return WEIR_OK;
}

/* They are not the stack's: a task may go on until its runtime stops. */
static struct load loads[SENDERS];

static inline weir_task *load_begins_one(int64_t from, int kids)
{
  struct load *l = &loads[from];
  *l = (struct load){.from = from, .kids = kids};
  for (int k = 0; k < kids; k++) l->to[k] = weir_find(kid_names[k]);
  return weir_task_start(family.rt, load_run, l);
}

/* Until it ends, or nobody is there any more. */
static inline void load_begins(int kids)
{
  for (int64_t i = 0; i < SENDERS; i++) weir_task_detach(load_begins_one(i, kids));
}

/* All of it comes. */
static inline int load_all(int kids)
{
  weir_task *tasks[SENDERS];
  int result;
  for (int64_t i = 0; i < SENDERS; i++) tasks[i] = load_begins_one(i, kids);
  for (int i = 0; i < SENDERS; i++) MUST(weir_task_join(tasks[i], WEIR_FOREVER, &result) == WEIR_OK);
  for (int i = 0; i < SENDERS; i++) MUST(loads[i].code == WEIR_OK);
  return WEIR_OK;
}

#endif
