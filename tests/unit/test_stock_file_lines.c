/* test_stock_file_lines.c: the handlers of actors/file_lines.c and its actors/io.c, called bare on real files and
 * pipes. */
#include "stock_fakes.h"

#include "../../actors/io.c"

#include "../../actors/file_lines.c"

static size_t lines;

static void capture(weir_value value)
{
  const struct line *l = value.at;
  log_sent(l->text.data, l->text.size);
  log_sent("|", 1);
  lines++;
}

/* ---- the source, driven by hand ---- */

struct source {
  struct file_lines state;
  struct file_lines_config config;
};

static int open_source(struct source *s, size_t path_count, const char *const *paths, int64_t max_line)
{
  memset(s, 0, sizeof *s);
  lines = 0;
  s->config = (struct file_lines_config){.paths = paths, .path_count = path_count, .max_line = max_line};
  return file_lines_open(&s->state, &s->config);
}

/* Its messages come as it sends them, or the loop does. */
static int read_all(struct source *s)
{
  int rc = WEIR_OK;
  while (rc == WEIR_OK) {
    while (!fake.own) uv_run(&fake.loop, UV_RUN_ONCE);
    fake.own--;
    rc = file_lines_read(&s->state, NULL);
  }
  return rc;
}

static void read_path(const char *path, int64_t max_line)
{
  struct source s;
  assert_int_equal(open_source(&s, 1, &path, max_line), WEIR_OK);
  assert_int_equal(read_all(&s), WEIR_STOP);
  file_lines_close(&s.state);
}

/* ---- files to read ---- */

static char path_a[] = "/tmp/weir-lines-a-XXXXXX", path_b[] = "/tmp/weir-lines-b-XXXXXX";

static void make_path(char *path)
{
  strcpy(path + strlen(path) - 6, "XXXXXX");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
}

static int make_paths(void **unused)
{
  make_path(path_a), make_path(path_b);
  return fake_setup(unused);
}

static int remove_paths(void **unused)
{
  unlink(path_a), unlink(path_b);
  return fake_teardown(unused);
}

#define ON_FILES(test) cmocka_unit_test_setup_teardown(test, make_paths, remove_paths)

static void fill(const char *path, const void *bytes, size_t size)
{
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}

#define FILL(path, text) fill(path, text, sizeof(text) - 1)

/* A text whose lines grow from 0 to 999 bytes again and again, `size` bytes in all; as the log shall show it, too. */
static void make_text(char *text, size_t size)
{
  size_t length = 0, column = 0;
  for (size_t i = 0; i < size; i++) {
    bool ends = column == length;
    text[i] = ends ? '\n' : (char)('a' + (i * 7) % 26);
    column = ends ? 0 : column + 1;
    if (ends) length = (length + 1) % 1000;
  }
  text[size - 1] = '\n';
}

/* ---- lines ---- */

static void lines_come_in_order_without_their_newlines(void **unused)
{
  (void)unused;
  FILL(path_a, "one\ntwo\n\nfour\n");
  read_path(path_a, 100);
  assert_sent("one|two||four|");
}

static void an_empty_file_has_no_lines(void **unused)
{
  (void)unused;
  read_path(path_a, 100);
  assert_int_equal(lines, 0);
}

static void a_last_line_without_newline_counts(void **unused)
{
  (void)unused;
  FILL(path_a, "one\nlast");
  read_path(path_a, 100);
  assert_sent("one|last|");
}

static void zeros_returns_and_invalid_bytes_stay(void **unused)
{
  (void)unused;
  FILL(path_a, "a\0b\r\n\xff\xfe\n");
  read_path(path_a, 100);
  assert_sent("a\0b\r|\xff\xfe|");
}

static void lines_across_pieces_are_put_together(void **unused)
{
  (void)unused;
  size_t size = 3 * PIECE_BYTES + 17;
  char *text = test_malloc(size);
  make_text(text, size);
  fill(path_a, text, size);
  read_path(path_a, 1000);
  for (size_t i = 0; i < size; i++)
    if (text[i] == '\n') text[i] = '|';
  assert_int_equal(fake.sent_size, size);
  assert_memory_equal(fake.sent, text, size);
  test_free(text);
}

static void a_newline_just_after_a_piece_ends_its_line(void **unused)
{
  (void)unused;
  size_t size = PIECE_BYTES + 2;
  char *text = test_malloc(size);
  memset(text, 'x', size);
  text[PIECE_BYTES] = '\n';
  fill(path_a, text, size);
  read_path(path_a, PIECE_BYTES);
  assert_int_equal(lines, 2);
  assert_int_equal(fake.sent_size, size + 1);
  test_free(text);
}

