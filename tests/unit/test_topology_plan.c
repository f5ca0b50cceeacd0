/* What a reload would do, by a table of pairs of documents: topology/plan.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <weir/weir.h>

#include "topology/plan.h"
#include "topology/topology.h"

struct item {
  int64_t n;
  const char *key;
};
WEIR_MESSAGE(item, WEIR_FIELD(n), WEIR_FIELD(key));
struct settings {
  int64_t live, anew, fixed;
  const char *path;
};
WEIR_MESSAGE(settings, WEIR_FIELD(live, .def = "0"), WEIR_FIELD(anew, .def = "0", .reload = WEIR_RELOAD_RESTART),
             WEIR_FIELD(fixed, .def = "0", .reload = WEIR_RELOAD_REFUSE),
             WEIR_FIELD(path, .def = "null", .use = WEIR_USE_WRITES));
struct input {
  const char *path;
};
WEIR_MESSAGE(input, WEIR_FIELD(path, .def = "\"-\"", .use = WEIR_USE_READS));

/* None of them is ever started. */
#define TYPE(T, CONFIG)                                                                                                \
  struct T {                                                                                                           \
    WEIR_EMPTY;                                                                                                        \
  };                                                                                                                   \
  static int T##_begin(struct T *s, const struct CONFIG *c)                                                            \
  {                                                                                                                    \
    (void)s, (void)c;                                                                                                  \
    return WEIR_OK;                                                                                                    \
  }
#define TAKES(T)                                                                                                       \
  static int T##_take(struct T *s, const struct item *m)                                                               \
  {                                                                                                                    \
    (void)s, (void)m;                                                                                                  \
    return WEIR_OK;                                                                                                    \
  }
TYPE(source, input)
WEIR_ACTOR(source, WEIR_ON_START(input, source_begin));
TYPE(stage, settings)
TAKES(stage)
WEIR_ACTOR(stage, WEIR_ON_START(settings, stage_begin) WEIR_ON_CONFIG(settings, stage_begin) WEIR_ON(item, stage_take));
TYPE(stubborn, settings)
TAKES(stubborn)
WEIR_ACTOR(stubborn, WEIR_ON_START(settings, stubborn_begin) WEIR_ON(item, stubborn_take));
TYPE(sink, settings)
TAKES(sink)
WEIR_ACTOR(sink, WEIR_ON_START(settings, sink_begin) WEIR_ON_CONFIG(settings, sink_begin) WEIR_ON(item, sink_take),
           .capacity = 8);

static const struct weir__stock *const types[] = {
    &(struct weir__stock){.actor = &source, .config = weir_message_input, .gives = weir_message_item},
    &(struct weir__stock){
        .actor = &stage, .config = weir_message_settings, .takes = weir_message_item, .gives = weir_message_item},
    &(struct weir__stock){
        .actor = &stubborn, .config = weir_message_settings, .takes = weir_message_item, .gives = weir_message_item},
    &(struct weir__stock){.actor = &sink, .config = weir_message_settings, .takes = weir_message_item},
    NULL,
};

/* ' stands for ". An actor's object is "NAME TYPE REST", so that a row of the table is a line or two. */
#define A(NAME, TYPE, REST) "{'name': '" NAME "', 'type': '" TYPE "'" REST "}, "
#define BASE A("in", "source", ", 'to': 'mid'") A("mid", "stage", ", 'to': 'out'") A("out", "sink", "")
#define MORE                                                                                                           \
  A("in", "source", ", 'to': ['mid', 'new']")                                                                          \
  A("mid", "stage", ", 'to': 'out'") A("out", "sink", "") A("new", "sink", "")
#define TREE(STRATEGY, CHILDREN) "|'strategy': '" STRATEGY "', 'children': [" CHILDREN "]"

struct row {
  const char *before, *after; /* actors, then, behind a '|', what "supervision" holds, or behind a '#' "runtime" */
  const char *lines;
};

