/* queue.c: the queue of a worker, its thieves, and what it had no room for. */
#include "model.h"
#include "real/run_queue.h"
#include "runtime/spill.h"

enum { THINGS = 4, ALL = WEIR__RUN_QUEUE_SIZE + THINGS };

/* Something to do: whoever has it, has it alone, and sees what was written before it was put in. */
static struct thing {
  struct weir__work work;
  int written, done; /* plain */
} things[ALL];

static struct weir__run_queue queue, second;

static void has(struct weir__work *work)
{
  struct thing *t = (struct thing *)(void *)work;
  MODEL_CHECK(t->written == 1);
  t->done++;
}
static void put_in(struct weir__run_queue *q, int i)
{
  things[i].written = 1;
  MODEL_CHECK(real_queue_put(q, &things[i].work));
}
static bool do_first(struct weir__run_queue *q)
{
  struct weir__work *work = real_queue_take_first(q);
  if (work) has(work);
  return work != NULL;
}
static void do_all(struct weir__run_queue *q)
{
  while (do_first(q)) {}
}
/* Q2 */
static void never_too_long(void) { MODEL_CHECK(queue.tail - queue.head <= WEIR__RUN_QUEUE_SIZE); }

static void each_done(int n)
{
  do_all(&queue);
  do_all(&second);
  for (int i = 0; i < n; i++) MODEL_CHECK(things[i].done == 1);
}
static void two_done(void) { each_done(2); }
static void four_done(void) { each_done(4); }

/* ---- the owner, and thieves ---- */

static void put_two_do_one(void)
{
  put_in(&queue, 0);
  put_in(&queue, 1);
  do_first(&queue);
}
static void steal(void)
{
  struct weir__work *taken[2];
  uint32_t n = real_queue_take(&queue, taken, 2);
  for (uint32_t i = 0; i < n; i++) has(taken[i]);
}
static void steal_twice(void)
{
  steal();
  steal();
}
MODEL_SCENARIO(queue_basic,
               .about = "Q1, O1: the owner puts in and takes out, a thief takes: nothing is lost or doubled",
               .threads = {put_two_do_one, steal_twice}, .invariant = never_too_long, .finish = two_done);
MODEL_SCENARIO(queue_two_thieves, .about = "Q1, O1: the same with two thieves", .bound = 3,
               .threads = {put_two_do_one, steal, steal}, .invariant = never_too_long, .finish = two_done);

/* One is stolen from that steals itself. */
static void put_four_do_all(void)
{
  for (int i = 0; i < 4; i++) put_in(&queue, i);
  do_all(&queue);
}
static void steal_to_second(void)
{
  struct weir__work *taken[2];
  uint32_t n = real_queue_take(&queue, taken, 2);
  for (uint32_t i = 0; i < n; i++) MODEL_CHECK(real_queue_put(&second, taken[i]));
  do_first(&second);
}
static void steal_from_second(void)
{
  struct weir__work *taken[2];
  uint32_t n = real_queue_take(&second, taken, 2);
  for (uint32_t i = 0; i < n; i++) has(taken[i]);
}
MODEL_SCENARIO(queue_chained, .about = "Q1, O1: what was stolen is stolen again", .bound = 2,
               .threads = {put_four_do_all, steal_to_second, steal_from_second}, .invariant = never_too_long,
               .finish = four_done);

/* ---- a full queue ---- */

static void fill(void)
{
  for (int i = 0; i < WEIR__RUN_QUEUE_SIZE; i++) put_in(&queue, i);
}
static struct weir__spill spilled;
static const struct weir__work_list none;

/* As spill() of worker.c does it. */
static void put_or_spill(int i)
{
  struct weir__work *taken[3];
  struct weir__work_list fresh = none;
  things[i].written = 1;
  if (real_queue_put(&queue, &things[i].work)) return;
  uint32_t n = real_queue_take(&queue, taken, 2);
  taken[n++] = &things[i].work;
  for (uint32_t at = 0; at < n; at++) weir__work_append(&fresh, taken[at]);
  weir__spill_put(&spilled, &none, &fresh);
}
static void two_more(void)
{
  put_or_spill(WEIR__RUN_QUEUE_SIZE);
  put_or_spill(WEIR__RUN_QUEUE_SIZE + 1);
}
static void all_done(void)
{
  struct weir__work *work;
  while (weir__spill_take_newest(&spilled, &work, 1)) has(work);
  each_done(WEIR__RUN_QUEUE_SIZE + 2);
}
MODEL_SCENARIO(queue_full, .about = "Q2, Q3, O2: a place gets something else only when what was there is taken",
               .setup = fill, .threads = {two_more, steal}, .invariant = never_too_long, .finish = all_done);