static void a_line_that_is_too_long_fails_and_is_named(void **unused)
{
  (void)unused;
  const char *path = path_a;
  char expected[200];
  static struct source s;
  FILL(path_a, "123\n1234\n12345\n");
  assert_int_equal(open_source(&s, 1, &path, 4), WEIR_OK);
  assert_true(FAILS(read_all(&s)));
  file_lines_close(&s.state);
  assert_sent("123|1234|");
  snprintf(expected, sizeof expected, "%s:3: line is longer than 4 bytes (raise \"max_line\")", path);
  assert_string_equal(fake.text, expected);
}

static void a_line_without_end_is_refused_while_it_is_read(void **unused)
{
  (void)unused;
  const char *path = path_a;
  static struct source s;
  assert_int_equal(truncate(path_a, 100000000), 0);
  assert_int_equal(open_source(&s, 1, &path, 1048576), WEIR_OK);
  assert_true(FAILS(read_all(&s)));
  assert_true(s.state.partial_room <= 2 * 1048576);
  file_lines_close(&s.state);
  assert_int_equal(lines, 0);
}

static void a_line_that_cannot_be_sent_fails_and_is_named(void **unused)
{
  (void)unused;
  const char *path = path_a;
  char expected[200];
  static struct source s;
  FILL(path_a, "123\n");
  assert_int_equal(open_source(&s, 1, &path, 4), WEIR_OK);
  fake.send_result = WEIR_ERANGE;
  assert_true(FAILS(read_all(&s)));
  file_lines_close(&s.state);
  snprintf(expected, sizeof expected, "%s:1: line of 3 bytes could not be sent: ", path);
  assert_int_equal(strncmp(fake.text, expected, strlen(expected)), 0);
}

static void without_memory_it_fails_and_names_the_line(void **unused)
{
  (void)unused;
  const char *path = path_a;
  char expected[200];
  static struct source s;
  FILL(path_a, "whole\npart");
  assert_int_equal(open_source(&s, 1, &path, 10), WEIR_OK);
  fake.no_memory = true;
  assert_true(FAILS(read_all(&s)));
  file_lines_close(&s.state);
  snprintf(expected, sizeof expected, "%s:2: no memory for the line", path);
  assert_string_equal(fake.text, expected);
  assert_int_equal(open_source(&s, 1, &path, 10), WEIR_ENOMEM);
  file_lines_close(&s.state);
}

/* ---- files ---- */

static void files_are_read_one_after_the_other(void **unused)
{
  (void)unused;
  const char *paths[] = {path_a, path_b, path_a};
  struct source s;
  FILL(path_a, "a\nno newline");
  FILL(path_b, "b\n");
  assert_int_equal(open_source(&s, 3, paths, 100), WEIR_OK);
  assert_int_equal(read_all(&s), WEIR_STOP);
  file_lines_close(&s.state);
  assert_sent("a|no newline|b|a|no newline|");
}

static void refused_at_start(const char *first, const char *second, const char *expected)
{
  const char *paths[] = {first, second};
  struct source s;
  assert_int_not_equal(open_source(&s, 2, paths, 100), WEIR_OK);
  file_lines_close(&s.state);
  assert_string_equal(fake.text, expected);
}

static void what_cannot_be_read_fails_the_start(void **unused)
{
  (void)unused;
  refused_at_start(path_a, "/nonexistent/file", "/nonexistent/file: no such file or directory");
  refused_at_start("/", path_a, "/: illegal operation on a directory");
  if (geteuid() == 0) return; /* nothing is unreadable to root */
  char expected[200];
  snprintf(expected, sizeof expected, "%s: permission denied", path_b);
  assert_int_equal(chmod(path_b, 0), 0);
  refused_at_start(path_a, path_b, expected);
}

static void no_file_at_all_fails_the_start(void **unused)
{
  (void)unused;
  struct source s;
  assert_int_equal(open_source(&s, 0, NULL, 100), WEIR_EINVAL);
}

