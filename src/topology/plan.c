/* plan.c: see plan.h. */
#include "topology/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "actor/change.h"
#include "topology/names.h"
#include "topology/tables.h"
#include "topology/types.h"

/* What is said of one actor, or setting. */
struct saying {
  char text[1024];
  size_t used;
  bool refused;
};

struct planning {
  const struct weir__graph *before, *after;
  struct weir__arena *arena;
  struct weir__reload_plan *plan;
  struct weir__names held; /* what one actor alone can have, and who has it in the graph that runs */
};

/* ---- lines ---- */

static WEIR_PRINTF(2, 3) void say(struct saying *s, const char *format, ...)
{
  va_list arguments;
  size_t room = sizeof s->text - s->used;
  int size = snprintf(s->text + s->used, room, "%s", s->used ? "; " : "");
  if (size < 0 || (size_t)size >= room) return;
  s->used += (size_t)size;
  va_start(arguments, format);
  vsnprintf(s->text + s->used, sizeof s->text - s->used, format, arguments);
  va_end(arguments);
  s->used = strlen(s->text);
}

#define REFUSE(s, ...) ((s)->refused = true, say((s), __VA_ARGS__))

static void add_line(struct planning *p, char mark, const char *name, const char *text)
{
  struct weir__reload_plan *plan = p->plan;
  plan->lines[plan->count++] = (struct weir__plan_line){mark, name, weir__arena_text(p->arena, text)};
  size_t *counts[] = {&plan->adds, &plan->removes, &plan->changes, &plan->refuses};
  ++*counts[strchr("+-~!", mark) - "+-~!"];
}

static void add_saying(struct planning *p, const char *name, const struct saying *s)
{
  if (s->used) add_line(p, s->refused ? WEIR__PLAN_REFUSES : WEIR__PLAN_CHANGES, name, s->text);
}

/* ---- tables ---- */

static const char *key_of(const weir_field *f) { return f->json ? f->json : f->name; }

static bool is_for_people(const weir_field *f) { return strcmp(f->name, "description") == 0; }

static bool same_table(const weir_message *table, const void *before, const void *after)
{
  if (!before || !after) return before == after;
  for (size_t i = 0; i < table->count; i++)
    if (!is_for_people(&table->fields[i]) && weir__field_differs(&table->fields[i], before, after)) return false;
  return true;
}

/* ---- the runtime ---- */

static void plan_runtime(struct planning *p)
{
  const weir_message *table = weir_message_weir__settings();
  for (size_t i = 0; i < table->count; i++) {
    const weir_field *f = &table->fields[i];
    struct saying s = {0};
    if (is_for_people(f) || !weir__field_differs(f, p->before->settings, p->after->settings)) continue;
    if (f->reload == WEIR_RELOAD_REFUSE)
      REFUSE(&s, "it can't change while the runtime runs");
    else
      say(&s, "changed");
    char name[64];
    snprintf(name, sizeof name, "runtime.%s", key_of(f));
    add_saying(p, weir__arena_text(p->arena, name), &s);
  }
}

/* ---- supervisors ---- */

static struct weir__family family_of(const struct weir__graph *g, struct weir__arena *arena)
{
  struct weir__family f = {weir__arena_array(arena, g->count + 1, sizeof(size_t)),
                           weir__arena_array(arena, g->supervisor_count + 1, sizeof(size_t))};
  for (size_t i = 0; !arena->failed && i < g->supervisor_count; i++)
    for (size_t k = 0; k < g->supervisors[i].count; k++) {
      const struct weir__graph_child *child = &g->supervisors[i].children[k];
      (child->is_supervisor ? f.of_supervisor : f.of_actor)[child->index] = i;
    }
  return f;
}

/* The root may go by a name, or by none. */
static const char *supervisor_name(const struct weir__graph *g, size_t index)
{
  return index && g->supervisors[index].name ? g->supervisors[index].name : "";
}

static size_t find_supervisor(const struct weir__graph *g, const char *name)
{
  size_t i = 0;
  while (i < g->supervisor_count && strcmp(supervisor_name(g, i), name) != 0) i++;
  return i;
}

