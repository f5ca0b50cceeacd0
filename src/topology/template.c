/* template.c: templates are put in where they are used (checking.h).
 *
 * A use's actors are copies of the template's, below the object of the use; {"param": NAME} in them is replaced by a copy
 * of the value that the use gives. So values are inserted, with the kinds that they have, and each knows the place in a
 * file that it came from. */
#include <stdlib.h>
#include <string.h>

#include "topology/checking.h"
#include "json/read.h"

enum { ACTORS_MOST = 1000000 };

/* ---- what templates there are ---- */

static void add_template(struct weir__check *c, uint32_t node)
{
  static const struct weir__key others[] = {{.name = "params"}, {.name = "actors"}, {0}};
  const char *name = weir__arena_text(c->arena, weir__document_key(c->document, node));
  if (!weir__check_is_name(name ? name : "")) {
    weir__document_key_error(c->document, node,
                             "a template's name must be lower-case letters, digits and _, beginning with a letter");
    return;
  }
  const struct weir__template *settings = weir__check_table(c, node, weir_message_weir__template(), others);
  if (!settings) return;
  const struct weir__name *first = weir__names_add(
      &c->template_names, c->arena, (struct weir__name){.name = name, .index = c->template_count, .node = node});
  if (first) {
    const struct weir__json_node *n = &c->document->nodes[first->node];
    weir__document_key_error(c->document, node, "the template is defined twice (first in %s:%u:%u)",
                             weir__document_file(c->document, first->node), (unsigned)n->key_line,
                             (unsigned)n->key_column);
    return;
  }
  c->templates[c->template_count++] =
      (struct weir__checked_template){.name = name,
                                      .settings = settings,
                                      .node = node,
                                      .params = weir__check_member(c, node, "params"),
                                      .actors = weir__expect_member(c->document, node, "actors")};
}

static void add_templates(struct weir__check *c, uint32_t root)
{
  uint32_t all = weir__check_member(c, root, "templates");
  if (all == WEIR__NO_NODE || !weir__expect_object(c->document, all)) return;
  size_t count = c->document->nodes[all].inside;
  struct weir__checked_template *templates = weir__arena_array(c->arena, c->template_count + count, sizeof *templates);
  if (!templates) return;
  if (c->template_count) memcpy(templates, c->templates, c->template_count * sizeof *templates);
  c->templates = templates;
  for (uint32_t t = weir__document_child(c->document, all); t != WEIR__NO_NODE; t = c->document->nodes[t].next)
    add_template(c, t);
}

/* ---- parameters ---- */

/* A field by which a parameter's values are read. */
static bool field_of_kind(const char *kind, weir_field *field)
{
  static const struct {
    const char *name;
    weir_kind kind;
    size_t size;
    weir_unit unit;
  } kinds[] = {{"int", WEIR_KIND_I64, sizeof(int64_t), WEIR_UNIT_NONE},
               {"number", WEIR_KIND_F64, sizeof(double), WEIR_UNIT_NONE},
               {"bool", WEIR_KIND_BOOL, sizeof(bool), WEIR_UNIT_NONE},
               {"text", WEIR_KIND_TEXT, sizeof(char *), WEIR_UNIT_NONE},
               {"duration", WEIR_KIND_DURATION, sizeof(weir_duration), WEIR_UNIT_NONE},
               {"size", WEIR_KIND_I64, sizeof(int64_t), WEIR_UNIT_BYTES},
               {"rate", WEIR_KIND_RATE, sizeof(weir_rate), WEIR_UNIT_NONE}};
  for (size_t i = 0; kind && i < sizeof kinds / sizeof kinds[0]; i++)
    if (strcmp(kinds[i].name, kind) == 0) {
      *field = (weir_field){.name = "param", .kind = kinds[i].kind, .size = kinds[i].size, .unit = kinds[i].unit};
      return true;
    }
  return false;
}

union any {
  int64_t integer;
  double real;
  bool truth;
  const char *text;
  weir_duration duration;
  weir_rate rate;
};

/* A value as a bound. */
static double bound_of(const weir_field *field, const union any *value)
{
  switch (field->kind) {
  case WEIR_KIND_F64:
    return value->real;
  case WEIR_KIND_DURATION:
    return (double)value->duration.ns;
  case WEIR_KIND_RATE:
    return value->rate.count ? (double)value->rate.count * 1e9 / (double)value->rate.per.ns : 0;
  default:
    return (double)value->integer;
  }
}

