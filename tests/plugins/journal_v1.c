/* Version 1 of examples/journal: as somebody runs it when the newer one comes. */
#include <errno.h>
#include <stdio.h>
#include <weir/plugin.h>
#include <weir/record.h>
#include <weir/weir.h>

struct journal_config {
  const char *path;
  int64_t flush_every;
};
WEIR_MESSAGE(journal_config, WEIR_FIELD(path), WEIR_FIELD(flush_every, .def = "100", .min = 1, .max = 1e6));

struct journal {
  FILE *file;
};
static int journal_start(struct journal *j, const struct journal_config *c)
{
  j->file = fopen(c->path, "ab");
  return j->file ? WEIR_OK : weir_error(-errno, "%s", c->path);
}
static void journal_end(struct journal *j)
{
  if (j->file) fclose(j->file);
}
static int journal_record(struct journal *j, const struct record *m)
{
  fwrite(m->payload.data, 1, m->payload.size, j->file);
  return fputc('\n', j->file) == '\n' ? weir_forward(weir_output("next")) : weir_error(-errno, "not written");
}
WEIR_ACTOR(journal,
           WEIR_ON_START(journal_config, journal_start) WEIR_ON_END(journal_end) WEIR_ON(record, journal_record),
           .version = 1, .runs = WEIR_ON_BLOCKING_POOL, .outputs = {"next"}, .help = "appends records to a file");
WEIR_PLUGIN("acme", "1.0.0", &journal);
