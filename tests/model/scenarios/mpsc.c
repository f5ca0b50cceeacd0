/* mpsc.c: the bounded channel: places, the line of those that wait for one, the receiver that waits for messages, and
 * ends. */
#include "channel/line.h"
#include "scenarios/channel_fixture.h"

static void one_place(void) { make(1); }
static void two_places(void) { make(2); }
static void send_1(void) { put(1); }
static void send_11(void) { put(11); }

/* ---- waking the receiver ---- */

static void receive_1(void) { MODEL_CHECK(next() == 1); }
MODEL_SCENARIO(mpsc_wake, .about = "M4, O2, O3: who rests is woken by what comes", .setup = two_places,
               .begin = warm_up, .threads = {send_1, receive_1}, .invariant = never_above_capacity,
               .finish = drop_both);

static void receive_both(void) { MODEL_CHECK(next() + next() == 12); }
MODEL_SCENARIO(mpsc_wake_by_two, .about = "M4: of two that come one wakes, and neither is lost", .bound = 1,
               .setup = two_places, .begin = warm_up, .threads = {send_1, send_11, receive_both},
               .invariant = never_above_capacity, .finish = drop_both);

/* ---- places, and the line ---- */

static void send_1_2(void) { put(1), put(2); }
static void receive_1_2(void)
{
  MODEL_CHECK(next() == 1);
  MODEL_CHECK(next() == 2);
}
MODEL_SCENARIO(mpsc_one_place, .about = "M1, M2, M3: two messages through one place: nobody sleeps for ever",
               .bound = 3, .setup = one_place, .begin = warm_up, .threads = {send_1_2, receive_1_2},
               .invariant = never_above_capacity, .finish = drop_both);
MODEL_SCENARIO(mpsc_two_senders, .about = "M1, M2, M3: two who want the only place", .bound = 1, .setup = one_place,
               .begin = warm_up, .threads = {send_1, send_11, receive_both}, .invariant = never_above_capacity,
               .finish = drop_both);

static void full(void)
{
  make(1);
  put(100);
}
static void receive_all_three(void) { MODEL_CHECK(next() == 100 && next() + next() == 12); }
MODEL_SCENARIO(mpsc_two_wait, .about = "M2, M3: both stand in line, and both are served", .bound = 1, .old_reads = 1,
               .setup = full, .begin = warm_up, .threads = {send_1, send_11, receive_all_three},
               .invariant = never_above_capacity, .finish = drop_both);

/* One who finds somebody in line tries: what it sends comes behind. */
static int tried;
static void try_11(void)
{
  if (!somebody_waits()) return;
  int rc = weir_channel_try_send(tx, number, .n = 11);
  MODEL_CHECK(rc == WEIR_OK || rc == WEIR_EFULL);
  tried = rc == WEIR_OK;
}
static void receive_two(void)
{
  MODEL_CHECK(next() == 100);
  MODEL_CHECK(next() == 1); /* not 11 */
}
static void receive_the_rest(void)
{
  if (tried) MODEL_CHECK(try_next() == 11);
  MODEL_CHECK(try_next() == WEIR_EMPTY_NOW);
  drop_both();
}
MODEL_SCENARIO(mpsc_no_overtaking, .about = "Q2, M2: nobody passes one who stands in line", .bound = 1, .setup = full,
               .begin = warm_up, .threads = {send_1, try_11, receive_two}, .invariant = never_above_capacity,
               .finish = receive_the_rest);

/* One who finds somebody in line joins it. */
static void send_11_if_somebody_waits(void)
{
  tried = somebody_waits();
  if (tried) put(11);
}
MODEL_SCENARIO(mpsc_joins_behind, .about = "M3, I1 of line.h: who comes later is served later", .bound = 1,
               .old_reads = 1, .setup = full, .begin = warm_up,
               .threads = {send_1, send_11_if_somebody_waits, receive_two}, .invariant = never_above_capacity,
               .finish = receive_the_rest);

static void send_11_behind(void)
{
  while (!somebody_waits()) model_pause();
  put(11);
}
static void receive_in_order(void) { MODEL_CHECK(next() == 100 && next() == 1 && next() == 11); }
static unsigned in_line(void)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell());
  unsigned n = (unsigned)weir__tally_look(cell())->waiting;
  weir__bucket_unlock(bucket);
  return n;
}
static void receive_when_both_wait(void)
{
  while (in_line() < 2) model_pause();
  receive_in_order();
}
MODEL_SCENARIO(mpsc_line_in_order, .about = "M3, I1 of line.h: first come, first served", .setup = full,
               .begin = warm_up, .threads = {send_1, send_11_behind, receive_when_both_wait},
               .invariant = never_above_capacity, .finish = drop_both);

