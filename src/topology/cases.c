/* cases.c: the tests of a topology: what they feed, stub and expect is read, as far as it fits what there is (checking.h). */
#include <string.h>

#include "topology/checking.h"
#include "topology/excerpt.h"
#include "topology/leaves.h"
#include "json/read.h"

static const struct weir__key other_keys[] = {{.name = "environment"}, {.name = "feed"},   {.name = "stub"},
                                              {.name = "real"},        {.name = "expect"}, {0}};

/* ---- records ---- */

/* A record of a type that is one text, given as that. NULL: no memory. */
static const void *record_of_text(struct weir__check *c, const char *text, const weir_message *type)
{
  char *record = weir__arena_alloc(c->arena, type->size);
  const char *copy = weir__arena_text(c->arena, text);
  if (!record || !copy) return NULL;
  if (type->fields[0].kind == WEIR_KIND_TEXT)
    memcpy(record + type->fields[0].offset, &copy, sizeof copy);
  else
    *(weir_bytes *)(void *)(record + type->fields[0].offset) = (weir_bytes){.data = copy, .size = strlen(copy)};
  return record;
}

static const void *read_record(struct weir__check *c, uint32_t node, const weir_message *type)
{
  struct weir__document *d = c->document;
  bool is_text = weir__is_one_text(type);
  if (is_text && weir__document_is(d, node, WEIR__TEXT)) return record_of_text(c, weir__document_text(d, node), type);
  if (weir__document_is(d, node, WEIR__OBJECT)) return weir__json_read_object(d, node, node, type, c->arena);
  weir__expected(d, node, "a %s record: an object%s", type->name, is_text ? ", or its text" : "");
  return NULL;
}

static void read_records(struct weir__check *c, uint32_t list, const weir_message *type, struct weir__test_records *to)
{
  struct weir__document *d = c->document;
  *to = (struct weir__test_records){.type = type};
  if (!weir__expect_list(d, list)) return;
  to->all = weir__arena_array(c->arena, weir__document_count(d, list), sizeof *to->all);
  if (!to->all) return;
  for (uint32_t item = weir__document_child(d, list); item != WEIR__NO_NODE; item = d->nodes[item].next)
    to->all[to->count++] = read_record(c, item, type);
}

/* ---- names ---- */

/* The actor that a test names; NULL, reported: none. What is sent to a use is for its "in", what comes from it from
 * its "out". */
static const struct weir__graph_actor *find_actor(struct weir__check *c, uint32_t node, const char *name, bool out)
{
  const struct weir__name *found = weir__names_find(&c->names, name);
  if (found && found->what == WEIR__NAMES_ACTOR) return &c->graph->actors[found->index];
  if (found && found->what == WEIR__NAMES_USE && c->uses[found->index].of) {
    size_t actor = weir__check_port(c, &c->uses[found->index], out);
    if (actor != WEIR__NO_INDEX) return &c->graph->actors[actor];
  }
  struct weir__suggestion s = weir__suggest(name);
  if (!found) weir__names_offer(&c->names, &s);
  weir__document_key_error(c->document, node, "unknown actor %s%s", weir__quote(name).text, weir__suggest_text(&s));
  return NULL;
}

/* One that stands in for it, or runs: so an actor itself. */
static const struct weir__graph_actor *find_itself(struct weir__check *c, uint32_t node, const char *name)
{
  const struct weir__name *found = weir__check_find(c, node, name, WEIR__NO_INDEX);
  if (found && found->what == WEIR__NAMES_ACTOR) return &c->graph->actors[found->index];
  if (found)
    weir__document_error(c->document, node, "\"%s\" is %s: name an actor", name,
                         found->what == WEIR__NAMES_USE ? "the use of a template" : "a supervisor");
  return NULL;
}

static size_t index_of(const struct weir__check *c, const struct weir__graph_actor *actor)
{
  return (size_t)(actor - c->graph->actors);
}

/* How many outputs its type has, but for what every actor has. */
static size_t own_outputs(const struct weir__graph_actor *actor) { return weir__type_outputs(actor->stock); }