static const char *child_name(const struct weir__graph *g, const struct weir__graph_child *c)
{
  return c->is_supervisor ? supervisor_name(g, c->index) : g->actors[c->index].name;
}

/* It stays, and there are more instances of it now: the new ones stand behind all that are there. */
static bool grows(const struct weir__graph *before, const struct weir__graph_child *old,
                  const struct weir__graph *after, const struct weir__graph_child *now)
{
  return !now->is_supervisor && !old->is_supervisor &&
         before->actors[old->index].instances < after->actors[now->index].instances;
}

/* Who is restarted with whom depends on the order: those that stay keep it, and new ones stand behind them. */
static bool order_stays(const struct weir__graph *before, const struct weir__graph_supervisor *old,
                        const struct weir__graph *after, const struct weir__graph_supervisor *now)
{
  size_t at = 0;
  bool new_ones = false;
  for (size_t i = 0; i < now->count; i++) {
    size_t found = 0;
    while (found < old->count &&
           strcmp(child_name(before, &old->children[found]), child_name(after, &now->children[i])) != 0)
      found++;
    bool stays = found < old->count;
    if (stays && (new_ones || found < at)) return false;
    if (stays) at = found + 1;
    if (!stays || grows(before, &old->children[found], after, &now->children[i])) new_ones = true;
  }
  return true;
}

static void plan_settings(const struct weir__supervision *before, const struct weir__supervision *after,
                          struct weir__planned_supervisor *planned, struct saying *s)
{
  const weir_message *table = weir_message_weir__supervision();
  for (size_t i = 0; i < table->count; i++) {
    const weir_field *f = &table->fields[i];
    if (is_for_people(f) || strcmp(f->name, "name") == 0 || !weir__field_differs(f, before, after)) continue;
    planned->settings = true;
    if (strcmp(f->name, "on_exhausted") == 0)
      REFUSE(s, "on_exhausted can't change while it runs: who sends to those below was told of it");
    else if (strcmp(f->name, "strategy") == 0 && strcmp(after->strategy, "rest_for_one") == 0)
      REFUSE(s, "strategy can't become rest_for_one while it runs: its children may have come in another order");
    else
      say(s, "%s", key_of(f));
  }
}

static void plan_kept_supervisor(struct planning *p, size_t index)
{
  const struct weir__graph *before = p->before, *after = p->after;
  struct weir__planned_supervisor *planned = &p->plan->supervisors[index];
  const struct weir__graph_supervisor *old = &before->supervisors[planned->before], *now = &after->supervisors[index];
  const char *name = supervisor_name(after, index);
  struct saying s = {0};
  plan_settings(old->settings, now->settings, planned, &s);
  if (index && strcmp(supervisor_name(before, p->plan->before.of_supervisor[planned->before]),
                      supervisor_name(after, p->plan->after.of_supervisor[index])) != 0)
    REFUSE(&s, "a supervisor can't get another supervisor while it runs");
  if (strcmp(old->settings->strategy, "rest_for_one") == 0 && strcmp(now->settings->strategy, "rest_for_one") == 0 &&
      !order_stays(before, old, after, now))
    REFUSE(&s, "its strategy is rest_for_one: the order of its children can't change, and new ones stand last");
  add_saying(p, *name ? name : "supervision", &s);
}

static void plan_new_supervisor(struct planning *p, const char *name)
{
  struct saying s = {0};
  if (weir__graph_find(p->before, name) < p->before->count) REFUSE(&s, "an actor has that name still");
  if (s.used)
    add_saying(p, name, &s);
  else
    add_line(p, WEIR__PLAN_ADDS, name, "a supervisor");
}