/* ---- a wait has one end ---- */

static int rc_1;
static void send_1_in_time(void)
{
  rc_1 = weir_channel_send_within(tx, WEIR_MILLIS(1), number, .n = 1);
  MODEL_CHECK(rc_1 == WEIR_OK || rc_1 == WEIR_ETIMEDOUT);
}
static void receive_100(void) { MODEL_CHECK(next() == 100); }
static void came_if_ok(void)
{
  MODEL_CHECK(try_next() == (rc_1 == WEIR_OK ? 1 : WEIR_EMPTY_NOW));
  MODEL_CHECK(weir_channel_try_send(tx, number, .n = 5) == WEIR_OK && try_next() == 5);
  drop_both();
}
MODEL_SCENARIO(mpsc_time, .about = "M3, L2: time is over, or the message is handed over: one of both", .setup = full,
               .begin = warm_up, .threads = {send_1_in_time, receive_100}, .invariant = never_above_capacity,
               .finish = came_if_ok);

/* Who gives up keeps nobody waiting: one who needs less may stand behind. */
static void one_of_two_free(void)
{
  make(2);
  put(100);
}
static void reserve_two_in_time(void)
{
  weir_permit permit;
  MODEL_CHECK(weir_channel_reserve_many(tx, 2, WEIR_MILLIS(1), &permit) == WEIR_ETIMEDOUT);
}
static void two_came(void)
{
  MODEL_CHECK(try_next() == 100 && try_next() == 11);
  drop_both();
}
MODEL_SCENARIO(mpsc_time_before_another, .about = "M3: who gives up lets those behind it fit", .setup = one_of_two_free,
               .begin = warm_up, .threads = {reserve_two_in_time, send_11}, .invariant = never_above_capacity,
               .finish = two_came);

/* ---- ends ---- */

static void close_it(void) { weir_receiver_close(rx); }
static void send_1_or_closed(void)
{
  rc_1 = weir_channel_send(tx, number, .n = 1);
  MODEL_CHECK(rc_1 == WEIR_OK || rc_1 == WEIR_ECLOSED);
}
static void heard_if_ok(void)
{
  if (rc_1 == WEIR_OK) MODEL_CHECK(try_next() == 1);
  MODEL_CHECK(try_next() == WEIR_ECLOSED);
  drop_both();
}
MODEL_SCENARIO(mpsc_close, .about = "L2: whoever was told ok is heard after a close", .setup = one_place,
               .begin = warm_up, .threads = {send_1_or_closed, close_it}, .invariant = never_above_capacity,
               .finish = heard_if_ok);

static void heard_if_ok_behind(void)
{
  MODEL_CHECK(try_next() == 100);
  heard_if_ok();
}
MODEL_SCENARIO(mpsc_close_and_line, .about = "M3, L2: who stands in line is told of the close", .setup = full,
               .begin = warm_up, .threads = {send_1_or_closed, close_it}, .invariant = never_above_capacity,
               .finish = heard_if_ok_behind);

static void receive_and_close(void)
{
  MODEL_CHECK(next() == 100);
  weir_receiver_close(rx);
}
MODEL_SCENARIO(mpsc_hand_over_and_close, .about = "M3, L2: handed over, or closed before", .setup = full,
               .begin = warm_up, .threads = {send_1_or_closed, receive_and_close}, .invariant = never_above_capacity,
               .finish = heard_if_ok);

static void send_1_and_drop(void)
{
  put(1);
  weir_sender_drop(tx);
}
static void receive_to_the_end(void)
{
  struct number *m;
  MODEL_CHECK(next() == 1);
  MODEL_CHECK(weir_receive(rx, &m, number) == WEIR_ECLOSED);
}
static void drop_receiver(void)
{
  weir_receiver_drop(rx);
  accounts_are_even();
}
MODEL_SCENARIO(mpsc_last_sender, .about = "Q4, O4: the end comes after all that was sent, and wakes",
               .setup = one_place, .begin = warm_up, .threads = {send_1_and_drop, receive_to_the_end},
               .invariant = never_above_capacity, .finish = drop_receiver);

static void drop_sender(void) { weir_sender_drop(tx); }
static void receive_the_end(void)
{
  struct number *m;
  MODEL_CHECK(weir_receive(rx, &m, number) == WEIR_ECLOSED);
}
static weir_sender other_tx;
static void two_senders(void)
{
  make(1);
  MODEL_CHECK(weir_sender_clone(tx, &other_tx) == WEIR_OK);
}
static void drop_other_sender(void) { weir_sender_drop(other_tx); }
MODEL_SCENARIO(mpsc_senders_go, .about = "Q4: the last of two senders that go wakes who waits", .setup = two_senders,
               .begin = warm_up, .threads = {drop_sender, drop_other_sender, receive_the_end},
               .invariant = never_above_capacity, .finish = drop_receiver);

