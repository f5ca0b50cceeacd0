/* The parts of a document beyond its actors: variables, templates, outputs by name, supervision, budgets, tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "topology/tables.h"
#include "unit/topology_fixture.h"

/* Words from one source, with an actor of two outputs. */
static const weir_actor sort_type = {.name = "sort", .outputs = {"good", "bad", "failed"}};
static const weir_actor pages_type = {.name = "pages"};
struct pages_config {
  const char *in, *out, *at;
  weir_duration every;
};
WEIR_MESSAGE(pages_config, WEIR_FIELD(in, .def = "null", .use = WEIR_USE_READS),
             WEIR_FIELD(out, .def = "null", .use = WEIR_USE_WRITES),
             WEIR_FIELD(at, .def = "null", .use = WEIR_USE_LISTENS), WEIR_FIELD(every, .def = "\"1s\""));

static const struct weir__stock sort_row = {
    .actor = &sort_type, .takes = weir_message_word, .gives = weir_message_word};
static const struct weir__stock pages_row = {
    .actor = &pages_type, .config = weir_message_pages_config, .gives = weir_message_word};
static const struct weir__stock sink_row = {.actor = &count_type, .takes = weir_message_word};

static const struct weir__stock *const types[] = {&sort_row, &pages_row, &sink_row, NULL};

static const char *variable(void *arg, const char *name)
{
  (void)arg;
  static const char *const known[][2] = {{"FOUR", "4"},   {"SOME", "text"},  {"NONE", ""},
                                         {"EVERY", "5s"}, {"LATIN", "\xff"}, {"CODE", "${FOUR}"}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp(known[i][0], name) == 0) return known[i][1];
  return NULL;
}

static int read_text(const char *text, bool reads_secrets, struct heard *heard, weir_topology **topology)
{
  *heard = (struct heard){.size = 0};
  weir_listener listener = {.problem = hear, .arg = heard};
  struct weir__topology_options options = {.types = types, .reads_secrets = reads_secrets};
  struct weir__origin origin = {.name = "dir/t.json", .text = text, .size = strlen(text), .variable = variable};
  return weir__topology_read(&options, &origin, &listener, topology);
}

/* What is wrong with it, when it is checked. */
static void expect_problems(const char *text, const char *expected)
{
  struct heard heard;
  weir_topology *t;
  int rc = read_text(text, false, &heard, &t);
  assert_string_equal(heard.text, expected);
  assert_int_equal(rc, *expected ? WEIR_EINVAL : WEIR_OK);
  weir_topology_free(t);
}

static weir_topology *good(const char *text)
{
  struct heard heard;
  weir_topology *t;
  int rc = read_text(text, false, &heard, &t);
  assert_string_equal(heard.text, "");
  assert_int_equal(rc, WEIR_OK);
  return t;
}

/* ---- variables ---- */

static void variables_are_replaced_inside_texts(void **state)
{
  (void)state;
  weir_topology *t = good("{\"actors\":[{\"name\":\"p\",\"type\":\"pages\",\"to\":\"${WHO:-c}\","
                          "\"config\":{\"in\":\"a${SOME}b${FOUR}\",\"out\":\"$${SOME} ${NONE}$ ${NONE:-n}\","
                          "\"at\":\"/${CODE}\",\"every\":\"${EVERY}\"}},"
                          "{\"name\":\"c\",\"type\":\"count\",\"instances\":\"${FOUR}\"}]}");
  const struct pages_config *c = t->graph.actors[0].config;
  assert_string_equal(c->in, "dir/atextb4");
  assert_string_equal(c->out, "dir/${SOME} $ n");
  assert_string_equal(c->at, "/${FOUR}"); /* what a variable holds is not looked at again */
  assert_int_equal(c->every.ns, 5000000000);
  assert_int_equal(t->graph.actors[1].instances, 4);
  weir_topology_free(t);
}