static void a_stop_during_a_read_waits_for_it_at_the_end(void **unused)
{
  (void)unused;
  const char *path = path_a;
  struct source s;
  FILL(path_a, "a\n");
  assert_int_equal(open_source(&s, 1, &path, 100), WEIR_OK);
  assert_true(s.state.io->busy);
  fake.cancel_after = 1;
  assert_int_equal(file_lines_read(&s.state, NULL), WEIR_STOP);
  file_lines_close(&s.state);
  assert_int_equal(lines, 0);
}

static void a_request_that_nobody_can_wait_for_frees_itself(void **unused)
{
  (void)unused;
  const char *path = path_a;
  struct source s;
  assert_int_equal(open_source(&s, 1, &path, 100), WEIR_OK);
  fake.cancel_after = 1;
  file_lines_close(&s.state); /* the leak checker sees to the rest */
}

static void what_a_kill_left_in_flight_frees_itself(void **unused)
{
  (void)unused;
  const char *path = path_a;
  struct source s;
  assert_int_equal(open_source(&s, 1, &path, 100), WEIR_OK);
  s.state.io->waiting = fake.wait_pending = true; /* the handler that waited is gone */
  s.state.io->done.bits = s.state.io->future.bits = 1;
  fake.killed = true;
  file_lines_close(&s.state);
  assert_false(fake.wait_pending); /* nobody waits any more, neither for the piece nor for its end */
}

/* ---- pipes ---- */

/* Replaces a standard descriptor, and puts it back. */
static int redirect(int fd, int by)
{
  int saved = dup(fd);
  assert_true(saved >= 0);
  if (by >= 0) assert_int_equal(dup2(by, fd), fd);
  if (by < 0) close(fd);
  return saved;
}

static void restore(int fd, int saved)
{
  assert_int_equal(dup2(saved, fd), fd);
  close(saved);
}

/* Writes to a pipe while its reader waits: from a callback of the loop. */
static struct {
  uv_idle_t idle;
  int fd; /* -1: the writer opens path_a when its turn comes */
  const char *next[4];
} writer;

static void write_next(uv_idle_t *idle)
{
  static int turn;
  if (++turn % 100) return; /* the reader has been waiting for a while then */
  if (writer.fd < 0) writer.fd = open(path_a, O_WRONLY);
  for (size_t i = 0; i < 4; i++)
    if (writer.next[i]) {
      assert_int_equal(write(writer.fd, writer.next[i], strlen(writer.next[i])), strlen(writer.next[i]));
      writer.next[i] = NULL;
      return;
    }
  close(writer.fd);
  uv_close((uv_handle_t *)idle, NULL);
}

static void start_writer(int fd)
{
  writer.fd = fd;
  assert_int_equal(uv_idle_init(&fake.loop, &writer.idle), 0);
  assert_int_equal(uv_idle_start(&writer.idle, write_next), 0);
}

static void the_standard_input_may_be_a_pipe(void **unused)
{
  (void)unused;
  int pipe_fds[2];
  assert_int_equal(pipe(pipe_fds), 0);
  int saved = redirect(STDIN_FILENO, pipe_fds[0]);
  int flags = fcntl(pipe_fds[0], F_GETFL);
  writer.next[0] = "one\ntw", writer.next[1] = "o\n", writer.next[2] = "thr", writer.next[3] = "ee";
  start_writer(pipe_fds[1]);
  read_path("-", 100);
  int flags_after = fcntl(pipe_fds[0], F_GETFL);
  restore(STDIN_FILENO, saved);
  close(pipe_fds[0]);
  assert_sent("one|two|three|");
  assert_int_equal(flags_after, flags);
}

static void a_fifo_whose_writer_comes_later_is_waited_for(void **unused)
{
  (void)unused;
  const char *path = path_a;
  struct source s;
  unlink(path_a);
  assert_int_equal(mkfifo(path_a, 0600), 0);
  assert_int_equal(open_source(&s, 1, &path, 100), WEIR_OK);
  writer.next[0] = "late\n";
  start_writer(-1);
  assert_int_equal(read_all(&s), WEIR_STOP);
  file_lines_close(&s.state);
  assert_sent("late|");
}

