/* The wait record: its one word decides every end, whoever comes first. */
#include <pthread.h>
#include <sched.h>

#include "awaited.h"
#include "chance.h"
#include "platform/clock.h"
#include "runtime/wait.h"
#include "unit/actor_fixture.h"

static char thing;
#define A_MESSAGE ((struct weir__message *)(void *)&thing) /* the record carries it, and never looks into it */

/* A record whose sleeper is the caller. */
static struct weir__wait *open_attached(enum weir__wait_phase phase)
{
  struct weir__wait *w = weir__wait_open(phase);
  assert_non_null(w);
  weir__wait_attach(w);
  return w;
}

static int64_t soon(void) { return weir__deadline(WEIR_MILLIS(1)); }

/* ---- the word, step by step ---- */

static void a_record_is_known_by_its_name_until_it_is_closed(void **state)
{
  (void)state;
  struct weir__wait *w = weir__wait_open(WEIR__QUEUED);
  uint64_t name = weir__wait_name(w);
  assert_true(name >> 32 != 0);
  assert_ptr_equal(weir__wait_at(name), w);
  assert_int_equal(weir__wait_phase(name), WEIR__QUEUED);
  weir__wait_close(w);
  assert_int_equal(weir__wait_phase(name), 0);
  assert_int_equal(weir__wait_claim(name, WEIR__PENDING), 0);
  assert_false(weir__wait_move(name, WEIR__QUEUED, WEIR__BEGUN));
}

static void the_next_use_of_a_slot_has_another_name(void **state)
{
  (void)state;
  struct weir__wait *first = weir__wait_open(WEIR__IDLE);
  uint64_t stale = weir__wait_name(first);
  weir__wait_close(first);
  struct weir__wait *second = weir__wait_open(WEIR__IDLE);
  _Atomic(uint64_t) waiting = stale;
  assert_ptr_equal(second, first);
  assert_true(weir__wait_name(second) != stale);
  assert_int_equal(weir__wait_claim(stale, WEIR__PENDING), 0);
  assert_false(weir__wait_move(stale, WEIR__IDLE, WEIR__QUEUED));
  weir__wait_cancel(&waiting);
  assert_int_equal(weir__wait_phase(weir__wait_name(second)), WEIR__IDLE);
  weir__wait_close(second);
}

static void no_name_is_nobodys(void **state)
{
  (void)state;
  _Atomic(uint64_t) waiting = 0;
  weir__wait_cancel(&waiting);
  assert_int_equal(weir__wait_phase(0), 0);
  assert_int_equal(weir__wait_claim(0, WEIR__PENDING), 0);
  assert_int_equal(weir__wait_claim(UINT64_MAX, WEIR__PENDING), 0);
}

static void a_claim_wins_once(void **state)
{
  (void)state;
  struct weir__wait *w = weir__wait_open(WEIR__IN_LINE);
  uint64_t name = weir__wait_name(w);
  assert_int_equal(weir__wait_claim(name, WEIR__IDLE | WEIR__QUEUED | WEIR__BEGUN), 0);
  assert_int_equal(weir__wait_claim(name, WEIR__PENDING), WEIR__IN_LINE);
  assert_int_equal(weir__wait_phase(name), WEIR__CLAIMED);
  assert_int_equal(weir__wait_claim(name, WEIR__PENDING), 0);
  assert_false(weir__wait_move(name, WEIR__IN_LINE, WEIR__QUEUED));
  weir__wait_close(w); /* claimed by its owner */
}

static void a_finish_leaves_what_the_claimer_wrote(void **state)
{
  (void)state;
  struct weir__wait *w = weir__wait_open(WEIR__IDLE);
  uint64_t name = weir__wait_name(w);
  assert_int_equal(weir__wait_claim(name, WEIR__IDLE), WEIR__IDLE);
  weir__wait_finish(w, WEIR_EFAILED, A_MESSAGE, strdup("why"));
  assert_int_equal(weir__wait_phase(name), WEIR__DONE);
  assert_int_equal(w->result, WEIR_EFAILED);
  assert_ptr_equal(w->message, A_MESSAGE);
  assert_string_equal(w->text, "why");
  assert_int_equal(weir__wait_claim(name, WEIR__PENDING), 0);
  weir__wait_close(w); /* the text goes with it */
}