/* False: there is none, or it is wrong, which was reported. */
static bool read_bound(struct weir__check *c, const weir_field *field, uint32_t param, const char *key, double *bound)
{
  union any value = {0};
  uint32_t node = weir__check_member(c, param, key);
  if (node == WEIR__NO_NODE) return false;
  if (field->kind == WEIR_KIND_TEXT || field->kind == WEIR_KIND_BOOL) {
    weir__document_key_error(c->document, node, "a %s has no bounds", field->kind == WEIR_KIND_BOOL ? "bool" : "text");
    return false;
  }
  size_t before = c->document->report->count;
  weir__json_read_field(c->document, node, field, c->arena, &value);
  *bound = bound_of(field, &value);
  return c->document->report->count == before;
}

/* The field of a parameter with its bounds. False: what is declared is wrong. */
static bool field_of_param(struct weir__check *c, uint32_t param, const struct weir__param *settings, weir_field *field)
{
  double min, max;
  if (!settings || !field_of_kind(settings->kind, field)) return false;
  bool has_min = read_bound(c, field, param, "min", &min), has_max = read_bound(c, field, param, "max", &max);
  if (has_min && has_max && min > max)
    weir__document_error(c->document, weir__check_member(c, param, "max"), "is less than \"min\"");
  else if (has_min || has_max)
    field->min = has_min ? min : -0x1p62, field->max = has_max ? max : 0x1p62;
  return true;
}

static void check_param(struct weir__check *c, uint32_t param, weir_field *field)
{
  static const struct weir__key others[] = {{.name = "min"}, {.name = "max"}, {.name = "default"}, {0}};
  union any value = {0};
  if (!weir__check_is_name(weir__document_key(c->document, param)))
    weir__document_key_error(c->document, param,
                             "a parameter's name must be lower-case letters, digits and _, beginning with a letter");
  const struct weir__param *settings = weir__check_table(c, param, weir_message_weir__param(), others);
  uint32_t def = weir__check_member(c, param, "default");
  bool known = field_of_param(c, param, settings, field);
  if (known && def != WEIR__NO_NODE) weir__json_read_field(c->document, def, field, c->arena, &value);
}

static void check_params(struct weir__check *c, const struct weir__checked_template *t)
{
  weir_field field;
  if (t->params == WEIR__NO_NODE || !weir__expect_object(c->document, t->params)) return;
  for (uint32_t p = weir__document_child(c->document, t->params); p != WEIR__NO_NODE; p = c->document->nodes[p].next)
    check_param(c, p, &field);
}

void weir__check_templates(struct weir__check *c)
{
  weir__check_each_file(c, add_templates);
  for (size_t i = 0; i < c->template_count; i++) check_params(c, &c->templates[i]);
}

/* ---- a use ---- */

/* What a use gives its template. */
struct arguments {
  struct weir__check *c;
  const struct weir__checked_template *of;
  uint32_t with; /* WEIR__NO_NODE: nothing */
};

static void check_argument(struct weir__check *c, const struct weir__checked_template *t, uint32_t argument)
{
  const char *name = weir__document_key(c->document, argument);
  uint32_t param = t->params == WEIR__NO_NODE ? WEIR__NO_NODE : weir__check_member(c, t->params, name);
  weir_field field;
  union any value = {0};
  size_t before = c->document->report->count;
  if (param == WEIR__NO_NODE) {
    struct weir__suggestion s = weir__suggest(name);
    for (uint32_t p = t->params == WEIR__NO_NODE ? t->params : weir__document_child(c->document, t->params);
         p != WEIR__NO_NODE; p = c->document->nodes[p].next)
      weir__suggest_offer(&s, weir__document_key(c->document, p));
    weir__document_key_error(c->document, argument, "the template \"%s\" has no such parameter%s", t->name,
                             weir__suggest_text(&s));
    return;
  }
  uint32_t kind = weir__check_member(c, param, "kind");
  const char *text = kind == WEIR__NO_NODE ? NULL : weir__document_text(c->document, kind);
  if (text && field_of_kind(text, &field) && field_of_param(c, param, &(struct weir__param){.kind = text}, &field))
    weir__json_read_field(c->document, argument, &field, c->arena, &value);
  if (c->document->report->count > before) c->document->nodes[argument].broken = 1; /* nothing more is said of it */
}

