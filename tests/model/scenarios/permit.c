/* permit.c: places that are held: granted, used, given back, taken away by an end. */
#include "channel/permit.h"

#include "scenarios/channel_fixture.h"

static void one_place(void) { make(1); }
static void two_places(void) { make(2); }

/* Also whatever a holder makes once. */
static void warm_up_holder(void)
{
  weir_permit p;
  warm_up();
  MODEL_CHECK(weir_channel_try_reserve(tx, &p) == WEIR_OK);
  weir_permit_give_back(&p);
}

static void all_is_free(void)
{
  MODEL_CHECK(weir_sender_room(tx) == cell()->capacity);
  MODEL_CHECK(!somebody_waits() && !weir__tally_look(cell())->waiting);
  MODEL_CHECK(weir__tally_look(cell())->permit_places == 0);
  drop_both();
}

/* ---- as many as there are places ---- */

static int held; /* plain: those that hold the only place take turns */
static void hold_the_only_one(void)
{
  weir_permit p;
  MODEL_CHECK(weir_channel_reserve(tx, WEIR_FOREVER, &p) == WEIR_OK);
  MODEL_CHECK(held++ == 0);
  held--;
  weir_permit_give_back(&p);
}
MODEL_SCENARIO(permit_turns,
               .about = "M1, M3, C2: a place that is given back goes to who waits, and with it what was done",
               .setup = one_place, .begin = warm_up_holder, .threads = {hold_the_only_one, hold_the_only_one},
               .invariant = never_above_capacity, .finish = all_is_free);
MODEL_SCENARIO(permit_turns_of_three, .about = "M3: the same with three", .setup = one_place, .begin = warm_up_holder,
               .threads = {hold_the_only_one, hold_the_only_one, hold_the_only_one}, .invariant = never_above_capacity,
               .finish = all_is_free);

static void hold_one(void)
{
  weir_permit p;
  MODEL_CHECK(weir_channel_reserve(tx, WEIR_FOREVER, &p) == WEIR_OK);
  weir_permit_give_back(&p);
}
static void hold_both(void)
{
  weir_permit p;
  MODEL_CHECK(weir_channel_reserve_many(tx, 2, WEIR_FOREVER, &p) == WEIR_OK);
  MODEL_CHECK(weir_permit_places(p) == 2);
  weir_permit_give_back(&p);
}
MODEL_SCENARIO(permit_batch, .about = "M3: one, and two at once, of two", .setup = two_places, .begin = warm_up_holder,
               .threads = {hold_one, hold_both}, .invariant = never_above_capacity, .finish = all_is_free);
MODEL_SCENARIO(permit_batches, .about = "M3: two that want all", .setup = two_places, .begin = warm_up_holder,
               .threads = {hold_both, hold_both}, .invariant = never_above_capacity, .finish = all_is_free);

/* ---- time ---- */

static void hold_one_in_time(void)
{
  weir_permit p;
  int rc = weir_channel_reserve(tx, WEIR_MILLIS(1), &p);
  MODEL_CHECK(rc == WEIR_OK || rc == WEIR_ETIMEDOUT);
  if (rc == WEIR_OK) weir_permit_give_back(&p);
}
MODEL_SCENARIO(permit_time, .about = "M3: time is over, or the place is granted: one of both, and it is not lost",
               .setup = one_place, .begin = warm_up_holder, .threads = {hold_one_in_time, hold_the_only_one},
               .invariant = never_above_capacity, .finish = all_is_free);

/* ---- ends ---- */

static void hold_one_or_closed(void)
{
  weir_permit p;
  int rc = weir_channel_reserve(tx, WEIR_FOREVER, &p);
  MODEL_CHECK(rc == WEIR_OK || rc == WEIR_ECLOSED);
  if (rc == WEIR_OK) weir_permit_give_back(&p);
}
static void close_it(void) { weir_receiver_close(rx); }
static void closed_and_empty(void)
{
  MODEL_CHECK(try_next() == WEIR_ECLOSED);
  drop_both();
}
MODEL_SCENARIO(permit_close, .about = "M3: granted, or told of the close", .setup = one_place, .begin = warm_up_holder,
               .threads = {hold_one_or_closed, close_it}, .finish = closed_and_empty);
MODEL_SCENARIO(permit_close_of_two, .about = "M3: the same with two that want the only place", .setup = one_place,
               .begin = warm_up_holder, .threads = {hold_one_or_closed, hold_one_or_closed, close_it},
               .finish = closed_and_empty);

/* A closed channel ends when its last permit is used or given back. */
static weir_permit permit;
static void one_held(void)
{
  make(1);
  MODEL_CHECK(weir_channel_try_reserve(tx, &permit) == WEIR_OK);
}
static void give_back(void) { weir_permit_give_back(&permit); }
static void receive_the_end(void)
{
  struct number *m;
  weir_receiver_close(rx);
  MODEL_CHECK(weir_receive(rx, &m, number) == WEIR_ECLOSED);
}
MODEL_SCENARIO(permit_last_place, .about = "C4, Q4: the last place that comes back wakes who waits for the end",
               .setup = one_held, .begin = warm_up, .threads = {give_back, receive_the_end}, .finish = drop_both);

static void use_it(void)
{
  int rc = weir_permit_send(permit, number, .n = 7);
  MODEL_CHECK(rc == WEIR_OK || rc == WEIR_ECLOSED);
}
static void drop_rx(void) { weir_receiver_drop(rx); }
static uint32_t generation;
static void one_held_known(void)
{
  one_held();
  generation = weir__generation_in(cell()->places);
}
static void cell_was_freed(void)
{
  weir_sender_drop(tx);
  accounts_are_even();
  MODEL_CHECK(weir__generation_in(cell()->places) == generation + 1);
}
MODEL_SCENARIO(permit_outlives,
               .about = "C4, L2: a permit is used while the receiver goes: the message is freed, the cell too",
               .setup = one_held_known, .begin = warm_up, .threads = {use_it, drop_rx}, .finish = cell_was_freed);
MODEL_SCENARIO(permit_given_back_late, .about = "C4: a permit is given back while the receiver goes",
               .setup = one_held_known, .begin = warm_up, .threads = {give_back, drop_rx}, .finish = cell_was_freed);

/* ---- another capacity ---- */

static void more_room(void) { MODEL_CHECK(weir_receiver_set_capacity(rx, 2) == WEIR_OK); }
MODEL_SCENARIO(permit_growth, .about = "M9: growth grants to the line, while places come back", .setup = one_place,
               .begin = warm_up_holder, .threads = {hold_one, hold_one, more_room}, .finish = all_is_free);