static size_t find_output(const struct weir__graph_actor *actor, const char *name)
{
  size_t i = 0;
  while (i < actor->output_count && strcmp(actor->outputs[i].name, name) != 0) i++;
  return i;
}

/* ---- feed ---- */

static void read_feed_of(struct weir__check *c, uint32_t node, struct weir__graph_test *test)
{
  const struct weir__graph_actor *actor = find_actor(c, node, weir__document_key(c->document, node), false);
  if (!actor || !actor->stock) return;
  if (!actor->stock->takes) {
    weir__document_key_error(c->document, node, "a source (%s) takes no records (what it gives is said in \"stub\")",
                             actor->stock->actor->name);
    return;
  }
  struct weir__test_feed *feed = &test->feeds[test->feed_count++];
  *feed = (struct weir__test_feed){.actor = index_of(c, actor), .node = node};
  read_records(c, node, actor->stock->takes(), &feed->records);
}

static void read_feed(struct weir__check *c, uint32_t feed, struct weir__graph_test *test)
{
  struct weir__document *d = c->document;
  if (feed == WEIR__NO_NODE || !weir__expect_object(d, feed)) return;
  test->feeds = weir__arena_array(c->arena, d->nodes[feed].inside, sizeof *test->feeds);
  if (!test->feeds) return;
  for (uint32_t child = weir__document_child(d, feed); child != WEIR__NO_NODE; child = d->nodes[child].next)
    read_feed_of(c, child, test);
}

/* ---- stub ---- */

/* What passes on must be what the next ones take. */
static void check_passes(struct weir__check *c, uint32_t node, const struct weir__graph_actor *actor)
{
  const struct weir__stock *stock = actor->stock;
  if (!stock->takes)
    weir__document_error(c->document, node, "a source (%s) has nothing to pass on: say what it gives",
                         stock->actor->name);
  else if (own_outputs(actor) > 1)
    weir__document_error(c->document, node, "%s has several outputs: say what comes out of which", stock->actor->name);
  else if (stock->gives && !weir_message_same(stock->takes(), weir__graph_gives(actor, 0)))
    weir__document_error(c->document, node, "%s takes %s records, but gives %s records: say which", stock->actor->name,
                         stock->takes()->name, weir__graph_gives(actor, 0)->name);
}

static void read_given(struct weir__check *c, uint32_t node, const struct weir__graph_actor *actor, size_t output,
                       struct weir__test_records *gives)
{
  read_records(c, node, weir__graph_gives(actor, output), &gives[output]);
}

static void read_given_by_output(struct weir__check *c, uint32_t object, const struct weir__graph_actor *actor,
                                 struct weir__test_records *gives)
{
  struct weir__document *d = c->document;
  for (uint32_t child = weir__document_child(d, object); child != WEIR__NO_NODE; child = d->nodes[child].next) {
    size_t output = find_output(actor, weir__document_key(d, child));
    struct weir__suggestion s = weir__suggest(weir__document_key(d, child));
    for (size_t i = 0; i < actor->output_count; i++) weir__suggest_offer(&s, actor->outputs[i].name);
    if (output < actor->output_count)
      read_given(c, child, actor, output, gives);
    else
      weir__document_key_error(d, child, "%s has no such output%s", actor->stock->actor->name, weir__suggest_text(&s));
  }
}

/* What stands in for an actor: true: it passes on; a list: its records; or those of each output. */
static void read_stand_in(struct weir__check *c, uint32_t node, const struct weir__graph_actor *actor,
                          struct weir__test_stub *stub)
{
  struct weir__document *d = c->document;
  bool is_list = weir__document_is(d, node, WEIR__LIST);
  if (weir__document_is(d, node, WEIR__TRUE)) {
    check_passes(c, node, actor);
    return;
  }
  if (!is_list && !weir__document_is(d, node, WEIR__OBJECT)) {
    weir__expected(d, node, "true (it passes on what it takes), a list of records, or lists by output");
    return;
  }
  stub->gives = weir__arena_array(c->arena, actor->output_count, sizeof *stub->gives);
  if (!stub->gives) return;
  if (is_list && own_outputs(actor) != 1)
    weir__document_error(d, node,
                         own_outputs(actor) ? "%s has several outputs: say what comes out of which"
                                            : "a sink (%s) gives no records",
                         actor->stock->actor->name);
  else if (is_list)
    read_given(c, node, actor, 0, stub->gives);
  else
    read_given_by_output(c, node, actor, stub->gives);
}