/* It may be given something else meanwhile, or end. Where there is no place for what comes of the pipe it is tried again. */
static void nobody_waits_for_a_pipe(void **unused)
{
  (void)unused;
  int pipe_fds[2];
  const char *path = "-";
  struct source s;
  assert_int_equal(pipe(pipe_fds), 0);
  int saved = redirect(STDIN_FILENO, pipe_fds[0]);
  assert_int_equal(open_source(&s, 1, &path, 100), WEIR_OK);
  fake.own = 0;
  assert_int_equal(file_lines_read(&s.state, NULL), WEIR_OK);
  assert_int_not_equal(uv_run(&fake.loop, UV_RUN_NOWAIT), 0);
  assert_int_equal(fake.own, 0);
  struct file_lines_config other = {.paths = &path, .path_count = 1, .max_line = 3};
  assert_int_equal(file_lines_change(&s.state, &other), WEIR_OK);
  assert_int_equal(write(pipe_fds[1], "one\n", 4), 4);
  fake.own_result = WEIR_EFULL;
  for (int i = 0; i < 3; i++) assert_int_not_equal(uv_run(&fake.loop, UV_RUN_ONCE), 0);
  fake.own_result = WEIR_OK;
  uv_run(&fake.loop, UV_RUN_ONCE);
  assert_int_equal(fake.own, 1);
  assert_int_equal(file_lines_read(&s.state, NULL), WEIR_OK);
  assert_int_equal(fake.own, 2);
  assert_sent("one|");
  assert_int_equal(file_lines_read(&s.state, NULL), WEIR_OK); /* nothing more has come */
  file_lines_close(&s.state);
  restore(STDIN_FILENO, saved);
  close(pipe_fds[0]), close(pipe_fds[1]);
}

/* A socket can't be opened anew: it is made non-blocking, and made what it was at the end. */
static void a_descriptor_that_is_shared_is_given_back_as_it_was(void **unused)
{
  (void)unused;
  int sockets[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
  int saved = redirect(STDIN_FILENO, sockets[0]);
  int flags = fcntl(sockets[0], F_GETFL);
  writer.next[0] = "by socket\n";
  start_writer(sockets[1]);
  read_path("-", 100);
  int flags_after = fcntl(sockets[0], F_GETFL);
  restore(STDIN_FILENO, saved);
  close(sockets[0]);
  assert_sent("by socket|");
  assert_int_equal(flags & O_NONBLOCK, 0);
  assert_int_equal(flags_after, flags);
}

static void a_closed_standard_input_fails_the_start(void **unused)
{
  (void)unused;
  const char *path = "-";
  struct source s;
  int saved = redirect(STDIN_FILENO, -1);
  int rc = open_source(&s, 1, &path, 100);
  file_lines_close(&s.state);
  restore(STDIN_FILENO, saved);
  assert_int_equal(rc, -EBADF);
  assert_string_equal(fake.text, "standard input: bad file descriptor");
}

static void a_redirected_standard_input_is_read_from_where_it_stands(void **unused)
{
  (void)unused;
  FILL(path_a, "skipped\nread\n");
  int fd = open(path_a, O_RDONLY);
  assert_int_equal(lseek(fd, 8, SEEK_SET), 8);
  int saved = redirect(STDIN_FILENO, fd);
  read_path("-", 100);
  restore(STDIN_FILENO, saved);
  close(fd);
  assert_sent("read|");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_FILES(lines_come_in_order_without_their_newlines),
      ON_FILES(an_empty_file_has_no_lines),
      ON_FILES(a_last_line_without_newline_counts),
      ON_FILES(zeros_returns_and_invalid_bytes_stay),
      ON_FILES(lines_across_pieces_are_put_together),
      ON_FILES(a_newline_just_after_a_piece_ends_its_line),
      ON_FILES(a_line_that_is_too_long_fails_and_is_named),
      ON_FILES(a_line_without_end_is_refused_while_it_is_read),
      ON_FILES(a_line_that_cannot_be_sent_fails_and_is_named),
      ON_FILES(without_memory_it_fails_and_names_the_line),
      ON_FILES(files_are_read_one_after_the_other),
      ON_FILES(what_cannot_be_read_fails_the_start),
      ON_FILES(no_file_at_all_fails_the_start),
      ON_FILES(a_stop_during_a_read_waits_for_it_at_the_end),
      ON_FILES(a_request_that_nobody_can_wait_for_frees_itself),
      ON_FILES(what_a_kill_left_in_flight_frees_itself),
      ON_FILES(the_standard_input_may_be_a_pipe),
      ON_FILES(a_fifo_whose_writer_comes_later_is_waited_for),
      ON_FILES(nobody_waits_for_a_pipe),
      ON_FILES(a_descriptor_that_is_shared_is_given_back_as_it_was),
      ON_FILES(a_closed_standard_input_fails_the_start),
      ON_FILES(a_redirected_standard_input_is_read_from_where_it_stands),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
