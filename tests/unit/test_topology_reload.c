/* A topology is changed while it runs: topology/reload.h. Numbered records from end to end: none is lost, none comes twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <weir/weir.h>

#include "topology/reload.h"
#include "topology/run.h"

enum { SOURCES = 4, MOST = 1 << 22 };

struct item {
  int64_t n, source;
};
WEIR_MESSAGE(item, WEIR_FIELD(n), WEIR_FIELD(source));

/* What was seen. */
static struct {
  _Atomic(bool) stops[SOURCES]; /* the source is to end by itself */
  _Atomic(int64_t) sent[SOURCES], got, twice, starts, ends, at_sink[8], tag, capacity;
  _Atomic(bool) failed; /* a stage, at a record: it does so once */
  _Atomic(bool) may_start;
  _Atomic(uint8_t) seen[SOURCES][MOST];
} saw;

/* ---- actor types ---- */

/* Sends numbers until it is stopped. */
struct numbers_config {
  int64_t source, most;
  bool starts;
};
WEIR_MESSAGE(numbers_config, WEIR_FIELD(source, .def = "0"), WEIR_FIELD(most, .def = "0"),
             WEIR_FIELD(starts, .def = "true"));
struct go {
  WEIR_EMPTY;
};
WEIR_MESSAGE(go);
struct numbers {
  const struct numbers_config *config;
};
static int numbers_start(struct numbers *s, const struct numbers_config *c)
{
  s->config = c;
  if (!c->starts) return weir_error(WEIR_EUSER(1), "it can't start");
  return weir_send(weir_self(), go);
}
static int numbers_change(struct numbers *s, const struct numbers_config *c)
{
  s->config = c;
  return WEIR_OK;
}
static int numbers_go(struct numbers *s)
{
  int64_t source = s->config->source;
  for (int i = 0; i < 100; i++) {
    int64_t n = atomic_load(&saw.sent[source]);
    if (n == MOST || (s->config->most && n >= s->config->most) || atomic_load(&saw.stops[source])) return WEIR_STOP;
    atomic_store(&saw.sent[source], n + 1);
    if (weir_send(weir_output("out"), item, .n = n, .source = source)) {
      atomic_store(&saw.sent[source], n); /* told to stop: it is in no batch */
      return WEIR_STOP;
    }
  }
  weir_sleep(WEIR_MILLIS(0.1)); /* it waits for what it reads */
  int rc = weir_try_send(weir_self(), go);
  return rc == WEIR_EDEAD ? WEIR_STOP : rc;
}
WEIR_ACTOR(numbers, WEIR_ON_START(numbers_config, numbers_start) WEIR_ON_CONFIG(numbers_config, numbers_change)
                        WEIR_ON(go, numbers_go));

struct stage_config {
  int64_t tag, anew;
  const char *fails;
};
WEIR_MESSAGE(stage_config, WEIR_FIELD(tag, .def = "0"), WEIR_FIELD(anew, .def = "0", .reload = WEIR_RELOAD_RESTART),
             WEIR_FIELD(fails, .def = "null"));
struct stage {
  const struct stage_config *config;
  int64_t buried;
};
static int stage_start(struct stage *s, const struct stage_config *c)
{
  s->config = c;
  atomic_fetch_add(&saw.starts, 1);
  if (c->fails && strcmp(c->fails, "start") == 0) return weir_error(WEIR_EUSER(2), "no stage");
  if (c->fails && strcmp(c->fails, "hangs") == 0) return weir_sleep(WEIR_SECONDS(1000));
  bool waits = c->fails && strcmp(c->fails, "waits") == 0;
  while (waits && !atomic_load(&saw.may_start)) weir_sleep(WEIR_MILLIS(0.1));
  return WEIR_OK;
}
static int stage_change(struct stage *s, const struct stage_config *c)
{
  if (c->fails && strcmp(c->fails, "change") == 0) return weir_error(WEIR_EUSER(3), "not that");
  s->config = c;
  atomic_store(&saw.tag, c->tag);
  return WEIR_OK;
}
static int stage_item(struct stage *s, const struct item *m)
{
  const char *fails = s->config->fails;
  if (fails && strcmp(fails, "record") == 0 && !atomic_exchange(&saw.failed, true))
    weir_fail(WEIR_EUSER(4), "at that record");
  return weir_send(weir_output("out"), item, .n = m->n, .source = m->source);
}
WEIR_ACTOR(stage,
           WEIR_ON_START(stage_config, stage_start) WEIR_ON_CONFIG(stage_config, stage_change)
               WEIR_ON(item, stage_item),
           .capacity = 4);