static void report_twice(struct weir__check *c, uint32_t node, const struct weir__graph_actor *actor)
{
  weir__document_error(c->document, node, "\"%s\" stands here twice", actor->name);
}

static const struct weir__test_stub *find_stub(const struct weir__graph_test *test, size_t actor)
{
  for (size_t i = 0; i < test->stub_count; i++)
    if (test->stubs[i].actor == actor) return &test->stubs[i];
  return NULL;
}

static void read_stub_of(struct weir__check *c, uint32_t node, const char *name, bool passes,
                         struct weir__graph_test *test)
{
  const struct weir__graph_actor *actor = find_itself(c, node, name);
  if (!actor || !actor->stock) return;
  if (find_stub(test, index_of(c, actor))) {
    report_twice(c, node, actor);
    return;
  }
  struct weir__test_stub *stub = &test->stubs[test->stub_count++];
  *stub = (struct weir__test_stub){.actor = index_of(c, actor), .node = node};
  if (passes)
    check_passes(c, node, actor);
  else
    read_stand_in(c, node, actor, stub);
}

/* A list of names, or an object by name. */
static void read_stub(struct weir__check *c, uint32_t stub, struct weir__graph_test *test)
{
  struct weir__document *d = c->document;
  const char *name;
  if (stub == WEIR__NO_NODE) return;
  bool by_name = weir__document_is(d, stub, WEIR__OBJECT);
  if (!by_name && !weir__document_is(d, stub, WEIR__LIST)) {
    weir__expected(d, stub, "a list of actors, or an object with what each of them gives");
    return;
  }
  test->stubs = weir__arena_array(c->arena, d->nodes[stub].inside, sizeof *test->stubs);
  if (!test->stubs) return;
  for (uint32_t item = weir__document_child(d, stub); item != WEIR__NO_NODE; item = d->nodes[item].next)
    if (by_name)
      read_stub_of(c, item, weir__document_key(d, item), false, test);
    else if (weir__expect_text(d, item, &name))
      read_stub_of(c, item, name, true, test);
}

/* ---- real ---- */

static void read_real(struct weir__check *c, uint32_t list, struct weir__graph_test *test)
{
  struct weir__document *d = c->document;
  const char *name;
  if (list == WEIR__NO_NODE || !weir__expect_list(d, list)) return;
  test->real = weir__arena_array(c->arena, weir__document_count(d, list), sizeof *test->real);
  if (!test->real) return;
  for (uint32_t item = weir__document_child(d, list); item != WEIR__NO_NODE; item = d->nodes[item].next) {
    const struct weir__graph_actor *actor = weir__expect_text(d, item, &name) ? find_itself(c, item, name) : NULL;
    if (!actor || !actor->stock) continue;
    if (!actor->stock->takes)
      weir__document_error(d, item, "a source (%s) never runs in a test: say in \"stub\" what it gives",
                           actor->stock->actor->name);
    else if (find_stub(test, index_of(c, actor)))
      weir__document_error(d, item, "something stands in for \"%s\": see \"stub\"", actor->name);
    else
      test->real[test->real_count++] = index_of(c, actor);
  }
}

/* ---- expect ---- */

/* "actor.output", or "actor.in": what stands behind the last dot, unless all of it is a name. NULL: no dot. */
static const char *split_name(struct weir__check *c, const char *key, const char **name)
{
  const char *dot = strrchr(key, '.');
  *name = key;
  if (!dot || weir__names_find(&c->names, key)) return NULL;
  char *start = weir__arena_alloc(c->arena, (size_t)(dot - key) + 1);
  if (!start) return NULL;
  memcpy(start, key, (size_t)(dot - key));
  *name = start;
  return dot + 1;
}

