/* cases.c: the tests of a topology: that they feed, stub and expect what there is (checking.h). */
#include <string.h>

#include "topology/checking.h"
#include "json/read.h"

static const struct weir__key other_keys[] = {
    {.name = "environment"}, {.name = "feed"}, {.name = "stub"}, {.name = "expect"}, {0}};

/* A type that is one text: a record of it may stand as that text. */
static bool is_one_text(const weir_message *type)
{
  return type->count == 1 && (type->fields[0].kind == WEIR_KIND_TEXT || type->fields[0].kind == WEIR_KIND_BYTES);
}

/* Of an expected record only some fields may be given. */
static void check_expected(struct weir__check *c, uint32_t node, const weir_message *type)
{
  struct weir__document *d = c->document;
  for (uint32_t child = weir__document_child(d, node); child != WEIR__NO_NODE; child = d->nodes[child].next) {
    const char *key = weir__document_key(d, child);
    struct weir__suggestion s = weir__suggest(key);
    bool known = false;
    for (size_t i = 0; i < type->count && !known; i++) {
      const char *field = type->fields[i].json ? type->fields[i].json : type->fields[i].name;
      known = strcmp(field, key) == 0;
      weir__suggest_offer(&s, field);
    }
    if (!known)
      weir__document_key_error(d, child, "%s records have no such field%s", type->name, weir__suggest_text(&s));
  }
}

static void check_record(struct weir__check *c, uint32_t node, const weir_message *type, bool expected)
{
  struct weir__document *d = c->document;
  if (weir__document_is(d, node, WEIR__TEXT) && is_one_text(type)) return;
  if (!weir__document_is(d, node, WEIR__OBJECT))
    weir__expected(d, node, "a %s record: an object%s", type->name, is_one_text(type) ? ", or its text" : "");
  else if (expected)
    check_expected(c, node, type);
  else
    (void)weir__json_read_object(d, node, node, type, c->arena);
}

static void check_records(struct weir__check *c, uint32_t list, const weir_message *type, bool expected)
{
  if (!weir__expect_list(c->document, list)) return;
  for (uint32_t item = weir__document_child(c->document, list); item != WEIR__NO_NODE && type;
       item = c->document->nodes[item].next)
    check_record(c, item, type, expected);
}

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

static void check_feed(struct weir__check *c, uint32_t feed)
{
  struct weir__document *d = c->document;
  if (feed == WEIR__NO_NODE || !weir__expect_object(d, feed)) return;
  for (uint32_t child = weir__document_child(d, feed); child != WEIR__NO_NODE; child = d->nodes[child].next) {
    const struct weir__graph_actor *actor = find_actor(c, child, weir__document_key(d, child), false);
    if (!actor || !actor->stock) continue;
    if (!actor->stock->takes)
      weir__document_key_error(d, child, "a source (%s) takes no records", actor->stock->actor->name);
    else
      check_records(c, child, actor->stock->takes(), false);
  }
}

/* "actor", or "actor.output". What comes out is expected; of a sink, what it gets. */
static void check_expect(struct weir__check *c, uint32_t expect)
{
  struct weir__document *d = c->document;
  if (expect == WEIR__NO_NODE || !weir__expect_object(d, expect)) return;
  for (uint32_t child = weir__document_child(d, expect); child != WEIR__NO_NODE; child = d->nodes[child].next) {
    const char *key = weir__document_key(d, child), *dot = strrchr(key, '.');
    const char *name = key, *output = NULL;
    if (dot && !weir__names_find(&c->names, key)) {
      char *start = weir__arena_alloc(c->arena, (size_t)(dot - key) + 1);
      if (!start) return;
      memcpy(start, key, (size_t)(dot - key));
      name = start, output = dot + 1;
    }
    const struct weir__graph_actor *actor = find_actor(c, child, name, true);
    if (!actor || !actor->stock) continue;
    bool known = !output;
    for (size_t i = 0; i < actor->output_count && !known; i++) known = strcmp(actor->outputs[i].name, output) == 0;
    if (!known)
      weir__document_key_error(d, child, "%s has no output \"%s\"", actor->stock->actor->name, output);
    else
      check_records(c, child, actor->stock->gives ? actor->stock->gives() : actor->stock->takes(), true);
  }
}

static void check_stub(struct weir__check *c, uint32_t stub)
{
  struct weir__document *d = c->document;
  const char *name;
  if (stub == WEIR__NO_NODE || !weir__expect_list(d, stub)) return;
  for (uint32_t item = weir__document_child(d, stub); item != WEIR__NO_NODE; item = d->nodes[item].next)
    if (weir__expect_text(d, item, &name)) (void)weir__check_find(c, item, name, WEIR__NO_INDEX);
}

static void check_environment(struct weir__check *c, uint32_t environment)
{
  struct weir__document *d = c->document;
  const char *text;
  if (environment == WEIR__NO_NODE || !weir__expect_object(d, environment)) return;
  for (uint32_t child = weir__document_child(d, environment); child != WEIR__NO_NODE; child = d->nodes[child].next)
    weir__expect_text(d, child, &text);
}

static void check_case(struct weir__check *c, uint32_t node)
{
  struct weir__graph *g = c->graph;
  const struct weir__test *settings = weir__check_table(c, node, weir_message_weir__test(), other_keys);
  if (!settings) return;
  uint32_t feed = weir__check_member(c, node, "feed"), expect = weir__check_member(c, node, "expect");
  check_environment(c, weir__check_member(c, node, "environment"));
  check_feed(c, feed);
  check_stub(c, weir__check_member(c, node, "stub"));
  check_expect(c, expect);
  if (expect == WEIR__NO_NODE) weir__document_error(c->document, node, "it expects nothing: \"expect\" is missing");
  for (size_t i = 0; i < g->test_count; i++)
    if (settings->name && g->tests[i].name && strcmp(g->tests[i].name, settings->name) == 0)
      weir__document_error(
          c->document, weir__check_member(c, node, "name"), "there is a test of this name already (%u:%u)",
          (unsigned)c->document->nodes[g->tests[i].node].line, (unsigned)c->document->nodes[g->tests[i].node].column);
  g->tests[g->test_count++] = (struct weir__graph_test){settings->name, settings, node};
}

static void check_file(struct weir__check *c, uint32_t root)
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
    check_case(c, item);
}

void weir__check_cases(struct weir__check *c) { weir__check_each_file(c, check_file); }
