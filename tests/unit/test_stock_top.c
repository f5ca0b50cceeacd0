/* test_stock_top.c: the handlers of actors/top.c, called bare. */
#include "stock_fakes.h"

#include "../../actors/top.c"

static void capture(weir_value value)
{
  const struct tally *t = value.at;
  char line[64];
  log_sent(line, (size_t)snprintf(line, sizeof line, "%lld %s|", (long long)t->count, t->word));
}

static struct top opened(int64_t k)
{
  struct top t = {.size = 0};
  assert_int_equal(top_open(&t, &(struct top_config){.k = k}), WEIR_OK);
  return t;
}

static void tally(struct top *t, int64_t count, const char *word)
{
  assert_int_equal(top_tally(t, &(struct tally){.word = word, .count = count}), WEIR_OK);
}

static void finish(struct top *t)
{
  assert_int_equal(top_ended(t), WEIR_OK);
  top_close(t);
}

static void the_largest_come_first(void **unused)
{
  (void)unused;
  struct top t = opened(3);
  tally(&t, 2, "two"), tally(&t, 5, "five"), tally(&t, 1, "one"), tally(&t, 4, "four"), tally(&t, 3, "three");
  finish(&t);
  assert_sent("5 five|4 four|3 three|");
}

static void of_equal_counts_the_first_word_by_bytes_wins(void **unused)
{
  (void)unused;
  struct top t = opened(4);
  tally(&t, 7, "b"), tally(&t, 7, "a"), tally(&t, 7, "aa"), tally(&t, 7, "Z"), tally(&t, 7, "\xc3\xa4");
  finish(&t);
  assert_sent("7 Z|7 a|7 aa|7 b|");
}

static void fewer_than_k_are_all_sent(void **unused)
{
  (void)unused;
  struct top t = opened(1000000);
  tally(&t, 1, "x"), tally(&t, 2, "y");
  finish(&t);
  assert_sent("2 y|1 x|");
}

static void without_tallies_nothing_is_sent(void **unused)
{
  (void)unused;
  struct top t = opened(1);
  finish(&t);
  assert_int_equal(fake.sent_size, 0);
}

static void a_word_that_comes_twice_is_not_added_up(void **unused)
{
  (void)unused;
  struct top t = opened(2);
  tally(&t, 2, "x"), tally(&t, 3, "x"), tally(&t, 1, "x");
  finish(&t);
  assert_sent("3 x|2 x|");
}

static void memory_grows_with_what_is_kept_only(void **unused)
{
  (void)unused;
  struct top t = opened(100);
  for (int i = 0; i < 100000; i++) {
    char word[16];
    snprintf(word, sizeof word, "w%d", i);
    tally(&t, (i * 7919) % 100003, word);
  }
  assert_int_equal(t.size, 100);
  assert_true(t.room <= 128);
  top_close(&t);
}

static void without_memory_it_fails(void **unused)
{
  (void)unused;
  static struct top t;
  t = opened(1);
  fake.no_memory = true;
  assert_true(FAILS(tally(&t, 1, "a")));
  assert_string_equal(fake.text, "top: no memory to keep 1 words");
  fake.no_memory = false;
  tally(&t, 1, "a");
  fake.no_memory = true;
  assert_true(FAILS(tally(&t, 2, "b")));
  tally(&t, 0, "not kept anyway");
  finish(&t);
  assert_sent("1 a|");
}

/* The heap against sorting everything. */
static int by_size(const void *a, const void *b)
{
  const struct kept *x = a, *y = b;
  return larger(x, y) ? -1 : larger(y, x);
}

static void the_heap_agrees_with_sorting(void **unused)
{
  (void)unused;
  enum { ALL = 2000, K = 50 };
  static struct kept all[ALL];
  static char words[ALL][16];
  char expected[4096], *to = expected;
  struct top t = opened(K);
  for (int i = 0; i < ALL; i++) {
    snprintf(words[i], sizeof words[i], "w%d", i);
    all[i] = (struct kept){(i * 37) % 60, words[i]};
    tally(&t, all[i].count, words[i]);
  }
  qsort(all, ALL, sizeof all[0], by_size);
  for (int i = 0; i < K; i++) to += sprintf(to, "%lld %s|", (long long)all[i].count, all[i].word);
  finish(&t);
  assert_int_equal(fake.sent_size, to - expected);
  assert_memory_equal(fake.sent, expected, fake.sent_size);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      FAKED(the_largest_come_first),
      FAKED(of_equal_counts_the_first_word_by_bytes_wins),
      FAKED(fewer_than_k_are_all_sent),
      FAKED(without_tallies_nothing_is_sent),
      FAKED(a_word_that_comes_twice_is_not_added_up),
      FAKED(memory_grows_with_what_is_kept_only),
      FAKED(without_memory_it_fails),
      FAKED(the_heap_agrees_with_sorting),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
