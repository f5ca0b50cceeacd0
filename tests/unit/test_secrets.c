/* Secrets of topologies: read from files of their own, given to configurations as if they stood there, shown nowhere, and
 * overwritten when they are freed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <weir/weir.h>

#include "topology/topology.h"
#include "json/write.h"

#define WORD "xyzzy-4711"

/* ---- what is overwritten: the linker gives the library this function (tests/CMakeLists.txt) ---- */

void __real_explicit_bzero(void *at, size_t size);
void __wrap_explicit_bzero(void *at, size_t size);
static int wiped; /* how many times something with the word in it was */
static bool has_word(const char *at, size_t size)
{
  for (size_t n = strlen(WORD); size >= n; at++, size--)
    if (memcmp(at, WORD, n) == 0) return true;
  return false;
}
void __wrap_explicit_bzero(void *at, size_t size)
{
  wiped += has_word(at, size);
  __real_explicit_bzero(at, size);
}

/* ---- an actor type with secrets of all kinds ---- */

struct inner {
  const char *token;
};
WEIR_MESSAGE(inner, WEIR_FIELD(token, .secret = true, .def = "\"\""));
struct keys_config {
  const char *text;
  char chars[16];
  weir_bytes bytes;
  const char *const *list;
  size_t list_count;
  struct inner inner;
  const char *plain;
};
WEIR_MESSAGE(keys_config, WEIR_FIELD(text, .secret = true, .def = "\"\""),
             WEIR_FIELD(chars, .secret = true, .def = "\"\""), WEIR_FIELD(bytes, .secret = true, .def = "\"\""),
             WEIR_LIST(list, list_count, .secret = true, .def = "[]"), WEIR_NESTED(inner, inner, .def = "{}"),
             WEIR_FIELD(plain, .def = "\"\""));

static char got[512];
struct keys {
  WEIR_EMPTY;
};
static int keys_start(struct keys *k, const struct keys_config *c)
{
  (void)k;
  int used = snprintf(got, sizeof got, "%s|%s|%.*s|%s|%s|", c->text, c->chars, (int)c->bytes.size,
                      c->bytes.data ? (const char *)c->bytes.data : "", c->inner.token, c->plain);
  for (size_t i = 0; i < c->list_count; i++) used += snprintf(got + used, sizeof got - (size_t)used, "%s,", c->list[i]);
  weir_stop(weir_self());
  return WEIR_OK;
}
struct item {
  int64_t n;
};
WEIR_MESSAGE(item, WEIR_FIELD(n));
WEIR_ACTOR(keys, WEIR_ON_START(keys_config, keys_start));

static const struct weir__stock *const types[] = {
    &(struct weir__stock){.actor = &keys, .config = weir_message_keys_config, .gives = weir_message_item}, NULL};

/* ---- files and documents ---- */

static char folder[] = "/tmp/weir-secrets-XXXXXX";

static void put(const char *name, const void *bytes, size_t size, mode_t mode)
{
  char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, size, f), size);
  assert_int_equal(fclose(f), 0);
  assert_int_equal(chmod(path, mode), 0);
}
static void put_text(const char *name, const char *text) { put(name, text, strlen(text), 0600); }

static char told[2048];
static void hear(void *arg, const weir_problem *problem)
{
  (void)arg;
  size_t used = strlen(told);
  snprintf(told + used, sizeof told - used, "%d:%d: %s\n", problem->line, problem->column, problem->text);
}

/* A document in that folder. */
static const struct weir__graph *before; /* as in weir__topology_options */
static int read_document(const char *secrets, const char *config, bool reads_secrets, weir_topology **t)
{
  char name[256], text[2048];
  snprintf(name, sizeof name, "%s/t.json", folder);
  snprintf(text, sizeof text,
           "{\"secrets\":{%s},\n\"actors\":[{\"name\":\"a\",\"type\":\"keys\",\"to\":\"discard\",\"config\":{%s}}]}",
           secrets, config);
  weir_listener listener = {.problem = hear};
  *told = 0;
  return weir__topology_read(
      &(struct weir__topology_options){.types = types, .reads_secrets = reads_secrets, .before = before},
      &(struct weir__origin){.name = name, .text = text, .size = strlen(text)}, &listener, t);
}

static void run(const char *secrets, const char *config)
{
  weir_topology *t;
  int rc = read_document(secrets, config, true, &t);
  if (rc) print_error("%s", told);
  assert_int_equal(rc, WEIR_OK);
  *got = 0;
  weir_listener listener = {.problem = hear};
  assert_int_equal(weir_topology_run(t, &(weir_runtime_options){.workers = 1}, &listener), WEIR_OK);
  assert_string_equal(told, "");
  weir_topology_free(t);
}

static void refused(const char *secrets, const char *config, const char *what)
{
  weir_topology *t;
  assert_int_equal(read_document(secrets, config, true, &t), WEIR_EINVAL);
  assert_null(t);
  char expected[1024];
  const char *at = strchr(what, '@'); /* stands for the folder */
  if (at)
    snprintf(expected, sizeof expected, "%.*s%s%s\n", (int)(at - what), what, folder, at + 1);
  else
    snprintf(expected, sizeof expected, "%s\n", what);
  assert_string_equal(told, expected);
}

