/* check.c: see check.h; the rounds are listed in checking.h. */
#include "topology/checking.h"
#include "topology/plugin.h"
#include "topology/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/read.h"

/* ---- what the rounds share ---- */

void *weir__check_table(struct weir__check *c, uint32_t node, const weir_message *table, const struct weir__key *others)
{
  if (node != WEIR__NO_NODE && !weir__document_is(c->document, node, WEIR__OBJECT)) {
    weir__expected(c->document, node, "an object");
    return NULL;
  }
  return weir__json_read_part(c->document, node, node == WEIR__NO_NODE ? 0 : node, table, c->arena, others);
}

void weir__check_each_file(struct weir__check *c, void (*f)(struct weir__check *, uint32_t root))
{
  for (uint32_t i = 0; i < c->document->source_count; i++) {
    uint32_t root = c->document->sources[i].root;
    if (weir__document_is(c->document, root, WEIR__OBJECT)) f(c, root);
  }
}

bool weir__check_is_name(const char *text)
{
  size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
  return *text >= 'a' && *text <= 'z' && !text[size] && size <= WEIR__NAME_MAX;
}

/* Words that stand where names do. */
static bool is_reserved(const char *text) { return strcmp(text, "discard") == 0 || strcmp(text, "dead_letters") == 0; }

static const char *joined(struct weir__arena *arena, const char *outer, const char *name)
{
  char *text = weir__arena_alloc(arena, (outer ? strlen(outer) + 1 : 0) + strlen(name) + 1);
  if (!text) return "";
  sprintf(text, "%s%s%s", outer ? outer : "", outer ? "." : "", name);
  return text;
}

const char *weir__check_name(struct weir__check *c, uint32_t object, const char *outer, uint32_t *node)
{
  const char *name;
  *node = weir__expect_member(c->document, object, "name");
  if (*node == WEIR__NO_NODE || !weir__expect_text(c->document, *node, &name)) return "";
  if (!weir__check_is_name(name))
    weir__expected(c->document, *node, "at most %d lower-case letters, digits and _, beginning with a letter",
                   (int)WEIR__NAME_MAX);
  else if (is_reserved(name))
    weir__document_error(c->document, *node, "\"%s\" is no name: it says what becomes of records", name);
  else if (!outer || *outer)
    return joined(c->arena, outer, name);
  return "";
}

static void report_twice(struct weir__check *c, const char *name, uint32_t node, uint32_t first)
{
  const struct weir__json_node *n = &c->document->nodes[first];
  const char *file = weir__document_file(c->document, first);
  bool same_file = file == weir__document_file(c->document, node);
  weir__document_error(c->document, node, "\"%s\" is defined twice (first %s%s%s%u:%u)", name, same_file ? "at" : "in ",
                       same_file ? " " : file, same_file ? "" : ":", (unsigned)n->line, (unsigned)n->column);
}

void weir__check_add_name(struct weir__check *c, const char *name, enum weir__named what, size_t index, uint32_t node)
{
  const struct weir__name *first = weir__names_add(
      &c->names, c->arena, (struct weir__name){.name = name, .what = what, .index = index, .node = node});
  if (first) report_twice(c, name, node, first->node);
}

static const struct weir__name *find_from(const struct weir__check *c, const char *name, size_t use)
{
  if (use == WEIR__NO_INDEX || !*c->uses[use].name) return weir__names_find(&c->names, name);
  char full[WEIR__FULL_NAME_BYTES];
  int size = snprintf(full, sizeof full, "%s.%s", c->uses[use].name, name);
  const struct weir__name *found = size > 0 && (size_t)size < sizeof full ? weir__names_find(&c->names, full) : NULL;
  return found ? found : weir__names_find(&c->names, name);
}

const struct weir__name *weir__check_find(struct weir__check *c, uint32_t node, const char *name, size_t use)
{
  const struct weir__name *found = *name ? find_from(c, name, use) : NULL;
  if (found) return found;
  struct weir__suggestion suggestion = weir__suggest(name);
  if (c->document->report->kept < WEIR__REPORT_MOST) weir__names_offer(&c->names, &suggestion);
  weir__document_error(c->document, node, "unknown actor %s%s", weir__quote(name).text,
                       weir__suggest_text(&suggestion));
  return NULL;
}

