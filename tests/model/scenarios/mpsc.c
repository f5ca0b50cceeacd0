/* mpsc.c: the bounded channel: places, the line of those that wait for one, and the receiver that waits for messages. */
#include "scenarios/channel_fixture.h"

/* ---- one place ---- */

static void one_place(void) { make(1); }
static void send_1(void) { put(1); }
static void send_1_2(void) { put(1), put(2); }
static void send_11(void) { put(11); }
static void receive_1_2(void)
{
  MODEL_CHECK(next() == 1);
  MODEL_CHECK(next() == 2);
}
MODEL_SCENARIO(mpsc_one_place, .about = "M1, M2, Q4: two messages through one place: nobody sleeps for ever",
               .bound = 3, .setup = one_place, .begin = warm_up, .threads = {send_1_2, receive_1_2},
               .invariant = never_above_capacity, .finish = drop_both);

static void receive_both(void) { MODEL_CHECK(next() + next() == 12); }
MODEL_SCENARIO(mpsc_two_senders, .about = "M1, M2, M3: two who want the only place", .bound = 2, .setup = one_place,
               .begin = warm_up, .threads = {send_1, send_11, receive_both}, .invariant = never_above_capacity,
               .finish = drop_both);