#define SECRET(file) "\"k\":{\"file\":\"" file "\"}"
#define K "{\"secret\":\"k\"}"

static void a_secret_is_given_as_if_it_stood_there(void **state)
{
  (void)state;
  put_text("word", WORD "\n");
  put_text("base64", "eHl6enk=");
  run(SECRET("word") ",\"b\":{\"file\":\"base64\"}",
      "\"text\":" K ",\"chars\":" K ",\"bytes\":{\"secret\":\"b\"},\"list\":[" K ",\"other\"," K
      "],\"inner\":{\"token\":" K "},\"plain\":\"p\"");
  assert_string_equal(got, WORD "|" WORD "|xyzzy|" WORD "|p|" WORD ",other," WORD ",");
}

static void one_newline_at_its_end_is_cut(void **state)
{
  (void)state;
  static const char *const texts[][2] = {
      {"a b", "a b"}, {"a\n", "a"}, {"a\r\n", "a"}, {"a\n\n", "a\n"}, {"\na", "\na"}};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    char expected[32];
    put_text("k", texts[i][0]);
    run(SECRET("k"), "\"text\":" K);
    snprintf(expected, sizeof expected, "%s|||||", texts[i][1]);
    assert_string_equal(got, expected);
  }
}

static void a_file_that_is_no_secret_is_refused_with_its_place(void **state)
{
  (void)state;
  char path[256];
  static char large[(64 << 10) + 2];
  memset(large, 'x', sizeof large);
#define AT "1:25: secrets.k.file: cannot read the secret @/"
  refused(SECRET("none"), "", AT "none: No such file or directory");
  snprintf(path, sizeof path, "%s/dir", folder);
  assert_int_equal(mkdir(path, 0700), 0);
  refused(SECRET("dir"), "", AT "dir: Is a directory");
  snprintf(path, sizeof path, "%s/fifo", folder);
  assert_int_equal(mkfifo(path, 0600), 0);
  refused(SECRET("fifo"), "", AT "fifo: it is no ordinary file");
  put("k", "", 0, 0600);
  refused(SECRET("k"), "", AT "k: it is empty");
  put("k", "\n", 1, 0600);
  refused(SECRET("k"), "", AT "k: it is empty");
  put("k", WORD "\0x", sizeof WORD + 1, 0600);
  refused(SECRET("k"), "", AT "k: it holds a zero byte");
  put("k", WORD "\xff", sizeof WORD, 0600);
  refused(SECRET("k"), "", AT "k: it is no UTF-8");
  put("k", large, sizeof large, 0600);
  refused(SECRET("k"), "", AT "k: it holds more than 64 KiB");
  put("k", large, sizeof large - 2, 0600);
  run(SECRET("k"), "\"text\":" K);
}

static void a_file_that_others_may_use_is_refused(void **state)
{
  (void)state;
  put("k", WORD, strlen(WORD), 0644);
  refused(SECRET("k"), "",
          AT "k: everybody may read it: take that right away (chmod o-r), or say \"world_readable\": true");
  run("\"k\":{\"file\":\"k\",\"world_readable\":true}", "\"text\":" K);
  put("k", WORD, strlen(WORD), 0602);
  refused("\"k\":{\"file\":\"k\",\"world_readable\":true}", "",
          AT "k: everybody may write it: take that right away (chmod o-w)");
  put("k", WORD, strlen(WORD), 0640);
  run(SECRET("k"), "\"text\":" K);
}

/* What does not fit is told where it is named, without what it is. */
static void what_does_not_fit_is_not_shown(void **state)
{
  (void)state;
#define CONFIG "2:70: actors.a.config."
  put_text("k", WORD " and more");
  refused(SECRET("k"), "\"chars\":" K, CONFIG "chars: must be a text of at most 15 bytes");
  refused(SECRET("k"), "\"bytes\":" K, CONFIG "bytes: must be bytes as base64");
  setenv("WORD", WORD, 1);
  refused(SECRET("k"), "\"bytes\":\"${WORD}\"", CONFIG "bytes: must be bytes as base64");
  refused(SECRET("k"), "\"bytes\":\"${NONE:-" WORD "}\"", CONFIG "bytes: must be bytes as base64");
}

static void a_secret_is_named_as_it_is_and_where_it_may_stand(void **state)
{
  (void)state;
  put_text("k", WORD);
  refused(SECRET("k"), "\"text\":{\"secret\":\"l\"}", "2:79: actors.a.config.text.secret: unknown secret \"l\"");
  refused("\"pager_key\":{\"file\":\"k\"}", "\"text\":{\"secret\":\"pager_kye\"}",
          "2:79: actors.a.config.text.secret: unknown secret \"pager_kye\" (did you mean \"pager_key\"?)");
  refused(SECRET("k"), "\"plain\":" K, CONFIG "plain: no secret may stand here: what does is shown to who asks for it");
  refused(SECRET("k"), "\"text\":{\"secret\":\"k\",\"of\":1}", "2:83: actors.a.config.text.of: unknown key");
  refused(SECRET("k"), "\"text\":{\"secret\":5}", "2:79: actors.a.config.text.secret: must be a text, not 5");
  refused(SECRET("k"), "\"text\":{\"file\":\"k\"}", "2:69: actors.a.config.text: must be a text");
}

