/* test_stock_split.c: the handlers of actors/split.c, called bare. */
#include "stock_fakes.h"

#include "../../actors/split.c"

static void capture(weir_value value)
{
  const struct word *w = value.at;
  log_sent(w->word, strlen(w->word));
  log_sent("|", 1);
}

static int split_text(bool fold_case, const void *text, size_t size)
{
  struct split s = {.room = 0};
  int rc = split_open(&s, &(struct split_config){.on = "non-letters", .fold_case = fold_case});
  assert_int_equal(rc, WEIR_OK);
  rc = split_line(&s, &(struct line){.text = {.data = text, .size = size}});
  split_close(&s);
  return rc;
}

#define SPLIT(fold_case, text) assert_int_equal(split_text(fold_case, text, sizeof(text) - 1), WEIR_OK)

static void words_are_runs_of_letters(void **unused)
{
  (void)unused;
  SPLIT(false, "  The quick, brown fox's 2nd  den--AZaz");
  assert_sent("The|quick|brown|fox|s|nd|den|AZaz|");
}

static void folding_turns_capitals_into_small_letters(void **unused)
{
  (void)unused;
  SPLIT(true, "AbcXYZ @[`{");
  assert_sent("abcxyz|");
}

static void a_line_without_letters_has_no_words(void **unused)
{
  (void)unused;
  SPLIT(true, "");
  SPLIT(true, " 123 ... ");
  assert_int_equal(fake.sent_size, 0);
}

static void zeros_and_bytes_of_no_valid_encoding_separate(void **unused)
{
  (void)unused;
  SPLIT(false, "a\0b\xff\xfe"
               "c\xc3\xa4"
               "d\x80"
               "e\r");
  assert_sent("a|b|c|d|e|");
}

static void a_word_may_fill_a_line_of_any_length(void **unused)
{
  (void)unused;
  size_t size = 300000;
  char *text = test_malloc(size);
  memset(text, 'Q', size);
  assert_int_equal(split_text(true, text, size), WEIR_OK);
  assert_int_equal(fake.sent_size, size + 1);
  memset(text, 'q', size);
  assert_memory_equal(fake.sent, text, size);
  test_free(text);
}

/* Against the definition, for every byte at every place of lines around the size that is looked at at once. */
static void every_byte_at_every_place_is_judged_alike(void **unused)
{
  (void)unused;
  for (size_t size = 1; size <= 20; size++)
    for (size_t place = 0; place < size; place++)
      for (int c = 0; c < 256; c++) {
        char line[21] = "qqqqqqqqqqqqqqqqqqqq", expected[24] = "qqqqqqqqqqqqqqqqqqqq";
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        line[place] = (char)c;
        expected[place] = letter ? (char)(c | 0x20) : '|';
        expected[size] = '|';
        fake.sent_size = 0;
        assert_int_equal(split_text(true, line, size), WEIR_OK);
        size_t skip = !letter && place == 0, last = !letter && place == size - 1 ? 0 : 1;
        assert_int_equal(fake.sent_size, size == 1 && !letter ? 0 : size + last - skip);
        assert_memory_equal(fake.sent, expected + skip, fake.sent_size);
      }
}

static void an_error_of_a_send_refuses_the_line(void **unused)
{
  (void)unused;
  fake.send_result = WEIR_ERANGE;
  assert_int_equal(split_text(false, "a b", 3), WEIR_ERANGE);
}

static void without_memory_the_line_is_refused(void **unused)
{
  (void)unused;
  fake.no_memory = true;
  assert_int_equal(split_text(false, "abc", 3), WEIR_ENOMEM);
  assert_string_equal(fake.text, "split: no memory for a line of 3 bytes");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      FAKED(words_are_runs_of_letters),
      FAKED(folding_turns_capitals_into_small_letters),
      FAKED(a_line_without_letters_has_no_words),
      FAKED(zeros_and_bytes_of_no_valid_encoding_separate),
      FAKED(a_word_may_fill_a_line_of_any_length),
      FAKED(every_byte_at_every_place_is_judged_alike),
      FAKED(an_error_of_a_send_refuses_the_line),
      FAKED(without_memory_the_line_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
