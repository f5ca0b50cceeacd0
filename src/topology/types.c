/* types.c: see types.h. */
#include "topology/types.h"

#include <stdlib.h>
#include <string.h>

#include <weir/edge.h>

#include "actor/actor.h"
#include "channel/type.h"
#include "topology/plugin.h"

enum { OUTPUTS_MOST = sizeof((weir_actor *)0)->outputs / sizeof(char *), CLAUSES_MOST = 64 };

/* ---- lists ---- */

const struct weir__stock *weir__types_find(const struct weir__types *types, const char *name)
{
  for (size_t i = 0; i < types->count; i++)
    if (strcmp(types->rows[i]->actor->name, name) == 0) return types->rows[i];
  return NULL;
}

/* Room for so many more. */
static int grow(struct weir__types *types, size_t more)
{
  const struct weir__stock **rows = realloc(types->rows, (types->count + more + 1) * sizeof *rows);
  if (!rows) return weir_error(WEIR_ENOMEM, "no memory for a list of actor types");
  types->rows = rows;
  rows[types->count] = NULL;
  return WEIR_OK;
}

static void add(struct weir__types *types, const struct weir__stock *row)
{
  types->rows[types->count++] = row;
  types->rows[types->count] = NULL;
}

int weir__types_copy(struct weir__types *types, const struct weir__stock *const *rows)
{
  size_t count = 0;
  *types = (struct weir__types){0};
  while (rows[count]) count++;
  int rc = grow(types, count);
  for (size_t i = 0; i < count && !rc; i++) add(types, rows[i]);
  return rc;
}

int weir__types_make(struct weir__types *types) { return weir__types_copy(types, weir__stock_types); }

int weir__types_add(struct weir__types *types, const struct weir__plugin *plugin)
{
  for (size_t i = 0; i < plugin->count; i++) {
    const struct weir__stock *row = &plugin->rows[i], *there = weir__types_find(types, row->actor->name);
    if (there == row) return WEIR_OK; /* the plugin is named twice */
    if (there)
      return weir_error(WEIR_EINVAL, "%s: its actor type \"%s\" is %s%s already", plugin->path, row->actor->name,
                        there->plugin ? "in " : "one of weir's own", there->plugin ? there->plugin->path : "");
  }
  int rc = grow(types, plugin->count);
  for (size_t i = 0; i < plugin->count && !rc; i++) add(types, &plugin->rows[i]);
  return rc;
}

void weir__types_free(struct weir__types *types)
{
  free(types->rows);
  *types = (struct weir__types){0};
}

/* ---- what a type has ---- */

size_t weir__type_outputs(const struct weir__stock *type)
{
  size_t count = 0;
  while (count < OUTPUTS_MOST && type->actor->outputs[count]) count++;
  return count || !type->gives ? count : 1;
}

const char *weir__type_output(const struct weir__stock *type, size_t output)
{
  return type->actor->outputs[output] ? type->actor->outputs[output] : "out";
}

const weir_message *weir__type_gives(const struct weir__stock *type, size_t output)
{
  if (type->actor->gives[output]) return type->actor->gives[output]();
  return type->actor->gives[0] ? type->takes() : type->gives();
}

bool weir__type_changes(const struct weir__stock *type)
{
  struct weir__probe probe = {.takes = NULL};
  type->actor->dispatch(&(weir__call){.probe = &probe});
  return probe.change != NULL;
}

/* ---- rows of types that have none ---- */

static int refuse(const weir_actor *actor, const char *why, const char *what)
{
  return weir_error(WEIR_EINVAL, "actor type \"%s\": %s%s", actor->name, why, what);
}

static bool is_name(const char *name)
{
  size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
  return *name >= 'a' && *name <= 'z' && !name[size] && size <= 63;
}

/* The only message that has a clause and may be a record: a request is answered, and the end of all inputs no input. */
static int find_takes(const weir_actor *actor, const struct weir__probe *probe, struct weir__stock *row)
{
  for (size_t i = 0; i < probe->count; i++) {
    const weir_message *type = probe->messages[i];
    if (type->reply || weir_message_same(type, weir_message_weir_inputs_ended())) continue;
    if (row->takes)
      return refuse(actor, "it has clauses for several messages: .takes must say which one its inputs carry", "");
    row->takes = type->get;
  }
  return WEIR_OK;
}

static int check_takes(const weir_actor *actor, const struct weir__probe *probe, struct weir__stock *row)
{
  size_t i = 0;
  row->takes = actor->takes;
  while (i < probe->count && !weir_message_same(probe->messages[i], row->takes())) i++;
  return i < probe->count ? WEIR_OK : refuse(actor, "it has no clause for what its .takes says: ", row->takes()->name);
}

static int check_outputs(const weir_actor *actor, struct weir__stock *row)
{
  row->gives = actor->gives[0] ? actor->gives[0] : actor->outputs[0] ? row->takes : NULL;
  for (size_t i = 0; i < OUTPUTS_MOST && actor->outputs[i]; i++) {
    if (!is_name(actor->outputs[i])) return refuse(actor, "no name for an output: ", actor->outputs[i]);
    for (size_t before = 0; before < i; before++)
      if (strcmp(actor->outputs[before], actor->outputs[i]) == 0)
        return refuse(actor, "two outputs are called ", actor->outputs[i]);
    if (!actor->gives[i] && !row->takes)
      return refuse(actor, "a source's .gives must say what comes out of ", actor->outputs[i]);
  }
  return WEIR_OK;
}

int weir__type_row(const weir_actor *actor, struct weir__stock *row)
{
  const weir_message *messages[CLAUSES_MOST];
  struct weir__probe probe = {.messages = messages, .room = CLAUSES_MOST};
  *row = (struct weir__stock){.actor = actor};
  if (!actor || !actor->name || !actor->dispatch) return weir_error(WEIR_EINVAL, "an actor type is missing");
  if (!is_name(actor->name)) return refuse(actor, "that is no name for a type in a topology", "");
  actor->dispatch(&(weir__call){.probe = &probe});
  if (probe.count > CLAUSES_MOST) return refuse(actor, "it has more than 64 clauses", "");
  row->config = probe.config ? probe.config->get : NULL;
  if (probe.change && !(probe.config && weir_message_same(probe.change, probe.config)))
    return refuse(actor, "it takes another configuration at its start than while it lives", "");
  int rc = actor->source ? WEIR_OK : actor->takes ? check_takes(actor, &probe, row) : find_takes(actor, &probe, row);
  return rc ? rc : check_outputs(actor, row);
}