/* A check that is not live looks at no file, and at every name. */
static void a_check_reads_no_secret(void **state)
{
  (void)state;
  weir_topology *t;
  assert_int_equal(read_document(SECRET("none"),
                                 "\"text\":" K ",\"chars\":" K ",\"bytes\":" K ",\"inner\":{\"token\":" K "}", false,
                                 &t),
                   WEIR_OK);
  weir_topology_free(t);
  assert_int_equal(read_document(SECRET("none"), "\"text\":{\"secret\":\"l\"}", false, &t), WEIR_EINVAL);
}

static const char *text_after(const char *secrets)
{
  static char text[64];
  weir_topology *t;
  assert_int_equal(read_document(secrets, "\"text\":" K, true, &t), WEIR_OK);
  snprintf(text, sizeof text, "%s", ((const struct keys_config *)t->graph.actors[0].config)->text);
  weir_topology_free(t);
  return text;
}

static void a_reload_reads_a_secret_again_if_it_says_so(void **state)
{
  (void)state;
  weir_topology *t;
  put_text("k", "old");
  put_text("other", "other");
  assert_int_equal(read_document(SECRET("k"), "\"text\":" K, true, &t), WEIR_OK);
  put_text("k", "new");
  before = &t->graph;
  assert_string_equal(text_after(SECRET("k")), "old");
  assert_string_equal(text_after("\"k\":{\"file\":\"k\",\"reload\":true}"), "new");
  assert_string_equal(text_after(SECRET("other")), "other"); /* another file is another secret */
  before = NULL;
  assert_string_equal(text_after(SECRET("k")), "new");
  weir_topology_free(t);
}

/* In what was read, in the topology, and in the actor's configuration. */
static void what_is_freed_is_overwritten(void **state)
{
  (void)state;
  weir_topology *t;
  put_text("k", WORD);
  wiped = 0;
  assert_int_equal(read_document(SECRET("k"), "\"text\":" K, true, &t), WEIR_OK);
  assert_int_equal(wiped, 1);
  assert_int_equal(weir_topology_run(t, &(weir_runtime_options){.workers = 1}, NULL), WEIR_OK);
  assert_int_equal(wiped, 2);
  weir_topology_free(t);
  assert_true(wiped >= 3);
  /* also where the document is refused, and in values that stand there themselves */
  wiped = 0;
  assert_int_equal(read_document(SECRET("k"), "\"text\":" K ",\"no\":1", true, &t), WEIR_EINVAL);
  assert_true(wiped >= 2);
  struct keys_config c = {.text = "", .chars = WORD};
  wiped = 0;
  weir_ref ref;
  weir_runtime *rt;
  assert_int_equal(weir_runtime_start(&(weir_runtime_options){.workers = 1}, &rt), WEIR_OK);
  ref = weir_spawn(&keys, .config = WEIR_AT(keys_config, &c), .on = rt);
  assert_int_equal(weir_ref_error(ref), WEIR_OK);
  assert_int_equal(weir_runtime_stop(rt, WEIR_SECONDS(5)), WEIR_OK);
  assert_int_equal(wiped, 1);
}

/* weir run --follow-one --json */
static void a_value_that_is_shown_as_json_has_no_secrets(void **state)
{
  (void)state;
  const char *const list[] = {WORD, WORD};
  struct keys_config c = {
      .text = WORD, .chars = WORD, .bytes = {WORD, sizeof WORD, NULL}, .list = list, .list_count = 2, .plain = "p"};
  c.inner.token = WORD;
  char *text;
  assert_int_equal(weir__json_show(WEIR_AT(keys_config, &c), &text, NULL), WEIR_OK);
  assert_string_equal(
      text, "{\"text\":null,\"chars\":null,\"bytes\":null,\"list\":null,\"inner\":{\"token\":null},\"plain\":\"p\"}");
  free(text);
}

static int clean_up(void **state)
{
  (void)state;
  char command[256];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_secret_is_given_as_if_it_stood_there),
      cmocka_unit_test(one_newline_at_its_end_is_cut),
      cmocka_unit_test(a_file_that_is_no_secret_is_refused_with_its_place),
      cmocka_unit_test(a_file_that_others_may_use_is_refused),
      cmocka_unit_test(what_does_not_fit_is_not_shown),
      cmocka_unit_test(a_secret_is_named_as_it_is_and_where_it_may_stand),
      cmocka_unit_test(a_check_reads_no_secret),
      cmocka_unit_test(a_reload_reads_a_secret_again_if_it_says_so),
      cmocka_unit_test(what_is_freed_is_overwritten),
      cmocka_unit_test(a_value_that_is_shown_as_json_has_no_secrets),
  };
  if (!mkdtemp(folder)) return 1;
  return cmocka_run_group_tests(tests, NULL, clean_up);
}