/* Where nothing is said it is what comes out; of a sink, what it gets. */
static bool find_usual_point(struct weir__check *c, uint32_t node, const struct weir__graph_actor *actor,
                             struct weir__test_expected *e)
{
  e->point = own_outputs(actor) ? WEIR__POINT_OUT : WEIR__POINT_IN;
  if (own_outputs(actor) < 2) return true;
  weir__document_key_error(c->document, node, "%s has several outputs: say which, as in \"%s.%s\"",
                           actor->stock->actor->name, actor->name, actor->outputs[0].name);
  return false;
}

static bool find_point(struct weir__check *c, uint32_t node, const struct weir__graph_actor *actor, const char *output,
                       struct weir__test_expected *e)
{
  if (!output) return find_usual_point(c, node, actor, e);
  e->output = find_output(actor, output);
  e->point = e->output < actor->output_count ? WEIR__POINT_OUT : WEIR__POINT_IN;
  if (e->point == WEIR__POINT_OUT || (strcmp(output, "in") == 0 && actor->stock->takes)) return true;
  struct weir__suggestion s = weir__suggest(output);
  for (size_t i = 0; i < actor->output_count; i++) weir__suggest_offer(&s, actor->outputs[i].name);
  if (strcmp(output, "in") == 0)
    weir__document_key_error(c->document, node, "a source (%s) takes no records", actor->stock->actor->name);
  else
    weir__document_key_error(c->document, node, "%s has no output \"%s\"%s", actor->stock->actor->name, output,
                             weir__suggest_text(&s));
  return false;
}

static bool find_place(struct weir__check *c, uint32_t node, struct weir__test_expected *e, const weir_message **type)
{
  const char *name, *output;
  if (strcmp(e->name, "dead_letters") == 0) {
    e->point = WEIR__POINT_DEAD;
    *type = weir_message_weir__buried();
    return true;
  }
  output = split_name(c, e->name, &name);
  const struct weir__graph_actor *actor = find_actor(c, node, name, !output || strcmp(output, "in") != 0);
  if (!actor || !actor->stock || !find_point(c, node, actor, output, e)) return false;
  e->actor = index_of(c, actor);
  *type = e->point == WEIR__POINT_IN ? actor->stock->takes() : weir__graph_gives(actor, e->output);
  return true;
}

static void read_expected(struct weir__check *c, uint32_t list, struct weir__test_expected *e)
{
  struct weir__document *d = c->document;
  e->records = weir__arena_array(c->arena, weir__document_count(d, list), sizeof *e->records);
  if (!e->records) return;
  for (uint32_t item = weir__document_child(d, list); item != WEIR__NO_NODE; item = d->nodes[item].next)
    e->records[e->count++] = weir__leaves_read(e->leaves, d, item, c->arena);
}

static void read_expectation(struct weir__check *c, uint32_t node, struct weir__graph_test *test)
{
  struct weir__test_expected e = {.name = weir__arena_text(c->arena, weir__document_key(c->document, node)),
                                  .node = node};
  const weir_message *type;
  if (!e.name || !find_place(c, node, &e, &type) || !weir__expect_list(c->document, node)) return;
  e.leaves = weir__leaves_of(type, c->arena);
  if (!e.leaves && !c->arena->failed) weir__document_error(c->document, node, "%s", weir_error_text());
  if (!e.leaves) return;
  read_expected(c, node, &e);
  test->expected[test->expected_count++] = e;
}

static void read_expect(struct weir__check *c, uint32_t expect, struct weir__graph_test *test)
{
  struct weir__document *d = c->document;
  if (expect == WEIR__NO_NODE) weir__document_error(d, test->node, "it expects nothing: \"expect\" is missing");
  if (expect == WEIR__NO_NODE || !weir__expect_object(d, expect)) return;
  test->expected = weir__arena_array(c->arena, d->nodes[expect].inside, sizeof *test->expected);
  if (!test->expected) return;
  for (uint32_t child = weir__document_child(d, expect); child != WEIR__NO_NODE; child = d->nodes[child].next)
    read_expectation(c, child, test);
}