struct sink_config {
  int64_t number;
  bool stuck;
};
WEIR_MESSAGE(sink_config, WEIR_FIELD(number, .def = "0"), WEIR_FIELD(stuck, .def = "false"));
struct sink {
  const struct sink_config *config;
};
static int sink_start(struct sink *s, const struct sink_config *c)
{
  s->config = c;
  return WEIR_OK;
}
static int sink_item(struct sink *s, const struct item *m)
{
  if (s->config->stuck) return weir_sleep(WEIR_SECONDS(100000));
  atomic_fetch_add(&saw.at_sink[s->config->number], 1);
  if (atomic_exchange(&saw.seen[m->source][m->n], 1)) atomic_fetch_add(&saw.twice, 1);
  atomic_fetch_add(&saw.got, 1);
  return WEIR_OK;
}
static int sink_ended(struct sink *s)
{
  (void)s;
  atomic_fetch_add(&saw.ends, 1);
  return WEIR_OK;
}
WEIR_ACTOR(sink, WEIR_ON_START(sink_config, sink_start) WEIR_ON(item, sink_item) WEIR_ON(weir_inputs_ended, sink_ended),
           .capacity = 4);

static const struct weir__stock *const types[] = {
    &(struct weir__stock){.actor = &numbers, .config = weir_message_numbers_config, .gives = weir_message_item},
    &(struct weir__stock){
        .actor = &stage, .config = weir_message_stage_config, .takes = weir_message_item, .gives = weir_message_item},
    &(struct weir__stock){.actor = &sink, .config = weir_message_sink_config, .takes = weir_message_item},
    NULL,
};

/* ---- a run ---- */

static struct {
  char file[64], told[4096];
  weir_topology *topology;
  pthread_t thread;
  weir_runtime_options on;
  weir_runtime *rt;
  _Atomic(uint64_t) reloader;
  _Atomic(bool) over;
  int rc;
} running;

/* ' stands for ". */
static void write_file(const char *text)
{
  char with[80];
  snprintf(with, sizeof with, "%s.new", running.file);
  FILE *f = fopen(with, "w");
  assert_non_null(f);
  for (const char *c = text; *c; c++) fputc(*c == '\'' ? '"' : *c, f);
  assert_int_equal(fclose(f), 0);
  assert_int_equal(rename(with, running.file), 0);
}

static void hear(void *arg, const weir_problem *problem)
{
  (void)arg;
  size_t used = strlen(running.told);
  snprintf(running.told + used, sizeof running.told - used, "%s\n", problem->text);
}

static int began(void *arg, weir_runtime *rt, weir_ref reloader)
{
  (void)arg;
  running.rt = rt;
  atomic_store(&running.reloader, reloader.bits);
  return WEIR_OK;
}

static void *run(void *arg)
{
  weir_listener listener = {.problem = hear};
  weir_serving serving = {.drain = {-1}, .file = running.file, .began = began, .arg = arg};
  running.rc = weir__topology_serve(running.topology, &running.on, &listener, &serving, types);
  atomic_store(&running.over, true);
  return NULL;
}

static void start(const char *document)
{
  memset(&saw, 0, sizeof saw);
  *running.told = 0;
  atomic_store(&running.reloader, 0);
  atomic_store(&running.over, false);
  snprintf(running.file, sizeof running.file, "/tmp/weir-reload-%ld.json", (long)getpid());
  write_file(document);
  struct weir__topology_options options = {.types = types};
  weir_listener listener = {.problem = hear};
  int rc = weir__topology_read(&options, &(struct weir__origin){.name = running.file}, &listener, &running.topology);
  if (rc) fail_msg("%s", running.told);
  assert_int_equal(pthread_create(&running.thread, NULL, run, NULL), 0);
  while (!atomic_load(&running.reloader)) usleep(100);
}

/* The plan as lines, then what else there is to be said. */
static char said[8192];

static void say(const char *a, const char *b, const char *c)
{
  size_t used = strlen(said);
  snprintf(said + used, sizeof said - used, "%s%s%s\n", a, b, c);
}

