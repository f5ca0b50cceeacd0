/* test_stock_print.c: the handlers of actors/print.c and its actors/io.c, called bare on real files and pipes. */
#include "stock_fakes.h"

#include "../../actors/io.c"

#include "../../actors/print.c"

static void capture(weir_value value)
{
  (void)value;
  fail_msg("print has no output to send to");
}

static char path[] = "/tmp/weir-print-XXXXXX";

static int make_path(void **unused)
{
  strcpy(path + strlen(path) - 6, "XXXXXX");
  int fd = mkstemp(path);
  if (fd < 0) return fd;
  close(fd);
  return fake_setup(unused);
}

static int remove_path(void **unused)
{
  unlink(path);
  return fake_teardown(unused);
}

#define ON_FILE(test) cmocka_unit_test_setup_teardown(test, make_path, remove_path)

static struct print opened(const char *name)
{
  struct print p = {.size = 0};
  assert_int_equal(print_open(&p, &(struct print_config){.path = name}), WEIR_OK);
  return p;
}

static void tally(struct print *p, int64_t count, const char *word)
{
  assert_int_equal(print_tally(p, &(struct tally){.word = word, .count = count}), WEIR_OK);
}

static void finish(struct print *p)
{
  assert_int_equal(print_ended(p), WEIR_OK);
  print_close(p);
}

static void assert_file(const char *expected, size_t size)
{
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  char *text = test_malloc(size + 1);
  assert_int_equal(fread(text, 1, size + 1, file), size);
  assert_memory_equal(text, expected, size);
  test_free(text);
  fclose(file);
}

static void a_tally_is_a_line_of_count_and_word(void **unused)
{
  (void)unused;
  struct print p = opened(path);
  tally(&p, 12, "river"), tally(&p, 9223372036854775807, "a"), tally(&p, 0, "");
  finish(&p);
  const char expected[] = "12 river\n9223372036854775807 a\n0 \n";
  assert_file(expected, sizeof expected - 1);
}

static void a_file_is_emptied_first(void **unused)
{
  (void)unused;
  assert_int_equal(truncate(path, 1000), 0);
  struct print p = opened(path);
  finish(&p);
  assert_file("", 0);
}

static void what_is_gathered_is_written_when_the_timer_comes(void **unused)
{
  (void)unused;
  struct print p = opened(path);
  tally(&p, 1, "a"), tally(&p, 2, "b");
  assert_int_equal(fake.timers, 1);
  assert_file("", 0);
  assert_int_equal(print_flush(&p), WEIR_OK);
  assert_file("1 a\n2 b\n", 8);
  tally(&p, 3, "c");
  assert_int_equal(fake.timers, 2);
  finish(&p);
  assert_file("1 a\n2 b\n3 c\n", 12);
}

static void words_of_every_size_pass_the_piece(void **unused)
{
  (void)unused;
  size_t size = 0, longest = 3 * PIECE_BYTES;
  char *word = test_malloc(longest + 1), *expected = test_malloc(8 * longest);
  struct print p = opened(path);
  for (size_t n = 1; n <= longest; n = n * 2 + 1) {
    memset(word, 'a' + (int)(n % 26), n), word[n] = '\0';
    tally(&p, 7, word);
    size += (size_t)sprintf(expected + size, "7 %s\n", word);
  }
  finish(&p);
  assert_file(expected, size);
  test_free(word), test_free(expected);
}

static void a_full_device_fails_with_its_name(void **unused)
{
  (void)unused;
  static struct print p;
  p = opened("/dev/full");
  tally(&p, 1, "a");
  assert_true(FAILS(print_ended(&p)));
  print_close(&p);
  assert_string_equal(fake.text, "/dev/full: no space left on device");
}

static void a_file_that_cannot_be_made_fails_the_start(void **unused)
{
  (void)unused;
  struct print p = {.size = 0};
  assert_int_equal(print_open(&p, &(struct print_config){.path = "/nonexistent/file"}), -ENOENT);
  assert_string_equal(fake.text, "/nonexistent/file: no such file or directory");
  print_close(&p);
}

