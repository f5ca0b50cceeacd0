/* A plugin for tests/reloads: what stands between the lines of a stream and those that are written. A line is a number and a word:
 * "17 abc". */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <weir/arena.h>
#include <weir/plugin.h>
#include <weir/records.h>
#include <weir/weir.h>

/* ---- lines become records ---- */

struct number_config {
  int64_t tag, anew;
};
WEIR_MESSAGE(number_config, WEIR_FIELD(tag, .def = "0"), WEIR_FIELD(anew, .def = "0", .reload = WEIR_RELOAD_RESTART));

struct number {
  weir_ref out;
};

static int number_start(struct number *n, const struct number_config *c)
{
  (void)c;
  n->out = weir_output("out");
  return WEIR_OK;
}

static int number_change(struct number *n, const struct number_config *c)
{
  (void)n, (void)c;
  return WEIR_OK;
}

static int number_line(struct number *n, const struct line *l)
{
  char text[64], *word;
  if (l->text.size >= sizeof text) weir_fail(WEIR_ERANGE, "a line of %zu bytes", l->text.size);
  memcpy(text, l->text.data, l->text.size);
  text[l->text.size] = 0;
  int64_t count = strtoll(text, &word, 10);
  return weir_send(n->out, tally, .word = word + (*word == ' '), .count = count);
}

WEIR_ACTOR(number,
           WEIR_ON_START(number_config, number_start) WEIR_ON_CONFIG(number_config, number_change)
               WEIR_ON(line, number_line),
           .gives = {weir_message_tally}, .help = "reads a number and a word in each line");

/* ---- records are passed on ---- */

enum { RARELY = 997, FAILED_MOST = 1 << 16 };

struct stage_config {
  int64_t tag, anew;
  bool rests, fails;
  const char *start;
};
WEIR_MESSAGE(stage_config, WEIR_FIELD(tag, .def = "0"), WEIR_FIELD(anew, .def = "0", .reload = WEIR_RELOAD_RESTART),
             WEIR_FIELD(rests, .def = "false", .help = "it waits for a moment now and then"),
             WEIR_FIELD(fails, .def = "false", .help = "it fails with a record now and then, or refuses it, once"),
             WEIR_FIELD(start, .def = "\"well\"", .one_of = "well|badly", .help = "whether it starts and changes"));

struct stage {
  const struct stage_config *config;
  weir_ref out;
};

/* Of which records it has been tried already: they are passed on the second time, by whatever instance. */
static atomic_bool failed[FAILED_MOST];

static int stage_take(struct stage *s, const struct stage_config *c)
{
  if (strcmp(c->start, "badly") == 0) return weir_error(WEIR_EUSER(1), "not with that");
  s->config = c;
  s->out = weir_output("out");
  return WEIR_OK;
}

static int stage_pass(struct stage *s, const struct tally *t)
{
  bool rare = t->count % RARELY == 0;
  size_t which = (size_t)(t->count / RARELY);
  if (rare && s->config->rests) {
    int rc = weir_sleep(WEIR_MILLIS(1));
    if (rc) return rc;
  }
  if (rare && s->config->fails && which < FAILED_MOST && !atomic_exchange(&failed[which], true)) {
    if (which % 2) return weir_error(WEIR_EUSER(2), "not that record");
    weir_fail(WEIR_EUSER(3), "at that record");
  }
  return weir_send(s->out, tally, .word = t->word, .count = t->count);
}

WEIR_ACTOR(stage,
           WEIR_ON_START(stage_config, stage_take) WEIR_ON_CONFIG(stage_config, stage_take) WEIR_ON(tally, stage_pass),
           .gives = {weir_message_tally}, .help = "passes tallies on");

WEIR_PLUGIN("stages", "1.0.0", &number, &stage);
