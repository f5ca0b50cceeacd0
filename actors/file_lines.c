/* file_lines.c: the lines of files, or of the standard input.
 *
 * A source: it drives itself. One message to itself reads one piece of a file, sends the lines in it, and sends the
 * message again; so a request to stop is seen between pieces, and wherever a line waits for a place downstream. While
 * one half of the memory is being split into lines the next piece is read into the other. Where nothing has come yet, and perhaps
 * never will, it rests, and the loop sends the message: so another configuration finds it.
 *
 * A line that ends in a later piece than it began in is put together in `partial`, which never holds more than
 * "max_line" bytes: a text without newlines is refused while it is read, not after. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/arena.h>
#include <weir/timer.h>

#include "io.h"
#include "stock.h"
#include <weir/records.h>

/* Large enough that waiting for a thread is nothing beside splitting, small enough to stay in a processor's cache. */
enum { PIECE_BYTES = 256 * 1024 };

struct file_lines_config {
  const char *const *paths;
  size_t path_count;
  int64_t max_line;
};
WEIR_MESSAGE(file_lines_config,
             WEIR_LIST(paths, path_count, .use = WEIR_USE_READS, .def = "[\"-\"]",
                       .help = "the files, read one after the other; \"-\" is the standard input"),
             WEIR_FIELD(max_line, .def = "\"1MiB\"", .min = 1, .max = 67108864, .unit = WEIR_UNIT_BYTES,
                        .help = "a longer line fails the run"));

/* What it sends itself. */
struct read_on {
  WEIR_EMPTY;
};
WEIR_MESSAGE(read_on);

struct file_lines {
  const struct file_lines_config *config;
  weir_ref self, out;
  size_t path;         /* the index of the file being read */
  struct weir__io *io; /* that file; NULL: not open yet */
  char *piece;         /* where the next piece arrives: one half of io's room */
  int64_t line;        /* the number of the line in hand, from 1 */
  char *partial;       /* a line whose end has not been read yet */
  size_t partial_size;
  size_t partial_room;
};

/* ---- failing: these do not return ---- */

static WEIR_NORETURN void fail_too_long(const struct file_lines *f)
{
  weir_fail(WEIR_ERANGE, "%s:%" PRId64 ": line is longer than %" PRId64 " bytes (raise \"max_line\")",
            weir__io_name(f->io), f->line, f->config->max_line);
}

static WEIR_NORETURN void fail_to_send(const struct file_lines *f, int rc, size_t size)
{
  const char *why = weir_error_text();
  weir_fail(rc, "%s:%" PRId64 ": line of %zu bytes could not be sent: %s%s%s", weir__io_name(f->io), f->line, size,
            weir_strerror(rc), *why ? ": " : "", why);
}

/* ---- lines; these return WEIR_OK, or WEIR_ECANCELED when told to stop ---- */

static int send_line(struct file_lines *f, const char *text, size_t size)
{
  if (size > (size_t)f->config->max_line) fail_too_long(f);
  int rc = weir_send(f->out, line, .text = {.data = text, .size = size});
  if (rc && rc != WEIR_ECANCELED) fail_to_send(f, rc, size);
  f->line++;
  return rc;
}

static void grow_partial(struct file_lines *f, size_t needed)
{
  size_t room = f->partial_room ? f->partial_room : 4096;
  while (room < needed) room *= 2;
  char *partial = realloc(f->partial, room);
  if (!partial) weir_fail(WEIR_ENOMEM, "%s:%" PRId64 ": no memory for the line", weir__io_name(f->io), f->line);
  f->partial = partial, f->partial_room = room;
}

static void keep_partial(struct file_lines *f, const char *text, size_t size)
{
  size_t needed = f->partial_size + size;
  if (needed > (size_t)f->config->max_line) fail_too_long(f);
  if (needed > f->partial_room) grow_partial(f, needed);
  memcpy(f->partial + f->partial_size, text, size);
  f->partial_size = needed;
}

static int send_partial(struct file_lines *f)
{
  int rc = send_line(f, f->partial, f->partial_size);
  f->partial_size = 0;
  return rc;
}

