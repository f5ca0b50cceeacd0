/* document.c: scenarios that read and write JSON, print, and check and run topologies. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/reload.h>
#include <weir/types.h>
#include <weir/weir.h>

#include "faults/inject.h"
#include "faults/scenario.h"
#include "topology/live.h"
#include "topology/topology.h"

struct spot {
  double x, y;
};
WEIR_MESSAGE(spot, WEIR_FIELD(x), WEIR_FIELD(y, .def = "0"));
struct survey {
  const char *name;
  weir_bytes picture;
  struct spot home;
  const struct spot *spots;
  size_t spot_count;
  const char *const *tags;
  size_t tag_count;
  const struct spot *extra;
};
WEIR_MESSAGE(survey, WEIR_FIELD(name), WEIR_FIELD(picture), WEIR_NESTED(home, spot),
             WEIR_LIST_OF(spots, spot_count, spot), WEIR_LIST(tags, tag_count), WEIR_OPTIONAL(extra, spot));

static const char good[] = "{\"name\": \"a \\u00fc text\", \"picture\": \"aGVsbG8=\", \"home\": {\"x\": 1.5},\n"
                           " \"spots\": [{\"x\": 1, \"y\": 2}, {\"x\": 3}], \"tags\": [\"one\", \"two\"],\n"
                           " \"extra\": {\"x\": 7}}";
static const char bad[] = "{\"nam\": \"a\", \"picture\": \"?\", \"home\": {\"x\": \"far\", \"z\": 1},\n"
                          " \"spots\": [{}, 5], \"tags\": [1], \"tags\": []}";
static const char broken[] = "{\"name\": \"a\", \"home\" [1, 2}";

static void on_problem(void *arg, const weir_problem *problem)
{
  ++*(size_t *)arg;
  if (!problem->text || !*problem->text) failed("a problem without a text");
}

static void read_wrong(const char *text)
{
  struct survey *s;
  size_t problems = 0;
  int rc = weir_json_read(survey, &s, text, strlen(text), .problem = on_problem, .arg = &problems);
  if (rc != WEIR_EINVAL) checked(rc ? rc : WEIR_EPROTO, "a wrong document");
  if (rc == WEIR_EINVAL && !problems) failed("wrong, and nobody was told");
}

static void read_and_write(void)
{
  struct survey *s;
  char *text = NULL;
  char shown[400];
  size_t size;
  if (!CHECK(weir_json_read(survey, &s, good, strlen(good)))) {
    if (!CHECK(weir_json_write(survey, s, &text, &size)) && strlen(text) != size) failed("cut short");
    if (weir_print(survey, s, shown, sizeof shown) == 0) failed("not printed");
    weir_free(s);
    free(text);
  }
  read_wrong(bad);
  read_wrong(broken);
  static char many[4096] = "[";
  memset(many + 1, '[', 2000);
  read_wrong(many);
  size = (size_t)sprintf(many, "{");
  for (int i = 0; i < 40; i++) size += (size_t)sprintf(many + size, "\"k%d\": 1, ", i);
  sprintf(many + size, "\"last\": 1}");
  read_wrong(many);
}

/* ---- topologies ---- */

static const char topology[] =
    "{ \"runtime\": { \"flavor\": \"%s\"%s },\n"
    "  \"actors\": [\n"
    "    { \"name\": \"lines\", \"type\": \"file_lines\", \"config\": { \"paths\": [\"%s\"] }, \"to\": [\"words\"] },\n"
    "    { \"name\": \"words\", \"type\": \"split\", \"mailbox\": { \"capacity\": 1 }, \"to\": [\"count\"] },\n"
    "    { \"name\": \"count\", \"type\": \"count\", \"instances\": 2, \"route\": { \"hash\": \"word\" }, \"to\": "
    "[\"top\"] },\n"
    "    { \"name\": \"top\", \"type\": \"top\", \"config\": { \"k\": 3 },\n      \"mailbox\": { \"capacity\": 1 }, "
    "\"to\": [\"out\"] },\n"
    "    { \"name\": \"out\", \"type\": \"print\" } ] }\n";

static void hear(void *arg, const weir_problem *problem)
{
  on_problem(arg, problem);
  if (!undisturbed()) reported();
}