/* What came of it: "applied". */
static const char *reload_with(const char *document, bool dry_run, weir_duration timeout)
{
  static char outcome[32];
  struct weir_reloaded *a = NULL;
  weir_ref reloader = {atomic_load(&running.reloader)};
  *said = 0;
  if (document) write_file(document);
  int rc = weir_ask(reloader, WEIR_SECONDS(60), &a, weir_reload_file, .dry_run = dry_run, .timeout = timeout);
  if (rc) fail_msg("%d %s", rc, weir_error_text());
  for (size_t i = 0; i < a->step_count; i++) {
    char name[128];
    snprintf(name, sizeof name, " %s: ", a->plan[i].name);
    say(a->plan[i].mark, name, a->plan[i].text);
  }
  for (size_t i = 0; i < a->problem_count; i++) say("", a->problems[i].text, "");
  if (a->why) say("because: ", a->why, "");
  for (size_t i = 0; i < a->killed_count; i++) say("killed: ", a->killed[i], "");
  snprintf(outcome, sizeof outcome, "%s", a->outcome);
  weir_free(a);
  return outcome;
}
static const char *reload(const char *document) { return reload_with(document, false, WEIR_SECONDS(20)); }

static void stop_sources(void)
{
  for (int i = 0; i < SOURCES; i++) atomic_store(&saw.stops[i], true);
}

static int64_t sent(void)
{
  int64_t n = 0;
  for (int i = 0; i < SOURCES; i++) n += atomic_load(&saw.sent[i]);
  return n;
}

/* Some more records come through. */
static void flow(void)
{
  int64_t n = atomic_load(&saw.got);
  while (atomic_load(&saw.got) < n + 500) usleep(100);
}

static void end(void)
{
  stop_sources();
  pthread_join(running.thread, NULL);
  weir_topology_free(running.topology);
  unlink(running.file);
}

static void end_well(void)
{
  end();
  if (running.rc) fail_msg("%d %s", running.rc, running.told);
  assert_int_equal(atomic_load(&saw.twice), 0);
  assert_int_equal(atomic_load(&saw.got), sent());
}

#define A(NAME, TYPE, REST) "{'name': '" NAME "', 'type': '" TYPE "'" REST "}"
#define DOCUMENT(...) "{'actors': [" __VA_ARGS__ "]}"
#define LINE                                                                                                           \
  DOCUMENT(A("in", "numbers", ", 'to': 'mid'") "," A("mid", "stage", ", 'to': 'out'") "," A("out", "sink", ""))

/* ---- tests ---- */

static void nothing_differs(void **state)
{
  (void)state;
  start(LINE);
  assert_string_equal(reload(NULL), "unchanged");
  assert_string_equal(reload(DOCUMENT(A("out", "sink", "") "," A("in", "numbers", ", 'to': ['mid']") "," A(
                          "mid", "stage", ", 'to': 'out'"))),
                      "unchanged");
  flow();
  end_well();
}

static void actors_come_and_go(void **state)
{
  (void)state;
  start(LINE);
  flow();
  assert_string_equal(reload(DOCUMENT(A("in", "numbers", ", 'to': 'mid'") "," A("mid", "stage", ", 'to': 'new'") "," A(
                          "new", "stage", ", 'to': 'out'") "," A("out", "sink", ""))),
                      "applied");
  assert_string_equal(said, "~ mid: to\n+ new: stage\n");
  flow();
  assert_string_equal(reload(DOCUMENT(A("in", "numbers", ", 'to': 'new'") "," A("new", "stage", ", 'to': 'out2'") "," A(
                          "out2", "sink", ", 'config': {'number': 2}"))),
                      "applied");
  flow();
  assert_true(atomic_load(&saw.at_sink[2]) > 0);
  assert_int_equal(atomic_load(&saw.ends), 1);  /* out */
  assert_string_equal(reload(LINE), "applied"); /* their names are free again */
  flow();
  end_well();
  assert_int_equal(atomic_load(&saw.ends), 3);
}

static void sources_that_are_all_changed_do_not_end_the_run(void **state)
{
  (void)state;
  start(LINE);
  for (int i = 0; i < 10; i++) {
    char text[512];
    snprintf(text, sizeof text,
             DOCUMENT(A("in%d", "numbers", ", 'to': 'mid', 'config': {'source': %d}") "," A(
                 "mid", "stage", ", 'to': 'out'") "," A("out", "sink", "")),
             i, (i + 1) % 2); /* the one before may be at its last record when this one begins */
    assert_string_equal(reload(text), "applied");
    flow();
  }
  end_well();
  assert_int_equal(atomic_load(&saw.ends), 1);
}

static void a_bad_file_changes_nothing(void **state)
{
  (void)state;
  start(LINE);
  assert_string_equal(reload("{'actors': ["), "refused");
  assert_true(*said);
  assert_string_equal(reload(DOCUMENT(A("in", "numbers", ", 'to': 'nobody'"))), "refused");
  assert_string_equal(said, "actors.in.to: unknown actor \"nobody\"\n");
  assert_int_equal(unlink(running.file), 0);
  assert_string_equal(reload(NULL), "refused");
  assert_true(*said);
  assert_string_equal(reload(LINE), "unchanged");
  flow();
  end_well();
}

