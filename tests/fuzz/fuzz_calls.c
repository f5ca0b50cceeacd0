/* fuzz_calls.c: sequences of API calls: see calls/world.h for what an input says.
 *
 * The first byte says for how long the runtime drains at the end, and whether it is a simulated one, and with which seed. After each run everything has to have ended: messages
 * add up, nothing is leaked (LeakSanitizer looks), and right before the runtime is stopped a new actor still gets its
 * messages. A call that returns what its page does not allow is a finding, too. */
#include "calls/world.h"

#include <weir/simulation.h>

int LLVMFuzzerInitialize(int *count, char ***arguments);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));

void drop_channels(void);
void drop_oneshots(void);

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
  (void)count, (void)arguments;
  setenv("WEIR_MISUSE", "quiet", 1);
  return 0;
}

/* ---- one run ---- */

enum { SIMULATED = 128 }; /* of the first byte */

static void begin(const uint8_t *data, size_t size)
{
  void *room;
  world = (struct world){.at = data + 1, .end = data + size};
  world.shared = weir_bytes_make(1000, &room);
  CHECK(world.shared.owner);
  memset(room, 0x5a, world.shared.size);
  weir_runtime_options options = {.flavor = WEIR_CURRENT_THREAD, .hog_after = WEIR_FOREVER};
  int rc = *data & SIMULATED ? weir_simulation_start(*data, NULL, &world.runtime)
                             : weir_runtime_start(&options, &world.runtime);
  CHECK(rc == WEIR_OK);
}

/* No instruction is left, so whatever runs now returns soon, or waits. */
static void check_not_wedged(void)
{
  struct sum *sum = NULL;
  weir_ref probe = weir_spawn(actor_types[0]);
  CHECK(weir_ask(probe, WEIR_SECONDS(600), &sum, query, .id = 0) == WEIR_OK && sum);
  weir_free(sum);
}

static void stop(unsigned drain)
{
  for (size_t i = 0; i < PENDINGS; i++)
    if (!world.pendings[i].awaited && !world.pendings[i].owner) weir_cancel(&world.pendings[i].pending, 1);
  weir_duration times[] = {{0}, {0}, {0}, {1000000}};
  int rc = weir_runtime_stop(world.runtime, times[drain % 4]);
  CHECK(rc == WEIR_OK || rc == WEIR_ETIMEDOUT);
  world.stopped = true;
  for (size_t i = 0; i < REFS; i++) CHECK(!weir_alive(world.refs[i].ref));
}

/* What is main's, and what tasks and actors have left to it. */
static void end(void)
{
  for (size_t i = 0; i < TASKS; i++)
    if (world.tasks[i].task) CHECK(weir_task_join(world.tasks[i].task, WEIR_SECONDS(1), NULL) == WEIR_OK);
  for (size_t i = 0; i < PERMITS; i++) {
    weir_permit_give_back(&world.permits[i].permit);
    CHECK(weir_permit_places(world.permits[i].permit) == 0);
  }
  for (size_t i = 0; i < KEPT; i++) weir_free(world.kept[i]);
  drop_channels();
  drop_oneshots();
  weir_bytes_drop(world.shared);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (!size) return 0;
  begin(data, size);
  struct who main_thread = {.where = IN_MAIN, .sender = new_sender(), .kept = world.kept};
  perform(&main_thread, UINT32_MAX);
  check_not_wedged();
  stop(*data);
  end();
  fuzz_check_accounts();
  return 0;
}

/* ---- mutations by whole instructions ---- */

enum { STEP = 4 };

static unsigned draw(unsigned *seed) { return (*seed = *seed * 1103515245 + 12345) >> 16; }

/* What people wrote has an instruction on each line. */
static size_t without_newlines(uint8_t *data, size_t size)
{
  size_t kept = 0;
  for (size_t i = 0; i < size; i++)
    if (data[i] != '\n') data[kept++] = data[i];
  return kept;
}

static void draw_step(uint8_t *step, unsigned *seed)
{
  static const char letters[] = "NnyqsSabwxzZZZr!fhukKpeElLoBgGd?vVWiIJtcmMDCXTRQUOPFHjAY+*/@^=";
  step[0] = (uint8_t)letters[draw(seed) % (sizeof letters - 1)];
  for (int i = 1; i < STEP; i++) step[i] = (uint8_t)(draw(seed) % 3 ? '0' + draw(seed) % 10 : draw(seed));
}

static size_t mutate_steps(uint8_t *data, size_t size, size_t max_size, unsigned *seed)
{
  size_t steps = size / STEP, at = STEP * (steps ? draw(seed) % (steps + 1) : 0);
  size_t run = STEP * (1 + draw(seed) % 4), from = STEP * (steps ? draw(seed) % steps : 0);
  switch (draw(seed) % 4) {
  case 0: /* put one in */
    if (size + STEP > max_size) return size;
    memmove(data + at + STEP, data + at, size - at);
    draw_step(data + at, seed);
    return size + STEP;
  case 1: /* take some out */
    if (at + run > size) return size;
    memmove(data + at, data + at + run, size - at - run);
    return size - run;
  case 2: /* change one */
    if (at + STEP <= size) draw_step(data + at, seed);
    return size;
  default: /* put some in once more */
    if (size + run > max_size || from + run > size || run > 4 * STEP) return size;
    uint8_t copy[4 * STEP];
    memcpy(copy, data + from, run);
    memmove(data + at + run, data + at, size - at);
    memcpy(data + at, copy, run);
    return size + run;
  }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
  size = without_newlines(data, size);
  if (size && draw(&seed) % 4 == 0) data[0] = (uint8_t)draw(&seed);
  if (size < 2 || draw(&seed) % 3 == 0) return LLVMFuzzerMutate ? LLVMFuzzerMutate(data, size, max_size) : size;
  for (unsigned times = 1 + draw(&seed) % 4; times--;) size = 1 + mutate_steps(data + 1, size - 1, max_size - 1, &seed);
  return size;
}