/* ---- the runtime ---- */

static void read_runtime(struct weir__check *c, uint32_t node)
{
  static const struct weir__key others[] = {{.name = "state", .refused = WEIR__NOT_YET ": nothing keeps state on disk"},
                                            {.name = "disk", .refused = WEIR__NOT_YET ": nothing keeps state on disk"},
                                            {0}};
  const struct weir__settings *s = weir__check_table(c, node, weir_message_weir__settings(), others);
  if (!s) return;
  c->graph->settings = s;
  c->graph->flavor = s->flavor && strcmp(s->flavor, "current_thread") == 0 ? WEIR_CURRENT_THREAD : WEIR_MULTI_THREAD;
  c->graph->workers = s->workers;
  if (c->graph->flavor == WEIR_CURRENT_THREAD && s->workers > 1)
    weir__document_error(c->document, weir__check_member(c, node, "workers"),
                         "the current_thread flavor has no other threads: remove this");
  if (c->graph->flavor == WEIR_CURRENT_THREAD) c->graph->workers = 0;
}

/* ---- defaults ---- */

static void read_defaults(struct weir__check *c, uint32_t node)
{
  static const struct weir__key keys[] = {
      {.name = "description"},
      {.name = "mailbox"},
      {.name = "delivery", .refused = WEIR__NOT_YET ": a record is delivered at most once"},
      {.name = "batch", .refused = WEIR__NOT_YET ": edges batch by themselves"},
      {.name = "max_record", .refused = WEIR__NOT_YET},
      {0}};
  static const struct weir__key none[] = {{0}};
  if (node == WEIR__NO_NODE || !weir__expect_object(c->document, node)) return;
  weir__expect_keys(c->document, node, keys);
  uint32_t mailbox = weir__check_member(c, node, "mailbox");
  if (mailbox != WEIR__NO_NODE) c->mailbox = weir__check_table(c, mailbox, weir_message_weir__mailbox_settings(), none);
}

/* ---- plugins ---- */

/* A plugin's types are known from here on. One that can't be used was named at its place. */
static void read_plugin(struct weir__check *c, uint32_t node)
{
  static const struct weir__key none[] = {{0}};
  const struct weir__plugin *plugin;
  const struct weir__plugin_entry *entry = weir__check_table(c, node, weir_message_weir__plugin_entry(), none);
  uint32_t at = entry ? weir__check_member(c, node, "path") : WEIR__NO_NODE;
  if (at == WEIR__NO_NODE || !weir__document_is(c->document, at, WEIR__TEXT)) return;
  const char *path = weir__source_path(c->arena, weir__document_file(c->document, at), entry->path);
  if (!path) return;
  int rc = weir__plugin_load(path, &plugin);
  if (!rc) rc = weir__types_add(&c->known, plugin);
  if (rc == WEIR_ENOMEM)
    c->arena->failed = true;
  else if (rc)
    weir__document_error(c->document, at, "%s", weir_error_text());
  c->types_known = c->types_known && !rc;
}

static void read_plugins(struct weir__check *c, uint32_t root)
{
  struct weir__document *d = c->document;
  uint32_t all = weir__check_member(c, root, "plugins");
  if (all == WEIR__NO_NODE || !weir__expect_list(d, all)) return;
  for (uint32_t item = weir__document_child(d, all); item != WEIR__NO_NODE; item = d->nodes[item].next)
    read_plugin(c, item);
}

/* ---- the document ---- */

static void read_version(struct weir__check *c, uint32_t root)
{
  int64_t version;
  uint32_t weir = weir__check_member(c, root, "weir");
  if (weir != WEIR__NO_NODE) weir__expect_integer(c->document, weir, 1, 1, &version);
}