static const struct row rows[] = {
    {BASE, BASE, ""},
    /* what comes and goes */
    {BASE,
     A("in", "source", ", 'to': ['mid', 'new']") A("mid", "stage", ", 'to': 'out'") A("out", "sink", "")
         A("new", "sink", ""),
     "~ in: to\n+ new: sink\n"},
    {BASE, A("in", "source", ", 'to': 'out'") A("out", "sink", ""), "~ in: to\n- mid: stage\n"},
    {BASE, A("in", "source", ", 'to': 'mid'") A("mid", "stage", ", 'to': 'last'") A("last", "sink", ", 'instances': 3"),
     "~ mid: to\n+ last: sink, 3 instances\n- out: sink\n"},
    /* the order of a document says nothing */
    {BASE, A("out", "sink", "") A("mid", "stage", ", 'to': 'out'") A("in", "source", ", 'to': 'mid'"), ""},
    /* configurations */
    {BASE,
     A("in", "source", ", 'to': 'mid'") A("mid", "stage", ", 'to': 'out', 'config': {'live': 1}") A("out", "sink", ""),
     "~ mid: config.live\n"},
    {BASE,
     A("in", "source", ", 'to': 'mid'") A("mid", "stage", ", 'to': 'out', 'config': {'live': 1, 'anew': 2}")
         A("out", "sink", ""),
     "~ mid: config.live; config.anew (it starts anew)\n"},
    {BASE,
     A("in", "source", ", 'to': 'mid'") A("mid", "stage", ", 'to': 'out', 'config': {'fixed': 1}") A("out", "sink", ""),
     "! mid: config.fixed can't change while it runs\n"},
    {A("in", "source", ", 'to': 'mid'") A("mid", "stubborn", ", 'to': 'out'") A("out", "sink", ""),
     A("in", "source", ", 'to': 'mid'") A("mid", "stubborn", ", 'to': 'out', 'config': {'live': 1}")
         A("out", "sink", ""),
     "~ mid: config.live (it starts anew)\n"},
    /* what is written out and what is a default are the same */
    {BASE,
     A("in", "source", ", 'to': ['mid'], 'config': {'path': '-'}")
         A("mid", "stage", ", 'to': {'out': 'out'}, 'instances': 1, 'description': 'x'")
             A("out", "sink", ", 'mailbox': {'capacity': 8}"),
     ""},
    /* mailboxes */
    {BASE,
     A("in", "source", ", 'to': 'mid'") A("mid", "stage", ", 'to': 'out', 'mailbox': {'capacity': 2}")
         A("out", "sink", ", 'mailbox': {'capacity': 9}"),
     "~ mid: mailbox.capacity 64 -> 2\n~ out: mailbox.capacity 8 -> 9\n"},
    /* edges */
    {BASE, A("in", "source", ", 'to': {'to': 'mid', 'when_full': 'drop'}") A("mid", "stage", ", 'to': 'discard'"),
     "~ in: to\n~ mid: to\n- out: sink\n"},
    {BASE,
     A("in", "source", ", 'to': 'mid'") A(
         "mid", "stage", ", 'to': 'out', 'on_failure': {'retry': 2}, 'breaker': {'failures': 3}") A("out", "sink", ""),
     "~ mid: on_failure; breaker\n"},
    /* instances */
    {BASE, A("in", "source", ", 'to': 'mid'") A("mid", "stage", ", 'to': 'out', 'instances': 3") A("out", "sink", ""),
     "~ mid: instances 1 -> 3\n"},
    {A("in", "source", ", 'to': 'mid'") A("mid", "stage", ", 'to': 'out', 'instances': 3, 'route': {'hash': 'key'}")
         A("out", "sink", ""),
     A("in", "source", ", 'to': 'mid'") A("mid", "stage", ", 'to': 'out', 'instances': 2, 'route': {'hash': 'key'}")
         A("out", "sink", ""),
     "! mid: instances: each of its instances holds what came with its values of \"key\", and can't hand that over\n"},
    {A("in", "source", ", 'to': 'mid'") A("mid", "stage", ", 'to': 'out', 'instances': 3, 'route': {'hash': 'key'}")
         A("out", "sink", ""),
     A("in", "source", ", 'to': 'mid'") A("mid", "stage", ", 'to': 'out', 'instances': 3, 'route': {'hash': 'n'}")
         A("out", "sink", ""),
     "! mid: route: each of its instances holds what came with its values of \"key\", and can't hand that over\n"},
    /* types, and where they run */
    {BASE, A("in", "source", ", 'to': 'mid'") A("mid", "stubborn", ", 'to': 'out'") A("out", "sink", ""),
     "! mid: it is a \"stubborn\" now, and was a \"stage\": another type takes another name\n"},
    {BASE, A("in", "source", ", 'to': 'mid'") A("mid", "stage", ", 'to': 'out', 'pinned': true") A("out", "sink", ""),
     "! mid: pinned can't change while it runs\n"},
    /* the runtime */
    {BASE "#'workers': 1", BASE "#'workers': 2, 'drain': '1s'",
     "! runtime.workers: it can't change while the runtime runs\n~ runtime.drain: changed\n"},
    /* what one alone can have */
    {BASE, A("second", "source", ", 'to': 'mid'") A("mid", "stage", ", 'to': 'out'") A("out", "sink", ""),
     "! second: the standard input is \"in\"'s still: who is to have it keeps that name\n- in: source\n"},
    {A("in", "source", ", 'to': ['a', 'b']") A("a", "sink", ", 'config': {'path': 'x'}")
         A("b", "sink", ", 'config': {'path': 'y'}"),
     A("in", "source", ", 'to': ['a', 'b']") A("a", "sink", ", 'config': {'path': 'y'}")
         A("b", "sink", ", 'config': {'path': 'z'}"),
     "! a: config.path; the file \"y\" is \"b\"'s still: who is to have it keeps that name\n~ b: config.path\n"},
    /* supervision */
    {BASE, BASE TREE("one_for_one", "'*'"), "! supervision: it can't begin or cease while the topology runs\n"},
    {BASE TREE("one_for_one", "'*'"),
     BASE TREE("one_for_all", "'*'") ", 'max_restarts': 7, 'within': '1min', 'description': 'x', 'name': 'all'",
     "~ supervision: strategy; max_restarts; within\n"},
    {BASE TREE("one_for_one", "'*'"), BASE TREE("rest_for_one", "'*'"),
     "! supervision: strategy can't become rest_for_one while it runs: its children may have come in another order\n"},
    {BASE TREE("one_for_one", "{'name': 's', 'children': ['mid']}, '*'"),
     BASE TREE("one_for_one",
               "{'name': 's', 'max_restarts': 1, 'on_exhausted': 'leave_down', 'children': ['mid']}, '*'"),
     "! s: max_restarts; on_exhausted can't change while it runs: who sends to those below was told of it\n"},
    {BASE TREE("one_for_one", "'*'"), BASE TREE("one_for_one", "{'name': 's', 'children': ['mid']}, '*'"),
     "+ s: a supervisor\n! mid: it can't get another supervisor while it runs\n"},
    {BASE TREE("one_for_one", "{'name': 's', 'children': ['mid']}, '*'"), BASE TREE("one_for_one", "'*'"),
     "- s: a supervisor\n! mid: it can't get another supervisor while it runs\n"},
    {BASE TREE("one_for_one", "'*'"),
     MORE TREE("one_for_one", "{'name': 's', 'children': [{'name': 't', 'children': ['new']}]}, '*'"),
     "+ s: a supervisor\n+ t: a supervisor\n~ in: to\n+ new: sink\n"},
    {MORE TREE("one_for_one", "{'name': 's', 'children': [{'name': 't', 'children': ['new']}]}, '*'"),
     BASE TREE("one_for_one", "'*'"), "- s: a supervisor\n- t: a supervisor\n~ in: to\n- new: sink\n"},
    {MORE TREE("one_for_one", "{'name': 's', 'children': [{'name': 't', 'children': ['new']}]}, '*'"),
     MORE TREE("one_for_one", "{'name': 't', 'children': ['new']}, '*'"),
     "! t: a supervisor can't get another supervisor while it runs\n- s: a supervisor\n"},
    {BASE TREE("one_for_one", "'*'"),
     A("in", "source", ", 'to': 'new'") A("new", "sink", "")
         TREE("one_for_one", "{'name': 'mid', 'children': ['new']}, '*'"),
     "! mid: an actor has that name still\n~ in: to\n+ new: sink\n- mid: stage\n- out: sink\n"},
    {BASE TREE("one_for_one", "{'name': 'new', 'children': ['mid']}, '*'"),
     A("in", "source", ", 'to': 'new'") A("new", "sink", "") TREE("one_for_one", "'*'"),
     "- new: a supervisor\n~ in: to\n! new: a supervisor has that name still\n- mid: stage\n- out: sink\n"},
    {BASE TREE("rest_for_one", "'in', 'mid', 'out'"), BASE TREE("rest_for_one", "'in', 'out', 'mid'"),
     "! supervision: its strategy is rest_for_one: the order of its children can't change, and new ones stand last\n"},
    {BASE TREE("rest_for_one", "'in', 'mid', 'out'"),
     A("in", "source", ", 'to': 'mid'") A("mid", "stage", ", 'to': 'out', 'instances': 2") A("out", "sink", "")
         TREE("rest_for_one", "'in', 'mid', 'out'"),
     "! supervision: its strategy is rest_for_one: the order of its children can't change, and new ones stand last\n"
     "~ mid: instances 1 -> 2\n"},
    {BASE TREE("rest_for_one", "'in', 'out', 'mid'"),
     A("in", "source", ", 'to': 'mid'") A("mid", "stage", ", 'to': 'out', 'instances': 2") A("out", "sink", "")
         TREE("rest_for_one", "'in', 'out', 'mid'"),
     "~ mid: instances 1 -> 2\n"},
};