static void check_and_run(const char *text)
{
  size_t problems = 0;
  weir_topology *t;
  weir_listener listener = {.problem = hear, .arg = &problems};
  if (CHECK(weir_topology_parse("t.json", text, strlen(text), &listener, &t))) return;
  int rc = weir_topology_run(t, NULL, &listener);
  if (rc && undisturbed()) failed("run: %d %s", rc, weir_error_text());
  if (rc && !problems) checked(rc, "a run of which no problem was told");
  weir_topology_free(t);
}

/* A file; with many lines it has a word twice, and more than one block of text. */
static void make_input(char *path, int lines)
{
  fault_pause();
  int fd = mkstemp(path);
  FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
  if (!f) abort();
  for (int i = 0; i < lines; i++)
    fprintf(f, "the word%c%c%c and the end of the line\n", 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676);
  fclose(f);
  fault_go_on();
}

static void run_topology_on(const char *flavor, const char *workers)
{
  char text[2048], path[] = "/tmp/weir-faults-XXXXXX";
  make_input(path, 12000);
  snprintf(text, sizeof text, topology, flavor, workers, path);
  check_and_run(text);
  unlink(path);
}
static void run_on_current(void) { run_topology_on("current_thread", ""); }
static void run_on_two(void) { run_topology_on("multi_thread", ", \"workers\": 2"); }

static void check_wrong_topology(void)
{
  static const char wrong[] =
      "{ \"actors\": [ { \"name\": \"lines\", \"type\": \"file_line\", \"too\": [\"wrds\"] },\n"
      "  { \"name\": \"words\", \"type\": \"split\", \"config\": { \"om\": 1 }, \"to\": [\"wirds\"] },\n"
      "  { \"name\": \"words\", \"type\": \"count\", \"to\": [\"words\"] } ] }";
  size_t problems = 0;
  weir_topology *t;
  weir_listener listener = {.problem = on_problem, .arg = &problems};
  int rc = weir_topology_parse("t.json", wrong, strlen(wrong), &listener, &t);
  if (rc != WEIR_EINVAL) checked(rc ? rc : WEIR_EPROTO, "a wrong topology");
  if (rc == WEIR_EINVAL && !problems) failed("wrong, and nobody was told");
}

/* ---- weir check --live: an address and a secret, which no stock type has ---- */

struct door_config {
  const char *at, *key;
};
WEIR_MESSAGE(door_config, WEIR_FIELD(at, .use = WEIR_USE_LISTENS), WEIR_FIELD(key, .secret = true));

static void look(void *arg, struct weir__document *document, const struct weir__graph *graph)
{
  (void)arg;
  weir__check_live(document, graph);
}

static void check_live(void)
{
  static const char form[] =
      "{ \"secrets\": { \"key\": { \"file\": \"%s\" } },\n \"actors\": [ { \"name\": \"door\", \"type\": "
      "\"door\", \"config\": { \"at\": \"127.0.0.1:0\", \"key\": { \"secret\": \"key\" } }, \"to\": "
      "\"discard\" } ] }";
  static const weir_actor door = {.name = "door"};
  const struct weir__stock row = {.actor = &door, .config = weir_message_door_config, .gives = weir_message_spot};
  const struct weir__stock *const types[] = {&row, NULL};
  char text[512], path[] = "/tmp/weir-faults-XXXXXX";
  size_t problems = 0;
  weir_topology *t;
  make_input(path, 2);
  snprintf(text, sizeof text, form, path);
  weir_listener listener = {.problem = hear, .arg = &problems};
  struct weir__topology_options options = {.types = types, .look = look, .reads_secrets = true};
  struct weir__origin origin = {.name = "t.json", .text = text, .size = strlen(text)};
  int rc = weir__topology_read(&options, &origin, &listener, &t);
  if (rc && undisturbed()) failed("live: %d %s", rc, weir_error_text());
  if (rc && !problems) checked(rc, "a look of which no problem was told");
  weir_topology_free(t);
  unlink(path);
}

/* ---- types ---- */

/* Loaded anew each time: only the first finds that the plugin is not there yet. */
static void describe_types(void)
{
  static const char *const plugins[] = {WEIR_TEST_PLUGIN};
  for (int form = WEIR_TYPES_TEXT; form <= WEIR_TYPES_SCHEMA; form++) {
    char *text = NULL;
    if (!CHECK(weir_types_describe(&text, NULL, .form = form, .plugins = plugins, .plugin_count = 1)) &&
        !strstr(text, "total"))
      failed("the plugin's types are missing");
    free(text);
  }
  char *text = NULL;
  if (!CHECK(weir_types_describe(&text, NULL, .name = "file_lines")) && !strstr(text, "max_line"))
    failed("a field is missing");
  free(text);
}

