/* Documents that are JSON but no topology: every error, with its place, its path and what was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/topology_fixture.h"

/* A pipeline that is good; tests replace one of its parts. */
static const char *const lines_good =
    "{\"name\":\"lines\",\"type\":\"file_lines\",\"config\":{\"paths\":[\"-\"]},\"to\":\"words\"}";
static const char *const words_good = "{\"name\":\"words\",\"type\":\"split\",\"to\":[\"count\"]}";
static const char *const count_good = "{\"name\":\"count\",\"type\":\"count\",\"to\":[\"out\"]}";
static const char *const out_good = "{\"name\":\"out\",\"type\":\"print\"}";

static void expect_problems(const char *text, const char *expected)
{
  struct heard heard;
  weir_topology *topology;
  int rc = parse_text(text, strlen(text), &heard, &topology);
  assert_string_equal(heard.text, expected);
  assert_int_equal(rc, *expected ? WEIR_EINVAL : WEIR_OK);
  assert_true(*expected ? topology == NULL : topology != NULL);
  weir_topology_free(topology);
}

/* The pipeline, an actor on each line from line 2, with other objects in place of those that are given. */
static void expect_problems_with(const char *lines, const char *words, const char *count, const char *out,
                                 const char *expected)
{
  char text[2048];
  snprintf(text, sizeof text, "{\"actors\":[\n%s,\n%s,\n%s,\n%s]}", lines ? lines : lines_good,
           words ? words : words_good, count ? count : count_good, out ? out : out_good);
  expect_problems(text, expected);
}

static void a_good_document_becomes_a_graph(void **state)
{
  (void)state;
  static const char text[] =
      "{\"$schema\":\"./x.json\",\"weir\":1,\"name\":\"n\",\"description\":\"d\","
      "\"runtime\":{\"flavor\":\"multi_thread\",\"workers\":3},\"actors\":["
      "{\"name\":\"lines\",\"type\":\"file_lines\",\"config\":{\"paths\":[\"a\",\"b\"]},\"to\":\"words\"},"
      "{\"name\":\"words\",\"type\":\"split\",\"description\":\"w\",\"config\":{\"fold_case\":true},\"to\":[\"count\"]}"
      ","
      "{\"name\":\"count\",\"type\":\"count\",\"instances\":4,\"route\":{\"hash\":\"word\"},"
      "\"mailbox\":{\"capacity\":16},\"to\":[\"top\",\"all\"]},"
      "{\"name\":\"all\",\"type\":\"print\",\"route\":\"round_robin\",\"to\":[]},"
      "{\"name\":\"top\",\"type\":\"top\",\"to\":\"out\"},{\"name\":\"out\",\"type\":\"print\"}]}";
  struct heard heard;
  weir_topology *t;
  assert_int_equal(parse_text(text, strlen(text), &heard, &t), WEIR_OK);
  const struct weir__graph *g = &t->graph;
  assert_int_equal(g->flavor, WEIR_MULTI_THREAD);
  assert_int_equal(g->workers, 3);
  assert_int_equal(g->count, 6);
  const struct paths_config *paths = g->actors[0].config;
  assert_int_equal(paths->path_count, 2);
  assert_string_equal(paths->paths[1], "b");
  const struct split_config *split = g->actors[1].config;
  assert_true(split->fold_case);
  assert_string_equal(split->on, "non-letters");
  const struct weir__graph_actor *count = &g->actors[2];
  assert_int_equal(count->instances, 4);
  assert_int_equal(count->capacity, 16);
  assert_string_equal(count->field, "word");
  assert_null(count->config);
  assert_null(g->actors[3].field);
  assert_int_equal(count->outputs[0].count, 2);
  assert_int_equal(count->outputs[0].wires[0].to, 4);
  assert_int_equal(count->outputs[0].wires[1].to, 3);
  assert_int_equal(g->actors[4].inputs, 4);
  weir_topology_free(t);
}

static void receivers_come_before_their_senders_in_the_order(void **state)
{
  (void)state;
  char text[2048];
  snprintf(text, sizeof text, "{\"actors\":[%s,%s,%s,%s]}", words_good, lines_good, out_good, count_good);
  struct heard heard;
  weir_topology *t;
  assert_int_equal(parse_text(text, strlen(text), &heard, &t), WEIR_OK);
  static const char *const expected[] = {"out", "count", "words", "lines"};
  for (size_t i = 0; i < 4; i++) assert_string_equal(t->graph.actors[t->graph.order[i]].name, expected[i]);
  weir_topology_free(t);
}

