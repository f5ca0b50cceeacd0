/* tests.c: see weir/tests.h.
 *
 *   the file, its includes, the file of tests ---> names and environments of the tests   (a first look, without a check)
 *   for each environment: all files once more, with its variables ---> a topology that was checked, and its tests
 */
#include <weir/tests.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "topology/tables.h"
#include "topology/topology.h"
#include "topology/trial.h"
#include "topology/verdict.h"

struct variable {
  const char *name, *value;
};

/* What a test says of its environment, and what the files come to with it. */
struct setting {
  struct setting *next;
  const struct variable *variables;
  size_t count;
  bool is_real; /* a test with it runs actors as they are: secrets are read */
  weir_topology *topology;
};

struct test {
  const char *name;
  const struct setting *setting;
  const struct weir__graph_test *test; /* of its topology; NULL: it was not looked for yet */
};

struct weir_tests {
  struct weir__arena arena;
  const char *file;       /* of the topology */
  const char *tests_file; /* NULL: there is none */
  bool only_tests_file;   /* others are left out */
  struct setting *settings;
  struct test *all;
  size_t count, room;
  struct weir__verdict verdict; /* of the last one that was run … */
  char *json;                   /* … and all that is told of it */
};

static int no_memory(const char *file) { return weir_error(WEIR_ENOMEM, "%s: no memory for its tests", file); }

/* ---- which files ---- */

static const char *with_end(struct weir__arena *arena, const char *file, size_t keep, const char *end)
{
  char *name = weir__arena_alloc(arena, keep + strlen(end) + 1);
  if (name) sprintf(name, "%.*s%s", (int)keep, file, end);
  return name;
}

static bool is_there(const char *file)
{
  struct stat info;
  return stat(file, &info) == 0;
}