static void check_arguments(struct weir__check *c, const struct weir__checked_use *use, uint32_t with)
{
  struct weir__document *d = c->document;
  const struct weir__checked_template *t = use->of;
  bool given = with != WEIR__NO_NODE && weir__expect_object(d, with);
  for (uint32_t a = given ? weir__document_child(d, with) : WEIR__NO_NODE; a != WEIR__NO_NODE; a = d->nodes[a].next)
    check_argument(c, t, a);
  if (t->params == WEIR__NO_NODE || !weir__document_is(d, t->params, WEIR__OBJECT)) return;
  for (uint32_t p = weir__document_child(d, t->params); p != WEIR__NO_NODE; p = d->nodes[p].next)
    if (weir__check_member(c, p, "default") == WEIR__NO_NODE &&
        (!given || weir__check_member(c, with, weir__document_key(d, p)) == WEIR__NO_NODE))
      weir__document_error(d, given ? with : use->node, "the template \"%s\" needs the parameter \"%s\"", t->name,
                           weir__document_key(d, p));
}

static void report_unknown_param(const struct arguments *a, uint32_t node, const char *name)
{
  struct weir__document *d = a->c->document;
  struct weir__suggestion s = weir__suggest(name);
  for (uint32_t p = a->of->params == WEIR__NO_NODE ? WEIR__NO_NODE : weir__document_child(d, a->of->params);
       p != WEIR__NO_NODE; p = d->nodes[p].next)
    weir__suggest_offer(&s, weir__document_key(d, p));
  weir__document_error(d, node, "unknown parameter %s%s", weir__quote(name).text, weir__suggest_text(&s));
}

/* The value for {"param": NAME}; the node itself if it is something else. One without a value was reported where it is
 * missing: nothing more is said of it. */
static uint32_t replace(void *arg, uint32_t node)
{
  const struct arguments *a = arg;
  struct weir__document *d = a->c->document;
  if (!weir__document_is(d, node, WEIR__OBJECT) || d->nodes[node].inside != 1) return node;
  uint32_t name_node = weir__document_member(d, node, "param");
  const char *name = name_node == WEIR__NO_NODE ? NULL : weir__document_text(d, name_node);
  if (!name) return node;
  uint32_t param = a->of->params == WEIR__NO_NODE ? WEIR__NO_NODE : weir__document_member(d, a->of->params, name);
  uint32_t value = a->with == WEIR__NO_NODE ? WEIR__NO_NODE : weir__document_member(d, a->with, name);
  if (param == WEIR__NO_NODE) report_unknown_param(a, name_node, name);
  if (param != WEIR__NO_NODE && value == WEIR__NO_NODE) value = weir__document_member(d, param, "default");
  if (param != WEIR__NO_NODE && value != WEIR__NO_NODE) return value;
  d->nodes[node].broken = 1;
  return node;
}

static void expand(struct weir__check *c, uint32_t node, size_t outer, int depth);

static void copy_actors(struct weir__check *c, size_t index, uint32_t with, int depth)
{
  struct weir__checked_use use = c->uses[index];
  struct weir__document *d = c->document;
  struct arguments arguments = {.c = c, .of = use.of, .with = with};
  if (use.of->actors == WEIR__NO_NODE || !weir__document_is(d, use.of->actors, WEIR__LIST)) return;
  for (uint32_t a = weir__document_child(d, use.of->actors); a != WEIR__NO_NODE && !c->too_many; a = d->nodes[a].next) {
    uint32_t copy = weir__document_copy(d, a, use.node, replace, &arguments);
    if (copy == WEIR__NO_NODE) return;
    expand(c, copy, index, depth + 1);
  }
}

static const struct weir__checked_template *find_template(struct weir__check *c, uint32_t node)
{
  const char *name;
  if (!weir__expect_text(c->document, node, &name)) return NULL;
  const struct weir__name *found = weir__names_find(&c->template_names, name);
  if (found) return &c->templates[found->index];
  struct weir__suggestion s = weir__suggest(name);
  weir__names_offer(&c->template_names, &s);
  weir__document_error(c->document, node, "unknown template %s%s", weir__quote(name).text, weir__suggest_text(&s));
  return NULL;
}

/* Is the template put into itself? */
static bool is_inside(const struct weir__check *c, const struct weir__checked_template *of, size_t outer)
{
  for (; outer != WEIR__NO_INDEX; outer = c->uses[outer].outer)
    if (c->uses[outer].of == of) return true;
  return false;
}