static void the_document_is_an_object_with_actors(void **state)
{
  (void)state;
  expect_problems("[]", "1:1: must be an object, not a list\n");
  expect_problems("{}", "1:1: \"actors\" is missing\n");
  expect_problems("{\"actors\":{}}", "1:11: actors: must be a list, not an object\n");
  expect_problems("{\"actors\":[]}", "1:11: actors: there must be at least one actor\n");
  expect_problems("{\"actors\":[1]}", "1:12: actors[0]: must be an object, not 1\n");
  expect_problems("{\"actors\":[{}]}", "1:12: actors[0]: \"name\" is missing\n1:12: actors[0]: \"type\" is missing\n");
  expect_problems("{\"weir\":2,\"actors\":[]}", "1:9: weir: must be an integer from 1 to 1, not 2\n"
                                                "1:20: actors: there must be at least one actor\n");
}

static void unknown_keys_are_errors_everywhere(void **state)
{
  (void)state;
  expect_problems("{\"actor\":[],\"runtime\":{\"worker\":1,\"flavour\":1}}",
                  "1:1: \"actors\" is missing\n"
                  "1:2: actor: unknown key (did you mean \"actors\"?)\n"
                  "1:24: runtime.worker: unknown key (did you mean \"workers\"?)\n"
                  "1:35: runtime.flavour: unknown key (did you mean \"flavor\"?)\n");
  expect_problems_with(NULL,
                       "{\"name\":\"words\",\"type\":\"split\",\"config\":{\"fold_cas\":true},\"to\":[\"count\"]}",
                       "{\"name\":\"count\",\"typ\":1,\"type\":\"count\",\"to\":\"out\",\"config\":{\"a\":1},"
                       "\"route\":{\"hsh\":1},\"mailbox\":{\"size\":4}}",
                       NULL,
                       "3:42: actors.words.config.fold_cas: unknown key (did you mean \"fold_case\"?)\n"
                       "4:17: actors.count.typ: unknown key (did you mean \"type\"?)\n"
                       "4:61: actors.count.config.a: unknown key\n"
                       "4:76: actors.count.route: \"hash\" is missing\n"
                       "4:77: actors.count.route.hsh: unknown key (did you mean \"hash\"?)\n"
                       "4:97: actors.count.mailbox.size: unknown key\n");
}

static void what_comes_later_is_refused_by_name(void **state)
{
  (void)state;
  expect_problems("{\"actors\":[],\n\"supervision\":{},\n\"plugins\":1,\n\"defaults\": "
                  "{\"delivery\":1},\n\"runtime\":{\"state\":\"a\"}}",
                  "1:11: actors: there must be at least one actor\n"
                  "3:11: plugins: must be a list, not 1\n"
                  "4:14: defaults.delivery: not available in this version: a record is delivered at most once\n"
                  "5:12: runtime.state: not available in this version: nothing keeps state on disk\n");
  expect_problems_with(
      NULL, "{\"name\":\"words\",\"type\":\"split\",\"isolation\":true,\"to\":[\"count\"],\"ordered\":true}", NULL,
      NULL,
      "3:32: actors.words.isolation: not available in this version: an actor runs in the process of the command\n"
      "3:64: actors.words.ordered: not available in this version: records keep their order by hash routes alone\n");
}

static void the_runtime_has_bounds(void **state)
{
  (void)state;
  static const char *const pairs[][2] = {
      {"1", "1:12: runtime: must be an object, not 1\n"},
      {"{\"flavor\":\"threads\"}",
       "1:22: runtime.flavor: must be one of: multi_thread|current_thread, not \"threads\"\n"},
      {"{\"flavor\":1}", "1:22: runtime.flavor: must be a text, not 1\n"},
      {"{\"workers\":0}", "1:23: runtime.workers: must be an integer from 1 to 256, or \"auto\", not 0\n"},
      {"{\"workers\":257}", "1:23: runtime.workers: must be an integer from 1 to 256, or \"auto\", not 257\n"},
      {"{\"workers\":\"4\"}", "1:23: runtime.workers: must be an integer from 1 to 256, or \"auto\", not \"4\"\n"},
      {"{\"flavor\":\"current_thread\",\"workers\":2}",
       "1:49: runtime.workers: the current_thread flavor has no other threads: remove this\n"},
      {"{\"flavor\":\"current_thread\",\"workers\":\"auto\"}", ""},
      {"{\"workers\":256}", ""},
  };
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    char text[2048];
    snprintf(text, sizeof text, "{\"runtime\":%s,\"actors\":[%s,%s,%s,%s]}", pairs[i][0], lines_good, words_good,
             count_good, out_good);
    expect_problems(text, pairs[i][1]);
  }
}