static void what_is_refused_changes_nothing(void **state)
{
  (void)state;
  start(LINE);
  assert_string_equal(reload(DOCUMENT(A("in", "numbers", ", 'to': 'mid'") "," A("mid", "sink", "") "," A(
                          "more", "numbers", ", 'to': 'mid'"))),
                      "refused");
  assert_string_equal(said, "! mid: it is a \"sink\" now, and was a \"stage\": another type takes another "
                            "name\n+ more: numbers\n- out: sink\n");
  flow();
  assert_int_equal(atomic_load(&saw.starts), 1);
  end_well();
}

static void a_dry_run_says_what_would_be_done(void **state)
{
  (void)state;
  start(LINE);
  assert_string_equal(
      reload_with(DOCUMENT(A("in", "numbers", ", 'to': 'out'") "," A("out", "sink", "")), true, WEIR_SECONDS(20)),
      "would_apply");
  assert_string_equal(said, "~ in: to\n- mid: stage\n");
  assert_string_equal(reload_with(LINE, true, WEIR_SECONDS(20)), "unchanged");
  flow();
  end_well();
}

/* What had started before it is taken back as well, and the file may be mended. */
static void a_start_that_fails_changes_nothing(void **state)
{
  (void)state;
  start(LINE);
  for (int i = 0; i < 3; i++) {
    assert_string_equal(
        reload(
            DOCUMENT(A("in", "numbers", ", 'to': 'a', 'config': {'most': 77}") "," A("a", "stage", ", 'to': 'b'") "," A(
                "b", "stage", ", 'to': 'out', 'config': {'fails': 'start'}") "," A("out", "sink",
                                                                                   "") "," A("late", "numbers",
                                                                                             ", 'to': 'out', 'config': "
                                                                                             "{'source': 1}"))),
        "failed");
    assert_string_equal(
        said, "~ in: config.most; to\n+ a: stage\n+ b: stage\n+ late: numbers\n- mid: stage\nbecause: b: no stage\n");
    flow();
  }
  assert_int_equal(atomic_load(&saw.sent[1]), 0);
  assert_string_equal(
      reload(DOCUMENT(A("in", "numbers", ", 'to': 'mid'") "," A("mid", "stage", ", 'to': 'out'") "," A(
          "out", "sink", "") "," A("late", "numbers", ", 'to': 'out', 'config': {'source': 1, 'starts': false}"))),
      "failed");
  assert_string_equal(said, "+ late: numbers\nbecause: late: it can't start\n");
  assert_string_equal(
      reload_with(DOCUMENT(A("in", "numbers", ", 'to': 'mid'") "," A("mid", "stage", ", 'to': 'b'") "," A(
                      "b", "stage", ", 'to': 'out', 'config': {'fails': 'hangs'}") "," A("out", "sink", "")),
                  false, WEIR_MILLIS(50)),
      "failed");
  flow();
  assert_string_equal(
      reload(DOCUMENT(A("in", "numbers", ", 'to': 'b'") "," A("b", "stage", ", 'to': 'out'") "," A("out", "sink", ""))),
      "applied");
  flow();
  end_well();
}

static void configurations_change_in_place_and_anew(void **state)
{
  (void)state;
  start(LINE);
#define WITH(CONFIG)                                                                                                   \
  DOCUMENT(A("in", "numbers", ", 'to': 'mid'") "," A("mid", "stage",                                                   \
                                                     ", 'to': 'out', 'config': " CONFIG) "," A("out", "sink", ""))
  assert_string_equal(reload(WITH("{'tag': 1}")), "applied");
  assert_int_equal(atomic_load(&saw.tag), 1);
  assert_int_equal(atomic_load(&saw.starts), 1);
  flow();
  assert_string_equal(reload(WITH("{'tag': 2, 'anew': 1}")), "applied");
  assert_int_equal(atomic_load(&saw.tag), 1); /* it was not asked */
  assert_int_equal(atomic_load(&saw.starts), 2);
  flow();
  assert_string_equal(reload(WITH("{'tag': 2, 'anew': 1, 'fails': 'change'}")), "failed");
  assert_string_equal(said, "~ mid: config.fails\nbecause: mid: not that\n");
  assert_string_equal(reload(WITH("{'tag': 3, 'anew': 2, 'fails': 'start'}")), "failed"); /* it goes back */
  flow();
  assert_int_equal(atomic_load(&saw.starts), 4);
  assert_string_equal(reload(WITH("{'tag': 2, 'anew': 1}")), "unchanged");
  end_well();
}