static bool add_use(struct weir__check *c, struct weir__checked_use use)
{
  if (c->use_count == c->use_room) {
    size_t room = c->use_room ? 2 * c->use_room : 16;
    struct weir__checked_use *uses = realloc(c->uses, room * sizeof *uses);
    if (!uses) return !(c->arena->failed = true);
    c->uses = uses, c->use_room = room;
  }
  c->uses[c->use_count++] = use;
  return true;
}

static void expand_use(struct weir__check *c, uint32_t node, size_t outer, int depth)
{
  static const struct weir__key others[] = {
      {.name = "name"},
      {.name = "use"},
      {.name = "with"},
      {.name = "to"},
      {.name = "type", .refused = "either a \"type\", or the \"use\" of a template"},
      {0}};
  uint32_t name_node, use_node = weir__check_member(c, node, "use");
  const char *prefix = outer == WEIR__NO_INDEX ? NULL : c->uses[outer].name;
  (void)weir__check_table(c, node, weir_message_weir__use_settings(), others);
  struct weir__checked_use use = {.name = weir__check_name(c, node, prefix, &name_node),
                                  .of = find_template(c, use_node),
                                  .outer = outer,
                                  .first = c->item_count,
                                  .node = node};
  size_t index = c->use_count;
  bool circle = use.of && is_inside(c, use.of, outer);
  if (circle || depth > WEIR__DOCUMENT_NESTED_MAX)
    weir__document_error(c->document, use_node,
                         circle ? "the template is inside itself" : "templates inside each other, too deep");
  if (!use.of || circle || depth > WEIR__DOCUMENT_NESTED_MAX) c->wiring_known = c->actors_known = false;
  if (!add_use(c, use)) return;
  if (*use.name) weir__check_add_name(c, use.name, WEIR__NAMES_USE, index, name_node);
  uint32_t with = weir__check_member(c, node, "with");
  if (!use.of || circle || depth > WEIR__DOCUMENT_NESTED_MAX) return;
  check_arguments(c, &use, with);
  if (with != WEIR__NO_NODE && !weir__document_is(c->document, with, WEIR__OBJECT)) with = WEIR__NO_NODE;
  copy_actors(c, index, with, depth);
  c->uses[index].count = c->item_count - c->uses[index].first;
}

/* ---- the list of actors ---- */

static void add_item(struct weir__check *c, uint32_t node, size_t use)
{
  if (c->item_count == ACTORS_MOST) {
    if (!c->too_many) weir__document_error(c->document, node, "more than %d actors", (int)ACTORS_MOST);
    c->too_many = true;
    return;
  }
  if (c->item_count == c->item_room) {
    size_t room = c->item_room ? 2 * c->item_room : 64;
    struct weir__item *items = realloc(c->items, room * sizeof *items);
    if (!items) {
      c->arena->failed = true;
      return;
    }
    c->items = items, c->item_room = room;
  }
  struct weir__item item = {.node = node, .use = use, .name = "", .name_node = WEIR__NO_NODE};
  if (weir__expect_object(c->document, node))
    item.name = weir__check_name(c, node, use == WEIR__NO_INDEX ? NULL : c->uses[use].name, &item.name_node);
  if (*item.name) weir__check_add_name(c, item.name, WEIR__NAMES_ACTOR, c->item_count, item.name_node);
  if (!*item.name) c->wiring_known = c->actors_known = false;
  c->items[c->item_count++] = item;
}

static void expand(struct weir__check *c, uint32_t node, size_t outer, int depth)
{
  if (weir__document_is(c->document, node, WEIR__OBJECT) && weir__check_member(c, node, "use") != WEIR__NO_NODE)
    expand_use(c, node, outer, depth);
  else
    add_item(c, node, outer);
}

static void expand_file(struct weir__check *c, uint32_t root)
{
  uint32_t list = weir__check_member(c, root, "actors");
  if (list == WEIR__NO_NODE) return;
  if (!weir__expect_list(c->document, list)) {
    c->wiring_known = c->actors_known = false;
    return;
  }
  if (!weir__document_count(c->document, list))
    weir__document_error(c->document, list, "there must be at least one actor");
  for (uint32_t item = weir__document_child(c->document, list); item != WEIR__NO_NODE && !c->too_many;
       item = c->document->nodes[item].next)
    expand(c, item, WEIR__NO_INDEX, 0);
}

void weir__check_expand(struct weir__check *c) { weir__check_each_file(c, expand_file); }
