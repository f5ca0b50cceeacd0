/* What comes between two steps of another: the linker puts a function of ours in front of one of the library's
 * (tests/CMakeLists.txt, --wrap), which does at that moment what a thread would have to do just then. */
#include <pthread.h>

#include "actor/actor.h"
#include "channel/mpsc.h"
#include "unit/actor_fixture.h"

/* Done once, on a thread of its own, when weir_select() has looked and is about to rest. */
static _Atomic(int (*)(weir_ref)) between;
static weir_ref whom;

static void *do_it(void *f)
{
  int (*what)(weir_ref) = *(int (**)(weir_ref))f;
  what(whom);
  return NULL;
}

void __real_weir__mpsc_serve(struct weir__cell *cell);
void __wrap_weir__mpsc_serve(struct weir__cell *cell);
/* A handler that selects serves the line last, before it sets its mark (actor/select.c, I2). */
void __wrap_weir__mpsc_serve(struct weir__cell *cell)
{
  __real_weir__mpsc_serve(cell);
  if (!atomic_load(&between) || !cell->in_hand || cell->slot != weir__slot_of(whom)) return;
  int (*what)(weir_ref) = atomic_exchange(&between, NULL);
  pthread_t thread;
  if (!what || pthread_create(&thread, NULL, do_it, &what)) return;
  pthread_join(thread, NULL);
}

struct wait_for_signal {
  WEIR_EMPTY;
};
struct outcome {
  int32_t code;
};
WEIR_MESSAGE(outcome, WEIR_FIELD(code));
WEIR_REQUEST(wait_for_signal, outcome);

struct chooser {
  WEIR_EMPTY;
};
static int chooser_wait(struct chooser *c, struct outcome *reply)
{
  (void)c;
  struct signal *s;
  reply->code = weir_select(WEIR_SECONDS(3), &s, signal);
  weir_free(s);
  return WEIR_OK;
}
static int chooser_number(struct chooser *c)
{
  (void)c;
  return WEIR_OK;
}
static int chooser_signal(struct chooser *c)
{
  (void)c;
  return WEIR_OK;
}
WEIR_ACTOR(chooser,
           WEIR_ON(wait_for_signal, chooser_wait) WEIR_ON(number, chooser_number) WEIR_ON(signal, chooser_signal),
           .capacity = 4, .keeps_places = true);

static int outcome_of_selecting_while(int (*what)(weir_ref))
{
  struct outcome *o;
  whom = weir_spawn(&chooser);
  atomic_store(&between, what);
  assert_int_equal(weir_ask(whom, WEIR_SECONDS(20), &o, wait_for_signal), WEIR_OK);
  int code = o->code;
  weir_free(o);
  assert_null(atomic_load(&between)); /* it was done */
  return code;
}

static void a_drain_between_the_last_look_and_the_rest_of_a_select_wakes_it(void **state)
{
  (void)state;
  assert_int_equal(outcome_of_selecting_while(weir_drain), WEIR_EDEAD);
}

static void a_stop_between_the_last_look_and_the_rest_of_a_select_wakes_it(void **state)
{
  (void)state;
  assert_int_equal(outcome_of_selecting_while(weir_stop), WEIR_ECANCELED);
}

static int send_signal(weir_ref to) { return weir_try_send(to, signal); }
static void a_message_between_the_last_look_and_the_rest_of_a_select_is_found(void **state)
{
  (void)state;
  assert_int_equal(outcome_of_selecting_while(send_signal), WEIR_OK);
}

static int fill(weir_ref to)
{
  int rc = WEIR_OK;
  while (!rc) rc = weir_try_send(to, number, .n = 1);
  return rc;
}
static void a_mailbox_that_fills_between_the_last_look_and_the_rest_of_a_select_is_noticed(void **state)
{
  (void)state;
  assert_int_equal(outcome_of_selecting_while(fill), WEIR_EDEADLOCK);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_drain_between_the_last_look_and_the_rest_of_a_select_wakes_it),
      ON_RUNTIME(a_stop_between_the_last_look_and_the_rest_of_a_select_wakes_it),
      ON_RUNTIME(a_message_between_the_last_look_and_the_rest_of_a_select_is_found),
      ON_RUNTIME(a_mailbox_that_fills_between_the_last_look_and_the_rest_of_a_select_is_noticed),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
