/* stand_in.c: see stand_in.h. One dispatch function serves all of them: whatever record comes, it has a clause for it. */
#include "topology/stand_in.h"

#include <string.h>

#include <weir/actor.h>
#include <weir/edge.h>

#include "actor/edge.h"

struct weir__played {
  uint64_t script; /* an address, of what outlives the runtime */
};
WEIR_SHARED(weir__played, "weir.played", WEIR_FIELD(script));

struct playing {
  struct weir__stand_in *script;
};

/* ---- records ---- */

static bool has_next(const struct weir__stand_in *s, size_t output) { return s->next[output] < s->gives[output].count; }

static int give_next(struct weir__stand_in *s, size_t output)
{
  const struct weir__test_records *r = &s->gives[output];
  int rc = weir__send_typed(weir_output(s->outputs[output].name), r->type, r->all[s->next[output]]);
  if (!rc) s->next[output]++;
  return rc;
}

/* All that is left. */
static int give_rest(struct weir__stand_in *s)
{
  int rc = WEIR_OK;
  for (size_t i = 0; s->gives && i < s->output_count; i++)
    while (!rc && has_next(s, i)) rc = give_next(s, i);
  return rc;
}

static int take(struct weir__stand_in *s)
{
  int rc = WEIR_OK;
  if (!s->gives) return s->row.gives ? weir__edge_forward(weir_output(s->outputs[0].name)) : WEIR_OK;
  for (size_t i = 0; !rc && i < s->output_count; i++)
    if (has_next(s, i)) rc = give_next(s, i);
  return rc;
}

/* ---- clauses ---- */

static int start(struct playing *p, const struct weir__played *c)
{
  if (!c) return weir_error(WEIR_EINVAL, "nothing to play");
  p->script = (struct weir__stand_in *)(uintptr_t)c->script;
  return WEIR_OK;
}

/* An error would only refuse this message. */
static int begin(struct weir__stand_in *s)
{
  int rc = give_rest(s);
  if (rc == WEIR_ECANCELED) return WEIR_STOP;
  if (rc) weir_fail(rc, "what is fed can't be sent: %s", weir_error_text());
  return WEIR_OK;
}

static int handle(struct weir__stand_in *s, const weir_message *type)
{
  if (weir_message_same(type, weir_message_weir__begin())) return begin(s);
  if (weir_message_same(type, weir_message_weir__finish())) return WEIR_STOP;
  return weir_message_same(type, weir_message_weir_inputs_ended()) ? give_rest(s) : take(s);
}

static int dispatch(weir__call *c)
{
  struct playing *p = c->state;
  if (c->probe) {
    c->probe->starts = true;
    c->probe->config = weir_message_weir__played();
    c->probe->found = c->probe->takes;
    return WEIR__UNHANDLED;
  }
  if (c->hook == WEIR__START) return start(p, c->payload);
  return c->type ? handle(p->script, c->type) : WEIR__UNHANDLED;
}

/* ---- scripts ---- */

const weir_actor weir__feeder = {.name = "feeder"};

/* As the type of the actor, for who wires it and sends to it. */
struct weir__stand_in *weir__stand_in_make(struct weir__arena *arena, const struct weir__graph_actor *actor,
                                           const struct weir__test_records *gives)
{
  struct weir__stand_in *s = weir__arena_alloc(arena, sizeof *s);
  size_t *next = weir__arena_array(arena, actor->output_count, sizeof *next);
  if (!s || !next) return NULL;
  s->type = *actor->stock->actor;
  s->type.state_bytes = sizeof(struct playing);
  s->type.dispatch = dispatch;
  s->type.runs = WEIR_ON_ANY_WORKER;
  s->type.keeps_places = false;
  s->row = *actor->stock;
  s->row.actor = &s->type;
  s->row.config = weir_message_weir__played;
  s->outputs = actor->outputs;
  s->output_count = actor->output_count;
  s->gives = gives;
  s->next = next;
  return s;
}

void *weir__stand_in_config(struct weir__arena *arena, struct weir__stand_in *script)
{
  struct weir__played *config = weir__arena_alloc(arena, sizeof *config);
  if (config) config->script = (uintptr_t)script;
  return config;
}

void weir__stand_in_rewind(struct weir__stand_in *script)
{
  memset(script->next, 0, script->output_count * sizeof *script->next);
}
