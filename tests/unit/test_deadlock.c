/* A cycle of waits is an error for one of those that are in it; what only looks like one is none. */
#include "channel/mpsc.h"
#include "runtime/wait.h"
#include "unit/actor_fixture.h"

/* ---- actors in a ring ----
 * Each does with its next one what it is told. Before that, all are held until everybody has begun, so that the cycle
 * is closed by whoever happens to be last. */

enum { RING_MOST = 50 };

enum how { ASK, AWAIT, SEND, FORWARD };

struct around {
  int64_t how;
  weir_ref next;
  int64_t last; /* nobody waits for more */
};
WEIR_REQUEST(around, number, WEIR_FIELD(how), WEIR_FIELD(next), WEIR_FIELD(last));

static struct {
  _Atomic(int) begun, all;             /* how many are in their handlers; until how many are, everybody stands */
  _Atomic(int) deadlocks, well, other; /* how their waits ended */
  char text[256];
} ring;

static void note(int rc)
{
  _Atomic(int) *count = rc == WEIR_EDEADLOCK ? &ring.deadlocks : rc ? &ring.other : &ring.well;
  bool first = atomic_fetch_add(count, 1) == 0;
  if (first && rc == WEIR_EDEADLOCK) snprintf(ring.text, sizeof ring.text, "%s", weir_error_text());
}

static void stand_until_all_have_begun(void)
{
  atomic_fetch_add(&ring.begun, 1);
  while (atomic_load(&ring.begun) < atomic_load(&ring.all)) weir_sleep(WEIR_MILLIS(0.1));
}

struct link {
  WEIR_EMPTY;
};

static int wait_for(const struct around *m)
{
  switch ((enum how)m->how) {
  case ASK:
    return weir_ask(m->next, WEIR_SECONDS(3600), NULL, signal);
  case AWAIT: {
    weir_pending p = weir_ask_begin(m->next, WEIR_SECONDS(3600), signal);
    return weir_await(p, NULL, signal);
  }
  case SEND:
    for (;;) {
      int rc = weir_send(m->next, signal);
      if (rc) return rc;
      if (atomic_load(&ring.deadlocks)) return WEIR_OK;
    }
  case FORWARD:
    break;
  }
  return WEIR_EINVAL;
}

static int link_around(struct link *l, const struct around *m, struct number *reply)
{
  (void)l;
  (void)reply;
  stand_until_all_have_begun();
  note(wait_for(m));
  return WEIR_OK;
}
static int link_signal(struct link *l)
{
  (void)l;
  return WEIR_OK;
}
WEIR_ACTOR(link, WEIR_ON(around, link_around) WEIR_ON(signal, link_signal), .capacity = 1);

static void ring_clear(int all)
{
  atomic_store(&ring.begun, 0);
  atomic_store(&ring.all, all);
  atomic_store(&ring.deadlocks, 0);
  atomic_store(&ring.well, 0);
  atomic_store(&ring.other, 0);
  ring.text[0] = 0;
}

/* All come to an end within the test's time: one by a deadlock, the others well. */
static void go_around(enum how how, int length)
{
  weir_ref links[RING_MOST];
  weir_pending p[RING_MOST];
  ring_clear(length);
  for (int i = 0; i < length; i++) {
    char name[16];
    snprintf(name, sizeof name, "link%d", i);
    links[i] = weir_spawn(&link, .name = name);
    assert_int_equal(weir_ref_error(links[i]), WEIR_OK);
  }
  for (int i = 0; i < length; i++)
    p[i] = weir_ask_begin(links[i], WEIR_SECONDS(60), around, .how = how, .next = links[(i + 1) % length]);
  for (int i = 0; i < length; i++) assert_int_equal(weir_await(p[i], NULL, around), WEIR_OK);
  assert_int_equal(atomic_load(&ring.deadlocks), 1);
  assert_int_equal(atomic_load(&ring.well), length - 1);
  for (int i = 0; i < length; i++) weir_stop(links[i]);
  for (int i = 0; i < length; i++) wait_until_gone(links[i]);
}

static const int lengths[] = {1, 2, 3, RING_MOST};
#define EACH_LENGTH(n) for (size_t at = 0; at < 4 && ((n) = lengths[at]); at++)

static void a_cycle_of_asks_is_an_error_for_one(void **state)
{
  (void)state;
  int n;
  EACH_LENGTH(n) go_around(ASK, n);
}

