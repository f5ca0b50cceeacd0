/* print.c: prints tallies, "count word" on a line each, in the order in which they come.
 *
 * Lines are gathered and written together: when a piece is full, a moment after the first of them came, and at the
 * end of the inputs. Output that could not be written fails the run. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <weir/arena.h>
#include <weir/edge.h>
#include <weir/timer.h>

#include "io.h"
#include "stock.h"
#include <weir/records.h>

enum { PIECE_BYTES = 64 * 1024 };

struct print_config {
  const char *path;
};
WEIR_MESSAGE(print_config, WEIR_FIELD(path, .use = WEIR_USE_WRITES, .def = "\"-\"",
                                      .help = "the file; \"-\" is the standard output"));

/* Its own timer: what was gathered is to be seen now. */
struct flush {
  WEIR_EMPTY;
};
WEIR_MESSAGE(flush);

struct print {
  const char *path; /* the configuration's */
  struct weir__io *io;
  size_t size;    /* bytes gathered in io's room */
  bool timer_set; /* a flush is on its way */
};

/* Deferred: see file_lines.c. */
static void print_close(void *state) { (void)weir__io_close(((struct print *)state)->io); }

static int print_open(struct print *p, const struct print_config *c)
{
  int rc = weir_defer(print_close, p);
  p->path = c ? c->path : "-";
  return rc ? rc : weir__io_open(p->path, WEIR__IO_WRITE, PIECE_BYTES, &p->io);
}

/* Told to stop, it gives up what was not written yet. */
static int write_out(struct print *p)
{
  size_t size = p->size;
  p->size = 0;
  int rc = weir__io_write(p->io, weir__io_room(p->io), size);
  if (rc && rc != WEIR_ECANCELED) weir_fail(rc, "%s", weir_error_text());
  return rc;
}

/* The other file is there before this one is left. */
static int print_change(struct print *p, const struct print_config *c)
{
  struct weir__io *next = p->io;
  bool same = strcmp(p->path, c->path) == 0;
  int rc = write_out(p);
  if (!rc && !same) rc = weir__io_open(c->path, WEIR__IO_WRITE, PIECE_BYTES, &next);
  if (rc) return rc;
  if (same)
    weir__io_rename(p->io, c->path);
  else
    rc = weir__io_close(p->io);
  p->io = next;
  p->path = c->path;
  if (rc) weir_fail(rc, "%s", weir_error_text());
  return WEIR_OK;
}

static int gather(struct print *p, const char *text, size_t size)
{
  while (size > 0) {
    size_t part = size < PIECE_BYTES - p->size ? size : PIECE_BYTES - p->size;
    memcpy(weir__io_room(p->io) + p->size, text, part);
    p->size += part, text += part, size -= part;
    int rc = p->size == PIECE_BYTES ? write_out(p) : WEIR_OK;
    if (rc) return rc;
  }
  return WEIR_OK;
}

/* Without the timer what is gathered comes later, but comes; so its failing is no reason to fail. */
static void flush_soon(struct print *p)
{
  if (!p->timer_set) p->timer_set = weir_send_after(weir_self(), WEIR_MILLIS(20), flush).error == WEIR_OK;
}

static int print_flush(struct print *p)
{
  p->timer_set = false;
  return write_out(p);
}

static int print_tally(struct print *p, const struct tally *t)
{
  char count[32];
  if (!t->word) return weir_error(WEIR_EINVAL, "print: a tally without a word");
  int size = snprintf(count, sizeof count, "%" PRId64 " ", t->count);
  flush_soon(p);
  int rc = gather(p, count, (size_t)size);
  if (!rc) rc = gather(p, t->word, strlen(t->word));
  return rc ? rc : gather(p, "\n", 1);
}

static int print_ended(struct print *p)
{
  int rc = write_out(p);
  struct weir__io *io = p->io;
  if (rc) return rc;
  p->io = NULL;
  rc = weir__io_close(io);
  if (rc) weir_fail(rc, "%s", weir_error_text());
  return rc;
}

WEIR_ACTOR(print,
           WEIR_ON_START(print_config, print_open) WEIR_ON_CONFIG(print_config, print_change)
               WEIR_ON(tally, print_tally) WEIR_ON(flush, print_flush) WEIR_ON(weir_inputs_ended, print_ended),
           .runs = WEIR_PINNED, .help = "prints tallies, \"count word\" on each line");

const struct weir__stock weir__stock_print = {
    .actor = &print, .config = weir_message_print_config, .takes = weir_message_tally};
