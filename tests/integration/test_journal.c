/* The example plugin in a running system: it takes a change in place, is started anew where it can't, and takes over from
 * its version 1 while records come. Both versions are loaded as they are built, beside this program. */
#include "actor/change.h"
#include "actor/edge.h"
#include "topology/plugin.h"
#include "topology/types.h"
#include "unit/actor_fixture.h"

#include <unistd.h>

#include <weir/record.h>

static const struct weir__plugin *one, *two;
static char folder[] = "/tmp/weir-journal-XXXXXX";
static char path[64], other_path[64];

/* Beside this program's folder. */
static const struct weir__plugin *load(const char *name)
{
  char self[4096], file[4300];
  const struct weir__plugin *plugin = NULL;
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  if (n < 0) return NULL;
  self[n] = 0;
  *strrchr(self, '/') = 0;
  snprintf(file, sizeof file, "%s/../plugins/%s", self, name);
  if (weir__plugin_load(file, &plugin)) print_error("%s\n", weir_error_text());
  return plugin;
}

static int load_both(void **state)
{
  (void)state;
  one = load("journal_v1.so");
  two = load("journal.so");
  if (!one || !two || !mkdtemp(folder)) return -1;
  snprintf(path, sizeof path, "%s/one", folder);
  snprintf(other_path, sizeof other_path, "%s/two", folder);
  return 0;
}

static int remove_files(void **state)
{
  (void)state;
  unlink(path);
  unlink(other_path);
  return rmdir(folder);
}

static const struct weir__stock *row_of(const struct weir__plugin *plugin, const char *name)
{
  for (size_t i = 0; i < plugin->count; i++)
    if (strcmp(plugin->rows[i].actor->name, name) == 0) return &plugin->rows[i];
  return NULL;
}

/* As the plugins lay theirs out. */
struct journal_config {
  const char *path;
  int64_t flush_every;
};

static weir_value config_of(const struct weir__stock *row, const struct journal_config *c)
{
  return (weir_value){row->config, c};
}

/* What it passes on ends here. */
struct sink {
  int64_t records;
};
static _Atomic(int64_t) passed_on;
static int sink_take(struct sink *s)
{
  passed_on = ++s->records;
  return WEIR_OK;
}
WEIR_ACTOR(sink, WEIR_ON(record, sink_take));

static void nobody_ends(void *arg, const struct weir__ending *ending) { (void)arg, (void)ending; }

static weir_ref spawn_journal(const struct weir__stock *row, const struct journal_config *c, weir_ref *end)
{
  struct weir__wired plain = {.ended = nobody_ends};
  *end = weir__spawn_wired(&sink, NULL, &plain);
  struct weir__target target = {.instances = end, .count = 1};
  struct weir__wiring next = {.output = "next", .targets = &target, .count = 1};
  struct weir__wired wired = {.outputs = &next, .output_count = 1, .ended = nobody_ends};
  weir_spawn_options o = {.config = config_of(row, c)};
  return weir__spawn_wired(row->actor, &o, &wired);
}

static int write_record(weir_ref journal, const char *text)
{
  return weir_send(journal, record, .key = "k", .payload = {text, strlen(text), NULL});
}

/* What was sent may still be on its way to the file. */
static void expect_file(const char *name, const char *expected)
{
  char text[4096] = "";
  for (int i = 0; i < 20000 && strcmp(text, expected) != 0; i++) {
    FILE *f = fopen(name, "r");
    if (i) weir_sleep(WEIR_MILLIS(1));
    if (!f) continue;
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
  }
  assert_string_equal(text, expected);
}

/* A record that is refused would never come: then the test says so. */
static void wait_until_passed_on(int64_t count)
{
  for (int i = 0; i < 20000 && passed_on < count; i++) weir_sleep(WEIR_MILLIS(1));
  assert_int_equal(passed_on, count);
}

static int clean(void **state)
{
  unlink(path);
  unlink(other_path);
  passed_on = 0;
  return runtime_up(state);
}

static void what_it_writes_is_passed_on(void **state)
{
  (void)state;
  weir_ref end;
  weir_ref j = spawn_journal(row_of(two, "journal"), &(struct journal_config){path, 1}, &end);
  for (int i = 0; i < 3; i++) assert_int_equal(weir_send(j, record, .payload = {"x", 1, NULL}), WEIR_OK);
  wait_until_passed_on(3);
  expect_file(path, "x\nx\nx\n");
}

static void a_change_is_taken_in_place_or_not(void **state)
{
  (void)state;
  weir_ref end;
  const struct weir__stock *row = row_of(two, "journal");
  weir_ref j = spawn_journal(row, &(struct journal_config){path, 1000}, &end);
  assert_int_equal(weir_send(j, record, .payload = {"one", 3, NULL}), WEIR_OK);
  struct journal_config often = {path, 1}, elsewhere = {other_path, 1};
  assert_int_equal(weir__reconfigure(j, config_of(row, &often), WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(weir_send(j, record, .payload = {"two", 3, NULL}), WEIR_OK);
  wait_until_passed_on(2);
  expect_file(path, "one\ntwo\n");
  assert_int_equal(weir__reconfigure(j, config_of(row, &elsewhere), WEIR_SECONDS(20)),
                   WEIR_ENOTSUP); /* it has no supervisor */
}

static void the_newer_one_goes_on_where_the_older_one_was(void **state)
{
  (void)state;
  const struct weir__stock *old = row_of(one, "journal"), *new = row_of(two, "journal");
  struct journal_config c = {path, 1};
  weir_ref end;
  weir_ref j = spawn_journal(old, &c, &end);
  assert_int_equal(write_record(j, "by version 1"), WEIR_OK); /* it is not flushed yet */
  assert_int_equal(weir__upgrade(j, new->actor, config_of(new, &c), WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(weir_send(j, record, .payload = {"by version 2", 12, NULL}), WEIR_OK);
  wait_until_passed_on(2);
  expect_file(path, "by version 1\nby version 2\n");
  struct journal_config nowhere = {"/nowhere/j", 1};
  j = spawn_journal(old, &c, &end);
  assert_int_equal(write_record(j, "still by version 1"), WEIR_OK);
  assert_int_equal(weir__upgrade(j, new->actor, config_of(new, &nowhere), WEIR_SECONDS(20)), -ENOENT);
  assert_int_equal(write_record(j, "and so is this"), WEIR_OK);
  assert_int_equal(weir_drain(j), WEIR_OK);
  expect_file(path, "by version 1\nby version 2\nstill by version 1\nand so is this\n");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, clean, runtime_down)
  const struct CMUnitTest tests[] = {
      TEST(what_it_writes_is_passed_on),
      TEST(a_change_is_taken_in_place_or_not),
      TEST(the_newer_one_goes_on_where_the_older_one_was),
  };
  if (load_both(NULL)) return 1;
  int failed = run_on_each(tests, sizeof tests / sizeof tests[0]);
  return failed || remove_files(NULL);
}
