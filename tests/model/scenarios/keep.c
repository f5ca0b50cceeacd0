/* keep.c: places that a mailbox gets back when its handler ends, and what a handler that selects waits for (M6). */
#include <weir/actor.h>

#include "actor/stash.h"
#include "scenarios/handlers_fixture.h"

struct keeper {
  int64_t unused;
};
static int got; /* plain: the actor's */
static int keep_it(struct keeper *self, const struct number *m)
{
  struct weir__cell *cell = actors[0];
  (void)self, (void)m;
  /* Its place is the only one, and it has it. */
  MODEL_CHECK(!atomic_load_explicit(&cell->inbox, memory_order_relaxed) && !cell->queued);
  got++;
  return WEIR_OK;
}
WEIR_ACTOR(keeper, WEIR_ON(number, keep_it), .keeps_places = true);

static void make_keeper(uint32_t capacity)
{
  make_workers(1);
  make_actor(0, &keeper, 0, capacity);
  in_their_turns(1);
  MODEL_CHECK(weir__kept_make(actors[0]) == WEIR_OK);
  send_number(0, 1);
}
static void one_place(void) { make_keeper(1); }
static void run_two_turns(void)
{
  while (got < 2) {
    if (weir__is_idle(atomic_load_explicit(&actors[0]->inbox, memory_order_acquire)))
      model_pause();
    else
      weir__run_actor(&lent[0], &actors[0]->work);
    weir__worker_take_inbox(&workers[0]); /* this thread runs it, whoever schedules it */
    while (weir__work_take(&workers[0].ready)) continue;
  }
}
static void send_2(void) { MODEL_CHECK(weir_send(refs[0], number, .n = 2) == WEIR_OK); }
MODEL_SCENARIO(keep_until_the_end, .about = "M6, M3: a place goes back when the handler ends, to who waits for it",
               .setup = one_place, .begin = begin_as_handlers, .bound = 2, .old_reads = 1,
               .threads = {run_two_turns, send_2});

/* ---- a handler that selects ---- */

struct wanted {
  int64_t n;
};
WEIR_MESSAGE(wanted, WEIR_FIELD(n));

static weir_permit permit;
static void full_but_for_a_permit(void)
{
  make_keeper(2);
  weir_message_wanted();
  MODEL_CHECK(weir_try_reserve(refs[0], &permit) == WEIR_OK);
}
static void select_wanted(void)
{
  struct wanted *m = NULL;
  MODEL_CHECK(weir_select(WEIR_FOREVER, &m, wanted) == WEIR_OK);
  MODEL_CHECK(m->n == 7);
  weir_free(m);
}
static void use_it(void) { MODEL_CHECK(weir_permit_send(permit, wanted, .n = 7) == WEIR_OK); }
static void give_back_and_send(void)
{
  weir_permit_give_back(&permit);
  MODEL_CHECK(weir_send(refs[0], wanted, .n = 7) == WEIR_OK);
}
MODEL_SCENARIO(keep_select_and_permit, .about = "M6: what is skipped fills the mailbox, but for a permit that is used",
               .setup = full_but_for_a_permit, .begin = begin_as_handlers, .bound = 3,
               .threads = {select_wanted, use_it});
MODEL_SCENARIO(keep_select_and_place, .about = "M6: the same where the place comes back, and another message takes it",
               .setup = full_but_for_a_permit, .begin = begin_as_handlers, .bound = 2, .old_reads = 1,
               .threads = {select_wanted, give_back_and_send});
