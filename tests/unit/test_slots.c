/* Pools: type-stable records (slots), message blocks (depot), and the regions that they stand on. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "memory.h"
#include "platform/region.h"
#include "platform/sanitizer.h"
#include "runtime/depot.h"
#include "runtime/slots.h"

/* ---- slots ---- */

struct record {
  void *links[2];
  uint64_t mine;
  _Atomic(int) takers;
};

enum { MANY = 32 * 150, THREADS = 4 }; /* whole batches */

static void a_record_is_found_by_its_slot_and_keeps_its_memory(void **state)
{
  (void)state;
  static struct weir__slots slots = WEIR__SLOTS(struct record, 1 << 16);
  static struct record *records[MANY];
  static uint32_t slot_of[MANY];
  struct weir__cache cache = {0};
  assert_null(weir__slots_at(&slots, 0));
  for (int i = 0; i < MANY; i++) {
    records[i] = weir__slots_take(&slots, &cache, &slot_of[i]);
    assert_non_null(records[i]);
    assert_true(!records[i]->links[0] && !records[i]->links[1] && records[i]->mine == 0); /* new: zero */
    records[i]->mine = (uint64_t)i + 1;
  }
  for (int i = 0; i < MANY; i++) {
    assert_ptr_equal(weir__slots_at(&slots, slot_of[i]), records[i]);
    assert_int_equal(records[i]->mine, i + 1);
  }
  assert_null(weir__slots_at(&slots, UINT32_MAX));
  for (int i = 0; i < MANY; i++) weir__slots_put(&slots, &cache, records[i]);
  for (int i = 0; i < MANY; i++) assert_int_equal(((struct record *)weir__slots_at(&slots, slot_of[i]))->mine, i + 1);
  for (int i = 0; i < MANY; i++) { /* none is new: those are used again */
    struct record *r = weir__slots_take(&slots, &cache, &slot_of[i]);
    assert_int_not_equal(r->mine, 0);
    assert_true(!r->links[0] && !r->links[1]);
    r->mine = 0;
  }
}

static void a_table_has_an_end(void **state)
{
  (void)state;
  static struct weir__slots slots = WEIR__SLOTS(struct record, 1024);
  struct weir__cache cache = {0};
  uint32_t slot, count = 0;
  while (weir__slots_take(&slots, &cache, &slot)) {
    assert_true(slot < 1024);
    count++;
  }
  assert_in_range(count, 1024 - 32, 1024); /* but for what does not fill a batch */
}

static struct weir__slots shared = WEIR__SLOTS(struct record, 1 << 16);
static _Atomic(int) taken_twice;

static void *take_and_put(void *unused)
{
  (void)unused;
  struct record *held[300];
  struct weir__cache cache = {0};
  int rounds = getenv("WEIR_TEST_SLOW") ? 30 : 300;
  for (int round = 0; round < rounds; round++) {
    uint32_t slot;
    for (int i = 0; i < 300; i++) {
      held[i] = weir__slots_take(&shared, &cache, &slot);
      if (atomic_fetch_add(&held[i]->takers, 1) != 0) atomic_fetch_add(&taken_twice, 1);
    }
    for (int i = 0; i < 300; i++) {
      atomic_fetch_sub(&held[i]->takers, 1);
      weir__slots_put(&shared, &cache, held[i]);
    }
  }
  weir__slots_return(&shared, &cache);
  return NULL;
}

static void in_all_threads(void *(*f)(void *))
{
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, f, NULL), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

static void no_record_is_taken_twice(void **state)
{
  (void)state;
  in_all_threads(take_and_put);
  assert_int_equal(atomic_load(&taken_twice), 0);
}

/* ---- the depot ---- */

static void a_class_holds_what_it_says(void **state)
{
  (void)state;
  unsigned last = 0;
  for (size_t bytes = 1; bytes < 200000; bytes++) {
    unsigned class = weir__depot_class(bytes);
    assert_true(class >= last);
    last = class;
    if (class == WEIR__NO_CLASS) continue;
    assert_true(bytes <= (size_t)64 << class);
    if (class > 0) assert_true(bytes > (size_t)64 << (class - 1)); /* the smallest one that does */
  }
  assert_int_equal(weir__depot_class((size_t)1 << 30), WEIR__NO_CLASS);
}