/* ---- one test ---- */

static void check_environment(struct weir__check *c, uint32_t environment)
{
  struct weir__document *d = c->document;
  const char *text;
  if (environment == WEIR__NO_NODE || !weir__expect_object(d, environment)) return;
  for (uint32_t child = weir__document_child(d, environment); child != WEIR__NO_NODE; child = d->nodes[child].next)
    weir__expect_text(d, child, &text);
}

/* What is fed, what is expected, and what runs in between. */
static void check_ways(struct weir__check *c, const struct weir__graph_test *test)
{
  const struct weir__graph *g = c->graph;
  unsigned char *parts = weir__arena_alloc(c->arena, g->count + 1);
  if (!parts || !weir__excerpt_find(g, test, parts)) {
    c->arena->failed = true;
    return;
  }
  for (size_t i = 0; i < test->feed_count; i++)
    if (!(parts[test->feeds[i].actor] & WEIR__PART_LEADS))
      weir__document_key_error(c->document, test->feeds[i].node, "nothing that is expected can come of it");
  for (size_t i = 0; i < test->expected_count; i++) {
    const struct weir__test_expected *e = &test->expected[i];
    if (e->count && e->point != WEIR__POINT_DEAD && !(parts[e->actor] & WEIR__PART_REACHED))
      weir__document_key_error(c->document, e->node, "nothing that is fed can come here");
  }
  for (size_t i = 0; i < g->count; i++)
    if (weir__excerpt_is_outside(g, test, parts, i))
      weir__document_error(c->document, test->node,
                           "\"%s\" (%s) would touch what is outside of the test: name it in \"stub\", or in \"real\"",
                           g->actors[i].name, g->actors[i].stock->actor->name);
}

static void check_name(struct weir__check *c, const struct weir__graph_test *test)
{
  const struct weir__graph *g = c->graph;
  for (size_t i = 0; i < g->test_count; i++)
    if (test->name && g->tests[i].name && strcmp(g->tests[i].name, test->name) == 0)
      weir__document_error(
          c->document, weir__check_member(c, test->node, "name"), "there is a test of this name already (%u:%u)",
          (unsigned)c->document->nodes[g->tests[i].node].line, (unsigned)c->document->nodes[g->tests[i].node].column);
}

static void read_case(struct weir__check *c, uint32_t node)
{
  struct weir__graph *g = c->graph;
  struct weir__graph_test test = {.node = node};
  test.settings = weir__check_table(c, node, weir_message_weir__test(), other_keys);
  if (!test.settings) return;
  test.name = test.settings->name;
  check_environment(c, weir__check_member(c, node, "environment"));
  read_feed(c, weir__check_member(c, node, "feed"), &test);
  read_stub(c, weir__check_member(c, node, "stub"), &test);
  read_real(c, weir__check_member(c, node, "real"), &test);
  read_expect(c, weir__check_member(c, node, "expect"), &test);
  check_name(c, &test);
  if (!c->document->report->count && g->order) check_ways(c, &test); /* else it is not the graph that is meant */
  g->tests[g->test_count++] = test;
}

static void read_file(struct weir__check *c, uint32_t root)
{
  struct weir__graph *g = c->graph;
  uint32_t list = weir__check_member(c, root, "tests");
  if (list == WEIR__NO_NODE || !weir__expect_list(c->document, list)) return;
  size_t count = g->test_count + weir__document_count(c->document, list);
  struct weir__graph_test *tests = weir__arena_array(c->arena, count, sizeof *tests);
  if (!tests) return;
  if (g->test_count) memcpy(tests, g->tests, g->test_count * sizeof *tests);
  g->tests = tests;
  for (uint32_t item = weir__document_child(c->document, list); item != WEIR__NO_NODE;
       item = c->document->nodes[item].next)
    read_case(c, item);
}

/* Without memory the actors are not what they are meant to be. */
void weir__check_cases(struct weir__check *c)
{
  if (!c->arena->failed) weir__check_each_file(c, read_file);
}