static int send_lines(struct file_lines *f, const char *at, size_t size)
{
  const char *end = at + size, *newline;
  int rc = WEIR_OK;
  for (; !rc && (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1) {
    if (f->partial_size == 0) {
      rc = send_line(f, at, (size_t)(newline - at));
    } else {
      keep_partial(f, at, (size_t)(newline - at));
      rc = send_partial(f);
    }
  }
  if (!rc && at < end) keep_partial(f, at, (size_t)(end - at));
  return rc;
}

/* ---- files ---- */

/* What can be known before the file's turn comes is said at the start. A FIFO is not opened: closing it again would
 * show to its writer. */
static int check_path(const char *path)
{
  struct stat info;
  if (strcmp(path, "-") == 0) return WEIR_OK;
  int rc = stat(path, &info) || access(path, R_OK) ? -errno : S_ISDIR(info.st_mode) ? -EISDIR : WEIR_OK;
  return rc ? weir_error(rc, "%s: %s", path, weir_strerror(rc)) : WEIR_OK;
}

static int begin_piece(struct file_lines *f)
{
  char *room = weir__io_room(f->io);
  f->piece = f->piece == room ? room + PIECE_BYTES : room;
  return weir__io_read_begin(f->io, f->piece, PIECE_BYTES);
}

static int open_file(struct file_lines *f)
{
  f->line = 1, f->partial_size = 0, f->piece = NULL;
  int rc = weir__io_open(f->config->paths[f->path], WEIR__IO_READ, 2 * PIECE_BYTES, &f->io);
  return rc ? rc : begin_piece(f);
}

static int end_file(struct file_lines *f)
{
  int rc = f->partial_size ? send_partial(f) : WEIR_OK;
  (void)weir__io_close(f->io); /* it was only read */
  f->io = NULL;
  if (rc) return rc;
  if (++f->path == f->config->path_count) return WEIR_STOP;
  return open_file(f);
}

/* In a callback of the loop. */
static bool say_read_on(void *state)
{
  int rc = weir_try_send(((struct file_lines *)state)->self, read_on);
  return rc == WEIR_OK || rc == WEIR_EDEAD;
}

/* The piece that was begun, if it has come: sends its lines while the next one is on its way. */
static int read_piece(struct file_lines *f)
{
  const char *piece = f->piece;
  int64_t size = weir__io_read_end(f->io, say_read_on, f);
  if (size < 0) return (int)size;
  if (size == 0) return end_file(f);
  int rc = begin_piece(f);
  return rc ? rc : send_lines(f, piece, (size_t)size);
}

/* One's own mailbox is closed only when one is told to end. A small one may be full of a change of configuration: a timer's message
 * takes no place. */
static int go_on(void)
{
  int rc = weir_try_send(weir_self(), read_on);
  if (rc == WEIR_EFULL) rc = weir_send_after(weir_self(), WEIR_MILLIS(0), read_on).error;
  return rc == WEIR_EDEAD ? weir_error(WEIR_ECANCELED, "told to stop") : rc;
}

/* ---- clauses ---- */

/* Deferred: a kill, after which no end clause runs, leaves nothing open either. */
static void file_lines_close(void *state)
{
  struct file_lines *f = state;
  (void)weir__io_close(f->io);
  free(f->partial);
}

static int file_lines_open(struct file_lines *f, const struct file_lines_config *c)
{
  if (!c || c->path_count == 0) return weir_error(WEIR_EINVAL, "file_lines: \"paths\" names no file");
  int rc = weir_defer(file_lines_close, f);
  for (size_t i = 0; i < c->path_count && !rc; i++) rc = check_path(c->paths[i]);
  if (rc) return rc;
  f->config = c;
  f->self = weir_self();
  f->out = weir_output("out");
  rc = open_file(f);
  return rc ? rc : go_on();
}

/* It goes on in the file that it reads, and so keeps the standard input: one that is not named any more is left by a new start. */
static int file_lines_change(struct file_lines *f, const struct file_lines_config *c)
{
  size_t at = 0;
  int rc = c->path_count ? WEIR_OK : weir_error(WEIR_EINVAL, "file_lines: \"paths\" names no file");
  for (size_t i = 0; i < c->path_count && !rc; i++) rc = check_path(c->paths[i]);
  if (!rc && f->partial_size > (size_t)c->max_line)
    rc = weir_error(WEIR_ERANGE, "the line that it reads is longer than %" PRId64 " bytes already", c->max_line);
  if (rc) return rc;
  while (at < c->path_count && strcmp(c->paths[at], f->config->paths[f->path]) != 0) at++;
  if (at == c->path_count || !f->io) return WEIR_RESTART;
  f->config = c;
  f->path = at;
  weir__io_rename(f->io, c->paths[at]);
  return WEIR_OK;
}

/* An error would only refuse this message, and nothing would ever read on: so it fails the actor. */
static int file_lines_read(struct file_lines *f, const struct read_on *m)
{
  (void)m;
  int rc = read_piece(f);
  if (!rc) rc = go_on();
  if (rc == WEIR_EWOULDBLOCK) return WEIR_OK;
  if (rc == WEIR_STOP || rc == WEIR_ECANCELED) return WEIR_STOP;
  if (rc) weir_fail(rc, "%s", weir_error_text());
  return rc;
}

WEIR_ACTOR(file_lines,
           WEIR_ON_START(file_lines_config, file_lines_open) WEIR_ON_CONFIG(file_lines_config, file_lines_change)
               WEIR_ON(read_on, file_lines_read),
           .runs = WEIR_PINNED, .help = "reads files line by line");

const struct weir__stock weir__stock_file_lines = {
    .actor = &file_lines, .config = weir_message_file_lines_config, .gives = weir_message_line};
