/* A plugin: two actor types for topologies, with configuration, a change in place, and a newer version that takes over
 * the state of an older one.
 *
 *   cmake -B build -G Ninja && cmake --build build
 *   weir types --plugin build/journal.so journal
 *   weir run journal.json < BOOK.txt */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <weir/plugin.h>
#include <weir/record.h>
#include <weir/records.h>
#include <weir/weir.h>

/* ---- stamp: a line becomes a record that knows when it came ---- */

struct stamp {
  weir_ref out;
};

static int stamp_start(struct stamp *s)
{
  s->out = weir_output("out");
  return WEIR_OK;
}

static int stamp_line(struct stamp *s, const struct line *m)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return weir_send(s->out, record, .key = "line", .payload = m->text,
                   .time_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

WEIR_ACTOR(stamp, WEIR_ON_START(weir_none, stamp_start) WEIR_ON(line, stamp_line), .outputs = {"out"},
           .gives = {weir_message_record}, .help = "makes a record of each line, with the time when it came");

/* ---- journal: appends records to a file ---- */

struct journal_config {
  const char *path;
  int64_t flush_every;
}; /* what a topology may say of it, how it is checked, and what `weir types` shows: all from this table */
WEIR_MESSAGE(journal_config, WEIR_FIELD(path, .use = WEIR_USE_WRITES, .help = "the file to append to"),
             WEIR_FIELD(flush_every, .def = "100", .min = 1, .max = 1e6, .help = "records between two flushes"));

struct journal {
  const struct journal_config *config;
  FILE *file;
  weir_ref next;
  int64_t written;
};

static int journal_start(struct journal *j, const struct journal_config *c)
{ /* c lives until our end, or until a change was taken */
  j->config = c;
  j->next = weir_output("next");
  j->file = fopen(c->path, "ab");
  return j->file ? WEIR_OK : weir_error(-errno, "%s: %s", c->path, strerror(errno));
}

static void journal_end(struct journal *j)
{ /* also after a start that failed */
  if (j->file) fclose(j->file);
}

static int journal_change(struct journal *j, const struct journal_config *c)
{
  if (strcmp(c->path, j->config->path) != 0) return WEIR_RESTART; /* not in place: start me anew, my mailbox kept */
  j->config = c;
  return WEIR_OK;
}

struct journal_v1 { /* the state of version 1 */
  FILE *file;
};

static int journal_from_v1(struct journal *j, struct journal_v1 *old)
{ /* we have been started, and have a file of our own by now: go on with the old one, and what it has not flushed yet */
  fclose(j->file);
  j->file = old->file;
  old->file = NULL; /* its end clause comes after us */
  return WEIR_OK;
}

static int journal_record(struct journal *j, const struct record *m)
{
  bool written =
      fwrite(m->payload.data, 1, m->payload.size, j->file) == m->payload.size && fputc('\n', j->file) == '\n';
  if (!written) return weir_error(-errno, "%s: %s", j->config->path, strerror(errno)); /* this record is refused */
  if (++j->written % j->config->flush_every == 0 && fflush(j->file))
    weir_fail(-errno, "%s: %s", j->config->path, strerror(errno)); /* the actor fails: its supervisor acts */
  return weir_forward(j->next);                                    /* the record itself: nothing is copied */
}

WEIR_ACTOR(journal,
           WEIR_ON_START(journal_config, journal_start) WEIR_ON_CONFIG(journal_config, journal_change)
               WEIR_ON_END(journal_end) WEIR_ON_UPGRADE(1, journal_v1, journal_from_v1) WEIR_ON(record, journal_record),
           .version = 2, .runs = WEIR_ON_BLOCKING_POOL, .outputs = {"next"},
           .help = "appends records to a file, passes them on");

WEIR_PLUGIN("acme", "2.0.0", &stamp, &journal);