static void a_cycle_of_awaits_is_an_error_for_one(void **state)
{
  (void)state;
  int n;
  EACH_LENGTH(n) go_around(AWAIT, n);
}

static void a_cycle_of_full_mailboxes_is_an_error_for_one(void **state)
{
  (void)state;
  int n;
  EACH_LENGTH(n) go_around(SEND, n);
}

/* ---- words ---- */

static void the_cycle_is_told_in_words(void **state)
{
  (void)state;
  go_around(ASK, 1);
  assert_string_equal(ring.text, "deadlock: link0 waits for an answer of itself");
  go_around(SEND, 1);
  assert_string_equal(ring.text, "deadlock: link0 waits for a place in the mailbox of itself");
  go_around(ASK, 2);
  bool first =
      strcmp(ring.text, "deadlock: link0 waits for an answer of link1, link1 waits for an answer of link0") == 0;
  bool second =
      strcmp(ring.text, "deadlock: link1 waits for an answer of link0, link0 waits for an answer of link1") == 0;
  assert_true(first || second);
  go_around(ASK, RING_MOST);
  assert_non_null(strstr(ring.text, "and so on ("));
}

static void an_actor_without_a_name_is_told_by_its_type_and_slot(void **state)
{
  (void)state;
  char expected[80];
  weir_ref l = weir_spawn(&link);
  ring_clear(1);
  assert_int_equal(weir_ask(l, WEIR_SECONDS(60), NULL, around, .how = ASK, .next = l), WEIR_OK);
  snprintf(expected, sizeof expected, "deadlock: link#%u waits for an answer of itself", (unsigned)(uint32_t)l.bits);
  assert_string_equal(ring.text, expected);
}

/* ---- one asks, the other sends ---- */

static int64_t meet(weir_ref a, enum how how_a, weir_ref b, enum how how_b)
{
  ring_clear(2);
  weir_pending p[] = {weir_ask_begin(a, WEIR_SECONDS(60), around, .how = how_a, .next = b),
                      weir_ask_begin(b, WEIR_SECONDS(60), around, .how = how_b, .next = a)};
  for (int i = 0; i < 2; i++) assert_int_equal(weir_await(p[i], NULL, around), WEIR_OK);
  return atomic_load(&ring.deadlocks);
}

/* trouble 8: one tells into a full mailbox while its peer awaits an answer without a deadline */
static void trouble_8_a_send_into_a_full_mailbox_meets_an_ask(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&link, .name = "pool"), b = weir_spawn(&link, .name = "fetcher");
  assert_int_equal(meet(a, ASK, b, SEND), 1);
  assert_non_null(strstr(ring.text, "waits for a place in the mailbox of pool"));
  assert_non_null(strstr(ring.text, "pool waits for an answer of fetcher"));
}

/* ---- waiters outside of the cycle, two cycles ---- */

static unsigned queued_at(weir_ref actor) { return weir__mpsc_length(weir__cell_at((uint32_t)actor.bits)); }

static int ask_signal(const weir_ref *to) { return weir_ask(*to, WEIR_SECONDS(60), NULL, signal); }

static void who_waits_outside_of_the_cycle_goes_on(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&link, .capacity = 8), b = weir_spawn(&link, .capacity = 8);
  weir_task *tasks[4];
  ring_clear(3); /* a and b stand until the test says so */
  weir_pending p[] = {weir_ask_begin(a, WEIR_SECONDS(60), around, .how = ASK, .next = b),
                      weir_ask_begin(b, WEIR_SECONDS(60), around, .how = ASK, .next = a)};
  while (atomic_load(&ring.begun) < 2) weir_sleep(WEIR_MILLIS(0.1));
  for (int i = 0; i < 4; i++) tasks[i] = weir_task_start(NULL, ask_signal, i % 2 ? &b : &a);
  while (queued_at(a) + queued_at(b) < 4) weir_sleep(WEIR_MILLIS(0.1));
  atomic_fetch_add(&ring.begun, 1);
  for (int i = 0; i < 2; i++) assert_int_equal(weir_await(p[i], NULL, around), WEIR_OK);
  for (int i = 0; i < 4; i++) {
    int rc;
    assert_int_equal(weir_task_join(tasks[i], WEIR_SECONDS(60), &rc), WEIR_OK);
    assert_int_equal(rc, WEIR_OK);
  }
  assert_int_equal(atomic_load(&ring.deadlocks), 1);
}