/* ---- the standard output ---- */

static int redirect(int by)
{
  fflush(stdout);
  int saved = dup(STDOUT_FILENO);
  assert_true(saved >= 0);
  if (by >= 0) assert_int_equal(dup2(by, STDOUT_FILENO), STDOUT_FILENO);
  if (by < 0) close(STDOUT_FILENO);
  return saved;
}

static void restore(int saved)
{
  fflush(stdout);
  dup2(saved, STDOUT_FILENO);
  close(saved);
}

static int refused_start(int standard_output)
{
  struct print p = {.size = 0};
  int saved = redirect(standard_output);
  int rc = print_open(&p, &(struct print_config){.path = "-"});
  print_close(&p);
  restore(saved);
  return rc;
}

static void a_closed_standard_output_fails_the_start(void **unused)
{
  (void)unused;
  assert_int_equal(refused_start(-1), -EBADF);
  assert_string_equal(fake.text, "standard output: bad file descriptor");
}

static void a_standard_output_open_for_reading_fails_the_start(void **unused)
{
  (void)unused;
  int fd = open("/dev/null", O_RDONLY);
  assert_int_equal(refused_start(fd), -EBADF);
  close(fd);
}

static void a_pipe_that_nobody_reads_fails(void **unused)
{
  (void)unused;
  static struct print p;
  static int saved, fds[2];
  assert_int_equal(pipe(fds), 0);
  saved = redirect(fds[1]);
  p = opened("-");
  close(fds[0]);
  tally(&p, 1, "a");
  bool failed = FAILS(print_ended(&p));
  print_close(&p);
  restore(saved);
  close(fds[1]);
  assert_true(failed);
  assert_string_equal(fake.text, "standard output: broken pipe");
}

/* Empties a pipe from a callback of the loop, so only while the writer waits. */
static struct {
  uv_poll_t poll;
  int fd;
  size_t bytes;
} reader;

static void read_some(uv_poll_t *poll, int status, int events)
{
  char bytes[4096];
  assert_int_equal(status, 0);
  (void)events;
  ssize_t n = read(reader.fd, bytes, sizeof bytes);
  if (n > 0) reader.bytes += (size_t)n;
  if (n == 0) uv_close((uv_handle_t *)poll, NULL);
}

static void a_slow_reader_of_a_pipe_is_waited_for(void **unused)
{
  (void)unused;
  int fds[2];
  size_t expected = 0;
  assert_int_equal(pipe(fds), 0);
  reader.fd = fds[0], reader.bytes = 0;
  assert_int_equal(uv_poll_init(&fake.loop, &reader.poll, fds[0]), 0);
  assert_int_equal(uv_poll_start(&reader.poll, UV_READABLE, read_some), 0);
  int saved = redirect(fds[1]), flags = fcntl(fds[1], F_GETFL);
  struct print p = opened("-");
  for (int i = 0; i < 100000; i++) tally(&p, 10, "river"), expected += 9;
  finish(&p);
  int flags_after = fcntl(fds[1], F_GETFL);
  restore(saved);
  close(fds[1]);
  uv_run(&fake.loop, UV_RUN_DEFAULT);
  close(fds[0]);
  assert_int_equal(reader.bytes, expected);
  assert_int_equal(flags_after, flags);
}

int main(void)
{
  signal(SIGPIPE, SIG_IGN); /* as in a program with a runtime (U4) */
  const struct CMUnitTest tests[] = {
      ON_FILE(a_tally_is_a_line_of_count_and_word),
      ON_FILE(a_file_is_emptied_first),
      ON_FILE(what_is_gathered_is_written_when_the_timer_comes),
      ON_FILE(words_of_every_size_pass_the_piece),
      ON_FILE(a_full_device_fails_with_its_name),
      ON_FILE(a_file_that_cannot_be_made_fails_the_start),
      ON_FILE(a_closed_standard_output_fails_the_start),
      ON_FILE(a_standard_output_open_for_reading_fails_the_start),
      ON_FILE(a_pipe_that_nobody_reads_fails),
      ON_FILE(a_slow_reader_of_a_pipe_is_waited_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