/* The receiver goes while somebody sends: what was sent is freed, the cell is, too, once. */
static void drop_rx(void) { weir_receiver_drop(rx); }
static uint32_t generation;
static void one_place_known(void)
{
  make(1);
  generation = weir__generation_in(cell()->places);
}
static void cell_was_freed(void)
{
  weir_sender_drop(tx);
  accounts_are_even();
  MODEL_CHECK(weir__generation_in(cell()->places) == generation + 1);
}
MODEL_SCENARIO(mpsc_receiver_goes, .about = "C4, L2: who returns the last place frees the cell, and nothing is left",
               .setup = one_place_known, .begin = warm_up, .threads = {send_1_or_closed, drop_rx},
               .finish = cell_was_freed);
static void send_11_or_closed(void)
{
  int rc = weir_channel_send(tx, number, .n = 11);
  MODEL_CHECK(rc == WEIR_OK || rc == WEIR_ECLOSED);
}
MODEL_SCENARIO(mpsc_receiver_goes_from_two, .about = "C4, L2: the same with two that send", .bound = 2,
               .setup = one_place_known, .begin = warm_up, .threads = {send_1_or_closed, send_11_or_closed, drop_rx},
               .finish = cell_was_freed);

/* ---- another capacity ---- */

static void more_room(void) { MODEL_CHECK(weir_receiver_set_capacity(rx, 2) == WEIR_OK); }
static void both_came(void)
{
  MODEL_CHECK(try_next() == 100 && try_next() == 1);
  drop_both();
}
MODEL_SCENARIO(mpsc_growth, .about = "M9: growth serves the line", .setup = full, .begin = warm_up,
               .threads = {send_1, more_room}, .invariant = never_above_capacity, .finish = both_came);

static void less_room(void) { MODEL_CHECK(weir_receiver_set_capacity(rx, 1) == WEIR_OK); }
static void send_1_2_try(void)
{
  MODEL_CHECK(weir_channel_try_send(tx, number, .n = 1) == WEIR_OK);
  if (weir_channel_try_send(tx, number, .n = 2) == WEIR_OK) return;
  MODEL_CHECK(weir_channel_try_send(tx, number, .n = 2) == WEIR_EFULL);
}
static void drain(void)
{
  while (try_next() > 0) continue;
  MODEL_CHECK(weir_sender_room(tx) == 1);
  drop_both();
}
MODEL_SCENARIO(mpsc_less_room, .about = "M9: reserving fails once there is less room", .setup = two_places,
               .begin = warm_up, .threads = {send_1_2_try, less_room}, .finish = drain);

/* ---- how much is there ---- */

static void send_and_look(void)
{
  put(1);
  MODEL_CHECK(weir_receiver_length(rx) >= 1);
}
static void drain_both(void)
{
  MODEL_CHECK(try_next() + try_next() == 12);
  drop_both();
}
MODEL_SCENARIO(mpsc_length, .about = "M1: what was sent is counted at once", .setup = two_places, .begin = warm_up,
               .threads = {send_and_look, send_11}, .invariant = never_above_capacity, .finish = drain_both);

static void look_while_it_goes(void)
{
  MODEL_CHECK(weir_receiver_length(rx) == 1);
  MODEL_CHECK(weir_receiver_length(rx) == 1);
}
static void drain_and_end(void)
{
  MODEL_CHECK(try_next() == 100 && try_next() == WEIR_ECLOSED);
  drop_receiver();
}
MODEL_SCENARIO(mpsc_length_and_end, .about = "M1: the length stays while the last sender goes", .setup = full,
               .begin = warm_up, .threads = {drop_sender, look_while_it_goes}, .finish = drain_and_end);

/* Two have sent: who tries finds them. */
static void try_twice(void)
{
  int64_t a = try_next(), b = try_next();
  MODEL_CHECK(a != b || a == WEIR_EMPTY_NOW);
  if (a > 0) rc_1++;
  if (b > 0) rc_1++;
}
static void drain_what_is_left(void)
{
  while (try_next() > 0) rc_1++;
  MODEL_CHECK(rc_1 == 2);
  drop_both();
}
MODEL_SCENARIO(mpsc_try_receive, .about = "M4: what was sent is found, once", .bound = 1, .setup = two_places,
               .begin = warm_up, .threads = {send_1, send_11, try_twice}, .invariant = never_above_capacity,
               .finish = drain_what_is_left);