/* a asks b, b asks a; c asks d, d asks a: after the first error all is well. */
static void two_cycles_that_meet_are_both_undone(void **state)
{
  (void)state;
  enum { N = 4 };
  weir_ref l[N];
  weir_pending p[N];
  static const int to[N] = {1, 0, 3, 2};
  for (int i = 0; i < N; i++) l[i] = weir_spawn(&link, .capacity = 8);
  ring_clear(N);
  for (int i = 0; i < N; i++) p[i] = weir_ask_begin(l[i], WEIR_SECONDS(60), around, .how = ASK, .next = l[to[i]]);
  for (int i = 0; i < N; i++) assert_int_equal(weir_await(p[i], NULL, around), WEIR_OK);
  assert_int_equal(atomic_load(&ring.deadlocks), 2);
  assert_int_equal(atomic_load(&ring.well), 2);
}

static void across_two_runtimes(void **state)
{
  (void)state;
  weir_runtime *other;
  assert_int_equal(weir_runtime_start(&(weir_runtime_options){.workers = 2}, &other), WEIR_OK);
  assert_int_equal(meet(weir_spawn(&link), ASK, weir_spawn(&link, .on = other), ASK), 1);
  assert_int_equal(meet(weir_spawn(&link), ASK, weir_spawn(&link, .on = other), SEND), 1);
  assert_int_equal(weir_runtime_stop(other, WEIR_SECONDS(20)), WEIR_OK);
}

/* ---- tasks ---- */

static weir_task *_Atomic itself;
static int join_itself(int *unused)
{
  (void)unused;
  weir_task *t;
  while (!(t = atomic_load(&itself))) weir_sleep(WEIR_MILLIS(0.1));
  return weir_task_join(t, WEIR_SECONDS(60), NULL);
}

static _Atomic(bool) has_joined;
static int join_itself_and_say_so(int *unused)
{
  int rc = join_itself(unused);
  atomic_store(&has_joined, true);
  return rc;
}

static void a_task_that_joins_itself_is_told(void **state)
{
  (void)state;
  int rc;
  atomic_store(&itself, NULL);
  atomic_store(&has_joined, false);
  weir_task *t = weir_task_start(NULL, join_itself_and_say_so, (int *)NULL);
  atomic_store(&itself, t);
  while (!atomic_load(&has_joined)) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(weir_task_join(t, WEIR_SECONDS(60), &rc), WEIR_OK);
  assert_int_equal(rc, WEIR_EDEADLOCK);
}

static _Atomic(int) child_rc;
static int join_parent(int *unused)
{
  int rc = join_itself(unused); /* `itself` is the parent */
  if (rc == WEIR_EDEADLOCK && strstr(weir_error_text(), "a task waits for the end of its child, a task"))
    atomic_store(&child_rc, rc);
  return rc;
}
static int start_child(int *unused)
{
  weir_task *child = weir_task_start(NULL, join_parent, unused);
  weir_task_detach(child);
  return child ? 7 : WEIR_ENOMEM;
}

static void a_child_that_joins_its_parent_is_told(void **state)
{
  (void)state;
  int rc;
  atomic_store(&itself, NULL);
  atomic_store(&child_rc, 0);
  weir_task *parent = weir_task_start(NULL, start_child, (int *)NULL);
  atomic_store(&itself, parent);
  while (!atomic_load(&child_rc)) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(weir_task_join(parent, WEIR_SECONDS(60), &rc), WEIR_OK);
  assert_int_equal(rc, 7);
}

/* An actor joins a task that asks it. */
static int ask_back(weir_ref *to) { return weir_ask(*to, WEIR_SECONDS(3600), NULL, signal); }
struct joiner {
  weir_ref self;
};
static int joiner_get(struct joiner *j, struct number *reply)
{
  int rc;
  j->self = weir_self();
  weir_task *t = weir_task_start(NULL, ask_back, &j->self);
  int joined = weir_task_join(t, WEIR_SECONDS(3600), &rc);
  if (joined == WEIR_EDEADLOCK) { /* it was us: the task still wants its answer */
    weir_task_cancel(t);
    if (weir_task_join(t, WEIR_SECONDS(20), &rc)) return WEIR_EUSER(1);
    reply->n = 1;
  } else {
    reply->n = rc == WEIR_EDEADLOCK ? 2 : rc;
  }
  return WEIR_OK;
}
static int joiner_signal(struct joiner *j)
{
  (void)j;
  return WEIR_OK;
}
WEIR_ACTOR(joiner, WEIR_ON(get, joiner_get) WEIR_ON(signal, joiner_signal));