/* One of two can't take it: the other one gives it back. */
static void a_change_that_one_refuses_is_taken_back_by_all(void **state)
{
  (void)state;
#define TWO(FIRST, SECOND)                                                                                             \
  DOCUMENT(A("in", "numbers", ", 'to': 'mid'") "," A("mid", "stage", ", 'to': 'mid2', 'config': " FIRST) "," A(        \
      "mid2", "stage", ", 'to': 'out', 'config': " SECOND) "," A("out", "sink", ""))
  start(TWO("{'tag': 5}", "{}"));
  assert_string_equal(reload(TWO("{'tag': 6}", "{'fails': 'change'}")), "failed");
  assert_int_equal(atomic_load(&saw.tag), 5);
  flow();
  end_well();
}

static void a_sink_that_never_answers_is_killed(void **state)
{
  (void)state;
  start("{'runtime': {'drain': '50ms'}, 'actors': [" A("in", "numbers", ", 'to': ['out', 'stuck']") "," A(
      "out", "sink", "") "," A("stuck", "sink", ", 'config': {'stuck': true}") "]}");
  while (sent() < 300) usleep(100); /* it is stuck, or about to be */
  assert_string_equal(reload("{'runtime': {'drain': '50ms'}, 'actors': [" A("in", "numbers", ", 'to': 'out'") "," A(
                          "out", "sink", "") "]}"),
                      "applied");
  assert_string_equal(said, "~ in: to\n- stuck: sink\nkilled: stuck\n");
  flow();
  end();
  assert_int_equal(running.rc, WEIR_OK); /* nobody has failed */
  assert_int_equal(atomic_load(&saw.twice), 0);
  assert_int_equal(atomic_load(&saw.got), sent());
}

/* Who sends to it has taken nothing of what came before it was removed. */
static void a_sink_that_never_answers_is_removed_by_a_later_reload(void **state)
{
  (void)state;
#define STUCK(RETRY, REST)                                                                                             \
  "{'runtime': {'drain': '50ms'}, 'actors': [" A("in", "numbers", ", 'to': 'mid'") "," A(                              \
      "mid", "stage", ", 'to': 'out', 'on_failure': {'retry': " RETRY "}") REST "]}"
#define STUCK_SINK "," A("out", "sink", ", 'config': {'stuck': true}")
  start(STUCK("1", STUCK_SINK));
  while (sent() < 300) usleep(100);
  assert_string_equal(reload(STUCK("2", STUCK_SINK)), "applied");
  assert_string_equal(reload(STUCK("3", STUCK_SINK)), "applied");
  assert_string_equal(reload("{'runtime': {'drain': '50ms'}, 'actors': [" A("in", "numbers", ", 'to': 'mid'") "," A(
                          "mid", "stage", ", 'to': 'other'") "," A("other", "sink", "") "]}"),
                      "applied");
  assert_non_null(strstr(said, "killed: out\n"));
  flow();
  end();
  assert_int_equal(running.rc, WEIR_OK);
  assert_int_equal(atomic_load(&saw.twice), 0);
}

static void capacities_change(void **state)
{
  (void)state;
  start(LINE);
  assert_string_equal(
      reload(DOCUMENT(
          A("in", "numbers", ", 'to': 'mid'") "," A("mid", "stage", ", 'to': 'out', 'mailbox': {'capacity': 1}") "," A(
              "out", "sink", ", 'mailbox': {'capacity': 100}"))),
      "applied");
  assert_string_equal(said, "~ mid: mailbox.capacity 4 -> 1\n~ out: mailbox.capacity 4 -> 100\n");
  flow();
  assert_string_equal(reload(LINE), "applied");
  flow();
  end_well();
}