static void a_request_moves_on_and_keeps_its_sleeper(void **state)
{
  (void)state;
  struct weir__wait *w = weir__wait_open(WEIR__IDLE);
  weir__wait_set_phase(w, WEIR__IN_LINE);
  weir__wait_attach(w);
  uint64_t name = weir__wait_name(w);
  assert_false(weir__wait_move(name, WEIR__QUEUED, WEIR__BEGUN));
  assert_true(weir__wait_move(name, WEIR__IN_LINE, WEIR__QUEUED));
  assert_false(weir__wait_move(name, WEIR__IN_LINE, WEIR__QUEUED));
  assert_true(weir__wait_move(name, WEIR__QUEUED, WEIR__BEGUN));
  assert_int_equal(weir__wait_phase(name), WEIR__BEGUN);
  assert_int_equal(weir__wait_reattach(w), WEIR_EBUSY);
  assert_int_equal(weir__wait_claim(name, WEIR__BEGUN), WEIR__BEGUN);
  weir__wait_finish(w, WEIR_OK, NULL, NULL);
  assert_int_equal(weir__wait_sleep(w, INT64_MAX), WEIR_OK); /* was woken before it slept */
  weir__wait_close(w);
}

static void one_sleeps_on_a_record_at_a_time(void **state)
{
  (void)state;
  struct weir__wait *w = weir__wait_open(WEIR__IDLE);
  assert_int_equal(weir__wait_reattach(w), WEIR_OK);
  assert_int_equal(weir__wait_reattach(w), WEIR_EBUSY);
  assert_int_equal(weir__wait_claim(weir__wait_name(w), WEIR__IDLE), WEIR__IDLE);
  weir__wait_finish(w, WEIR_OK, NULL, NULL);
  assert_int_equal(weir__wait_sleep(w, INT64_MAX), WEIR_OK);
  assert_int_equal(weir__wait_reattach(w), WEIR_EBUSY); /* also when it is over, until that one has gone on */
  weir__wait_leave(w);
  assert_int_equal(weir__wait_reattach(w), WEIR_STOP);
  weir__wait_close(w);
}

static void who_attaches_to_a_claimed_record_is_woken(void **state)
{
  (void)state;
  struct weir__wait *w = weir__wait_open(WEIR__IDLE);
  assert_int_equal(weir__wait_claim(weir__wait_name(w), WEIR__IDLE), WEIR__IDLE);
  assert_int_equal(weir__wait_reattach(w), WEIR_OK);
  weir__wait_finish(w, WEIR_ECLOSED, NULL, NULL);
  assert_int_equal(weir__wait_sleep(w, INT64_MAX), WEIR_OK);
  assert_int_equal(w->result, WEIR_ECLOSED);
  weir__wait_close(w);
}

/* ---- ended by time or by a stop ---- */

static void time_ends_a_wait(void **state)
{
  (void)state;
  static const struct {
    enum weir__wait_phase phase;
    int result;
  } ends[] = {{WEIR__IDLE, WEIR_ETIMEDOUT},
              {WEIR__IN_LINE, WEIR_ETIMEDOUT},
              {WEIR__QUEUED, WEIR_ETIMEDOUT},
              {WEIR__BEGUN, WEIR_EINDOUBT}};
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    struct weir__wait *w = open_attached(ends[i].phase);
    int64_t deadline = soon();
    weir__wait_sleep(w, deadline);
    assert_true(weir__now_ns() >= deadline);
    assert_int_equal(w->result, ends[i].result);
    assert_int_equal(weir__wait_phase(weir__wait_name(w)), WEIR__DONE);
    weir__wait_close(w);
  }
}

