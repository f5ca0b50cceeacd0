/* Actors of the pool and of the workers that ask each other, call what blocks, fail and are stopped at random, while
 * runtimes come and go: no ask is left without an answer, and each message has its end. */
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "chance.h"
#include "unit/actor_fixture.h"

enum { PEERS = 12, DRIVERS = 4 };

static _Atomic(uint64_t) peers[PEERS]; /* refs */
static weir_actor pooled_peer;
static _Atomic(int64_t) wrong, answered, blocked_calls;

static void expect(bool holds, const char *what, int64_t value)
{
  if (holds) return;
  if (atomic_fetch_add(&wrong, 1) < 10) print_error("%s: %lld\n", what, (long long)value);
}

static weir_ref peer_at(uint64_t i) { return (weir_ref){atomic_load(&peers[i % PEERS])}; }

struct deed {
  int32_t from; /* asks go to peers behind it alone, so that none waits for itself */
};
WEIR_REQUEST(deed, number, WEIR_FIELD(from));

/* Errors that somebody who asks a peer may see here. */
static bool is_known(int rc)
{
  switch (rc) {
  case WEIR_OK:
  case WEIR_EDEAD:
  case WEIR_EFAILED:
  case WEIR_ECANCELED:
  case WEIR_ETIMEDOUT:
  case WEIR_EINDOUBT:
  case WEIR_EUSER(1):
    return true;
  }
  return false;
}

static int ask_behind(int32_t from)
{
  struct number *n;
  if (from + 1 >= PEERS) return WEIR_OK;
  int32_t to = from + 1 + (int32_t)(draw() % (uint64_t)(PEERS - from - 1));
  int rc = weir_ask(peer_at((uint64_t)to), WEIR_MILLIS(50), &n, deed, .from = to);
  weir_free(n);
  expect(is_known(rc), "an ask", rc);
  return rc == WEIR_ECANCELED ? rc : WEIR_OK;
}

static int blocks(int32_t *from)
{
  atomic_fetch_add(&blocked_calls, 1);
  switch (draw() % 8) {
  case 0:
    usleep((useconds_t)(draw() % 200));
    return WEIR_OK;
  case 1:
    return ask_behind(*from);
  case 2:
    (void)!weir_try_send(peer_at(draw()), signal);
    return WEIR_OK;
  case 3:
    return weir_sleep((weir_duration){(int64_t)(draw() % 100000)});
  case 4:
    if (draw() % 8 == 0) weir_fail(WEIR_EUSER(2), "at random");
    return weir_error(WEIR_EUSER(1), "refused at random");
  default:
    return weir_cancelled() ? WEIR_ECANCELED : WEIR_OK;
  }
}

struct peer {
  _Atomic(int) inside;
  int64_t deeds;
};
static int peer_deed(struct peer *p, const struct deed *d, struct number *reply)
{
  expect(atomic_fetch_add(&p->inside, 1) == 0, "two at once", d->from);
  int32_t from = d->from;
  int rc = draw() % 2 ? weir_run_blocking(blocks, &from) : ask_behind(from);
  reply->n = ++p->deeds;
  atomic_fetch_sub(&p->inside, 1);
  return rc;
}
static int peer_signal(struct peer *p)
{
  p->deeds++;
  return WEIR_OK;
}
static void peer_end(struct peer *p)
{
  int32_t from = PEERS;
  if (p->deeds % 4 == 0) weir_run_blocking(blocks, &from);
}
WEIR_ACTOR(peer, WEIR_ON(deed, peer_deed) WEIR_ON(signal, peer_signal) WEIR_ON_END(peer_end), .capacity = 4);

static void respawn(uint64_t i)
{
  weir_ref r = weir_spawn(draw() % 2 ? &peer : &pooled_peer, .on = runtime);
  weir_ref old = {atomic_exchange(&peers[i % PEERS], r.bits)};
  if (!weir_ref_error(old)) weir_stop(old);
}

/* So many, and until all has been seen that is to be seen: nothing forces it to come before. */
static int drive(int64_t *rounds)
{
  for (int64_t i = 0; i < *rounds || !atomic_load(&answered) || !atomic_load(&blocked_calls); i++) {
    struct number *n;
    uint64_t to = draw() % PEERS;
    if (draw() % 16 == 0) respawn(to);
    int rc = weir_ask(peer_at(to), WEIR_MILLIS(500), &n, deed, .from = (int32_t)to);
    weir_free(n);
    if (!rc) atomic_fetch_add(&answered, 1);
    expect(is_known(rc), "an ask of a driver", rc);
    if (rc == WEIR_ECANCELED) return rc;
  }
  return WEIR_OK;
}
static void *drive_thread(void *rounds)
{
  drive(rounds);
  return NULL;
}

static void all_asks_are_answered_and_nothing_is_lost(void **state)
{
  (void)state;
  weir_task *tasks[DRIVERS];
  pthread_t threads[DRIVERS];
  int64_t rounds = count_or(300, 40);
  answered = blocked_calls = 0;
  for (uint64_t i = 0; i < PEERS; i++) atomic_store(&peers[i], 0);
  for (uint64_t i = 0; i < PEERS; i++) respawn(i);
  for (int i = 0; i < DRIVERS; i++) tasks[i] = weir_task_start(runtime, drive, &rounds);
  if (!on_current_thread()) /* else they would wait for who is joining them */
    for (int i = 0; i < DRIVERS; i++) pthread_create(&threads[i], NULL, drive_thread, &rounds);
  for (int i = 0; i < DRIVERS; i++) assert_int_equal(weir_task_join(tasks[i], WEIR_SECONDS(100), NULL), WEIR_OK);
  if (!on_current_thread())
    for (int i = 0; i < DRIVERS; i++) pthread_join(threads[i], NULL);
  assert_int_equal(atomic_load(&wrong), 0);
}

static void a_stop_in_the_middle_ends_them_all(void **state)
{
  (void)state;
  int64_t rounds = 1 << 20;
  for (int64_t i = 0; i < count_or(20, 4); i++) {
    weir_task *tasks[DRIVERS];
    int64_t before = atomic_load(&answered);
    for (uint64_t p = 0; p < PEERS; p++) atomic_store(&peers[p], 0);
    for (uint64_t p = 0; p < PEERS; p++) respawn(p);
    for (int d = 0; d < DRIVERS; d++) tasks[d] = weir_task_start(runtime, drive, &rounds);
    while (atomic_load(&answered) < before + 20) weir_sleep(WEIR_MILLIS(0.1));
    /* Not runtime_stopped(): drivers of the runtime respawn until they are told. */
    assert_int_equal(weir_runtime_stop(runtime, WEIR_MILLIS(0)), WEIR_OK);
    runtime = NULL;
    for (int d = 0; d < DRIVERS; d++) assert_int_equal(weir_task_join(tasks[d], WEIR_FOREVER, NULL), WEIR_OK);
    assert_int_equal(accounts_are_even(), 0);
    assert_int_equal(weir_runtime_start(&runtime_options, &runtime), WEIR_OK);
  }
  assert_int_equal(atomic_load(&wrong), 0);
}

int main(void)
{
  chance_begin();
  pooled_peer = peer;
  pooled_peer.runs = WEIR_ON_BLOCKING_POOL;
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(all_asks_are_answered_and_nothing_is_lost),
      ON_RUNTIME(a_stop_in_the_middle_ends_them_all),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