static void plan_supervisors(struct planning *p)
{
  const struct weir__graph *before = p->before, *after = p->after;
  struct weir__reload_plan *plan = p->plan;
  if (!before->supervisor_count != !after->supervisor_count) {
    add_line(p, WEIR__PLAN_REFUSES, "supervision", "it can't begin or cease while the topology runs");
    return;
  }
  memset(plan->removed_supervisors, true, before->supervisor_count);
  for (size_t i = 0; i < after->supervisor_count; i++) {
    size_t was = find_supervisor(before, supervisor_name(after, i));
    bool is_new = was == before->supervisor_count;
    plan->supervisors[i].before = is_new ? WEIR__PLAN_NEW : was;
    if (!is_new) plan->removed_supervisors[was] = false;
    if (is_new)
      plan_new_supervisor(p, supervisor_name(after, i));
    else
      plan_kept_supervisor(p, i);
  }
  for (size_t i = 0; i < before->supervisor_count; i++)
    if (plan->removed_supervisors[i]) add_line(p, WEIR__PLAN_REMOVES, supervisor_name(before, i), "a supervisor");
}

/* ---- what one actor alone can have ---- */

/* All texts of a configuration that name a file that is written, an address that is bound, or the standard input. */
static void each_claim(const weir_message *type, const char *value,
                       void (*f)(void *arg, const char *kind, const char *text), void *arg)
{
  for (size_t i = 0; i < type->count; i++) {
    const weir_field *field = &type->fields[i];
    const void *at = value + field->offset;
    if (field->kind == WEIR_KIND_NESTED) each_claim(field->of(), at, f, arg);
    if (!field->use || field->use == WEIR_USE_CONNECTS) continue;
    size_t count = field->kind == WEIR_KIND_LIST ? 0 : 1;
    if (field->kind == WEIR_KIND_LIST) memcpy(&count, value + field->count_offset, sizeof count);
    const char *const *texts = field->kind == WEIR_KIND_LIST ? *(const char *const *const *)at : at;
    for (size_t n = 0; n < count; n++) {
      bool dash = texts[n] && strcmp(texts[n], "-") == 0, reads = field->use == WEIR_USE_READS;
      if (texts[n] && reads == dash)
        f(arg, field->use == WEIR_USE_LISTENS ? "the address " : dash ? "" : "the file ", texts[n]);
    }
  }
}

struct claiming {
  struct planning *p;
  const char *actor;
  struct saying *s; /* NULL: of the graph that runs, which is noted */
};

static void claim(void *arg, const char *kind, const char *text)
{
  struct claiming *c = arg;
  struct weir__name name = {.name = text, .what = WEIR__NAMES_ACTOR};
  if (!c->s) {
    name.index = weir__graph_find(c->p->before, c->actor);
    (void)weir__names_add(&c->p->held, c->p->arena, name);
    return;
  }
  const struct weir__name *held = weir__names_find(&c->p->held, text);
  const char *holder = held ? c->p->before->actors[held->index].name : c->actor;
  if (strcmp(holder, c->actor) == 0) return;
  REFUSE(c->s, "%s%s%s%s is \"%s\"'s still: who is to have it keeps that name", kind, *kind ? "\"" : "",
         *kind ? text : "the standard input", *kind ? "\"" : "", holder);
}

static void note_held(struct planning *p)
{
  for (size_t i = 0; i < p->before->count; i++) {
    const struct weir__graph_actor *actor = &p->before->actors[i];
    struct claiming c = {.p = p, .actor = actor->name};
    if (actor->config) each_claim(actor->stock->config(), actor->config, claim, &c);
  }
}

static void plan_claims(struct planning *p, const struct weir__graph_actor *actor, struct saying *s)
{
  struct claiming c = {.p = p, .actor = actor->name, .s = s};
  if (actor->config) each_claim(actor->stock->config(), actor->config, claim, &c);
}

/* ---- an actor that stays ---- */

static void plan_config(const struct weir__graph_actor *before, const struct weir__graph_actor *after,
                        struct weir__planned *planned, struct saying *s)
{
  if (!after->config || !before->config) return;
  const weir_message *table = after->stock->config();
  for (size_t i = 0; i < table->count; i++) {
    const weir_field *f = &table->fields[i];
    if (!weir__field_differs(f, before->config, after->config)) continue;
    bool anew = f->reload == WEIR_RELOAD_RESTART || !weir__type_changes(after->stock);
    planned->config = true;
    if (f->reload == WEIR_RELOAD_REFUSE)
      REFUSE(s, "config.%s can't change while it runs", key_of(f));
    else
      say(s, "config.%s%s", key_of(f), anew ? " (it starts anew)" : "");
  }
}