static void names_have_a_form_and_are_unique(void **state)
{
  (void)state;
  expect_problems_with(NULL, NULL, NULL, "{\"name\":\"Out\",\"type\":\"print\"}",
                       "4:38: actors.count.to[0]: unknown actor \"out\"\n"
                       "5:9: actors[3].name: must be at most 63 lower-case letters, digits and _, beginning with a "
                       "letter, not \"Out\"\n");
  expect_problems_with(NULL, NULL, NULL,
                       "{\"name\":\"out\",\"type\":\"print\"},\n{\"name\":\"out\",\"type\":\"print\"}",
                       "6:1: actors.out: no actor sends to it\n"
                       "6:9: actors.out.name: \"out\" is defined twice (first at 5:9)\n");
}

static void types_and_their_configuration_are_known(void **state)
{
  (void)state;
  expect_problems_with(NULL, "{\"name\":\"words\",\"type\":\"splt\",\"config\":{\"x\":1},\"to\":\"count\"}", NULL, NULL,
                       "3:24: actors.words.type: unknown type \"splt\" (did you mean \"split\"?)\n");
  expect_problems_with(NULL, "{\"name\":\"words\",\"type\":\"parse_xml\",\"to\":\"count\"}", NULL, NULL,
                       "3:24: actors.words.type: unknown type \"parse_xml\" (there are: file_lines, split, count, top, "
                       "print, pass)\n");
  expect_problems_with("{\"name\":\"lines\",\"type\":\"file_lines\",\"to\":\"words\"}", NULL, NULL, NULL,
                       "2:1: actors.lines: its config: \"paths\" is missing\n");
}

static void numbers_of_an_actor_have_bounds(void **state)
{
  (void)state;
  expect_problems_with(NULL, NULL,
                       "{\"name\":\"count\",\"type\":\"count\",\"to\":\"out\",\"instances\":0,"
                       "\"mailbox\":{\"capacity\":0}}",
                       NULL,
                       "4:55: actors.count.instances: must be an integer from 1 to 1024, not 0\n"
                       "4:79: actors.count.mailbox.capacity: must be an integer from 1 to 16777216, not 0\n");
  expect_problems_with(NULL, NULL,
                       "{\"name\":\"count\",\"type\":\"count\",\"to\":\"out\",\"instances\":1025,"
                       "\"mailbox\":{\"capacity\":16777217}}",
                       NULL,
                       "4:55: actors.count.instances: must be an integer from 1 to 1024, not 1025\n"
                       "4:82: actors.count.mailbox.capacity: must be an integer from 1 to 16777216, not 16777217\n");
  expect_problems_with("{\"name\":\"lines\",\"type\":\"file_lines\",\"config\":{\"paths\":[]},\"to\":\"words\",\n"
                       "\"instances\":2,\n\"route\":\"round_robin\"}",
                       NULL, NULL, NULL,
                       "3:13: actors.lines.instances: a source (file_lines) has one instance\n"
                       "4:9: actors.lines.route: a source (file_lines) takes no records that could be routed\n");
}

static void a_route_goes_by_a_field_that_arrives(void **state)
{
  (void)state;
  expect_problems_with(
      NULL, NULL, "{\"name\":\"count\",\"type\":\"count\",\"to\":\"out\",\"route\":{\"hash\":\"wrd\"}}", NULL,
      "4:59: actors.count.route.hash: the word records that arrive have no field \"wrd\" (did you mean "
      "\"word\"?)\n");
  expect_problems_with(NULL, NULL, "{\"name\":\"count\",\"type\":\"count\",\"to\":\"out\",\"route\":\"random\"}", NULL,
                       "4:51: actors.count.route: must be \"round_robin\" or {\"hash\": FIELD}, not \"random\"\n");
}