static void a_variable_that_is_wrong_is_reported_once(void **state)
{
  (void)state;
  expect_problems("{\"actors\":[{\"name\":\"p\",\"type\":\"pages\",\"to\":\"${WHO}\",\"config\":{\n"
                  "\"in\":\"${LATIN}\",\"out\":\"${a\",\n\"at\":\"${1}\",\"every\":\"${A:-${B}}\"}},\n"
                  "{\"name\":\"c\",\"type\":\"count\",\"instances\":\"${SOME}\"}]}",
                  "1:44: actors.p.to: the environment has no \"WHO\", and no default is given: ${WHO:-default}\n"
                  "2:6: actors.p.config.in: what the environment has as \"LATIN\" is not valid UTF-8\n"
                  "2:23: actors.p.config.out: \"${\" without a \"}\": for the characters themselves write \"$${\"\n"
                  "3:6: actors.p.config.at: must be ${NAME} or ${NAME:-default}; for the characters themselves write "
                  "\"$${\"\n"
                  "3:21: actors.p.config.every: variables can't stand inside each other\n"
                  "4:40: actors.c.instances: must be an integer from 1 to 1024, not \"text\" (of ${SOME})\n");
}

/* ---- outputs ---- */

#define SOURCE "{\"name\":\"p\",\"type\":\"pages\",\"to\":\"s\"},\n"
#define SINKS "{\"name\":\"c\",\"type\":\"count\"},{\"name\":\"d\",\"type\":\"count\"}"

static void outputs_lead_by_name(void **state)
{
  (void)state;
  weir_topology *t = good("{\"actors\":[" SOURCE "{\"name\":\"s\",\"type\":\"sort\",\"instances\":3,\"to\":{"
                          "\"good\":[\"c\",{\"to\":\"d\",\"when_full\":\"drop\"}],"
                          "\"bad\":{\"to\":\"c\",\"when_full\":{\"to\":\"d\"}}}}," SINKS "]}");
  const struct weir__graph_actor *s = &t->graph.actors[1];
  assert_int_equal(s->output_count, 3);
  assert_int_equal(s->outputs[0].count, 2);
  assert_int_equal(s->outputs[0].wires[0].when_full, WEIR__FULL_WAITS);
  assert_int_equal(s->outputs[0].wires[1].when_full, WEIR__FULL_DROPS);
  assert_int_equal(s->outputs[1].wires[0].when_full, WEIR__FULL_DIVERTS);
  assert_int_equal(s->outputs[1].wires[0].instead, 3);
  assert_int_equal(s->outputs[2].leads, WEIR__LEADS_TO_DEAD); /* "failed": nothing is said */
  assert_int_equal(t->graph.actors[2].inputs, 6);
  assert_int_equal(t->graph.actors[3].inputs, 6);
  weir_topology_free(t);
  t = good("{\"actors\":[" SOURCE
           "{\"name\":\"s\",\"type\":\"sort\",\"to\":{\"good\":\"discard\",\"bad\":\"dead_letters\","
           "\"failed\":\"discard\"}}]}");
  assert_int_equal(t->graph.actors[1].outputs[0].leads, WEIR__LEADS_OUT);
  assert_int_equal(t->graph.actors[1].outputs[1].leads, WEIR__LEADS_TO_DEAD);
  weir_topology_free(t);
}

static void each_output_leads_somewhere(void **state)
{
  (void)state;
  expect_problems("{\"actors\":[" SOURCE
                  "{\"name\":\"s\",\"type\":\"sort\",\"to\":{\n\"good\":[\"c\",\"discard\"],\"bd\":\"d\"}}," SINKS "]}",
                  "2:32: actors.s.to: the records of its output \"bad\" go nowhere: name an actor, or \"discard\"\n"
                  "3:13: actors.s.to.good[1]: \"discard\" stands alone: \"to\": \"discard\", or so for an output\n"
                  "3:24: actors.s.to.bd: sort has no such output: it has \"good\" and others\n");
  expect_problems(
      "{\"actors\":[" SOURCE
      "{\"name\":\"s\",\"type\":\"sort\",\"to\":{\n\"good\":{\"to\":\"c\",\"when_ful\":\"drop\"},\n"
      "\"bad\":{\"to\":\"d\",\"when_full\":\"drp\"},\n\"failed\":{\"to\":\"c\",\"when_full\":{\"to\":\"e\"}}}}," SINKS
      "]}",
      "3:18: actors.s.to.good.when_ful: unknown key (did you mean \"when_full\"?)\n"
      "4:29: actors.s.to.bad.when_full: must be \"wait\", \"drop\" or {\"to\": NAME}, not \"drp\"\n"
      "5:38: actors.s.to.failed.when_full.to: unknown actor \"e\"\n");
}