static bool same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

/* Who holds records by a key has them for as long as it lives: no type can hand them to another instance. */
static void plan_instances(const struct weir__graph_actor *before, const struct weir__graph_actor *after,
                           struct weir__planned *planned, struct saying *s)
{
  bool route = !same_text(before->field, after->field) && (before->instances > 1 || after->instances > 1);
  const char *field = before->field && before->instances > 1 ? before->field : after->field;
  planned->instances = before->instances != after->instances;
  if (!planned->instances && !route) return;
  if (field)
    REFUSE(s, "%s: each of its instances holds what came with its values of \"%s\", and can't hand that over",
           planned->instances ? "instances" : "route", field);
  else
    say(s, "instances %zu -> %zu", before->instances, after->instances);
}

/* ---- where outputs lead ---- */

static bool same_receiver(const struct planning *p, size_t before, size_t after)
{
  return strcmp(p->before->actors[before].name, p->after->actors[after].name) == 0;
}

static bool same_wire(const struct planning *p, const struct weir__wire *a, const struct weir__wire *b)
{
  if (!same_receiver(p, a->to, b->to) || a->when_full != b->when_full || a->closes != b->closes) return false;
  return a->when_full != WEIR__FULL_DIVERTS || same_receiver(p, a->instead, b->instead);
}

static const struct weir__output *output_named(const struct weir__graph_actor *actor, const char *name)
{
  for (size_t i = 0; i < actor->output_count; i++)
    if (strcmp(actor->outputs[i].name, name) == 0) return &actor->outputs[i];
  return NULL;
}

static bool same_output(const struct planning *p, const struct weir__output *a, const struct weir__output *b)
{
  if (!a || !b || a->leads != b->leads || a->count != b->count) return false;
  for (size_t i = 0; i < a->count; i++)
    if (!same_wire(p, &a->wires[i], &b->wires[i])) return false;
  return true;
}

static void plan_outputs(const struct planning *p, const struct weir__graph_actor *before,
                         const struct weir__graph_actor *after, struct weir__planned *planned, struct saying *s)
{
  bool same = before->output_count == after->output_count;
  for (size_t i = 0; same && i < after->output_count; i++)
    same = same_output(p, output_named(before, after->outputs[i].name), &after->outputs[i]);
  if (same) return;
  planned->wiring = true;
  say(s, "to");
}

/* What is done with what fails. */
static void plan_failing(const struct weir__graph_actor *before, const struct weir__graph_actor *after,
                         struct weir__planned *planned, struct saying *s)
{
  bool failure = !same_table(weir_message_weir__on_failure(), before->on_failure, after->on_failure);
  bool breaker = !same_table(weir_message_weir__breaker_settings(), before->breaker, after->breaker);
  planned->wiring = planned->wiring || failure || breaker;
  if (failure) say(s, "on_failure");
  if (breaker) say(s, "breaker");
}

static void plan_kept(struct planning *p, size_t index)
{
  struct weir__planned *planned = &p->plan->actors[index];
  const struct weir__graph_actor *before = &p->before->actors[planned->before], *after = &p->after->actors[index];
  struct saying s = {0};
  if (before->stock->actor != after->stock->actor) {
    REFUSE(&s, "it is a \"%s\" now, and was a \"%s\": another type takes another name", after->stock->actor->name,
           before->stock->actor->name);
    add_saying(p, after->name, &s);
    return;
  }
  plan_config(before, after, planned, &s);
  if (planned->config) plan_claims(p, after, &s);
  plan_instances(before, after, planned, &s);
  if (before->pinned != after->pinned) REFUSE(&s, "pinned can't change while it runs");
  planned->capacity = weir__graph_capacity(before) != weir__graph_capacity(after);
  if (planned->capacity)
    say(&s, "mailbox.capacity %zu -> %zu", weir__graph_capacity(before), weir__graph_capacity(after));
  plan_outputs(p, before, after, planned, &s);
  plan_failing(before, after, planned, &s);
  if (p->before->supervisor_count && p->after->supervisor_count &&
      strcmp(supervisor_name(p->before, p->plan->before.of_actor[planned->before]),
             supervisor_name(p->after, p->plan->after.of_actor[index])) != 0)
    REFUSE(&s, "it can't get another supervisor while it runs");
  add_saying(p, after->name, &s);
}