static void an_actor_that_joins_a_task_which_asks_it_is_told(void **state)
{
  (void)state;
  int64_t n = get_from(weir_spawn(&joiner));
  assert_true(n == 1 || n == 2);
}

/* ---- answers that are forwarded, or given later ---- */

struct chain {
  weir_ref next;
};
WEIR_MESSAGE(chain, WEIR_FIELD(next));
struct relay {
  weir_ref next;
};
static int relay_start(struct relay *r, const struct chain *c)
{
  r->next = c->next;
  return WEIR_OK;
}
static int relay_signal(struct relay *r) { return weir_forward(r->next); }
WEIR_ACTOR(relay, WEIR_ON_START(chain, relay_start) WEIR_ON(signal, relay_signal), .capacity = 4);

/* a asks a relay, which forwards to b, which waits for a: the edge has moved, and the relay waits for nobody. */
static void the_edge_of_an_answer_follows_a_forward(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&link, .name = "a"), b = weir_spawn(&link, .name = "b");
  weir_ref to_b = weir_spawn(&relay, .config = WEIR_VALUE(chain, .next = b));
  weir_ref far = weir_spawn(&relay, .config = WEIR_VALUE(chain, .next = to_b));
  ring_clear(2);
  weir_pending p[] = {weir_ask_begin(a, WEIR_SECONDS(60), around, .how = ASK, .next = far),
                      weir_ask_begin(b, WEIR_SECONDS(60), around, .how = ASK, .next = a)};
  for (int i = 0; i < 2; i++) assert_int_equal(weir_await(p[i], NULL, around), WEIR_OK);
  assert_int_equal(atomic_load(&ring.deadlocks), 1);
  assert_null(strstr(ring.text, "relay"));
}

/* It asks somebody who forwards the request back to it. */
static void a_request_that_is_forwarded_back_to_its_asker_is_a_deadlock(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&link);
  weir_ref back = weir_spawn(&relay, .config = WEIR_VALUE(chain, .next = a));
  ring_clear(1);
  assert_int_equal(weir_ask(a, WEIR_SECONDS(60), NULL, around, .how = ASK, .next = back), WEIR_OK);
  assert_int_equal(atomic_load(&ring.deadlocks), 1);
}

/* It fills that mailbox before. */
struct presser {
  weir_ref next;
};
static int presser_start(struct presser *r, const struct chain *c)
{
  r->next = c->next;
  return WEIR_OK;
}
static int presser_signal(struct presser *r)
{
  int rc = weir_try_send(r->next, signal);
  return rc ? rc : weir_forward(r->next);
}
WEIR_ACTOR(presser, WEIR_ON_START(chain, presser_start) WEIR_ON(signal, presser_signal));

static void so_it_is_where_another_message_is_dropped_for_it(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&link, .capacity = 1, .overflow = WEIR_DROP_OLDEST);
  weir_ref back = weir_spawn(&presser, .config = WEIR_VALUE(chain, .next = a));
  ring_clear(1);
  assert_int_equal(weir_ask(a, WEIR_SECONDS(20), NULL, around, .how = ASK, .next = back), WEIR_OK);
  assert_int_equal(atomic_load(&ring.deadlocks), 1);
}

static void a_request_forwarded_to_oneself_is_handled_again(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&link);
  weir_ref r = weir_spawn(&relay, .config = WEIR_VALUE(chain, .next = a));
  for (int i = 0; i < 100; i++) assert_int_equal(weir_ask(r, WEIR_SECONDS(60), NULL, signal), WEIR_OK);
}

/* Owes an answer, and then asks the one to whom it owes it. */
struct debtor {
  weir_asker owed;
};
static int debtor_signal(struct debtor *d)
{
  d->owed = weir_answer_later();
  return WEIR_OK;
}
static int debtor_around(struct debtor *d, const struct around *m, struct number *reply)
{
  (void)reply;
  if (!d->owed.bits) return WEIR_EUSER(2);
  note(weir_ask(m->next, WEIR_SECONDS(3600), NULL, signal));
  return weir_answer_done(d->owed);
}
static int debtor_get(struct debtor *d, struct number *reply)
{
  reply->n = d->owed.bits != 0;
  return WEIR_OK;
}
WEIR_ACTOR(debtor, WEIR_ON(signal, debtor_signal) WEIR_ON(around, debtor_around) WEIR_ON(get, debtor_get),
           .capacity = 8);

