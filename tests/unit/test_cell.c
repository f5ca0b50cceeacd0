/* The table of cells: refs that go stale, slots that are used again, memory that goes back. */
#include <sys/mman.h>
#include <unistd.h>

#include "channel/cell.h"
#include "channel/line.h"
#include "channel/mpsc.h"
#include "unit/actor_fixture.h"

enum { SLAB = 1024 }; /* cells, see cell.c */

/* A cell of ours, open, as a channel's would be. */
static struct weir__cell *opened(void)
{
  struct weir__cell *cell = weir__cell_take();
  assert_non_null(cell);
  atomic_store(&cell->kind, WEIR__CELL_CHANNEL);
  atomic_store(&cell->capacity, 4);
  weir__cell_open(cell);
  return cell;
}

static void close_it(struct weir__cell *cell)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  assert_true(weir__mpsc_close(bucket, cell, weir__generation_of(weir__ref_of(cell)), WEIR_ECLOSED));
  weir__bucket_unlock(bucket);
}

static void end(struct weir__cell *cell)
{
  close_it(cell);
  assert_true(weir__cell_free_if_done(cell));
}

static enum weir__reserve reserve(weir_ref ref, uint32_t n)
{
  return weir__mpsc_reserve(weir__cell_at(weir__slot_of(ref)), weir__generation_of(ref), n);
}

static void a_ref_goes_stale_when_its_cell_is_freed(void **state)
{
  (void)state;
  struct weir__cell *cell = opened();
  weir_ref ref = weir__ref_of(cell);
  assert_int_equal(reserve(ref, 1), WEIR__GOT);
  assert_int_equal(weir__mpsc_give_back(cell, 1), 0);
  end(cell);
  assert_int_equal(reserve(ref, 1), WEIR__GONE);
  /* Until its slot is used again: by somebody else. */
  struct weir__cell *taken[2 * SLAB];
  int n = 0;
  do taken[n] = opened();
  while (taken[n++] != cell && n < 2 * SLAB);
  assert_ptr_equal(taken[n - 1], cell);
  assert_int_not_equal(weir__ref_of(cell).bits, ref.bits);
  assert_int_equal(reserve(ref, 1), WEIR__GONE);
  assert_int_equal(reserve(weir__ref_of(cell), 1), WEIR__GOT);
  assert_int_equal(weir__mpsc_give_back(cell, 1), 0);
  while (n > 0) end(taken[--n]);
}

/* C4 */
static void a_closed_cell_lives_until_its_last_place_is_back(void **state)
{
  (void)state;
  struct weir__cell *cell = opened();
  weir_ref ref = weir__ref_of(cell);
  assert_int_equal(reserve(ref, 3), WEIR__GOT);
  close_it(cell);
  assert_int_equal(reserve(ref, 1), WEIR__GONE);
  assert_false(weir__cell_free_if_done(cell));
  weir__mpsc_give_back(cell, 2);
  assert_false(weir__cell_free_if_done(cell));
  assert_int_equal(weir__ref_of(cell).bits, ref.bits);
  weir__mpsc_give_back(cell, 1);
  assert_true(weir__cell_free_if_done(cell));
}

static void places_are_exact(void **state)
{
  (void)state;
  struct weir__cell *cell = opened();
  weir_ref ref = weir__ref_of(cell);
  assert_int_equal(reserve(ref, 5), WEIR__TOO_LARGE);
  assert_int_equal(reserve(ref, 3), WEIR__GOT);
  assert_int_equal(reserve(ref, 2), WEIR__FULL);
  assert_int_equal(reserve(ref, 1), WEIR__GOT);
  assert_int_equal(reserve(ref, 1), WEIR__FULL);
  weir__mpsc_give_back(cell, 4);
  end(cell);
}