static void a_stop_ends_a_wait(void **state)
{
  (void)state;
  for (unsigned phase = WEIR__IDLE; phase <= WEIR__BEGUN; phase <<= 1) {
    struct weir__wait *w = open_attached((enum weir__wait_phase)phase);
    _Atomic(uint64_t) waiting = weir__wait_name(w);
    weir__wait_cancel(&waiting);
    weir__wait_cancel(&waiting); /* too late */
    weir__wait_sleep(w, INT64_MAX);
    assert_int_equal(w->result, WEIR_ECANCELED);
    weir__wait_close(w);
  }
}

static void what_waited_for_a_place_stays_with_its_owner(void **state)
{
  (void)state;
  struct weir__wait *w = open_attached(WEIR__IN_LINE);
  w->message = A_MESSAGE;
  weir__wait_sleep(w, soon());
  assert_int_equal(w->result, WEIR_ETIMEDOUT);
  assert_ptr_equal(w->message, A_MESSAGE);
  weir__wait_close(w);
  w = open_attached(WEIR__QUEUED); /* its message is in a mailbox */
  w->message = A_MESSAGE;
  weir__wait_sleep(w, soon());
  assert_null(w->message);
  weir__wait_close(w);
}

static void a_record_that_keeps_outlives_its_sleeps(void **state)
{
  (void)state;
  struct weir__wait *w = weir__wait_open(WEIR__IDLE);
  uint64_t name = weir__wait_name(w);
  _Atomic(uint64_t) waiting = name;
  atomic_store(&w->keeps, true);
  weir__wait_cancel(&waiting); /* nobody sleeps: nothing happens */
  assert_int_equal(weir__wait_reattach(w), WEIR_OK);
  assert_int_equal(weir__wait_sleep(w, soon()), WEIR_ETIMEDOUT);
  assert_int_equal(weir__wait_phase(name), WEIR__IDLE);
  assert_int_equal(weir__wait_reattach(w), WEIR_EBUSY); /* who slept has not left yet */
  weir__wait_leave(w);
  assert_int_equal(weir__wait_reattach(w), WEIR_OK);
  weir__wait_cancel(&waiting);
  assert_int_equal(weir__wait_sleep(w, INT64_MAX), WEIR_ECANCELED);
  assert_int_equal(weir__wait_phase(name), WEIR__IDLE);
  weir__wait_leave(w);
  assert_int_equal(weir__wait_reattach(w), WEIR_OK);
  assert_int_equal(weir__wait_claim(name, WEIR__IDLE), WEIR__IDLE);
  weir__wait_finish(w, WEIR_EUSER(1), NULL, NULL);
  assert_int_equal(weir__wait_sleep(w, INT64_MAX), WEIR_OK);
  assert_int_equal(w->result, WEIR_EUSER(1));
  weir__wait_close(w);
}

static void a_deadline_is_never_before_its_time(void **state)
{
  (void)state;
  static const int64_t spans[] = {0, 1, 1000, 99999999, 100000000, 5000000000};
  for (int64_t i = 0; i < count_or(100000, 5000); i++) {
    int64_t span = spans[(size_t)i % (sizeof spans / sizeof spans[0])], now = weir__now_ns();
    assert_true(weir__deadline((weir_duration){span}) >= now + span);
  }
  assert_true(weir__deadline(WEIR_FOREVER) == INT64_MAX);
  assert_true(weir__deadline((weir_duration){INT64_MAX - 1}) == INT64_MAX - 1); /* far away, and not for ever */
  int64_t past = weir__deadline((weir_duration){INT64_MIN});
  assert_true(past <= weir__now_ns());
}

/* ---- a race for the word ---- */

enum { GRANTERS = 2, CANCELLER = GRANTERS, RIVALS, TIME = RIVALS, NOBODY };