static void blocks_are_each_ones_own(void **state)
{
  (void)state;
  enum { BLOCKS = 1000 };
  static unsigned char *blocks[BLOCKS];
  static const size_t sizes[] = {1, 64, 65, 500, 4096, 8192, 8193, 70000, 131072, 131073};
  for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
    unsigned class = weir__depot_class(sizes[s]);
    for (int i = 0; i < BLOCKS; i++) {
      blocks[i] = weir__depot_take(class, sizes[s]);
      assert_non_null(blocks[i]);
      assert_int_equal((uintptr_t)blocks[i] % 16, 0);
      memset(blocks[i], i, sizes[s]);
    }
    for (int i = 0; i < BLOCKS; i++)
      assert_true(blocks[i][0] == (unsigned char)i && blocks[i][sizes[s] - 1] == (unsigned char)i);
    for (int i = 0; i < BLOCKS; i++) weir__depot_put(class, blocks[i]);
  }
}

/* Made by one thread, freed by another, as messages are. */
static _Atomic(void *) passed[64];

static void *make_blocks(void *unused)
{
  (void)unused;
  int rounds = getenv("WEIR_TEST_SLOW") ? 500 : 5000;
  unsigned class = weir__depot_class(100);
  for (int i = 0; i < rounds; i++) {
    uint64_t *block = weir__depot_take(class, 100);
    block[0] = block[11] = (uint64_t)(uintptr_t)block;
    uint64_t *other = atomic_exchange(&passed[i % 64], block);
    if (other && (other[0] != (uint64_t)(uintptr_t)other || other[11] != other[0])) atomic_fetch_add(&taken_twice, 1);
    if (other) weir__depot_put(class, other);
  }
  return NULL;
}

static void blocks_may_be_freed_by_another_thread(void **state)
{
  (void)state;
  in_all_threads(make_blocks);
  for (int i = 0; i < 64; i++) {
    void *block = atomic_exchange(&passed[i], NULL);
    if (block) weir__depot_put(weir__depot_class(100), block);
  }
  assert_int_equal(atomic_load(&taken_twice), 0);
}

static void memory_that_is_not_needed_goes_back(void **state)
{
  (void)state;
  enum { BLOCKS = 200000 };
  unsigned class = weir__depot_class(200);
  if (WEIR__ASAN) skip(); /* nothing is kept then */
  void **blocks = calloc(BLOCKS, sizeof *blocks);
  assert_non_null(blocks);
  weir__depot_rest(1);
  long before = resident_bytes();
  for (int i = 0; i < BLOCKS; i++) blocks[i] = memset(weir__depot_take(class, 200), 1, 200);
  long most = resident_bytes();
  assert_true(most - before > (long)BLOCKS * 200);
  for (int i = 0; i < BLOCKS; i++) weir__depot_put(class, blocks[i]);
  assert_true(weir__depot_rest(1 + weir__depot_rest_ns())); /* from now on they are seen to be unused … */
  weir__depot_rest(1 + 2 * weir__depot_rest_ns());          /* … and for so long they were */
  assert_true(resident_bytes() - before < (most - before) / 10);
  for (int i = 0; i < 100; i++) blocks[i] = memset(weir__depot_take(class, 200), 1, 200);
  for (int i = 0; i < 100; i++) weir__depot_put(class, blocks[i]);
  free(blocks);
}

/* ---- regions ---- */

static void a_region_is_zero_until_it_is_written_and_after_it_was_given_back(void **state)
{
  (void)state;
  enum { BYTES = 4 * WEIR__REGION_UNIT };
  char *base = weir__region_reserve((size_t)1 << 32);
  assert_non_null(base);
  assert_int_equal(base[12345], 0); /* readable before it is committed */
  assert_true(weir__region_commit(base + WEIR__REGION_UNIT, BYTES));
  memset(base + WEIR__REGION_UNIT, 7, BYTES);
  weir__region_give_back(base + WEIR__REGION_UNIT, BYTES);
  for (int i = 0; i < BYTES; i += 100) assert_int_equal(base[WEIR__REGION_UNIT + i], 0);
  base[WEIR__REGION_UNIT] = 1; /* still writable */
  assert_null(weir__region_reserve((size_t)1 << 62));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_record_is_found_by_its_slot_and_keeps_its_memory),
      cmocka_unit_test(a_table_has_an_end),
      cmocka_unit_test(no_record_is_taken_twice),
      cmocka_unit_test(a_class_holds_what_it_says),
      cmocka_unit_test(blocks_are_each_ones_own),
      cmocka_unit_test(blocks_may_be_freed_by_another_thread),
      cmocka_unit_test(memory_that_is_not_needed_goes_back),
      cmocka_unit_test(a_region_is_zero_until_it_is_written_and_after_it_was_given_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