static void who_owes_an_answer_is_waited_for(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&link), d = weir_spawn(&debtor);
  ring_clear(1);
  weir_pending p = weir_ask_begin(a, WEIR_SECONDS(60), around, .how = ASK, .next = d);
  while (get_from(d) != 1) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(weir_ask(d, WEIR_SECONDS(60), NULL, around, .next = a), WEIR_OK);
  assert_int_equal(weir_await(p, NULL, around), WEIR_OK);
  assert_int_equal(atomic_load(&ring.deadlocks), 1);
  assert_int_equal(atomic_load(&ring.well), 1);
}

/* Leaves its answer to a task, and then asks the one to whom it is owed, as the task may. */
struct lender {
  weir_asker owed;
  weir_ref asker;
  _Atomic(int) goes; /* what the task is to do */
};
enum { STANDS, GIVES_IT, ASKS_FIRST };

static int give_for(struct lender *l)
{
  int goes;
  while (!(goes = atomic_load(&l->goes))) weir_sleep(WEIR_MILLIS(0.1));
  if (goes == ASKS_FIRST) note(weir_ask(l->asker, WEIR_SECONDS(3600), NULL, signal));
  return weir_answer_done(l->owed);
}
static _Atomic(struct lender *) lends; /* it has taken the request */
static int lender_signal(struct lender *l)
{
  l->owed = weir_answer_later();
  weir_task *task = weir_task_start(NULL, give_for, l);
  if (!task) return WEIR_EUSER(2);
  weir_task_detach(task);
  atomic_store(&lends, l);
  return WEIR_OK;
}
static int lender_around(struct lender *l, const struct around *m, struct number *reply)
{
  (void)reply;
  l->asker = m->next;
  int rc = weir_ask(m->next, WEIR_SECONDS(3600), NULL, signal);
  note(rc);
  return rc ? weir_answer_done(l->owed) : WEIR_OK;
}
WEIR_ACTOR(lender, WEIR_ON(signal, lender_signal) WEIR_ON(around, lender_around), .capacity = 4);

/* Both wait for each other, and the task can run: no deadlock yet. */
static void lend_and_borrow(weir_pending p[2])
{
  weir_ref a = weir_spawn(&link, .name = "a"), l = weir_spawn(&lender);
  ring_clear(1);
  atomic_store(&lends, NULL);
  p[0] = weir_ask_begin(a, WEIR_SECONDS(60), around, .how = ASK, .next = l);
  while (!atomic_load(&lends)) weir_sleep(WEIR_MILLIS(0.1));
  p[1] = weir_ask_begin(l, WEIR_SECONDS(60), around, .next = a);
  while (!weir__wait_published(&weir__cell_at(weir__slot_of(l))->waiting)) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(atomic_load(&ring.deadlocks), 0);
}

static void who_left_its_answer_to_a_task_is_no_deadlock_while_that_can_give_it(void **state)
{
  (void)state;
  weir_pending p[2];
  lend_and_borrow(p);
  atomic_store(&atomic_load(&lends)->goes, GIVES_IT);
  for (int i = 0; i < 2; i++) assert_int_equal(weir_await(p[i], NULL, around), WEIR_OK);
  assert_int_equal(atomic_load(&ring.deadlocks), 0);
  assert_int_equal(atomic_load(&ring.well), 2);
}

static void who_left_its_answer_to_a_task_that_waits_for_the_asker_is_a_deadlock(void **state)
{
  (void)state;
  weir_pending p[2];
  lend_and_borrow(p);
  atomic_store(&atomic_load(&lends)->goes, ASKS_FIRST);
  for (int i = 0; i < 2; i++) assert_int_equal(weir_await(p[i], NULL, around), WEIR_OK);
  assert_int_equal(atomic_load(&ring.deadlocks), 1);
}

/* ---- what is none ---- */

static void who_waits_for_one_that_can_run_is_left_alone(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&link), b = weir_spawn(&link);
  ring_clear(3); /* b stands: it sleeps, again and again */
  weir_pending p[] = {weir_ask_begin(b, WEIR_SECONDS(60), around, .how = ASK, .next = weir_spawn(&link)),
                      weir_ask_begin(a, WEIR_SECONDS(60), around, .how = ASK, .next = b)};
  while (atomic_load(&ring.begun) < 2) weir_sleep(WEIR_MILLIS(0.1));
  weir_sleep(WEIR_MILLIS(250)); /* the sweep has looked */
  atomic_fetch_add(&ring.begun, 1);
  for (int i = 0; i < 2; i++) assert_int_equal(weir_await(p[i], NULL, around), WEIR_OK);
  assert_int_equal(atomic_load(&ring.deadlocks), 0);
}