/* Whom it led to has its end once, and goes on with its other sender. */
static void where_a_breaker_leads_changes(void **state)
{
  (void)state;
#define BREAKER(MID)                                                                                                   \
  DOCUMENT(                                                                                                            \
      A("in", "numbers", ", 'to': 'mid'") "," A("two", "numbers", ", 'to': 'other', 'config': {'source': 1}") "," A(   \
          "mid", "stage", ", 'to': 'out'" MID) "," A("out", "sink", "") "," A("other", "sink",                         \
                                                                              ", 'config': {'number': 1}"))
  static const char *const shapes[] = {BREAKER(""), BREAKER(", 'breaker': {'failures': 2, 'while_open': 'other'}"),
                                       BREAKER(", 'breaker': {'failures': 2}"),
                                       BREAKER(", 'breaker': {'failures': 3, 'while_open': 'out'}"),
                                       BREAKER(", 'on_failure': {'retry': 2}")};
  start(shapes[0]);
  for (int i = 1; i < 20; i++) {
    assert_string_equal(reload(shapes[i * 2 % 5]), "applied");
    flow();
    assert_string_equal(reload(shapes[(i * 2 + 1) % 5]), "applied");
  }
  int64_t n = atomic_load(&saw.at_sink[1]);
  while (atomic_load(&saw.at_sink[1]) < n + 500) usleep(100);
  end_well();
  assert_int_equal(atomic_load(&saw.ends), 2);
}

static void instances_come_and_go(void **state)
{
  (void)state;
  static const int counts[] = {3, 1, 5, 4, 1};
  start(LINE);
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    char text[512];
    snprintf(text, sizeof text,
             DOCUMENT(A("in", "numbers", ", 'to': 'mid'") "," A("mid", "stage", ", 'to': 'out', 'instances': %d") "," A(
                 "out", "sink", "")),
             counts[i]);
    assert_string_equal(reload(text), "applied");
    flow();
  }
  end_well();
}

/* One that has sent all it had stays as it is; the others are changed. */
static void a_source_that_has_finished_stays_finished(void **state)
{
  (void)state;
#define FINISHED(MORE)                                                                                                 \
  DOCUMENT(A("once", "numbers", ", 'to': 'mid', 'config': {'most': 100, 'source': 1}") "," A(                          \
      "in", "numbers", ", 'to': 'mid'") "," A("mid", "stage", ", 'to': 'out'") "," A("out", "sink", "") MORE)
  start(FINISHED(""));
  while (atomic_load(&saw.sent[1]) < 100) usleep(100);
  flow();
  assert_string_equal(reload(FINISHED("," A("more", "numbers", ", 'to': 'mid', 'config': {'source': 2}"))), "applied");
  flow();
  assert_string_equal(reload(FINISHED("")), "applied");
  flow();
  assert_int_equal(atomic_load(&saw.sent[1]), 100);
  end_well();
}

/* ---- supervisors ---- */

#define RETRIES ", 'on_failure': {'retry': 9, 'backoff': ['1ms', '1ms']}"
#define THROUGH(MID, MORE, SUPERVISION)                                                                                \
  "{'actors': [" A("in", "numbers", ", 'to': '" MID "'") "," A("out", "sink", "") MORE                                 \
      "], 'supervision': {" SUPERVISION "}}"
#define STAGE(NAME, TO, CONFIG) "," A(NAME, "stage", ", 'to': '" TO "', 'config': {" CONFIG "}" RETRIES)
#define PLAIN THROUGH("mid", STAGE("mid", "out", ""), "")

static size_t children_of(const char *name)
{
  struct weir_child_counts counts;
  assert_int_equal(weir_count_children(weir_find(name), WEIR_SECONDS(20), &counts), WEIR_OK);
  return counts.specs;
}

static void supervisors_come_and_go(void **state)
{
  (void)state;
  start(PLAIN);
  for (int i = 0; i < 3; i++) {
    assert_string_equal(
        reload(THROUGH("a", STAGE("a", "b", "") STAGE("b", "mid", "") STAGE("mid", "out", ""),
                       "'children': ['*', {'name': 's', 'children': ['a', {'name': 't', 'children': ['b']}]}]")),
        "applied");
    assert_string_equal(said, "+ s: a supervisor\n+ t: a supervisor\n~ in: to\n+ a: stage\n+ b: stage\n");
    assert_int_equal(children_of("s"), 2);
    flow();
    /* one that is not the last below the one above */
    assert_string_equal(reload(THROUGH("a", STAGE("a", "mid", "") STAGE("mid", "out", ""),
                                       "'children': ['*', {'name': 's', 'children': ['a']}]")),
                        "applied");
    assert_string_equal(said, "- t: a supervisor\n~ a: to\n- b: stage\n");
    assert_int_equal(children_of("s"), 1);
    flow();
    assert_string_equal(reload(PLAIN), "applied");
    assert_string_equal(said, "- s: a supervisor\n~ in: to\n- a: stage\n");
    flow();
  }
  end_well();
}

