/* Routes that come and go while others send through them, by refs that may have grown old: their records and cells are
 * used again and again, and still no instance ever gets what was meant for another route. */
#include <pthread.h>

#include "chance.h"
#include "unit/actor_fixture.h"

enum { SLOTS = 8, SENDERS = 5, INSTANCES_MOST = 5 };

static _Atomic(uint64_t) routes[SLOTS];
static _Atomic(int64_t) steps_left, wrong, arrived;

struct item {
  weir_ref to;
  const char *key;
};
struct item_of {
  weir_ref to;
  const char *key;
};
struct leave {
  const char *key;
};
WEIR_MESSAGE(leave, WEIR_FIELD(key, .key = true));
WEIR_MESSAGE(item, WEIR_FIELD(to), WEIR_FIELD(key, .key = true));
WEIR_REQUEST(item_of, number, WEIR_FIELD(to), WEIR_FIELD(key, .key = true));

/* Whatever comes first says which route it belongs to. */
struct member {
  weir_ref route;
};
static int member_take(struct member *m, weir_ref to)
{
  if (!m->route.bits) m->route = to;
  if (m->route.bits != to.bits) atomic_fetch_add(&wrong, 1);
  atomic_fetch_add(&arrived, 1);
  return draw() % 64 == 0 ? weir_yield() : WEIR_OK;
}
static int member_item(struct member *m, const struct item *i) { return member_take(m, i->to); }
static int member_ask(struct member *m, const struct item_of *i, struct number *reply)
{
  reply->n = 1;
  return member_take(m, i->to);
}
static int member_leave(struct member *m)
{
  (void)m;
  return WEIR_STOP;
}
WEIR_ACTOR(member, WEIR_ON(item, member_item) WEIR_ON(item_of, member_ask) WEIR_ON(leave, member_leave), .capacity = 4);

static void expect(int rc)
{
  if (rc && rc != WEIR_EDEAD && rc != WEIR_EFULL && rc != WEIR_ETIMEDOUT && rc != WEIR_EINVAL && rc != WEIR_EFAILED &&
      rc != WEIR_EINDOUBT)
    atomic_fetch_add(&wrong, 1);
}

/* Instance after instance ends, or all at once. */
static void replace(_Atomic(uint64_t) *slot)
{
  static const int hows[] = {WEIR_ROUND_ROBIN, WEIR_LEAST_BUSY, WEIR_BY_HASH, WEIR_BROADCAST};
  weir_ref fresh = weir_spawn(&member, .instances = 2 + draw() % (INSTANCES_MOST - 1), .route = hows[draw() % 4]);
  expect(weir_ref_error(fresh));
  weir_ref old = {atomic_exchange(slot, fresh.bits)};
  while (old.bits && draw() % 8 && weir_alive(old)) expect(weir_send_within(old, WEIR_MILLIS(1), leave, .key = "k"));
  if (old.bits) weir_stop(old);
}

static void step(weir_ref to)
{
  static const char *const keys[] = {"one", "two", "three", NULL};
  const char *key = keys[draw() % 4];
  switch (draw() % 5) {
  case 0:
    expect(weir_send_within(to, WEIR_MILLIS(1), item, .to = to, .key = key));
    break;
  case 1:
    expect(weir_ask(to, WEIR_MILLIS(1), NULL, item_of, .to = to, .key = key));
    break;
  case 2:
    weir_alive(to);
    break;
  default:
    expect(weir_try_send(to, item, .to = to, .key = key));
    break;
  }
}

static int send_much(void *unused)
{
  (void)unused;
  weir_ref old = {atomic_load(&routes[0])};
  while (atomic_fetch_sub(&steps_left, 1) > 0) {
    _Atomic(uint64_t) *slot = &routes[draw() % SLOTS];
    if (draw() % 32 == 0) replace(slot);
    if (draw() % 32 == 0) old = (weir_ref){atomic_load(slot)};
    step(draw() % 8 ? (weir_ref){atomic_load(slot)} : old);
    if (draw() % 64 == 0) weir_yield();
  }
  return WEIR_OK;
}

static void *send_much_on_a_thread(void *unused)
{
  send_much(unused);
  return NULL;
}

static void routes_come_and_go_under_those_who_send(void **state)
{
  (void)state;
  weir_task *tasks[SENDERS];
  pthread_t thread;
  atomic_store(&wrong, 0);
  atomic_store(&arrived, 0);
  atomic_store(&steps_left, count_or(40000, 1500));
  for (int i = 0; i < SLOTS; i++) {
    atomic_store(&routes[i], 0);
    replace(&routes[i]);
  }
  for (int i = 0; i < SENDERS; i++) assert_non_null(tasks[i] = weir_task_start(NULL, send_much, NULL));
  assert_int_equal(pthread_create(&thread, NULL, send_much_on_a_thread, NULL), 0);
  for (int i = 0; i < SENDERS; i++) assert_int_equal(weir_task_join(tasks[i], WEIR_SECONDS(100), NULL), WEIR_OK);
  while (atomic_load(&steps_left) > -SENDERS)
    weir_sleep(WEIR_MILLIS(0.2)); /* the thread, too, has seen that none is left */
  pthread_join(thread, NULL);
  for (int i = 0; i < SLOTS; i++) weir_stop((weir_ref){atomic_load(&routes[i])});
  assert_int_equal(atomic_load(&wrong), 0);
  assert_true(atomic_load(&arrived) > 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(routes_come_and_go_under_those_who_send),
  };
  chance_begin();
  return RUN_ON_EACH_RUNTIME(tests);
}