/* A cycle that an end by time would undo is one all the same. */
static int64_t timed_rc;
struct timed {
  WEIR_EMPTY;
};
static int timed_get(struct timed *t, struct number *reply)
{
  (void)t;
  (void)reply;
  timed_rc = weir_ask(weir_self(), WEIR_SECONDS(3600), NULL, signal);
  return WEIR_OK;
}
WEIR_ACTOR(timed, WEIR_ON(get, timed_get));
static void a_time_limit_does_not_make_it_less_of_a_deadlock(void **state)
{
  (void)state;
  timed_rc = 0;
  assert_int_equal(get_from(weir_spawn(&timed)), 0);
  assert_int_equal(timed_rc, WEIR_EDEADLOCK);
}

/* ---- the end clause ---- */

/* In its end clause it asks the one that waits for an answer which it still owes. */
struct last_words {
  weir_ref whom;
};
static _Atomic(int) last_rc;
static int last_start(struct last_words *l, const struct chain *c)
{
  l->whom = c->next;
  return WEIR_OK;
}
static int last_signal(struct last_words *l)
{
  (void)l;
  return weir_answer_later().bits ? WEIR_STOP : WEIR_EUSER(1);
}
static void last_end(struct last_words *l)
{
  atomic_store(&last_rc, weir_ask(l->whom, WEIR_SECONDS(3600), NULL, signal));
}
WEIR_ACTOR(last_words, WEIR_ON_START(chain, last_start) WEIR_ON(signal, last_signal) WEIR_ON_END(last_end));

static void an_end_clause_is_told_too(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&link);
  weir_ref l = weir_spawn(&last_words, .config = WEIR_VALUE(chain, .next = a));
  ring_clear(1);
  atomic_store(&last_rc, 0);
  assert_int_equal(weir_ask(a, WEIR_SECONDS(60), NULL, around, .how = ASK, .next = l), WEIR_OK);
  wait_until_gone(l);
  /* Whichever of the two waits was the last. */
  if (atomic_load(&ring.deadlocks)) return assert_int_equal(atomic_load(&last_rc), WEIR_OK);
  assert_int_equal(atomic_load(&last_rc), WEIR_EDEADLOCK);
  assert_int_equal(atomic_load(&ring.other), 1); /* it ended before it answered */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_cycle_of_asks_is_an_error_for_one),
      ON_RUNTIME(a_cycle_of_awaits_is_an_error_for_one),
      ON_RUNTIME(a_cycle_of_full_mailboxes_is_an_error_for_one),
      ON_RUNTIME(the_cycle_is_told_in_words),
      ON_RUNTIME(an_actor_without_a_name_is_told_by_its_type_and_slot),
      ON_RUNTIME(trouble_8_a_send_into_a_full_mailbox_meets_an_ask),
      ON_RUNTIME(who_waits_outside_of_the_cycle_goes_on),
      ON_RUNTIME(two_cycles_that_meet_are_both_undone),
      ON_RUNTIME(across_two_runtimes),
      ON_RUNTIME(a_task_that_joins_itself_is_told),
      ON_RUNTIME(a_child_that_joins_its_parent_is_told),
      ON_RUNTIME(an_actor_that_joins_a_task_which_asks_it_is_told),
      ON_RUNTIME(the_edge_of_an_answer_follows_a_forward),
      ON_RUNTIME(a_request_that_is_forwarded_back_to_its_asker_is_a_deadlock),
      ON_RUNTIME(so_it_is_where_another_message_is_dropped_for_it),
      ON_RUNTIME(a_request_forwarded_to_oneself_is_handled_again),
      ON_RUNTIME(who_owes_an_answer_is_waited_for),
      ON_RUNTIME(who_left_its_answer_to_a_task_is_no_deadlock_while_that_can_give_it),
      ON_RUNTIME(who_left_its_answer_to_a_task_that_waits_for_the_asker_is_a_deadlock),
      ON_RUNTIME(who_waits_for_one_that_can_run_is_left_alone),
      ON_RUNTIME(an_end_clause_is_told_too),
      ON_RUNTIME(a_time_limit_does_not_make_it_less_of_a_deadlock),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