static void a_circle_is_named_in_full_and_can_be_broken(void **state)
{
  (void)state;
#define CIRCLE(edge)                                                                                                   \
  "{\"actors\":[{\"name\":\"p\",\"type\":\"pages\",\"to\":\"s\"},"                                                     \
  "{\"name\":\"s\",\"type\":\"sort\",\"to\":{\"good\":\"t\",\"bad\":\"c\"}},"                                          \
  "{\"name\":\"t\",\"type\":\"sort\",\"to\":{\"good\":" edge ",\"bad\":\"c\"}},{\"name\":\"c\",\"type\":\"count\"}]}"
  expect_problems(CIRCLE("\"s\""),
                  "1:143: actors.t.to.good: the topology waits for itself in a circle: s -> t -> s (one of these edges "
                  "must not wait: give it a \"when_full\" of \"drop\", or {\"to\": NAME})\n");
  weir_topology *t = good(CIRCLE("{\"to\":\"s\",\"when_full\":\"drop\"}"));
  assert_true(t->graph.actors[2].outputs[0].wires[0].closes);
  assert_int_equal(t->graph.actors[1].inputs, 1); /* its end does not depend on t's */
  assert_string_equal(t->graph.actors[t->graph.order[3]].name, "p");
  weir_topology_free(t);
  expect_problems(
      "{\"actors\":[{\"name\":\"p\",\"type\":\"pages\",\"to\":\"c\"},{\"name\":\"c\",\"type\":\"count\"},\n"
      "{\"name\":\"s\",\"type\":\"sort\",\"to\":{\"good\":{\"to\":\"s\",\"when_full\":\"drop\"},\"bad\":\"c\"}}]}",
      "2:1: actors.s: it gets records only along edges that close a circle: its input would never end\n");
}

/* ---- templates ---- */

#define TEMPLATE                                                                                                       \
  "{\"templates\":{\"pair\":{\"params\":{\"n\":{\"kind\":\"int\",\"min\":1,\"max\":5},"                                \
  "\"every\":{\"kind\":\"duration\",\"default\":\"2s\"}},\"in\":\"first\",\"out\":\"second\",\"actors\":["             \
  "{\"name\":\"first\",\"type\":\"sort\",\"instances\":{\"param\":\"n\"},\"to\":{\"good\":\"second\",\"bad\":\"c\"}}," \
  "{\"name\":\"second\",\"type\":\"sort\",\"to\":{\"bad\":\"discard\"}}]},\n"                                          \
  "\"source\":{\"params\":{\"every\":{\"kind\":\"duration\"}},\"out\":\"p\",\"actors\":[{\"name\":\"p\","              \
  "\"type\":\"pages\",\"config\":{\"every\":{\"param\":\"every\"}}}]}},\n\"actors\":["

static void a_template_becomes_actors(void **state)
{
  (void)state;
  weir_topology *t = good(TEMPLATE "{\"name\":\"a\",\"use\":\"source\",\"with\":{\"every\":\"7s\"},\"to\":\"b\"},"
                                   "{\"name\":\"b\",\"use\":\"pair\",\"with\":{\"n\":3},\"to\":{\"good\":\"c\"}},"
                                   "{\"name\":\"c\",\"type\":\"count\"}]}");
  const struct weir__graph *g = &t->graph;
  assert_int_equal(g->count, 4);
  assert_string_equal(g->actors[0].name, "a.p");
  assert_int_equal(((const struct pages_config *)g->actors[0].config)->every.ns, 7000000000);
  assert_string_equal(g->actors[1].name, "b.first");
  assert_int_equal(g->actors[1].instances, 3);
  assert_int_equal(g->actors[0].outputs[0].wires[0].to, 1);
  assert_int_equal(g->actors[1].outputs[0].wires[0].to, 2);
  assert_string_equal(g->actors[2].name, "b.second");
  assert_int_equal(g->actors[2].outputs[0].wires[0].to, 3);
  weir_topology_free(t);
}