/* A thief that has come late: in between all that it saw there has been taken, and the place filled again. */
static void all_but_one_anew(void)
{
  struct weir__work *taken[ALL];
  uint32_t n = 0;
  while ((n = real_queue_take(&queue, taken, 1)) != 0 && taken[0] != &things[1].work) has(taken[0]);
  if (n) has(taken[0]);
  put_or_spill(WEIR__RUN_QUEUE_SIZE);
  put_or_spill(WEIR__RUN_QUEUE_SIZE + 1);
}
MODEL_SCENARIO(queue_late, .about = "Q3: who has looked at a place that was filled again meanwhile does not get it",
               .setup = fill, .threads = {all_but_one_anew, steal}, .invariant = never_too_long, .finish = all_done);

/* ---- the spill ---- */

static struct weir__work_list two(int first)
{
  struct weir__work_list both = none;
  for (int i = first; i < first + 2; i++) {
    things[i].written = 1;
    weir__work_append(&both, &things[i].work);
  }
  return both;
}
static void spill_two(int first)
{
  struct weir__work_list fresh = two(first);
  weir__spill_put(&spilled, &none, &fresh);
}
static void spill_and_take(void)
{
  struct weir__work *taken[2];
  spill_two(0);
  spill_two(2);
  unsigned n = weir__spill_take_newest(&spilled, taken, 2);
  for (unsigned i = 0; i < n; i++) has(taken[i]);
}
static void take_oldest(void)
{
  struct weir__work *taken[1];
  if (weir__spill_take_oldest(&spilled, taken, 1)) has(taken[0]);
}
static void four_spilled_done(void)
{
  struct weir__work *work;
  while (weir__spill_take_oldest(&spilled, &work, 1)) has(work);
  four_done();
}
MODEL_SCENARIO(queue_spill, .about = "S1, S2: the worker takes from the newest batch, others from the oldest",
               .threads = {spill_and_take, take_oldest, take_oldest}, .finish = four_spilled_done);

static void spill_begun_and_take(void)
{
  struct weir__work *taken[2];
  struct weir__work_list begun = two(0), fresh = two(2);
  weir__spill_put(&spilled, &begun, &fresh);
  unsigned n = weir__spill_take_begun(&spilled, taken, 2);
  for (unsigned i = 0; i < n; i++) has(taken[i]);
}
static void take_both(void)
{
  struct weir__work *taken[2];
  unsigned n = weir__spill_take_oldest(&spilled, taken, 2);
  for (unsigned i = 0; i < n; i++) has(taken[i]);
}
MODEL_SCENARIO(queue_spill_begun, .about = "S4: what has begun, and what has not, is taken once each",
               .threads = {spill_begun_and_take, take_both}, .finish = four_spilled_done);

/* As many batches as there can be: one more, and the two at the bottom become one. */
static void fill_spill(void)
{
  for (int i = 0; i < WEIR__SPILL_BATCHES; i++) {
    struct weir__work_list one = none;
    things[THINGS + i].written = 1;
    weir__work_append(&one, &things[THINGS + i].work);
    weir__spill_put(&spilled, &none, &one);
  }
}
static void spill_once(void) { spill_two(0); }
static void all_spilled_done(void)
{
  struct weir__work *work;
  while (weir__spill_take_oldest(&spilled, &work, 1)) has(work);
  for (int i = 0; i < THINGS + WEIR__SPILL_BATCHES; i++) MODEL_CHECK(things[i].done == (i == 2 || i == 3 ? 0 : 1));
}
MODEL_SCENARIO(queue_spill_full, .about = "S2: one batch too many is joined to another while others take",
               .setup = fill_spill, .threads = {spill_once, take_oldest, take_oldest}, .finish = all_spilled_done);
