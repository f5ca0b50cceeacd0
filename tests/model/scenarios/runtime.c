/* runtime.c: a whole runtime: its worker looks for work, runs handlers on fibers, and sleeps at the gate that stands for its
 * loop. */
#include "scenarios/channel_fixture.h"

struct adder {
  int64_t sum;
};
static int64_t sum; /* plain: the handlers' alone, and looked at in the end */
static int adder_number(struct adder *s, const struct number *m)
{
  s->sum += m->n;
  sum = s->sum;
  return WEIR_OK;
}
WEIR_ACTOR(adder, WEIR_ON(number, adder_number));

static weir_runtime *rt;
static weir_ref ref;

static void one_worker(void)
{
  weir_runtime_options o = {.workers = 1, .hog_after = WEIR_FOREVER};
  MODEL_CHECK(weir_runtime_start(&o, &rt) == WEIR_OK);
  ref = weir_spawn(&adder);
  MODEL_CHECK(weir_ref_error(ref) == WEIR_OK);
}

static void send_1(void) { MODEL_CHECK(weir_send(ref, number, .n = 1) == WEIR_OK); }
static void send_11(void) { MODEL_CHECK(weir_send(ref, number, .n = 11) == WEIR_OK); }
static void send_1_11(void) { send_1(), send_11(); }
static void both_were_handled(void) { MODEL_CHECK(sum == 12); }

MODEL_SCENARIO(runtime_wakes, .about = "M4, U3: who sends wakes the worker that sleeps, or is about to", .bound = 3,
               .setup = one_worker, .begin = warm_up, .threads = {send_1_11}, .finish = both_were_handled);
MODEL_SCENARIO(runtime_wakes_for_two, .about = "M4, U3: the same with two that send", .bound = 1, .old_reads = 1,
               .setup = one_worker, .begin = warm_up, .threads = {send_1, send_11}, .finish = both_were_handled);