static void a_template_s_parameters_have_kinds(void **state)
{
  (void)state;
  expect_problems(TEMPLATE "{\"name\":\"a\",\"use\":\"source\",\"with\":{\"every\":7},\"to\":\"b\"},\n"
                           "{\"name\":\"b\",\"use\":\"pair\",\"with\":{\"n\":6,\"m\":1},\"to\":\"c\"},\n"
                           "{\"name\":\"e\",\"use\":\"pair\",\"to\":{\"good\":\"c\"}},\n"
                           "{\"name\":\"c\",\"type\":\"count\"},{\"name\":\"f\",\"use\":\"par\"}]}",
                  "3:54: actors.a.with.every: must be a text with a unit, like \"7s\" (ns, us, ms, s, min, h), not 7\n"
                  "4:38: actors.b.with.n: must be an integer from 1 to 5, not 6\n"
                  "4:40: actors.b.with.m: the template \"pair\" has no such parameter\n"
                  "5:1: actors.e: the template \"pair\" needs the parameter \"n\"\n"
                  "6:47: actors.f.use: unknown template \"par\" (did you mean \"pair\"?)\n");
}

static void a_template_s_errors_are_told_once(void **state)
{
  (void)state;
  expect_problems("{\"templates\":{\"t\":{\"in\":\"x\",\"actors\":[{\"name\":\"x\",\"type\":\"cont\",\n\"a\":1},\n"
                  "{\"name\":\"y\",\"type\":\"count\",\"instances\":{\"param\":\"no\"}}]},\n"
                  "\"u\":{\"actors\":[{\"name\":\"z\",\"use\":\"u\"}]}},\"actors\":[\n"
                  "{\"name\":\"p\",\"type\":\"pages\",\"to\":[\"a\",\"b\",\"a.y\"]},"
                  "{\"name\":\"a\",\"use\":\"t\"},{\"name\":\"b\",\"use\":\"t\"},{\"name\":\"d\",\"use\":\"u\"}]}",
                  "1:58: actors.a.x.type: unknown type \"cont\" (did you mean \"count\"?)\n"
                  "2:1: actors.a.x.a: unknown key\n"
                  "3:49: templates.t.actors.y.instances.param: unknown parameter \"no\"\n"
                  "4:34: actors.d.z.use: the template is inside itself\n");
}

/* ---- defaults and budgets ---- */

static void capacities_come_from_the_defaults(void **state)
{
  (void)state;
  weir_topology *t =
      good("{\"defaults\":{\"mailbox\":{\"capacity\":9}},\"actors\":[{\"name\":\"p\",\"type\":\"pages\",\"to\":[\"c\","
           "\"d\"]},"
           "{\"name\":\"c\",\"type\":\"count\",\"mailbox\":{\"capacity\":2}},{\"name\":\"d\",\"type\":\"count\"}]}");
  assert_int_equal(t->graph.actors[1].capacity, 2);
  assert_int_equal(t->graph.actors[2].capacity, 9);
  /* two batches under way, 2 + 1 and 9 + 1 places, three stacks */
  assert_int_equal(t->graph.memory, (2 + 3 + 10) * 65536 + 3 * 262144);
  weir_topology_free(t);
}

static void a_budget_of_memory_is_kept(void **state)
{
  (void)state;
#define BUDGET(size, capacity)                                                                                         \
  "{\"runtime\":{\"memory\":\"" size                                                                                   \
  "\",\"stack\":\"64KiB\"},\"actors\":[{\"name\":\"p\",\"type\":\"pages\",\"to\":\"c\"},"                              \
  "{\"name\":\"c\",\"type\":\"count\",\"instances\":2,\"mailbox\":{\"capacity\":" capacity "}}]}"
  /* 2 x (15 + 1) places, 2 batches under way and 3 stacks: 37 x 64 KiB */
  weir_topology_free(good(BUDGET("2368KiB", "15")));
  expect_problems(
      BUDGET("2367KiB", "15"),
      "1:22: runtime.memory: mailboxes, batches under way and stacks can come to \"2368KiB\", the most of it "
      "(\"2176KiB\") for \"c\": raise this, or lower capacities\n");
  expect_problems(
      BUDGET("1TiB", "16777216"),
      "1:22: runtime.memory: mailboxes, batches under way and stacks can come to \"2097153MiB\", the most of "
      "it (\"2097153MiB\") for \"c\": raise this, or lower capacities\n");
}

