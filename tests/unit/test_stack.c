/* Stacks: usable to their last byte and not beyond, each of its size, and given back page by page. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/sanitizer.h"
#include "platform/stack.h"

static struct weir__stack take(size_t bytes)
{
  struct weir__stack s;
  const char *why = "";
  if (!weir__stack_take(bytes, &s, &why)) fail_msg("%s", why);
  return s;
}

static void a_stack_is_usable_from_end_to_end(void **state)
{
  (void)state;
  static const size_t sizes[] = {1, 4096, 16 << 10, 100000, 1 << 20};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct weir__stack s = take(sizes[i]);
    assert_true(s.bytes >= sizes[i] && s.bytes < sizes[i] + 65536);
    assert_int_equal(s.bytes % (size_t)sysconf(_SC_PAGESIZE), 0);
    memset(s.low, 0x5a, s.bytes);
    weir__stack_put(s);
  }
}

/* How a child ends that writes so many bytes below a stack. */
static int signal_of_writing_below(size_t bytes)
{
  struct weir__stack s = take(16 << 10);
  int status;
  pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);
    *(volatile char *)(s.low - bytes) = 1;
    _exit(0);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  weir__stack_put(s);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* F8: both kinds of guard. */
static void what_is_below_a_stack_can_not_be_written(void **state)
{
  (void)state;
  static const size_t below[] = {1, 4096, 30000, 65536};
  if (WEIR__ASAN || WEIR__TSAN) return; /* they take the signal themselves */
  for (int pages = 0; pages < 2; pages++) {
    weir__stack_force_guard_pages(pages);
    struct weir__stack fresh[4]; /* none that was made before with the other kind */
    for (int i = 0; i < 4; i++) fresh[i] = take((size_t)(20 + i) << 10);
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++)
      assert_int_equal(signal_of_writing_below(below[i]), SIGSEGV);
    for (int i = 0; i < 4; i++) weir__stack_put(fresh[i]);
  }
  weir__stack_force_guard_pages(false);
}

static void sizes_are_not_mixed_up(void **state)
{
  (void)state;
  for (int round = 0; round < 50; round++) {
    struct weir__stack small = take(48 << 10), large = take(80 << 10);
    assert_true(small.bytes == 48 << 10 && large.bytes == 80 << 10);
    memset(small.low, 1, small.bytes);
    memset(large.low, 2, large.bytes);
    assert_true(small.low[0] == 1 && small.low[small.bytes - 1] == 1); /* they do not overlap */
    weir__stack_put(round % 2 ? small : large);
    weir__stack_put(round % 2 ? large : small);
  }
}

static size_t resident(struct weir__stack s)
{
  size_t page = (size_t)sysconf(_SC_PAGESIZE), count = 0;
  unsigned char in[1024];
  assert_true(s.bytes / page <= sizeof in);
  assert_int_equal(mincore(s.low, s.bytes, in), 0);
  for (size_t i = 0; i < s.bytes / page; i++) count += in[i] & 1;
  return count * page;
}

static void a_trim_gives_back_what_is_below_and_keeps_what_is_above(void **state)
{
  (void)state;
  struct weir__stack s = take(256 << 10);
  memset(s.low, 0x77, s.bytes);
  assert_int_equal(resident(s), s.bytes);
  char *used_from = s.low + (200 << 10);
  weir__stack_trim(s, used_from);
  assert_true(resident(s) <= (56 << 10) + 2 * (size_t)sysconf(_SC_PAGESIZE));
  for (char *at = used_from; at < s.low + s.bytes; at++) assert_int_equal(*at, 0x77);
  weir__stack_put(s);
}

static void a_stack_that_can_not_be_is_refused_with_a_text(void **state)
{
  (void)state;
  struct weir__stack s = {0};
  const char *why = "";
  assert_false(weir__stack_take((size_t)1 << 50, &s, &why));
  assert_null(s.low);
  assert_non_null(strstr(why, "could not be mapped"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_stack_is_usable_from_end_to_end),
      cmocka_unit_test(what_is_below_a_stack_can_not_be_written),
      cmocka_unit_test(sizes_are_not_mixed_up),
      cmocka_unit_test(a_trim_gives_back_what_is_below_and_keeps_what_is_above),
      cmocka_unit_test(a_stack_that_can_not_be_is_refused_with_a_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
