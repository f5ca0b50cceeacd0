/* test_stock_count.c: the handlers of actors/count.c, called bare. */
#include "stock_fakes.h"

#include "../../actors/count.c"

enum { MANY = 100000 };

/* What the tallies said of the words "w0", "w1", …; other words go to the log. */
static int64_t counts[MANY];
static size_t tallies;

static void capture(weir_value value)
{
  const struct tally *t = value.at;
  char line[64];
  unsigned n;
  tallies++;
  if (sscanf(t->word, "w%u", &n) == 1 && n < MANY) {
    assert_int_equal(counts[n], 0);
    counts[n] = t->count;
  } else {
    log_sent(line, (size_t)snprintf(line, sizeof line, "%.40s %lld|", t->word, (long long)t->count));
  }
}

static struct count opened(void)
{
  struct count c = {.used = 0};
  memset(counts, 0, sizeof counts), tallies = 0;
  assert_int_equal(count_open(&c), WEIR_OK);
  return c;
}

static void count_text(struct count *c, const char *text)
{
  assert_int_equal(count_word(c, &(struct word){.word = text}), WEIR_OK);
}

static void finish(struct count *c)
{
  assert_int_equal(count_ended(c), WEIR_OK);
  count_close(c);
}

static void nothing_is_sent_before_the_inputs_have_ended(void **unused)
{
  (void)unused;
  struct count c = opened();
  count_text(&c, "a");
  assert_int_equal(tallies, 0);
  finish(&c);
  assert_sent("a 1|");
}

static void without_words_there_are_no_tallies(void **unused)
{
  (void)unused;
  struct count c = opened();
  finish(&c);
  assert_int_equal(tallies, 0);
}

static void the_same_word_is_one_tally(void **unused)
{
  (void)unused;
  struct count c = opened();
  char again[] = "water";
  count_text(&c, "water");
  count_text(&c, again);
  count_text(&c, "wate");
  finish(&c);
  assert_sent("water 2|wate 1|");
}

static void the_table_grows_and_forgets_nothing(void **unused)
{
  (void)unused;
  struct count c = opened();
  for (int round = 0; round < 3; round++)
    for (int i = round; i < MANY; i += round + 1) {
      char text[16];
      snprintf(text, sizeof text, "w%d", i);
      count_text(&c, text);
    }
  finish(&c);
  assert_int_equal(tallies, MANY);
  for (int i = 0; i < MANY; i++) assert_int_equal(counts[i], 1 + (i % 2) + (i % 3 == 2));
}

static void words_of_every_length_are_told_apart(void **unused)
{
  (void)unused;
  enum { LONGEST = 2000 };
  struct count c = opened();
  char text[LONGEST + 1] = "";
  for (int i = 0; i < LONGEST; i++) {
    count_text(&c, text);
    text[i] = 'a', text[i + 1] = '\0';
    count_text(&c, text);
    text[i / 2] ^= 1;
    count_text(&c, text);
    text[i / 2] ^= 1;
  }
  size_t words = c.used;
  finish(&c);
  assert_int_equal(words, 2 * LONGEST + 1);
}

static void a_word_larger_than_the_first_block_fits(void **unused)
{
  (void)unused;
  struct count c = opened();
  size_t size = 10 * FIRST_ENTRIES;
  char *text = test_malloc(size + 1);
  memset(text, 'x', size), text[size] = '\0';
  count_text(&c, "first");
  count_text(&c, text);
  count_text(&c, text);
  finish(&c);
  test_free(text);
  assert_sent("first 1|xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx 2|");
}

static void without_memory_it_fails_and_says_how_far_it_came(void **unused)
{
  (void)unused;
  static struct count c;
  static char text[16];
  static int i;
  c = opened();
  for (i = 0; i < FIRST_SLOTS / 4 * 3; i++) { /* as many as the first table holds */
    snprintf(text, sizeof text, "w%d", i);
    count_text(&c, text);
  }
  fake.no_memory = true;
  assert_true(FAILS(count_text(&c, "one more")));
  assert_string_equal(fake.text, "count: no memory for more than 768 words");
  count_text(&c, "w767");
  finish(&c);
  assert_int_equal(tallies, 768);
  assert_int_equal(counts[767], 2);
  assert_int_equal(count_open(&c), WEIR_ENOMEM);
  count_close(&c);
}

/* Where words are spread evenly, a word that is not there meets a free slot as often as slots are free. */
static void words_that_differ_little_are_spread(void **unused)
{
  (void)unused;
  struct count c = opened();
  size_t at_home = 0;
  for (int i = 0; i < MANY; i++) {
    char text[16];
    snprintf(text, sizeof text, "w%d", i);
    count_text(&c, text);
  }
  for (int i = 0; i < MANY; i++) {
    char text[16];
    int size = snprintf(text, sizeof text, "v%d", i);
    at_home += c.slots[hash(c.seed, text, (size_t)size) & (c.slot_count - 1)].at == 0;
  }
  size_t free_slots = c.slot_count - c.used;
  double expected = (double)free_slots / (double)c.slot_count;
  assert_true((double)at_home / MANY > expected - 0.02 && (double)at_home / MANY < expected + 0.02);
  count_close(&c);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      FAKED(nothing_is_sent_before_the_inputs_have_ended),
      FAKED(without_words_there_are_no_tallies),
      FAKED(the_same_word_is_one_tally),
      FAKED(the_table_grows_and_forgets_nothing),
      FAKED(words_of_every_length_are_told_apart),
      FAKED(a_word_larger_than_the_first_block_fits),
      FAKED(without_memory_it_fails_and_says_how_far_it_came),
      FAKED(words_that_differ_little_are_spread),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