static void wires_lead_somewhere(void **state)
{
  (void)state;
  expect_problems_with(NULL, "{\"name\":\"words\",\"type\":\"split\",\"to\":[\"cout\",7]}", NULL, NULL,
                       "3:38: actors.words.to[0]: unknown actor \"cout\" (did you mean \"count\"?)\n"
                       "3:45: actors.words.to[1]: must be a text, not 7\n");
  expect_problems_with(NULL, NULL, "{\"name\":\"count\",\"type\":\"count\"}", NULL,
                       "4:1: actors.count: its records go nowhere: \"to\" is missing\n"
                       "5:1: actors.out: no actor sends to it\n");
  expect_problems_with(NULL, NULL, "{\"name\":\"count\",\"type\":\"count\",\"to\":[]}", NULL,
                       "4:37: actors.count.to: its records go nowhere: name an actor\n"
                       "5:1: actors.out: no actor sends to it\n");
  expect_problems_with(NULL, NULL, NULL, "{\"name\":\"out\",\"type\":\"print\",\"to\":\"count\"}",
                       "5:35: actors.out.to: a sink (print) gives no records: remove \"to\"\n");
}

static void records_fit(void **state)
{
  (void)state;
  expect_problems_with(
      "{\"name\":\"lines\",\"type\":\"file_lines\",\"config\":{\"paths\":[]},\"to\":[\"words\",\"out\"]}", NULL, NULL,
      NULL, "2:73: actors.lines.to[1]: \"out\" takes tally records, but \"lines\" gives line records\n");
  expect_problems_with(NULL, "{\"name\":\"words\",\"type\":\"split\",\"to\":[\"count\",\"lines\"]}", NULL, NULL,
                       "3:46: actors.words.to[1]: \"lines\" is a source (file_lines): it takes no records\n");
}

static void nobody_waits_for_himself(void **state)
{
  (void)state;
  expect_problems_with(NULL, "{\"name\":\"words\",\"type\":\"split\",\"to\":[\"count\",\"words\",\"count\"]}", NULL,
                       NULL,
                       "3:46: actors.words.to[1]: an actor can't send to itself: it would wait for itself\n"
                       "3:54: actors.words.to[2]: \"count\" stands here twice: it would get each record twice\n");
  expect_problems_with(
      NULL, "{\"name\":\"words\",\"type\":\"split\",\"to\":[\"a\",\"count\"]}",
      "{\"name\":\"a\",\"type\":\"pass\",\"to\":\"b\"},\n{\"name\":\"b\",\"type\":\"pass\",\"to\":[\"a\","
      "\"count\"]},\n{\"name\":\"count\",\"type\":\"count\",\"to\":\"out\"}",
      NULL,
      "5:33: actors.b.to[0]: the topology waits for itself in a circle: a -> b -> a (one of these edges must "
      "not wait: give it a \"when_full\" of \"drop\", or {\"to\": NAME})\n");
}

static void of_very_many_errors_most_are_only_counted(void **state)
{
  (void)state;
  enum { WRONG = 5000 };
  char *text = malloc(32 + 2 * WRONG), *to = text + sprintf(text, "{\"actors\":[1");
  for (int i = 1; i < WRONG; i++) to += sprintf(to, ",1");
  strcpy(to, "]}");
  struct heard heard;
  weir_topology *topology;
  assert_int_equal(parse_text(text, strlen(text), &heard, &topology), WEIR_EINVAL);
  assert_int_equal(heard.count, 1001);
  assert_string_equal(heard.last, "4000 more errors are not shown");
  free(text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_good_document_becomes_a_graph),
      cmocka_unit_test(receivers_come_before_their_senders_in_the_order),
      cmocka_unit_test(the_document_is_an_object_with_actors),
      cmocka_unit_test(unknown_keys_are_errors_everywhere),
      cmocka_unit_test(what_comes_later_is_refused_by_name),
      cmocka_unit_test(the_runtime_has_bounds),
      cmocka_unit_test(names_have_a_form_and_are_unique),
      cmocka_unit_test(types_and_their_configuration_are_known),
      cmocka_unit_test(numbers_of_an_actor_have_bounds),
      cmocka_unit_test(a_route_goes_by_a_field_that_arrives),
      cmocka_unit_test(wires_lead_somewhere),
      cmocka_unit_test(records_fit),
      cmocka_unit_test(nobody_waits_for_himself),
      cmocka_unit_test(of_very_many_errors_most_are_only_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