static void two_actors_do_not_claim_one_thing(void **state)
{
  (void)state;
#define PAGES(name, config) "{\"name\":\"" name "\",\"type\":\"pages\",\"to\":\"c\",\"config\":{" config "}},\n"
  expect_problems("{\"actors\":[" PAGES("a", "\"in\":\"-\",\"out\":\"x\",\"at\":\"h:1\"")
                      PAGES("b", "\"in\":\"-\",\"out\":\"./x\",\"at\":\"h:1\"")
                          PAGES("d", "\"in\":\"x\",\"at\":\"h:2\"") PAGES("e", "\"in\":\"y\"")
                              PAGES("f", "\"in\":\"y\",\"out\":\"y\"")
                                  PAGES("g", "\"out\":\"y\"") "{\"name\":\"c\",\"type\":\"count\"}]}",
                  "2:52: actors.b.config.in: the standard input is used by \"a\" already (1:63)\n"
                  "2:62: actors.b.config.out: the file \"dir/./x\" is written by \"a\" already (1:73)\n"
                  "2:73: actors.b.config.at: the address \"h:1\" is bound by \"a\" already (1:82)\n"
                  "3:52: actors.d.config.in: the file \"dir/x\" is written by \"a\" already (1:73)\n"
                  "5:62: actors.f.config.out: the file \"dir/y\" is read by \"e\" already (4:52)\n"
                  "6:53: actors.g.config.out: the file \"dir/y\" is written by \"f\" already (5:62)\n");
}

/* ---- supervision and failing ---- */

#define TWO "{\"actors\":[{\"name\":\"p\",\"type\":\"pages\",\"to\":\"c\"},{\"name\":\"c\",\"type\":\"count\"}],\n"

static void supervisors_are_a_tree(void **state)
{
  (void)state;
  weir_topology *t =
      good(TWO "\"supervision\":{\"max_restarts\":7,\"within\":\"9s\",\"children\":[{\"name\":\"s\","
               "\"strategy\":\"rest_for_one\",\"on_exhausted\":\"leave_down\",\"children\":[\"c\"]},\"*\"]}}");
  const struct weir__graph *g = &t->graph;
  assert_int_equal(g->supervisor_count, 2);
  assert_int_equal(g->supervisors[0].settings->max_restarts, 7);
  assert_int_equal(g->supervisors[0].settings->within.ns, 9000000000);
  assert_int_equal(g->supervisors[0].count, 2);
  assert_true(g->supervisors[0].children[0].is_supervisor);
  assert_int_equal(g->supervisors[0].children[1].index, 0);
  assert_string_equal(g->supervisors[1].name, "s");
  assert_string_equal(g->supervisors[1].settings->strategy, "rest_for_one");
  assert_int_equal(g->supervisors[1].children[0].index, 1);
  weir_topology_free(t);
}

static void each_actor_has_one_supervisor(void **state)
{
  (void)state;
  expect_problems(TWO "\"supervision\":{\"children\":[\"c\"]}}",
                  "2:15: supervision: \"p\" has no supervisor: name it, or all the rest as \"*\"\n");
  expect_problems(
      TWO "\"supervision\":{\"children\":[\"c\",\"*\",\"c\",\"*\",\"e\",\n"
          "{\"name\":\"c\",\"children\":[]},{\"name\":\"x\",\"strateg\":1}]}}",
      "2:36: supervision.children[2]: \"c\" has a supervisor already (at 2:28)\n"
      "2:40: supervision.children[3]: \"*\" stands for all the rest, and can do so once (first at 2:32)\n"
      "2:44: supervision.children[4]: unknown actor \"e\"\n"
      "3:9: supervision.children.c.name: \"c\" is defined twice (first at 1:57)\n"
      "3:24: supervision.children.c.children: a supervisor without children does nothing: name some, or \"*\"\n"
      "3:28: supervision.children.x: \"children\" is missing\n"
      "3:40: supervision.children.x.strateg: unknown key (did you mean \"strategy\"?)\n");
}

static void what_fails_goes_to_somebody(void **state)
{
  (void)state;
  weir_topology *t =
      good("{\"actors\":[" SOURCE "{\"name\":\"s\",\"type\":\"sort\",\"to\":{\"good\":\"c\",\"bad\":\"c\"},"
           "\"on_failure\":{\"retry\":5,\"backoff\":[\"200ms\",\"30s\"],\"then\":\"d\"},"
           "\"breaker\":{\"failures\":10,\"reset\":\"15s\",\"while_open\":\"discard\"}}," SINKS "]}");
  const struct weir__graph_actor *s = &t->graph.actors[1];
  assert_int_equal(s->on_failure->retry, 5);
  assert_int_equal(s->on_failure->backoff[1].ns, 30000000000);
  assert_int_equal(s->then.how, WEIR__DISPOSE_TO);
  assert_int_equal(s->then.to, 3);
  assert_int_equal(s->while_open.how, WEIR__DISPOSE_OUT);
  assert_int_equal(t->graph.actors[3].inputs, 1);
  weir_topology_free(t);
  expect_problems("{\"actors\":[" SOURCE "{\"name\":\"s\",\"type\":\"sort\",\"to\":{\"good\":\"c\",\"bad\":\"d\"},\n"
                  "\"on_failure\":{\"then\":\"s\"},\"breaker\":{\"while_open\":\"p\"}}," SINKS "]}",
                  "3:22: actors.s.on_failure.then: an actor can't get what it failed with once more: see \"retry\"\n"
                  "3:51: actors.s.breaker.while_open: \"p\" is a source (pages): it takes no records\n");
}