/* The counters wrap at 2^29 places. */
static void places_survive_the_wrap_of_their_counters(void **state)
{
  (void)state;
  struct weir__cell *cell = weir__cell_take();
  atomic_store(&cell->kind, WEIR__CELL_CHANNEL);
  atomic_store(&cell->capacity, 4);
  uint32_t near_the_end = 0u - 2 * WEIR__ONE_POPPED;
  atomic_store(&cell->popped, near_the_end);
  uint64_t places = atomic_load(&cell->places);
  atomic_store(&cell->places, (places & (WEIR__ONE_PLACE - 1)) | (uint64_t)near_the_end << 32);
  weir__cell_open(cell);
  weir_ref ref = weir__ref_of(cell);
  for (int i = 0; i < 4; i++) assert_int_equal(reserve(ref, 1), WEIR__GOT);
  assert_int_equal(reserve(ref, 1), WEIR__FULL);
  assert_int_equal(weir__generation_of(weir__ref_of(cell)), weir__generation_of(ref));
  assert_int_equal(weir__mpsc_length(cell), 4);
  weir__mpsc_give_back(cell, 4);
  end(cell);
}

/* C3: a slot is retired with its last generation. */
static void used_up_generations_retire_their_slot(void **state)
{
  (void)state;
  struct weir__cell *cell = opened();
  uint32_t slot = weir__slot_of(weir__ref_of(cell));
  uint64_t places = atomic_load(&cell->places);
  atomic_store(&cell->places, places | UINT32_MAX);
  weir_ref last = weir__ref_of(cell);
  end(cell);
  assert_int_equal(reserve(last, 1), WEIR__GONE);
  assert_int_equal(reserve((weir_ref){slot}, 1), WEIR__GONE); /* generation 0 is nobody's */
  struct weir__cell *others[3 * SLAB];
  for (int i = 0; i < 3 * SLAB; i++) {
    others[i] = opened();
    assert_int_not_equal(weir__slot_of(weir__ref_of(others[i])), slot);
  }
  for (int i = 0; i < 3 * SLAB; i++) end(others[i]);
}

static bool is_resident(const struct weir__cell *cell)
{
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  unsigned char resident = 0;
  char *at = (char *)((uintptr_t)cell / page * page);
  assert_int_equal(mincore(at, page, &resident), 0);
  return resident & 1;
}

/* C3: the memory of a slab goes back; refs from before stay stale, also in its next life. */
static void memory_goes_back_and_old_refs_stay_stale(void **state)
{
  (void)state;
  enum { MANY = 8 * SLAB };
  static weir_ref old[MANY];
  static struct weir__cell *cells[MANY];
  for (int i = 0; i < MANY; i++) cells[i] = opened(), old[i] = weir__ref_of(cells[i]);
  for (int i = 0; i < MANY; i++) end(cells[i]);
  weir__cell_thread_rests(weir__thread());
  int resident = 0;
  for (int i = 0; i < MANY; i++) resident += is_resident(cells[i]);
  assert_true(resident <= 2 * SLAB); /* one slab is kept, and pages that two slabs share */
  for (int i = 0; i < MANY; i++) assert_int_equal(reserve(old[i], 1), WEIR__GONE);
  for (int i = 0; i < MANY; i++) cells[i] = opened();
  for (int i = 0; i < MANY; i++) assert_int_equal(reserve(old[i], 1), WEIR__GONE);
  for (int i = 0; i < MANY; i++) end(cells[i]);
}

static void a_slot_beyond_the_table_is_nobodys(void **state)
{
  (void)state;
  assert_null(weir__cell_at(UINT32_MAX));
  assert_int_equal(weir_try_send((weir_ref){UINT64_MAX}, signal), WEIR_EDEAD);
  assert_int_equal(weir_stop((weir_ref){(uint64_t)1 << 32 | 0x3ffffff}), WEIR_EDEAD);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_ref_goes_stale_when_its_cell_is_freed),
      cmocka_unit_test(a_closed_cell_lives_until_its_last_place_is_back),
      cmocka_unit_test(places_are_exact),
      cmocka_unit_test(places_survive_the_wrap_of_their_counters),
      cmocka_unit_test(used_up_generations_retire_their_slot),
      cmocka_unit_test(memory_goes_back_and_old_refs_stay_stale),
      cmocka_unit_test(a_slot_beyond_the_table_is_nobodys),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