static bool is_same(const char *one, const char *other)
{
  struct stat a, b;
  return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* What a file of tests says as "topology", as a path for the process. NULL: nothing, or it can't be read: that is found later. */
static const char *topology_said(struct weir__arena *arena, const char *tests_file)
{
  struct weir__report report = {0};
  struct weir__document document = {.report = &report};
  const char *path = NULL;
  if (!weir__source_read(&document, arena, &(struct weir__origin){.name = tests_file})) {
    uint32_t node = weir__document_member(&document, 0, "topology");
    const char *text = node == WEIR__NO_NODE ? NULL : weir__document_text(&document, node);
    if (text) path = weir__source_path(arena, tests_file, text);
  }
  weir__document_close(&document);
  weir__report_free(&report);
  return path;
}

/* "a.test.json": of "a.json", or "a.jsonc". */
static const char *topology_beside(struct weir__arena *arena, const char *tests_file)
{
  size_t stem = (size_t)(strstr(tests_file + strlen(tests_file) - strlen(".test.json") - 1, ".test.") - tests_file);
  const char *plain = with_end(arena, tests_file, stem, ".json");
  const char *commented = with_end(arena, tests_file, stem, ".jsonc");
  return plain && !is_there(plain) && commented && is_there(commented) ? commented : plain;
}

/* "a.json": "a.test.json", or "a.test.jsonc", unless that says that it is for another topology. */
static const char *tests_beside(struct weir__arena *arena, const char *file)
{
  static const char *const ends[] = {".test.json", ".test.jsonc"};
  const char *name = strrchr(file, '/'), *dot = strrchr(name ? name : file, '.');
  for (size_t i = 0; dot && i < 2; i++) {
    const char *tests = with_end(arena, file, (size_t)(dot - file), ends[i]);
    if (!tests || !is_there(tests)) continue;
    const char *said = topology_said(arena, tests);
    if (!said || is_same(said, file)) return tests;
  }
  return NULL;
}

static void find_files(struct weir_tests *t, const char *file)
{
  t->only_tests_file = weir__source_is_tests(file);
  if (t->only_tests_file) {
    t->tests_file = weir__arena_text(&t->arena, file);
    t->file = topology_said(&t->arena, file);
    if (!t->file) t->file = topology_beside(&t->arena, file);
  } else {
    t->file = weir__arena_text(&t->arena, file);
    t->tests_file = tests_beside(&t->arena, file);
  }
}

/* ---- the first look: which tests, with which environment ---- */

static bool add_test(struct weir_tests *t, const char *name, const struct setting *setting)
{
  for (size_t i = 0; i < t->count; i++)
    if (strcmp(t->all[i].name, name) == 0) return true;
  if (t->count == t->room) {
    size_t room = t->room ? 2 * t->room : 16;
    struct test *more = weir__arena_array(&t->arena, room, sizeof *more);
    if (!more) return false;
    if (t->count) memcpy(more, t->all, t->count * sizeof *more);
    t->all = more, t->room = room;
  }
  const char *copy = weir__arena_text(&t->arena, name);
  if (copy) t->all[t->count++] = (struct test){.name = copy, .setting = setting};
  return copy;
}

static bool same_setting(const struct setting *s, const struct variable *variables, size_t count)
{
  bool same = s->count == count;
  for (size_t i = 0; same && i < count; i++)
    same =
        strcmp(s->variables[i].name, variables[i].name) == 0 && strcmp(s->variables[i].value, variables[i].value) == 0;
  return same;
}

/* NULL: no memory. */
static struct setting *setting_with(struct weir_tests *t, const struct variable *variables, size_t count)
{
  struct setting **end = &t->settings;
  for (; *end; end = &(*end)->next)
    if (same_setting(*end, variables, count)) return *end;
  *end = weir__arena_alloc(&t->arena, sizeof **end);
  if (*end) (*end)->variables = variables, (*end)->count = count;
  return *end;
}

/* What is no text is reported later, when all is checked. */
static struct setting *setting_of(struct weir_tests *t, const struct weir__document *d, uint32_t environment)
{
  if (environment == WEIR__NO_NODE || !weir__document_is(d, environment, WEIR__OBJECT)) return setting_with(t, NULL, 0);
  struct variable *variables = weir__arena_array(&t->arena, d->nodes[environment].inside, sizeof *variables);
  size_t count = 0;
  for (uint32_t v = weir__document_child(d, environment); variables && v != WEIR__NO_NODE; v = d->nodes[v].next) {
    const char *text = weir__document_text(d, v);
    if (!text) continue;
    variables[count++] =
        (struct variable){weir__arena_text(&t->arena, weir__document_key(d, v)), weir__arena_text(&t->arena, text)};
  }
  return t->arena.failed ? NULL : setting_with(t, variables, count);
}

static void look_at_tests(struct weir_tests *t, const struct weir__document *d, uint32_t root)
{
  if (!weir__document_is(d, root, WEIR__OBJECT)) return;
  uint32_t list = weir__document_member(d, root, "tests");
  if (list == WEIR__NO_NODE || !weir__document_is(d, list, WEIR__LIST)) return;
  for (uint32_t item = weir__document_child(d, list); item != WEIR__NO_NODE; item = d->nodes[item].next) {
    if (!weir__document_is(d, item, WEIR__OBJECT)) continue;
    uint32_t name = weir__document_member(d, item, "name");
    const char *text = name == WEIR__NO_NODE ? NULL : weir__document_text(d, name);
    struct setting *setting = text ? setting_of(t, d, weir__document_member(d, item, "environment")) : NULL;
    if (setting && weir__document_member(d, item, "real") != WEIR__NO_NODE) setting->is_real = true;
    if (setting) add_test(t, text, setting);
  }
}

/* One that is not set may be set by a test. */
static const char *any_variable(void *arg, const char *name)
{
  (void)arg;
  const char *value = getenv(name);
  return value ? value : "";
}

static bool is_left_out(const struct weir_tests *t, const struct weir__document *d, uint32_t node)
{
  return t->only_tests_file && strcmp(weir__document_file(d, node), t->tests_file) != 0;
}

static void look(struct weir_tests *t)
{
  struct weir__report report = {0};
  struct weir__document document = {.report = &report};
  struct weir__origin origin = {.name = t->file, .tests = t->tests_file, .variable = any_variable};
  if (weir__source_read(&document, &t->arena, &origin) == WEIR_ENOMEM) t->arena.failed = true;
  for (uint32_t i = 0; i < document.source_count && !t->arena.failed; i++) {
    uint32_t root = document.sources[i].root;
    if (root != WEIR__NO_NODE && !is_left_out(t, &document, root)) look_at_tests(t, &document, root);
  }
  weir__document_close(&document);
  weir__report_free(&report);
}

/* ---- the topologies ---- */

static const char *variable_of(void *arg, const char *name)
{
  const struct setting *s = arg;
  for (size_t i = 0; i < s->count; i++)
    if (strcmp(s->variables[i].name, name) == 0) return s->variables[i].value;
  return getenv(name);
}

static int read_with(struct weir_tests *t, struct setting *setting, const weir_listener *listener)
{
  struct weir__topology_options options = {
      .types = weir__stock_types, .keeps_document = true, .reads_secrets = setting->is_real};
  struct weir__origin origin = {.name = t->file, .tests = t->tests_file, .variable = variable_of, .arg = setting};
  return weir__topology_read(&options, &origin, listener, &setting->topology);
}

static void find_tests(struct weir_tests *t, const struct setting *setting)
{
  const struct weir__graph *g = &setting->topology->graph;
  for (size_t i = 0; i < g->test_count; i++) {
    if (is_left_out(t, &setting->topology->document, g->tests[i].node)) continue;
    if (!add_test(t, g->tests[i].name, setting)) return; /* the first look may not have found a file */
    for (size_t k = 0; k < t->count; k++)
      if (t->all[k].setting == setting && strcmp(t->all[k].name, g->tests[i].name) == 0) t->all[k].test = &g->tests[i];
  }
}

/* Where no test was found it is read as it is: perhaps it can't be. */
static int read_all(struct weir_tests *t, const weir_listener *listener)
{
  int rc = WEIR_OK;
  if (!t->settings && !setting_with(t, NULL, 0)) return WEIR_ENOMEM;
  for (struct setting *s = t->settings; s && !rc; s = s->next) {
    rc = read_with(t, s, listener);
    if (!rc) find_tests(t, s);
  }
  return rc;
}

/* A test that was there at the first look only. */
static void forget_the_lost(struct weir_tests *t)
{
  size_t kept = 0;
  for (size_t i = 0; i < t->count; i++)
    if (t->all[i].test) t->all[kept++] = t->all[i];
  t->count = kept;
}

int weir_tests_load(const char *file, const weir_listener *listener, weir_tests **tests)
{
  *tests = NULL;
  struct weir_tests *t = calloc(1, sizeof *t);
  if (!t) return no_memory(file);
  find_files(t, file);
  if (!t->arena.failed) look(t);
  int rc = t->arena.failed ? WEIR_ENOMEM : read_all(t, listener);
  if (t->arena.failed) rc = WEIR_ENOMEM;
  if (rc == WEIR_ENOMEM) no_memory(file);
  forget_the_lost(t);
  if (rc)
    weir_tests_free(t);
  else
    *tests = t;
  return rc;
}

size_t weir_tests_count(const weir_tests *tests) { return tests->count; }

const char *weir_tests_name(const weir_tests *tests, size_t index)
{
  return index < tests->count ? tests->all[index].name : NULL;
}

/* ---- running ---- */

static int run_seed(struct weir_tests *t, const struct test *test, const struct weir__trial *trial, uint64_t seed)
{
  struct weir__outcome outcome;
  weir__verdict_free(&t->verdict);
  int rc = weir__trial_run(trial, seed, &outcome);
  if (!rc) rc = weir__verdict_make(&t->verdict, &test->setting->topology->document, test->test, &outcome);
  weir__arena_free(&outcome.arena);
  return rc ? rc : t->verdict.passed ? WEIR_OK : weir_error(WEIR_EFAILED, "%s", test->name);
}

static int tell(struct weir_tests *t, const struct test *test, weir_test_result *r)
{
  struct weir__draft json = {0};
  const struct weir__document *d = &test->setting->topology->document;
  const struct weir__json_node *node = &d->nodes[test->test->node];
  r->name = test->name;
  r->file = weir__document_file(d, test->test->node);
  r->line = (int)node->line, r->column = (int)node->column;
  r->text = t->verdict.text.text ? t->verdict.text.text : "";
  weir__draft_add(&json, "{\"name\": ");
  weir__draft_quote(&json, r->name);
  weir__draft_add(&json, ", \"file\": ");
  weir__draft_quote(&json, r->file);
  weir__draft_add(&json,
                  ", \"line\": %d, \"column\": %d, \"passed\": %s, \"seeds\": %" PRIu64 ", \"seed\": %" PRIu64 ", %s}",
                  r->line, r->column, t->verdict.passed ? "true" : "false", r->seeds, r->seed, t->verdict.json.text);
  free(t->json);
  int rc = weir__draft_take(&json, &t->json, NULL);
  r->json = t->json;
  return rc;
}

int weir_tests_run(weir_tests *tests, size_t index, const weir_test_options *options, weir_test_result *result)
{
  static const weir_test_options none;
  const weir_test_options *o = options ? options : &none;
  struct weir__trial trial;
  *result = (weir_test_result){0};
  if (index >= tests->count) return weir_error(WEIR_EINVAL, "there are %zu tests", tests->count);
  const struct test *test = &tests->all[index];
  uint64_t first = o->seed ? o->seed : 1, seeds = o->seeds ? o->seeds : (uint64_t)test->test->settings->seeds;
  int rc = weir__trial_make(&trial, &test->setting->topology->graph, test->test);
  trial.trace = o->trace, trial.trace_arg = o->trace_arg;
  for (; !rc && result->seeds < seeds; result->seeds++) {
    result->seed = first + result->seeds;
    if (o->begins) o->begins(test->name, result->seed, o->begins_arg);
    rc = run_seed(tests, test, &trial, result->seed);
  }
  weir__trial_free(&trial);
  if ((!rc || rc == WEIR_EFAILED) && tell(tests, test, result)) rc = WEIR_ENOMEM;
  return rc;
}

void weir_tests_free(weir_tests *tests)
{
  if (!tests) return;
  for (struct setting *s = tests->settings; s; s = s->next) weir_topology_free(s->topology);
  weir__verdict_free(&tests->verdict);
  free(tests->json);
  weir__arena_free(&tests->arena);
  free(tests);
}