static void read_header(struct weir__check *c, uint32_t root)
{
  static const struct weir__key first[] = {{.name = "weir"},
                                           {.name = "runtime"},
                                           {.name = "actors"},
                                           {.name = "include"},
                                           {.name = "secrets"},
                                           {.name = "defaults"},
                                           {.name = "templates"},
                                           {.name = "tests"},
                                           {.name = "supervision"},
                                           {.name = "plugins"},
                                           {0}};
#define WEIR__IN_FIRST "only the file that is named may have this, not one that it includes"
  static const struct weir__key included[] = {{.name = "weir"},
                                              {.name = "actors"},
                                              {.name = "include"},
                                              {.name = "secrets"},
                                              {.name = "templates"},
                                              {.name = "tests"},
                                              {.name = "runtime", .refused = WEIR__IN_FIRST},
                                              {.name = "defaults", .refused = WEIR__IN_FIRST},
                                              {.name = "supervision", .refused = WEIR__IN_FIRST},
                                              {.name = "plugins"},
                                              {0}};
#define WEIR__NO_TEST "a file of tests may not have this, but the topology that it is for"
  static const struct weir__key tests[] = {{.name = "weir"},
                                           {.name = "topology"},
                                           {.name = "tests"},
                                           {.name = "actors", .refused = WEIR__NO_TEST},
                                           {.name = "include", .refused = WEIR__NO_TEST},
                                           {.name = "secrets", .refused = WEIR__NO_TEST},
                                           {.name = "templates", .refused = WEIR__NO_TEST},
                                           {.name = "runtime", .refused = WEIR__NO_TEST},
                                           {.name = "defaults", .refused = WEIR__NO_TEST},
                                           {.name = "supervision", .refused = WEIR__NO_TEST},
                                           {.name = "plugins", .refused = WEIR__NO_TEST},
                                           {0}};
  bool is_first = root == c->document->sources[0].root;
  const struct weir__key *keys = weir__source_is_tests(weir__document_file(c->document, root)) ? tests
                                 : is_first                                                    ? first
                                                                                               : included;
  (void)weir__check_table(c, root, weir_message_weir__header(), keys);
  read_version(c, root);
}

/* Someone must be there. */
static void check_any_actors(struct weir__check *c)
{
  bool listed = false;
  for (uint32_t i = 0; i < c->document->source_count; i++)
    listed = listed || weir__check_member(c, c->document->sources[i].root, "actors") != WEIR__NO_NODE;
  if (!listed) weir__document_error(c->document, 0, "\"actors\" is missing");
}

static void read_document(struct weir__check *c)
{
  struct weir__document *d = c->document;
  for (uint32_t i = 0; i < d->source_count; i++) weir__expect_object(d, d->sources[i].root);
  weir__check_each_file(c, read_header);
  if (!weir__document_is(d, 0, WEIR__OBJECT)) return;
  if (weir__source_is_tests(d->sources[0].name)) { /* what they name is elsewhere */
    weir__document_error(d, 0, "these are tests: weir test runs them");
    return;
  }
  read_runtime(c, weir__check_member(c, 0, "runtime"));
  read_defaults(c, weir__check_member(c, 0, "defaults"));
  weir__check_secrets(c);
  weir__check_each_file(c, read_plugins);
  c->types = c->known.rows;
  check_any_actors(c);
  weir__check_templates(c);
  weir__check_expand(c);
  if (c->arena->failed || d->report->failed) return;
  weir__check_actors(c);
  if (c->arena->failed || d->report->failed) return;
  weir__check_wiring(c);
  weir__check_supervision(c, weir__check_member(c, 0, "supervision"));
  weir__check_budgets(c);
  weir__check_cases(c);
}

int weir__check(struct weir__document *document, const struct weir__stock *const *types, struct weir__arena *arena,
                struct weir__graph *graph, bool reads_secrets, const struct weir__graph *before)
{
  struct weir__check c = {.document = document,
                          .types = types,
                          .arena = arena,
                          .graph = graph,
                          .reads_secrets = reads_secrets,
                          .before = before,
                          .wiring_known = true,
                          .types_known = true,
                          .actors_known = true};
  *graph = (struct weir__graph){.flavor = WEIR_MULTI_THREAD};
  if (weir__types_copy(&c.known, types)) return WEIR_ENOMEM;
  read_document(&c);
  document->secret = NULL;
  weir__types_free(&c.known);
  free(c.items);
  free(c.uses);
  return arena->failed ? WEIR_ENOMEM : weir__report_code(document->report);
}