/* The document of a row's half. */
static weir_topology *parse(const char *half)
{
  weir_topology *topology;
  char text[4096];
  size_t actors = strcspn(half, "|#");
  const char *more = half[actors] == '|' ? ", 'supervision': {" : half[actors] ? ", 'runtime': {" : "";
  /* without the comma behind the last one */
  snprintf(text, sizeof text, "{'actors': [%.*s]%s%s%s}", (int)actors - 2, half, more, *more ? half + actors + 1 : "",
           *more ? "}" : "");
  for (char *c = text; *c; c++)
    if (*c == '\'') *c = '"';
  if (weir__topology_parse(types, "t.json", text, strlen(text), NULL, &topology))
    fail_msg("%s: %s", text, weir_error_text());
  return topology;
}

static void each_pair_has_its_plan(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    weir_topology *before = parse(rows[i].before), *after = parse(rows[i].after);
    struct weir__arena arena = {0};
    struct weir__reload_plan plan;
    char lines[2048] = "";
    assert_true(weir__plan_reload(&before->graph, &after->graph, &arena, &plan));
    for (size_t k = 0; k < plan.count; k++) {
      size_t used = strlen(lines);
      snprintf(lines + used, sizeof lines - used, "%c %s: %s\n", plan.lines[k].mark, plan.lines[k].name,
               plan.lines[k].text);
    }
    assert_string_equal(lines, rows[i].lines);
    assert_int_equal(plan.adds + plan.removes + plan.changes + plan.refuses, plan.count);
    weir__arena_free(&arena);
    weir_topology_free(before);
    weir_topology_free(after);
  }
}

/* Who sends to one that has other instances now is wired anew, though nothing is said of it. */
static void senders_of_other_instances_are_wired_anew(void **state)
{
  (void)state;
  weir_topology *before = parse(BASE),
                *after = parse(A("in", "source", ", 'to': 'mid'") A("mid", "stage", ", 'to': 'out', 'instances': 3")
                                   A("out", "sink", ""));
  struct weir__arena arena = {0};
  struct weir__reload_plan plan;
  assert_true(weir__plan_reload(&before->graph, &after->graph, &arena, &plan));
  assert_true(plan.actors[0].wiring);
  assert_false(plan.actors[1].wiring);
  weir__arena_free(&arena);
  weir_topology_free(before);
  weir_topology_free(after);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_pair_has_its_plan),
      cmocka_unit_test(senders_of_other_instances_are_wired_anew),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