static _Atomic(uint64_t) contested;        /* the name that the rivals are after */
static struct awaited round_now = AWAITED; /* GO_HOME: that was the last one */
#define GO_HOME INT64_MAX
static _Atomic(int) first;                     /* who has its try before the others in this round; NOBODY: they race */
static struct awaited first_is_over = AWAITED; /* 1: it is */
static struct awaited finished = AWAITED;      /* rivals that have had their try in this round */
static bool granted[GRANTERS];                 /* who won this round: read when all have finished */
static bool requests;                          /* the granters hand over a request first */

static void grant(int64_t who)
{
  uint64_t name = atomic_load(&contested);
  if (requests && weir__wait_move(name, WEIR__IN_LINE, WEIR__QUEUED)) sched_yield();
  granted[who] = weir__wait_claim(name, WEIR__PENDING) != 0;
  if (granted[who]) weir__wait_finish(weir__wait_at(name), WEIR_EUSER((int)who), NULL, NULL);
}

static void *rival(void *index)
{
  int64_t who = (int64_t)(intptr_t)index, seen = 0;
  for (;;) {
    seen = awaited_reaches(&round_now, seen + 1);
    if (seen == GO_HOME) return NULL;
    if (atomic_load(&first) == NOBODY)
      spin((int64_t)(draw() % 10000));
    else if (atomic_load(&first) != who)
      awaited_reaches(&first_is_over, 1);
    if (who < GRANTERS)
      grant(who);
    else
      weir__wait_cancel(&contested);
    if (atomic_load(&first) == who) awaited_set(&first_is_over, 1);
    awaited_add(&finished, 1);
  }
}

struct race {
  int64_t rounds, granted, timed_out, cancelled, wrong;
};

/* The deadline of its first sleep. In every eighth round somebody is first, each in turn. */
static int64_t begin_round(struct weir__wait *w, int64_t round)
{
  int who = round % 8 ? NOBODY : (int)(round / 8 % NOBODY);
  atomic_store(&contested, weir__wait_name(w));
  awaited_set(&finished, 0);
  atomic_store(&first, who);
  awaited_set(&first_is_over, 0);
  awaited_set(&round_now, round);
  return who < RIVALS ? INT64_MAX : weir__deadline((weir_duration){(int64_t)(draw() % 10000)});
}

static int sleep_until(struct weir__wait *w, int64_t deadline)
{
  int rc = weir__wait_sleep(w, deadline);
  if (atomic_load(&first) == TIME) awaited_set(&first_is_over, 1);
  return rc;
}

static void judge(struct race *r, int result)
{
  int winners = 0;
  for (int i = 0; i < GRANTERS; i++) {
    winners += granted[i];
    if (granted[i] != (result == WEIR_EUSER(i))) r->wrong++;
  }
  if (result == WEIR_ETIMEDOUT) r->timed_out++;
  if (result == WEIR_ECANCELED) r->cancelled++;
  r->granted += winners;
  if (winners + (result == WEIR_ETIMEDOUT) + (result == WEIR_ECANCELED) != 1) r->wrong++;
}

/* Whoever ends it ends it alone; the record is closed and used again while the others still come. */
static int race_for_ends(struct race *r)
{
  for (int64_t i = 1; i <= r->rounds; i++) {
    if (weir__may_wait()) return WEIR_ENOMEM;
    struct weir__wait *w = weir__wait_open(WEIR__IN_LINE);
    weir__wait_attach(w);
    sleep_until(w, begin_round(w, i));
    int result = w->result;
    weir__wait_close(w);
    struct weir__wait *next = weir__wait_open(WEIR__IN_LINE);
    awaited_reaches(&finished, RIVALS);
    judge(r, result);
    if (weir__wait_phase(weir__wait_name(next)) != WEIR__IN_LINE) r->wrong++;
    weir__wait_close(next);
  }
  return WEIR_OK;
}