/* ---- a topology that is changed while it runs: its source reads a FIFO, which ends when all changes have been tried ---- */

struct changing {
  char file[32], input[32]; /* the document; a FIFO */
  int write_end;
};

static void write_document(const struct changing *c, const char *path, const char *actors)
{
  fault_pause();
  FILE *f = fopen(c->file, "w");
  if (!f) abort();
  fprintf(
      f,
      "{ \"runtime\": { \"flavor\": \"current_thread\", \"drain\": \"100ms\" }, \"actors\": [\n"
      "  { \"name\": \"lines\", \"type\": \"file_lines\", \"config\": { \"paths\": [\"%s\"] }, \"to\": \"words\" },\n"
      "  %s ] }\n",
      path, actors);
  fclose(f);
  fault_go_on();
}

static const char *const shapes[] = {
    "{ \"name\": \"words\", \"type\": \"split\", \"to\": \"count\" }, { \"name\": \"count\", \"type\": \"count\", "
    "\"to\": \"discard\" }",
    "{ \"name\": \"words\", \"type\": \"split\", \"config\": { \"fold_case\": true }, \"to\": [\"count\", \"more\"] "
    "},\n"
    "  { \"name\": \"count\", \"type\": \"count\", \"to\": \"discard\" },\n"
    "  { \"name\": \"more\", \"type\": \"count\", \"instances\": 2, \"route\": { \"hash\": \"word\" }, \"to\": "
    "\"discard\" }",
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static void change_once(weir_ref reloader)
{
  struct weir_reloaded *r = NULL;
  if (CHECK(weir_ask(reloader, WEIR_FOREVER, &r, weir_reload_file, .timeout = WEIR_SECONDS(10)))) return;
  bool applied = strcmp(r->outcome, "applied") == 0;
  if (!applied && undisturbed()) failed("a reload: %s: %s", r->outcome, r->why ? r->why : "");
  if (!applied && !undisturbed()) reported();
  weir_free(r);
}

static int change_it(void *arg, weir_runtime *rt, weir_ref reloader)
{
  struct changing *c = arg;
  (void)rt;
  for (int i = 1; i <= 3; i++) {
    write_document(c, c->input, shapes[i % SHAPES]);
    change_once(reloader);
  }
  close(c->write_end);
  c->write_end = -1;
  return WEIR_OK;
}

static void make_fifo(char *path, int *write_end)
{
  fault_pause();
  int fd = mkstemp(path);
  if (fd < 0 || close(fd) || unlink(path) || mkfifo(path, 0600)) abort();
  *write_end = open(path, O_RDWR | O_CLOEXEC);
  fault_go_on();
}

static void change_topology(void)
{
  struct changing c = {"/tmp/weir-faults-d-XXXXXX", "/tmp/weir-faults-i-XXXXXX", -1};
  size_t problems = 0;
  weir_topology *t;
  weir_listener listener = {.problem = hear, .arg = &problems};
  weir_serving serving = {.file = c.file, .began = change_it, .arg = &c};
  make_fifo(c.input, &c.write_end);
  fault_pause();
  close(mkstemp(c.file));
  fault_go_on();
  write_document(&c, c.input, shapes[0]);
  if (!CHECK(weir_topology_load(c.file, &listener, &t))) {
    int rc = weir_topology_serve_file(t, NULL, &listener, &serving);
    if (rc && undisturbed()) failed("changed: %d %s", rc, weir_error_text());
    if (rc && !problems) checked(rc, "a run of which no problem was told");
    weir_topology_free(t);
  }
  if (c.write_end >= 0) close(c.write_end); /* it did not begin */
  unlink(c.file), unlink(c.input);
}

const struct scenario document_scenarios[] = {
    {"types", describe_types, LACKS_FOR_EVER},
    {"JSON", read_and_write, LACKS_FOR_EVER},
    {"topology that is wrong", check_wrong_topology, LACKS_FOR_EVER},
    {"addresses", check_live, LACKS_FOR_EVER},
    {"topology", run_on_current, LACKS_FOR_EVER | USES_POOL},
    {"topology on two", run_on_two, LACKS_FOR_EVER | USES_POOL},
    {"topology that changes", change_topology, LACKS_FOR_EVER | USES_POOL},
    {NULL, NULL, 0},
};
