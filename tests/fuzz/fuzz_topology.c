/* fuzz_topology.c: a document is read and checked; one that is good and not too large is run.
 *
 * It is checked against the stock types, and run with those of them that touch no files; the two that do have
 * stand-ins with the same names and configurations: file_lines sends its "paths" as lines, print adds up. A third type,
 * trouble, fails on demand: then the run must say so, and still nothing may be left. */
#include "fuzz.h"
#include "topology/topology.h"
#include "weir/edge.h"
#include <weir/records.h>

enum { INSTANCES_MOST = 24, LINES_MOST = 64 };

/* ---- the stand-ins ---- */

struct go_on {
  WEIR_EMPTY;
};
WEIR_MESSAGE(go_on);

struct source_config {
  const char *const *paths;
  size_t path_count;
  int64_t max_line;
};
WEIR_MESSAGE(source_config, WEIR_LIST(paths, path_count, .use = WEIR_USE_READS, .def = "[\"-\"]"),
             WEIR_FIELD(max_line, .def = "\"1MiB\"", .min = 1, .max = 67108864, .unit = WEIR_UNIT_BYTES));

struct file_lines {
  const struct source_config *config;
  weir_ref out;
  size_t at;
};

static int source_open(struct file_lines *f, const struct source_config *c)
{
  f->config = c;
  f->out = weir_output("out");
  return weir_try_send(weir_self(), go_on);
}

static int source_go_on(struct file_lines *f)
{
  if (f->at == f->config->path_count || f->at == LINES_MOST) return WEIR_STOP;
  const char *text = f->config->paths[f->at++];
  int rc = weir_send(f->out, line, .text = {text, strlen(text), NULL});
  if (!rc) rc = weir_try_send(weir_self(), go_on);
  if (rc == WEIR_ECANCELED) return WEIR_STOP;
  if (rc) weir_fail(rc, "%s", weir_error_text());
  return rc;
}
WEIR_ACTOR(file_lines, WEIR_ON_START(source_config, source_open) WEIR_ON(go_on, source_go_on));

struct sink_config {
  const char *path;
};
WEIR_MESSAGE(sink_config, WEIR_FIELD(path, .use = WEIR_USE_WRITES, .def = "\"-\""));
struct print {
  int64_t sum;
};
static int sink_add(struct print *p, const struct tally *t)
{
  CHECK(t->word && *t->word && t->count > 0);
  p->sum += t->count;
  return WEIR_OK;
}
static int sink_open(struct print *p, const struct sink_config *c)
{
  CHECK(c->path);
  p->sum = 0;
  return WEIR_OK;
}
WEIR_ACTOR(print, WEIR_ON_START(sink_config, sink_open) WEIR_ON(tally, sink_add));

struct trouble_config {
  int64_t refuses, fails, stops; /* at the n-th word; 0: never */
  bool fails_at_start, fails_at_end;
};
WEIR_MESSAGE(trouble_config, WEIR_FIELD(refuses, .def = "0"), WEIR_FIELD(fails, .def = "0"),
             WEIR_FIELD(stops, .def = "0"), WEIR_FIELD(fails_at_start, .def = "false"),
             WEIR_FIELD(fails_at_end, .def = "false"));
struct trouble {
  const struct trouble_config *config;
  weir_ref out;
  int64_t words;
};

static int trouble_open(struct trouble *t, const struct trouble_config *c)
{
  t->config = c;
  t->out = weir_output("out");
  return c->fails_at_start ? weir_error(WEIR_EUSER(1), "told to fail at the start") : WEIR_OK;
}

static int trouble_word(struct trouble *t, const struct word *w)
{
  t->words++;
  if (t->words == t->config->fails) weir_fail(WEIR_EUSER(2), "told to fail at a word");
  if (t->words == t->config->refuses) return weir_error(WEIR_EUSER(3), "told to refuse a word");
  if (t->words == t->config->stops) return WEIR_STOP;
  return weir_send(t->out, word, .word = w->word);
}

static int trouble_ended(struct trouble *t)
{
  return t->config->fails_at_end ? weir_error(WEIR_EUSER(4), "told to fail at the end") : WEIR_OK;
}
WEIR_ACTOR(trouble, WEIR_ON_START(trouble_config, trouble_open) WEIR_ON(word, trouble_word)
                        WEIR_ON(weir_inputs_ended, trouble_ended));

static const struct weir__stock stand_in_source = {
    .actor = &file_lines, .config = weir_message_source_config, .gives = weir_message_line};
static const struct weir__stock stand_in_sink = {
    .actor = &print, .config = weir_message_sink_config, .takes = weir_message_tally};
static const struct weir__stock troubles = {
    .actor = &trouble, .config = weir_message_trouble_config, .takes = weir_message_word, .gives = weir_message_word};

/* ---- checking ---- */

static struct fuzz_told parse(const struct weir__stock *const *types, const uint8_t *data, size_t size,
                              weir_topology **topology)
{
  struct fuzz_told told = {.lines = fuzz_lines(data, size)};
  weir_listener listener = {.problem = fuzz_tell, .arg = &told};
  int rc = weir__topology_parse(types, "t.json", data, size, &listener, topology);
  CHECK(rc == WEIR_OK ? *topology && !told.count : rc == WEIR_EINVAL && !*topology && told.count);
  return told;
}

/* ---- running ---- */

static bool can_run(const weir_topology *topology, bool *has_trouble)
{
  size_t instances = 0;
  *has_trouble = false;
  for (size_t i = 0; i < topology->graph.count; i++) {
    instances += topology->graph.actors[i].instances;
    if (topology->graph.actors[i].stock == &troubles) *has_trouble = true;
  }
  return instances <= INSTANCES_MOST;
}

struct run {
  size_t problems, accounts, failed;
};

static void on_problem(void *arg, const weir_problem *p)
{
  fuzz_check_line(p->text);
  ((struct run *)arg)->problems++;
}

static void on_account(void *arg, const weir_actor_account *a)
{
  struct run *run = arg;
  CHECK(a->actor && *a->actor && a->mailbox_high <= a->mailbox_capacity);
  run->accounts++;
  run->failed += a->code != WEIR_OK;
}

/* On one thread, whatever the document says, so that an input always does the same. */
static void run_it(const weir_topology *topology, bool has_trouble)
{
  struct run run = {.problems = 0};
  weir_listener listener = {.problem = on_problem, .account = on_account, .arg = &run};
  weir_runtime_options options = {.flavor = WEIR_CURRENT_THREAD};
  int rc = weir_topology_run(topology, &options, &listener);
  CHECK(has_trouble || rc == WEIR_OK);
  CHECK(rc ? run.problems > 0 : !run.problems && !run.failed);
  CHECK(rc == WEIR_OK || rc == WEIR_EDEAD || (rc <= WEIR_EUSER(1) && rc >= WEIR_EUSER(4)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const struct weir__stock *const types[] = {
      &stand_in_source, &weir__stock_split, &weir__stock_count, &weir__stock_top, &stand_in_sink, &troubles, NULL};
  weir_topology *topology, *stock;
  bool has_trouble;
  struct fuzz_told told = parse(types, data, size, &topology), again = parse(types, data, size, &stock);
  CHECK(told.hash == again.hash);
  weir_topology_free(stock);
  parse(weir__stock_types, data, size, &stock);
  if (topology && can_run(topology, &has_trouble)) {
    CHECK(has_trouble || stock); /* the stand-ins take what the stock types take */
    run_it(topology, has_trouble);
  }
  weir_topology_free(topology);
  weir_topology_free(stock);
  fuzz_check_accounts();
  return 0;
}