/* Sleeps again after each end by time or by a stop, until it is granted. */
static int sleep_until_granted(struct race *r, struct weir__wait *w, int64_t deadline)
{
  for (;;) {
    int rc = sleep_until(w, deadline);
    if (rc == WEIR_OK) return rc;
    r->timed_out += rc == WEIR_ETIMEDOUT;
    r->cancelled += rc == WEIR_ECANCELED;
    r->wrong += rc != WEIR_ETIMEDOUT && rc != WEIR_ECANCELED;
    weir__wait_leave(w);
    rc = weir__may_wait();
    if (!rc) rc = weir__wait_reattach(w);
    if (rc) return rc == WEIR_STOP ? WEIR_OK : rc;
    deadline = weir__deadline((weir_duration){(int64_t)(draw() % 10000)});
  }
}

/* Time and a stop end a sleep, one grant ends the wait; each sleep is woken once. */
static int race_for_sleeps(struct race *r)
{
  for (int64_t i = 1; i <= r->rounds; i++) {
    if (weir__may_wait()) return WEIR_ENOMEM;
    struct weir__wait *w = weir__wait_open(WEIR__IDLE);
    atomic_store(&w->keeps, true);
    weir__wait_attach(w);
    if (sleep_until_granted(r, w, begin_round(w, i))) r->wrong++;
    int result = w->result;
    weir__wait_close(w);
    awaited_reaches(&finished, RIVALS);
    judge(r, result);
  }
  return WEIR_OK;
}

static void begin_race(void)
{
  chance_begin();
  awaited_set(&round_now, 0);
}

/* The sleeper is this thread, or a task. */
static struct race run_race(int (*run)(struct race *), bool in_a_task)
{
  struct race race = {.rounds = count_or(1500, 300)};
  pthread_t threads[RIVALS];
  begin_race();
  for (intptr_t i = 0; i < RIVALS; i++) assert_int_equal(pthread_create(&threads[i], NULL, rival, (void *)i), 0);
  if (in_a_task) {
    weir_task *task = weir_task_start(NULL, run, &race);
    int rc;
    assert_int_equal(weir_task_join(task, WEIR_SECONDS(60), &rc), WEIR_OK);
    assert_int_equal(rc, WEIR_OK);
  } else {
    assert_int_equal(run(&race), WEIR_OK);
  }
  awaited_set(&round_now, GO_HOME);
  for (int i = 0; i < RIVALS; i++) pthread_join(threads[i], NULL);
  assert_int_equal(race.wrong, 0);
  return race;
}

static void a_race_for_a_wait_has_one_winner(void **state)
{
  (void)state;
  for (int i = 0; i < 4; i++) {
    requests = i & 1;
    struct race race = run_race(race_for_ends, i & 2);
    assert_int_equal(race.granted + race.timed_out + race.cancelled, race.rounds);
    assert_true(race.granted > 0 && race.timed_out > 0 && race.cancelled > 0);
  }
}

static void a_race_for_a_sleep_loses_no_wake_up(void **state)
{
  (void)state;
  requests = false;
  for (int i = 0; i < 2; i++) {
    struct race race = run_race(race_for_sleeps, i);
    assert_int_equal(race.granted, race.rounds);
    assert_true(race.timed_out > 0 && race.cancelled > 0);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_record_is_known_by_its_name_until_it_is_closed),
      ON_RUNTIME(the_next_use_of_a_slot_has_another_name),
      ON_RUNTIME(no_name_is_nobodys),
      ON_RUNTIME(a_claim_wins_once),
      ON_RUNTIME(a_finish_leaves_what_the_claimer_wrote),
      ON_RUNTIME(a_request_moves_on_and_keeps_its_sleeper),
      ON_RUNTIME(one_sleeps_on_a_record_at_a_time),
      ON_RUNTIME(who_attaches_to_a_claimed_record_is_woken),
      ON_RUNTIME(time_ends_a_wait),
      ON_RUNTIME(a_stop_ends_a_wait),
      ON_RUNTIME(what_waited_for_a_place_stays_with_its_owner),
      ON_RUNTIME(a_record_that_keeps_outlives_its_sleeps),
      ON_RUNTIME(a_deadline_is_never_before_its_time),
      ON_RUNTIME(a_race_for_a_wait_has_one_winner),
      ON_RUNTIME(a_race_for_a_sleep_loses_no_wake_up),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