/* It was asked for before the supervisor that it adds to was there. */
static void a_reload_waits_for_the_start(void **state)
{
  (void)state;
#define SLOWLY(TO, MORE, CHILDREN)                                                                                     \
  THROUGH(TO, MORE STAGE("b", "mid", "") STAGE("mid", "out", "'fails': 'waits'"),                                      \
          "'children': ['mid', {'name': 's', 'children': [" CHILDREN "]}, '*']")
  start(SLOWLY("b", "", "'b'"));
  assert_string_equal(reload_with(SLOWLY("a", STAGE("a", "b", ""), "'a', 'b'"), false, WEIR_MILLIS(1)), "failed");
  assert_non_null(strstr(said, "because: not all has started yet\n"));
  atomic_store(&saw.may_start, true);
  assert_string_equal(reload(NULL), "applied");
  assert_int_equal(children_of("s"), 2);
  flow();
  end_well();
}

/* Whichever of them does not start. */
static void a_supervisor_that_does_not_start_changes_nothing(void **state)
{
  (void)state;
#define GROUP(A, B, C)                                                                                                 \
  THROUGH("a", STAGE("a", "b", A) STAGE("b", "c", B) STAGE("c", "mid", C) STAGE("mid", "out", ""),                     \
          "'children': [{'name': 's', 'children': ['a', {'name': 't', 'children': ['b']}]}, '*']")
  start(PLAIN);
  for (int i = 0; i < 3; i++) {
    assert_string_equal(reload(GROUP("'fails': 'start'", "", "")), "failed");
    assert_non_null(strstr(said, "because: s: a did not start: no stage\n"));
    assert_string_equal(reload(GROUP("", "'fails': 'start'", "")), "failed");
    assert_non_null(strstr(said, "because: s: t did not start: b did not start: no stage\n"));
    assert_string_equal(reload(GROUP("", "", "'fails': 'start'")), "failed");
    assert_non_null(strstr(said, "because: c: no stage\n"));
    assert_string_equal(reload_with(GROUP("", "'fails': 'hangs'", ""), false, WEIR_MILLIS(50)), "failed");
    flow();
  }
  assert_string_equal(reload(GROUP("", "", "")), "applied");
  flow();
  assert_string_equal(reload(PLAIN), "applied");
  flow();
  end_well();
}

/* What a reload has added below a supervisor is started by its next incarnation, what one has removed is not. */
static void what_a_reload_did_outlives_its_supervisor(void **state)
{
  (void)state;
#define BELOW(FIRST, STAGES, CHILDREN)                                                                                 \
  THROUGH(FIRST, STAGES, "'children': [{'name': 's', 'max_restarts': 0, 'children': [" CHILDREN "]}, '*']")
  start(BELOW("old", STAGE("old", "mid", "") STAGE("mid", "out", ""), "'old', 'mid'"));
  assert_string_equal(reload(BELOW("new", STAGE("new", "mid", "") STAGE("mid", "out", ""), "'mid', 'new'")), "applied");
  assert_string_equal(reload(BELOW("new", STAGE("new", "deep", "") STAGE("deep", "mid", "") STAGE("mid", "out", ""),
                                   "'mid', 'new', {'name': 't', 'children': ['deep']}")),
                      "applied");
  flow();
  int64_t starts = atomic_load(&saw.starts);
  assert_string_equal(
      reload(BELOW("new", STAGE("new", "deep", "") STAGE("deep", "mid", "") STAGE("mid", "out", "'fails': 'record'"),
                   "'mid', 'new', {'name': 't', 'children': ['deep']}")),
      "applied");
  while (atomic_load(&saw.starts) < starts + 3) usleep(100);
  flow();
  assert_true(atomic_load(&saw.failed));
  assert_int_equal(children_of("s"), 3);
  end_well();
}

static void a_supervisor_s_settings_change(void **state)
{
  (void)state;
#define SET(FAILS, SETTINGS)                                                                                           \
  THROUGH("mid", STAGE("mid", "last", FAILS) STAGE("last", "out", ""),                                                 \
          "'max_restarts': 0, 'children': [{'name': 's', 'children': ['mid', 'last'], " SETTINGS "}, '*']")
  start(SET("", "'max_restarts': 0"));
  flow();
  assert_string_equal(reload(SET("", "'max_restarts': 3, 'within': '1h', 'strategy': 'one_for_all'")), "applied");
  assert_string_equal(said, "~ s: strategy; max_restarts; within\n");
  int64_t starts = atomic_load(&saw.starts);
  assert_string_equal(reload(SET("'fails': 'record'", "'max_restarts': 3, 'within': '1h', 'strategy': 'one_for_all'")),
                      "applied");
  while (atomic_load(&saw.starts) < starts + 2) usleep(100); /* both */
  flow();
  end_well();
}

