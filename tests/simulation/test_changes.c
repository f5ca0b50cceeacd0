/* Configurations change while records come, over many seeds: in place, by a new start with the mailbox kept, or refused.
 * Nothing is lost, doubled or put out of order, and each message is handled under one configuration, whole, the latest that
 * was taken before it. */
#include "simulation_fixture.h"

#include "actor/change.h"

enum { SENDERS = 3, UNITS = 12, CHANGES = 8 };

struct terms {
  const char *text; /* the number, in words of its own, so that a wrong pointer shows */
  int64_t number;
  int32_t how; /* enum how */
};
enum how { IN_PLACE, ANEW, REFUSED };
WEIR_MESSAGE(terms, WEIR_FIELD(text), WEIR_FIELD(number), WEIR_FIELD(how));
struct unit {
  int64_t from, n;
};
WEIR_MESSAGE(unit, WEIR_FIELD(from), WEIR_FIELD(n));

/* What outlives the starts. */
static struct {
  weir_ref worker;
  int64_t next[SENDERS], in_force, starts, restarts, changes;
} seen;

static bool is_whole(const struct terms *t)
{
  char text[32];
  snprintf(text, sizeof text, "terms %lld", (long long)t->number);
  return strcmp(text, t->text) == 0;
}

struct worker {
  const struct terms *terms;
  int64_t more[6];
};
static int worker_start(struct worker *w, const struct terms *t)
{
  w->terms = t;
  seen.starts++;
  if (!is_whole(t)) return broken("a configuration at a start", __LINE__);
  seen.in_force = t->number;
  return WEIR_OK;
}
static int worker_change(struct worker *w, const struct terms *t)
{
  MUST(is_whole(t) && is_whole(w->terms) && t->number > w->terms->number);
  if (t->number % 2) weir_sleep(WEIR_MILLIS(1));
  if (t->how == REFUSED) return weir_error(WEIR_EUSER(2), "refused");
  if (t->how == ANEW) return WEIR_RESTART;
  w->terms = t;
  seen.in_force = t->number;
  return WEIR_OK;
}
static int worker_unit(struct worker *w, const struct unit *u)
{
  MUST(u->n == seen.next[u->from]);
  seen.next[u->from]++;
  MUST(is_whole(w->terms) && w->terms->number == seen.in_force);
  if (u->n % 4 == 0) weir_sleep(WEIR_MILLIS(1));
  return WEIR_OK;
}
static void worker_end(struct worker *w)
{
  if (!is_whole(w->terms)) (void)broken("a configuration at an end", __LINE__);
}
WEIR_ACTOR(worker,
           WEIR_ON_START(terms, worker_start) WEIR_ON_CONFIG(terms, worker_change) WEIR_ON_END(worker_end)
               WEIR_ON(unit, worker_unit),
           .capacity = 4);

static int send_units(int64_t *from)
{
  for (int64_t n = 0; n < UNITS; n++) MUST(weir_send(seen.worker, unit, .from = *from, .n = n) == WEIR_OK);
  return WEIR_OK;
}

static int change_terms(weir_runtime **rt)
{
  for (int64_t k = 1; k <= CHANGES; k++) {
    char text[32];
    int how = (int)between(*rt, IN_PLACE, REFUSED);
    snprintf(text, sizeof text, "terms %lld", (long long)k);
    int rc = weir__reconfigure(seen.worker, WEIR_VALUE(terms, .text = text, .number = k, .how = how), WEIR_FOREVER);
    memset(text, 'x', sizeof text - 1);
    MUST(rc == (how == IN_PLACE ? WEIR_OK : how == ANEW ? WEIR_RESTART : WEIR_EUSER(2)));
    if (how == IN_PLACE) MUST(seen.in_force >= k);
    seen.restarts += how == ANEW;
    seen.changes++;
  }
  return WEIR_OK;
}

static int under_load(weir_runtime *rt)
{
  memset(&seen, 0, sizeof seen);
  weir_ref tree = weir_supervise(.max_restarts = 1, .within = WEIR_FOREVER,
                                 .children = WEIR_CHILDREN({&worker, .name = "worker", .restart = WEIR_TRANSIENT,
                                                            .config = WEIR_VALUE(terms, .text = "terms 0")}));
  MUST(weir_count_children(tree, WEIR_FOREVER, NULL) == WEIR_OK);
  seen.worker = weir_find("worker");
  int64_t from[SENDERS];
  weir_task *tasks[SENDERS + 1];
  int result;
  for (int i = 0; i < SENDERS; i++) {
    from[i] = i;
    MUST((tasks[i] = weir_task_start(rt, send_units, &from[i])) != NULL);
  }
  MUST((tasks[SENDERS] = weir_task_start(rt, change_terms, &rt)) != NULL);
  for (int i = 0; i <= SENDERS; i++)
    MUST(weir_task_join(tasks[i], WEIR_FOREVER, &result) == WEIR_OK && result == WEIR_OK);
  MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK); /* the last ones are handled */
  for (int i = 0; i < SENDERS; i++) MUST(seen.next[i] == UNITS);
  MUST(seen.changes == CHANGES && seen.starts == 1 + seen.restarts && weir_alive(tree));
  return weir_stop(tree);
}

static void changes_come_between_messages_and_none_is_lost(void **state)
{
  (void)state;
  simulate(NULL, under_load);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(changes_come_between_messages_and_none_is_lost)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