/* Who sends to one of which there are more instances now, or fewer, is wired anew, too. */
static void mark_senders(struct planning *p)
{
  for (size_t i = 0; i < p->after->count; i++) {
    const struct weir__graph_actor *actor = &p->after->actors[i];
    for (size_t o = 0; o < actor->output_count; o++)
      for (size_t w = 0; w < actor->outputs[o].count; w++) {
        const struct weir__wire *wire = &actor->outputs[o].wires[w];
        bool diverts = wire->when_full == WEIR__FULL_DIVERTS;
        if (p->plan->actors[wire->to].instances || (diverts && p->plan->actors[wire->instead].instances))
          p->plan->actors[i].wiring = true;
      }
  }
}

/* ---- all of it ---- */

static void plan_added(struct planning *p, const struct weir__graph_actor *actor)
{
  struct saying s = {0};
  plan_claims(p, actor, &s);
  if (find_supervisor(p->before, actor->name) < p->before->supervisor_count)
    REFUSE(&s, "a supervisor has that name still");
  if (s.used) {
    add_saying(p, actor->name, &s);
    return;
  }
  if (actor->instances > 1)
    say(&s, "%s, %zu instances", actor->stock->actor->name, actor->instances);
  else
    say(&s, "%s", actor->stock->actor->name);
  add_line(p, WEIR__PLAN_ADDS, actor->name, s.text);
}

static void plan_actors(struct planning *p)
{
  struct weir__reload_plan *plan = p->plan;
  memset(plan->removed, true, p->before->count);
  for (size_t i = 0; i < p->after->count; i++) {
    size_t before = weir__graph_find(p->before, p->after->actors[i].name);
    plan->actors[i].before = before == p->before->count ? WEIR__PLAN_NEW : before;
    if (before < p->before->count) plan->removed[before] = false;
  }
  for (size_t i = 0; i < p->after->count; i++)
    if (plan->actors[i].before == WEIR__PLAN_NEW)
      plan_added(p, &p->after->actors[i]);
    else
      plan_kept(p, i);
  for (size_t i = 0; i < p->before->count; i++)
    if (plan->removed[i])
      add_line(p, WEIR__PLAN_REMOVES, p->before->actors[i].name, p->before->actors[i].stock->actor->name);
  mark_senders(p);
}

bool weir__plan_reload(const struct weir__graph *before, const struct weir__graph *after, struct weir__arena *arena,
                       struct weir__reload_plan *plan)
{
  size_t most = before->count + after->count + before->supervisor_count + after->supervisor_count + 1 +
                weir_message_weir__settings()->count;
  *plan = (struct weir__reload_plan){
      .actors = weir__arena_array(arena, after->count + 1, sizeof *plan->actors),
      .removed = weir__arena_array(arena, before->count + 1, sizeof(bool)),
      .supervisors = weir__arena_array(arena, after->supervisor_count + 1, sizeof *plan->supervisors),
      .removed_supervisors = weir__arena_array(arena, before->supervisor_count + 1, sizeof(bool)),
      .before = family_of(before, arena),
      .after = family_of(after, arena),
      .lines = weir__arena_array(arena, most, sizeof *plan->lines)};
  struct planning p = {.before = before, .after = after, .arena = arena, .plan = plan};
  if (!arena->failed) note_held(&p);
  if (arena->failed) return false;
  plan_runtime(&p);
  plan_supervisors(&p);
  plan_actors(&p);
  return !arena->failed;
}