/* ---- tests ---- */

static void tests_name_what_there_is(void **state)
{
  (void)state;
  weir_topology *t = good(
      TWO "\"tests\":[{\"name\":\"n\",\"seeds\":5,\"advance\":\"5s\",\"environment\":{\"A\":\"b\"},\"feed\":{\"c\":["
          "{\"word\":\"x\"},\"y\"]},\"stub\":[\"c\"],\"expect\":{\"c\":[{\"word\":\"x\"}],\"p.out\":[]}}]}");
  assert_int_equal(t->graph.test_count, 1);
  assert_int_equal(t->graph.tests[0].settings->seeds, 5);
  weir_topology_free(t);
  expect_problems(TWO "\"tests\":[{\"name\":\"n\",\"feed\":{\"cc\":[],\"p\":[],\"c\":[{\"wrd\":1},5]},\n"
                      "\"expect\":{\"c\":[{\"wrd\":1}],\"p.err\":[]},\"stub\":[\"x\"],\"environment\":{\"A\":1}},\n"
                      "{\"name\":\"n\"}]}",
                  "2:30: tests.n.feed.cc: unknown actor \"cc\"\n"
                  "2:38: tests.n.feed.p: a source (pages) takes no records (what it gives is said in \"stub\")\n"
                  "2:50: tests.n.feed.c[0]: \"word\" is missing\n"
                  "2:51: tests.n.feed.c[0].wrd: unknown key (did you mean \"word\"?)\n"
                  "2:60: tests.n.feed.c[1]: must be a word record: an object, or its text, not 5\n"
                  "3:17: tests.n.expect.c[0].wrd: word records have no such field (did you mean \"word\"?)\n"
                  "3:27: tests.n.expect.\"p.err\": pages has no output \"err\"\n"
                  "3:47: tests.n.stub[0]: unknown actor \"x\"\n"
                  "3:71: tests.n.environment.\"A\": must be a text, not 1\n"
                  "4:1: tests.n: it expects nothing: \"expect\" is missing\n"
                  "4:9: tests.n.name: there is a test of this name already (2:10)\n");
}

/* ---- running ---- */

static void secrets_are_read_before_a_run(void **state)
{
  (void)state;
  struct heard heard;
  weir_topology *t;
  int rc = read_text(TWO "\"supervision\":{},\"secrets\":{\"k\":{\"file\":\"x\"}}}", true, &heard, &t);
  assert_int_equal(rc, WEIR_EINVAL);
  assert_string_equal(heard.text, "2:41: secrets.k.file: cannot read the secret dir/x: No such file or directory\n");
  assert_null(t);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(variables_are_replaced_inside_texts),
      cmocka_unit_test(a_variable_that_is_wrong_is_reported_once),
      cmocka_unit_test(outputs_lead_by_name),
      cmocka_unit_test(each_output_leads_somewhere),
      cmocka_unit_test(a_circle_is_named_in_full_and_can_be_broken),
      cmocka_unit_test(a_template_becomes_actors),
      cmocka_unit_test(a_template_s_parameters_have_kinds),
      cmocka_unit_test(a_template_s_errors_are_told_once),
      cmocka_unit_test(capacities_come_from_the_defaults),
      cmocka_unit_test(a_budget_of_memory_is_kept),
      cmocka_unit_test(two_actors_do_not_claim_one_thing),
      cmocka_unit_test(supervisors_are_a_tree),
      cmocka_unit_test(each_actor_has_one_supervisor),
      cmocka_unit_test(what_fails_goes_to_somebody),
      cmocka_unit_test(tests_name_what_there_is),
      cmocka_unit_test(secrets_are_read_before_a_run),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
