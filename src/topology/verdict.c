/* verdict.c: see verdict.h. */
#include "topology/verdict.h"

#include <stdint.h>
#include <string.h>

enum { SHOWN = 20 }; /* differences at one place; the others are counted */
#define NONE SIZE_MAX

/* What is expected at one place, and what came. */
struct place {
  const struct weir__document *document;
  const struct weir__test_expected *expected;
  const struct weir__came *came;
  bool ordered;
};

static void add_record(struct weir__draft *to, const struct place *p, const char *const *record)
{
  weir__leaves_show(p->expected->leaves, record, to);
}

/* ---- for people ---- */

static void tell_leaf(struct weir__draft *to, const struct weir__leaf *leaf, const char *expected, const char *came,
                      const char *separator)
{
  weir__draft_add(to, "%s\"%s\" is %s, not %s", separator, leaf->path, weir__leaf_shown(leaf, came),
                  weir__leaf_shown(leaf, expected));
}

static void tell_both(struct weir__draft *to, const struct place *p, const char *const *expected,
                      const char *const *came)
{
  const struct weir__leaves *leaves = p->expected->leaves;
  const char *separator = ": ";
  weir__draft_add(to, "    differs:     ");
  add_record(to, p, came);
  if (leaves->is_text) {
    weir__draft_add(to, ", not ");
    add_record(to, p, expected);
  }
  for (size_t i = 0; i < leaves->count && !leaves->is_text; i++) {
    if (weir__leaf_fits(expected[i], came[i])) continue;
    tell_leaf(to, &leaves->all[i], expected[i], came[i], separator);
    separator = "; ";
  }
  weir__draft_add(to, "\n");
}

static void tell_difference(struct weir__draft *to, const struct place *p, const struct weir__difference *d)
{
  const char *const *expected = d->expected == NONE ? NULL : p->expected->records[d->expected];
  const char *const *came = d->came == NONE ? NULL : p->came->records[d->came];
  if (expected && came) {
    tell_both(to, p, expected, came);
    return;
  }
  weir__draft_add(to, expected ? "    missing:     " : "    unexpected:  ");
  add_record(to, p, expected ? expected : came);
  weir__draft_add(to, "\n");
}

static void tell_place(struct weir__draft *to, const struct place *p, const struct weir__differences *d)
{
  const struct weir__json_node *node = &p->document->nodes[p->expected->node];
  weir__draft_add(to, "  %s:%u:%u: %s: %zu expected%s, %zu came\n", weir__document_file(p->document, p->expected->node),
                  (unsigned)node->key_line, (unsigned)node->key_column, p->expected->name, p->expected->count,
                  p->ordered ? " in this order" : "", p->came->count);
  for (size_t i = 0; i < d->count && i < SHOWN; i++) tell_difference(to, p, &d->all[i]);
  if (d->count > SHOWN) weir__draft_add(to, "    and %zu differences more\n", d->count - SHOWN);
}

/* ---- for programs ---- */

static void write_leaves(struct weir__draft *to, const struct place *p, const char *const *expected,
                         const char *const *came)
{
  const struct weir__leaves *leaves = p->expected->leaves;
  const char *separator = "";
  weir__draft_add(to, ", \"fields\": [");
  for (size_t i = 0; i < leaves->count; i++) {
    const struct weir__leaf *leaf = &leaves->all[i];
    if (weir__leaf_fits(expected[i], came[i])) continue;
    weir__draft_add(to, "%s{\"field\": \"%s\", \"expected\": %s, \"got\": %s}", separator, leaf->path,
                    weir__leaf_shown(leaf, expected[i]), weir__leaf_shown(leaf, came[i]));
    separator = ", ";
  }
  weir__draft_add(to, "]");
}

static void write_record(struct weir__draft *to, const struct place *p, const char *key, const char *const *record)
{
  weir__draft_add(to, "\"%s\": ", key);
  if (record)
    add_record(to, p, record);
  else
    weir__draft_add(to, "null");
}

static void write_difference(struct weir__draft *to, const struct place *p, const struct weir__difference *d)
{
  const char *const *expected = d->expected == NONE ? NULL : p->expected->records[d->expected];
  const char *const *came = d->came == NONE ? NULL : p->came->records[d->came];
  weir__draft_add(to, "{");
  write_record(to, p, "expected", expected);
  weir__draft_add(to, ", ");
  write_record(to, p, "got", came);
  if (expected && came && !p->expected->leaves->is_text) write_leaves(to, p, expected, came);
  weir__draft_add(to, "}");
}

static void write_place(struct weir__draft *to, const struct place *p, const struct weir__differences *d)
{
  const struct weir__json_node *node = &p->document->nodes[p->expected->node];
  weir__draft_add(to, "{\"at\": ");
  weir__draft_quote(to, p->expected->name);
  weir__draft_add(to, ", \"file\": ");
  weir__draft_quote(to, weir__document_file(p->document, p->expected->node));
  weir__draft_add(to, ", \"line\": %u, \"column\": %u, \"ordered\": %s, \"differences\": [", (unsigned)node->key_line,
                  (unsigned)node->key_column, p->ordered ? "true" : "false");
  for (size_t i = 0; i < d->count; i++) {
    if (i) weir__draft_add(to, ", ");
    write_difference(to, p, &d->all[i]);
  }
  weir__draft_add(to, "]}");
}

/* ---- all of it ---- */

/* They may all be there, but in another order. False: no memory. */
static bool tell_order(struct weir__draft *to, const struct place *p, struct weir__arena *arena)
{
  struct weir__differences d;
  if (!weir__match(p->expected, p->came, false, arena, &d)) return false;
  if (!d.count) weir__draft_add(to, "    all of them came, in another order\n");
  return true;
}

static bool judge_place(struct weir__verdict *v, const struct place *p, struct weir__arena *arena)
{
  struct weir__differences d;
  if (!weir__match(p->expected, p->came, p->ordered, arena, &d)) return false;
  if (!d.count) return true;
  tell_place(&v->text, p, &d);
  if (p->ordered && !tell_order(&v->text, p, arena)) return false;
  if (!v->passed) weir__draft_add(&v->json, ", ");
  write_place(&v->json, p, &d);
  v->passed = false;
  return true;
}

/* What came before it went wrong is told as well: mostly it shows how far it came. */
static void judge_error(struct weir__verdict *v, const char *error)
{
  weir__draft_add(&v->json, "\"error\": ");
  if (*error) {
    weir__draft_add(&v->text, "  %s\n", error);
    weir__draft_quote(&v->json, error);
  } else {
    weir__draft_add(&v->json, "null");
  }
}

int weir__verdict_make(struct weir__verdict *verdict, const struct weir__document *document,
                       const struct weir__graph_test *test, struct weir__outcome *outcome)
{
  *verdict = (struct weir__verdict){.passed = true};
  bool made = true;
  judge_error(verdict, outcome->error);
  weir__draft_add(&verdict->json, ", \"failures\": [");
  for (size_t i = 0; made && i < test->expected_count; i++) {
    struct place p = {document, &test->expected[i], &outcome->came[i], outcome->ordered[i]};
    made = judge_place(verdict, &p, &outcome->arena);
  }
  weir__draft_add(&verdict->json, "]");
  if (*outcome->error) verdict->passed = false;
  made = made && !verdict->text.failed && !verdict->json.failed;
  return made ? WEIR_OK : weir_error(WEIR_ENOMEM, "no memory for what a test came to");
}

void weir__verdict_free(struct weir__verdict *verdict)
{
  weir__draft_free(&verdict->text);
  weir__draft_free(&verdict->json);
}