/* They are as before if something else can't be done. */
static void a_supervisor_s_settings_are_given_back(void **state)
{
  (void)state;
  start(SET("", "'max_restarts': 3"));
  assert_string_equal(reload(SET("'fails': 'change'", "'max_restarts': 0")), "failed");
  assert_string_equal(said, "~ s: max_restarts\n~ mid: config.fails\nbecause: mid: not that\n");
  assert_string_equal(reload(SET("'fails': 'record'", "'max_restarts': 3")), "applied");
  while (!atomic_load(&saw.failed)) usleep(100);
  flow();
  end_well();
}

/* Five shapes of one topology, one after the other, while records flow. */
static void nothing_is_lost_or_doubled_under_load(void **state)
{
  (void)state;
  static const char *const shapes[] = {
      LINE,
      DOCUMENT(A("in", "numbers", ", 'to': 'other'") "," A("other", "stage",
                                                           ", 'to': 'out', 'instances': 3") "," A("out", "sink", "")),
      DOCUMENT(A("in", "numbers", ", 'to': 'out'") "," A("out", "sink", ", 'mailbox': {'capacity': 1}")),
      DOCUMENT(
          A("in", "numbers", ", 'to': 'mid'") "," A("two", "numbers", ", 'to': 'mid', 'config': {'source': 1}") "," A(
              "mid", "stage",
              ", 'to': 'last', 'instances': 2, 'config': {'tag': 1}") "," A("last", "stage",
                                                                            ", 'to': 'sink'") "," A("sink", "sink",
                                                                                                    "")),
      DOCUMENT(A("two", "numbers", ", 'to': 'mid', 'config': {'source': 1}") "," A(
          "mid", "stage",
          ", 'to': {'to': 'sink', 'when_full': {'to': 'more'}}, "
          "'config': {'anew': 1}") "," A("more", "stage", ", 'to': 'sink'") "," A("sink", "sink",
                                                                                  ", "
                                                                                  "'mail"
                                                                                  "box':"
                                                                                  " {'"
                                                                                  "capac"
                                                                                  "ity':"
                                                                                  " 1"
                                                                                  "}")),
  };
  enum { SHAPES = sizeof shapes / sizeof shapes[0] };
  int count = getenv("WEIR_TEST_SLOW") ? 10 : 100;
  start(shapes[0]);
  for (int i = 1; i <= count; i++) {
    const char *outcome = reload(shapes[(i * 7 + i / 5) % SHAPES]);
    if (strcmp(outcome, "unchanged") != 0 && strcmp(outcome, "applied") != 0) fail_msg("%s: %s", outcome, said);
  }
  flow();
  end_well();
}

/* ---- all of them, on each kind of runtime ---- */

int main(void)
{
  static const weir_runtime_options runtimes[] = {{.workers = 2}, {.flavor = WEIR_CURRENT_THREAD}};
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_differs),
      cmocka_unit_test(actors_come_and_go),
      cmocka_unit_test(sources_that_are_all_changed_do_not_end_the_run),
      cmocka_unit_test(a_bad_file_changes_nothing),
      cmocka_unit_test(what_is_refused_changes_nothing),
      cmocka_unit_test(a_dry_run_says_what_would_be_done),
      cmocka_unit_test(a_start_that_fails_changes_nothing),
      cmocka_unit_test(configurations_change_in_place_and_anew),
      cmocka_unit_test(a_change_that_one_refuses_is_taken_back_by_all),
      cmocka_unit_test(a_sink_that_never_answers_is_killed),
      cmocka_unit_test(a_sink_that_never_answers_is_removed_by_a_later_reload),
      cmocka_unit_test(capacities_change),
      cmocka_unit_test(where_a_breaker_leads_changes),
      cmocka_unit_test(instances_come_and_go),
      cmocka_unit_test(a_source_that_has_finished_stays_finished),
      cmocka_unit_test(supervisors_come_and_go),
      cmocka_unit_test(a_reload_waits_for_the_start),
      cmocka_unit_test(a_supervisor_that_does_not_start_changes_nothing),
      cmocka_unit_test(what_a_reload_did_outlives_its_supervisor),
      cmocka_unit_test(a_supervisor_s_settings_change),
      cmocka_unit_test(a_supervisor_s_settings_are_given_back),
      cmocka_unit_test(nothing_is_lost_or_doubled_under_load),
  };
  int failed = 0;
  for (size_t i = 0; i < sizeof runtimes / sizeof runtimes[0]; i++) {
    running.on = runtimes[i];
    failed += cmocka_run_group_tests(tests, NULL, NULL);
  }
  return failed;
}
