/* supervisor.c: supervisors: ordinary actors, which start, end and restart others by what actor/child.h offers.
 *
 * A supervisor works in direct style: it waits for each start and each end that it has ordered, one after the other, and
 * what happens meanwhile is queued. What is known of its children:
 *
 *   STOPPED --started--> RUNS --reports that it is DOWN--> RESTARTS --(a wait)--> RUNS, or RESTARTS again
 *      ^                  '--- has ended, was ended ----.      '--- its own restarts are used up --> PARKED, STOPPED
 *      '------------------------------------------------'-- temporary, dynamic: forgotten
 *
 * S1  A report counts only if the child RUNS, and it is of its present incarnation: whatever was ordered meanwhile came
 *     first.
 * S2  A budget is a list of moments: with each restart now is noted, what is older than the period forgotten, and if more
 *     than `max_restarts` are left the budget is used up. A start that fails is tried again, as one more restart.
 * S3  All that is known of a plan is in one block with a count of holders (a shared buffer): the supervisor's
 *     configuration holds it, so that it outlives restarts. What was given for a child at run time is that child's, unless it
 *     is to last (supervisor.h): then it is in the plan, which is the supervisor's own once it has started.
 * S4  The end clause ends all children in reverse order; so do a start that failed and a failure. If it was told to drain they
 *     are drained instead, each with its time, and ended only when that is over.
 * S5  A child that others have refs to before it starts (an actor of a topology) was made by who gave the plan: it rests, DOWN
 *     without papers, and its first start is a restart. When its supervisor ends it comes DOWN, for the supervisor's next
 *     incarnation to start it again; who has made it ends it. */
#include <weir/supervisor.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/arena.h>
#include <weir/ask.h>
#include <weir/bytes.h>
#include <weir/link.h>
#include <weir/timer.h>

#include "actor/child.h"
#include "actor/supervisor.h"
#include "channel/breaker.h"
#include "channel/bytes.h"
#include "channel/send.h"
#include "platform/clock.h"
#include "runtime/simulation.h"
#include "runtime/wait.h"

#define SECOND INT64_C(1000000000)
enum { SHUTDOWN_S = 5, WITHIN_S = 5, RETRIES_MOST = 63, DOUBLINGS_MOST = 40, RESTARTS_MOST = 1 << 20 };

/* ---- plans: what is known of a supervisor and of children, in memory of its own ---- */

struct plan;

struct spec {
  struct spec *next; /* of its plan; NULL: the last one, or one that is in none */
  const weir_actor *type;
  char *name;                               /* NULL: none */
  struct weir__message *config;             /* NULL: none … */
  const weir_message *(*config_type)(void); /* … of this type */
  weir_bytes tree;                          /* a supervisor's: holds its plan */
  weir_child options;                       /* its numbers; the pointers in it are not used */
};

struct plan {
  weir_supervisor_options options; /* its numbers, and the callback */
  struct spec *first, **end;       /* in the order of the start */
};

/* The plan of the one supervisor that it is made for: a message, as all configurations. */
struct weir__plan {
  weir_bytes plan;
};
WEIR_SHARED(weir__plan, "weir.plan", WEIR_FIELD(plan));

static struct plan *plan_of(weir_bytes held) { return *(struct plan *const *)held.data; }

static void free_spec(struct spec *spec)
{
  free(spec->name);
  if (spec->config) weir__message_end(spec->config, WEIR__FREED);
  weir_bytes_drop(spec->tree);
}

static void free_own_spec(struct spec *spec)
{
  if (!spec) return;
  free_spec(spec);
  free(spec);
}

static void free_plan(void *content)
{
  struct plan *plan = *(struct plan **)content;
  while (plan->first) {
    struct spec *spec = plan->first;
    plan->first = spec->next;
    free_own_spec(spec);
  }
  free(plan);
}

static int no_memory(void) { return weir_error(WEIR_ENOMEM, "no memory for a supervisor"); }

/* It is the plan's from then on. */
static void append_spec(struct plan *plan, struct spec *spec)
{
  *plan->end = spec;
  plan->end = &spec->next;
}

/* False: there is none of that name. */
static bool take_out_of_plan(struct plan *plan, const char *name)
{
  struct spec **at = &plan->first;
  while (*at && !((*at)->name && strcmp((*at)->name, name) == 0)) at = &(*at)->next;
  struct spec *spec = *at;
  if (!spec) return false;
  *at = spec->next;
  if (!*at) plan->end = at;
  free_own_spec(spec);
  return true;
}

static int copy_name(char **copy, const char *name)
{
  *copy = NULL;
  if (name && !*name) return weir_error(WEIR_EINVAL, "a child's .name is empty");
  if (name) *copy = strdup(name);
  return name && !*copy ? no_memory() : WEIR_OK;
}

static int copy_config(struct weir__message **copy, weir_value config)
{
  struct weir__parcel parcel;
  *copy = NULL;
  if (!config.type) return WEIR_OK;
  int rc = weir__parcel_of_value(&parcel, config);
  if (!rc) *copy = weir__parcel_message(&parcel);
  return rc || *copy ? rc : no_memory();
}

/* Its configuration once more, borrowed. */
static weir_value config_of(const struct spec *spec)
{
  weir_value config = {spec->config ? spec->config_type : NULL, spec->config ? weir__payload(spec->config) : NULL};
  return config;
}

static int make_plan(const weir_supervisor_options *o, weir_bytes *held);

static const weir_actor *type_of_supervisors(void);

/* ---- is it sound? ---- */

static int in_range(const char *what, const char *option, int64_t value, int64_t least, int64_t most)
{
  if (value >= least && value <= most) return WEIR_OK;
  return weir_error(WEIR_EINVAL, "%s: .%s is %lld", what, option, (long long)value);
}

static int check_backoff(const char *name, const weir_backoff *b)
{
  if (!(b->jitter >= 0 && b->jitter <= 1)) return weir_error(WEIR_EINVAL, "%s: .backoff.jitter is %g", name, b->jitter);
  int rc = in_range(name, "backoff.first", b->first.ns, 0, INT64_MAX);
  if (!rc) rc = in_range(name, "backoff.most", b->most.ns, 0, INT64_MAX);
  return rc ? rc : in_range(name, "backoff.quiet", b->quiet.ns, 0, INT64_MAX);
}

static int check_child(const weir_child *c, bool dynamic, int auto_shutdown)
{
  const char *name = c->name ? c->name : c->type && c->type->name ? c->type->name : "a child";
  if (!c->type == !c->tree) return weir_error(WEIR_EINVAL, "%s: one of .type and .tree is to be given", name);
  if (c->type && (!c->type->dispatch || !c->type->name)) return weir_error(WEIR_EINVAL, "%s: no actor type", name);
  if (c->made.bits && c->tree) return weir_error(WEIR_EINVAL, "%s: a .tree is made by its supervisor", name);
  if (c->tree && (c->config.type || c->capacity || c->overflow || c->retries || c->breaker.failures || c->memory))
    return weir_error(WEIR_EINVAL, "%s: a .tree takes no .config, .capacity, .overflow, .retries, .breaker and .memory",
                      name);
  if (c->tree && c->tree->name) return weir_error(WEIR_EINVAL, "%s: a .tree is named by its child", name);
  if (dynamic && c->name) return weir_error(WEIR_EINVAL, "%s: the pattern of dynamic children has no name", name);
  int rc = weir__breaker_check(name, &c->breaker);
  if (!rc) rc = check_backoff(name, &c->backoff);
  if (!rc) rc = in_range(name, "restart", c->restart, WEIR_PERMANENT, WEIR_TEMPORARY);
  if (!rc) rc = in_range(name, "mailbox", c->mailbox, WEIR_KEEP_FAILED, WEIR_FLUSH);
  if (!rc) rc = in_range(name, "retries", c->retries, 0, RETRIES_MOST);
  if (!rc) rc = in_range(name, "shutdown", c->shutdown.ns, -1, INT64_MAX);
  if (!rc) rc = in_range(name, "max_restarts", c->max_restarts, WEIR_NO_RESTARTS, RESTARTS_MOST);
  if (!rc) rc = in_range(name, "within", c->within.ns, 0, INT64_MAX);
  if (!rc) rc = in_range(name, "when_spent", c->when_spent, WEIR_LEAVE_DOWN, WEIR_ESCALATE);
  if (rc) return rc;
  if (c->significant && c->restart == WEIR_PERMANENT)
    return weir_error(WEIR_EINVAL, "%s: a permanent child is not significant: it always comes again", name);
  if (c->significant && !auto_shutdown)
    return weir_error(WEIR_EINVAL, "%s is significant, and .auto_shutdown is not set", name);
  if (c->retries && (c->overflow == WEIR_DROP_OLDEST || (!c->overflow && c->type->overflow == WEIR_DROP_OLDEST)))
    return weir_error(WEIR_EINVAL, "%s: WEIR_DROP_OLDEST and .retries don't go together", name);
  return WEIR_OK;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static int check_names(const weir_supervisor_options *o)
{
  size_t count = 0;
  const char **names = calloc(o->children.count + 1, sizeof *names);
  if (!names) return no_memory();
  for (size_t i = 0; i < o->children.count; i++)
    if (o->children.first[i].name) names[count++] = o->children.first[i].name;
  qsort(names, count, sizeof *names, by_name);
  int rc = WEIR_OK;
  for (size_t i = 1; i < count && !rc; i++)
    if (strcmp(names[i - 1], names[i]) == 0) rc = weir_error(WEIR_EEXIST, "two children are named \"%s\"", names[i]);
  free(names);
  return rc;
}

static int check_options(const weir_supervisor_options *o)
{
  const char *name = o->name ? o->name : "a supervisor";
  if (o->children.count && !o->children.first) return weir_error(WEIR_EINVAL, "%s: no .children", name);
  if (o->strategy == WEIR_DYNAMIC && o->children.count != 1)
    return weir_error(WEIR_EINVAL, "%s: of WEIR_DYNAMIC children there is one pattern, not %zu", name,
                      o->children.count);
  int rc = in_range(name, "strategy", o->strategy, WEIR_ONE_FOR_ONE, WEIR_DYNAMIC);
  if (!rc) rc = in_range(name, "max_restarts", o->max_restarts, WEIR_NO_RESTARTS, RESTARTS_MOST);
  if (!rc) rc = in_range(name, "within", o->within.ns, 0, INT64_MAX);
  if (!rc) rc = check_backoff(name, &o->backoff);
  if (!rc) rc = in_range(name, "auto_shutdown", o->auto_shutdown, WEIR_NEVER, WEIR_ALL_SIGNIFICANT);
  for (size_t i = 0; !rc && i < o->children.count; i++)
    rc = check_child(&o->children.first[i], o->strategy == WEIR_DYNAMIC, o->auto_shutdown);
  return rc ? rc : check_names(o);
}

/* ---- copying ---- */

static int copy_child(struct spec *spec, const weir_child *c)
{
  spec->options = *c;
  spec->type = c->tree ? type_of_supervisors() : c->type;
  int rc = copy_name(&spec->name, c->name);
  if (!rc) rc = copy_config(&spec->config, c->config);
  if (!rc && c->tree) rc = make_plan(c->tree, &spec->tree);
  spec->config_type = c->config.type;
  spec->options.name = spec->name; /* what was given is borrowed */
  spec->options.config = config_of(spec);
  spec->options.tree = spec->tree.owner ? &plan_of(spec->tree)->options : NULL;
  return rc;
}

static int copy_into(struct plan *plan, const weir_child *c)
{
  struct spec *spec = calloc(1, sizeof *spec);
  if (!spec) return no_memory();
  append_spec(plan, spec);
  return copy_child(spec, c);
}

/* Already checked. */
static int copy_plan(const weir_supervisor_options *o, weir_bytes *held)
{
  void *content;
  struct plan *plan = calloc(1, sizeof *plan);
  *held = plan ? weir__bytes_make_held(sizeof(struct plan *), &content, free_plan) : (weir_bytes){0};
  if (!held->owner) {
    free(plan);
    return no_memory();
  }
  *(struct plan **)content = plan;
  plan->options = *o;
  plan->end = &plan->first;
  int rc = WEIR_OK;
  for (size_t i = 0; !rc && i < o->children.count; i++) rc = copy_into(plan, &o->children.first[i]);
  if (!rc) return WEIR_OK;
  weir_bytes_drop(*held);
  *held = (weir_bytes){0};
  return rc;
}

static int make_plan(const weir_supervisor_options *o, weir_bytes *held)
{
  int rc = check_options(o);
  return rc ? rc : copy_plan(o, held);
}

/* ---- the supervisor's state ---- */

struct budget {
  int64_t *moments; /* the oldest first; `used` of `room` */
  size_t used, room;
};

/* Of a child that has failed once. */
struct history {
  uint64_t restarts;
  struct budget budget; /* its own, if it has one */
  int64_t since_ns;     /* of its last start */
  int64_t waited_ns;    /* before that; 0: it did not */
  weir_timer timer;     /* RESTARTS: when it is due */
};

struct child {
  struct child *before, *after; /* in the order of the start */
  struct spec *spec;
  struct history *history; /* NULL: it has none */
  uint64_t number;         /* index in `slots`, generation above it */
  weir_ref ref;            /* STOPPED: nobody */
  uint32_t incarnation;
  uint8_t state;  /* WEIR_CHILD_RUNS, … */
  bool owns_spec; /* it was given at run time */
  char name[];    /* of a dynamic one, whose spec is that of others, too; "": its spec says it */
};

struct supervisor {
  struct plan *plan;
  struct child *first, *last;
  struct child **slots;
  size_t slot_count;
  uint32_t generation;
  size_t count;
  struct budget budget;
  uint64_t random;
  bool ends; /* it has been told to end by itself */
};

/* A restart is due: of that child, if it is still that incarnation which is to be restarted. */
struct weir__restart_due {
  uint64_t child;
  uint32_t incarnation;
};
WEIR_SHARED(weir__restart_due, "weir.restart_due", WEIR_FIELD(child), WEIR_FIELD(incarnation));

static const weir_supervisor_options *options_of(const struct supervisor *s) { return &s->plan->options; }
static bool is_dynamic(const struct supervisor *s) { return options_of(s)->strategy == WEIR_DYNAMIC; }
static bool is_supervisor(const struct child *c) { return c->spec->type == type_of_supervisors(); }
static bool is_made(const struct child *c) { return c->spec->options.made.bits != 0; }
static bool is_there(const struct child *c) { return c->state != WEIR_CHILD_STOPPED; }
static bool is_temporary(const struct child *c) { return c->spec->options.restart == WEIR_TEMPORARY; }
/* NULL: none. */
static const char *given_name(const struct child *c) { return *c->name ? c->name : c->spec->name; }

/* ---- the children that are known ---- */

static struct child *child_of(struct supervisor *s, uint64_t number)
{
  struct child *c = (uint32_t)number < s->slot_count ? s->slots[(uint32_t)number] : NULL;
  return c && c->number == number ? c : NULL;
}

static bool make_slots(struct supervisor *s)
{
  size_t more = s->slot_count ? 2 * s->slot_count : 8;
  struct child **slots = realloc(s->slots, more * sizeof(struct child *));
  if (!slots) return false;
  memset(slots + s->slot_count, 0, (more - s->slot_count) * sizeof(struct child *));
  s->slots = slots;
  s->slot_count = more;
  return true;
}

/* A free slot; slot_count: there is no memory for one. They are filled from the front when the table is full, so what
 * many children cost is shared by all. */
static size_t free_slot(struct supervisor *s)
{
  for (size_t i = s->count; i < s->slot_count; i++)
    if (!s->slots[i]) return i;
  for (size_t i = 0; i < s->count && i < s->slot_count; i++)
    if (!s->slots[i]) return i;
  size_t first = s->slot_count;
  return make_slots(s) ? first : s->slot_count;
}

/* `name`: of a dynamic one; "": none. */
static struct child *add_child(struct supervisor *s, struct spec *spec, const char *name)
{
  size_t bytes = strlen(name) + 1;
  struct child *c = calloc(1, offsetof(struct child, name) + bytes);
  size_t slot = c ? free_slot(s) : 0;
  if (!c || slot == s->slot_count) {
    free(c);
    no_memory();
    return NULL;
  }
  c->spec = spec;
  memcpy(c->name, name, bytes);
  c->number = (uint64_t)++s->generation << 32 | slot;
  c->state = WEIR_CHILD_STOPPED;
  c->ref = weir__ref_error_make(WEIR_EDEAD);
  c->before = s->last;
  if (s->last)
    s->last->after = c;
  else
    s->first = c;
  s->last = c;
  s->slots[slot] = c;
  s->count++;
  return c;
}

static void free_child(struct child *c)
{
  if (c->history) free(c->history->budget.moments);
  free(c->history);
  if (c->owns_spec) free_own_spec(c->spec);
  free(c);
}

static void forget_child(struct supervisor *s, struct child *c)
{
  if (c->before)
    c->before->after = c->after;
  else
    s->first = c->after;
  if (c->after)
    c->after->before = c->before;
  else
    s->last = c->before;
  s->slots[(uint32_t)c->number] = NULL;
  s->count--;
  free_child(c);
}

static struct child *find_by_name(struct supervisor *s, const char *name)
{
  struct child *c = s->first;
  while (c && !(given_name(c) && strcmp(given_name(c), name) == 0)) c = c->after;
  return c;
}

static struct child *find_by_ref(struct supervisor *s, weir_ref ref)
{
  struct child *c = s->first;
  while (c && c->ref.bits != ref.bits) c = c->after;
  return c;
}

/* ---- what it tells ---- */

static const char *name_of(const struct child *c) { return given_name(c) ? given_name(c) : c->spec->type->name; }

void weir__restart_event_print(const weir_restart_event *e)
{
  const char *text = e->text && *e->text ? e->text : weir_strerror(e->code);
  switch (e->what) {
  case WEIR_CHILD_FAILED:
    fprintf(stderr, "weir: %s: %s failed: %s (restart %d of %d, after %.3f s)\n", e->supervisor_name, e->child_name,
            text, e->restarts, e->max_restarts, (double)e->wait.ns / 1e9);
    break;
  case WEIR_CHILD_NOT_STARTED:
    fprintf(stderr, "weir: %s: %s did not start: %s\n", e->supervisor_name, e->child_name, text);
    break;
  case WEIR_CHILD_KILLED:
    fprintf(stderr, "weir: %s: %s did not end in time, and is killed\n", e->supervisor_name, e->child_name);
    break;
  default:
    fprintf(stderr, "weir: %s: %s failed: %s (more than %d restarts: %s)\n", e->supervisor_name, e->child_name, text,
            e->max_restarts, e->what == WEIR_GROUP_SPENT ? "giving up" : "it is left down");
    break;
  }
}

static void tell(struct supervisor *s, const struct child *c, weir_restart_event e)
{
  e.supervisor = weir_self();
  e.supervisor_name = weir__actor_name(weir__cell_here());
  e.child = c->ref;
  e.child_name = name_of(c);
  if (options_of(s)->on_event)
    options_of(s)->on_event(&e, options_of(s)->on_event_arg);
  else
    weir__restart_event_print(&e);
}

/* ---- starting and ending one child ---- */

static struct weir__message *papers_for(struct child *c)
{
  struct weir__papers papers = {.supervisor = weir_self(),
                                .child = c->number,
                                .incarnation = ++c->incarnation,
                                .restart = (uint8_t)c->spec->options.restart,
                                .retries = (uint8_t)c->spec->options.retries};
  return weir__papers_make(&papers);
}

static void out_of_memory(struct weir__outcome *outcome)
{
  outcome->code = WEIR_ENOMEM;
  snprintf(outcome->text, sizeof outcome->text, "%s", weir_error_text());
}

static weir_value start_with(const struct spec *spec, struct weir__plan *plan)
{
  plan->plan = spec->tree;
  return spec->tree.owner ? WEIR_AT(weir__plan, plan) : config_of(spec);
}

static void stopped(struct child *c)
{
  c->state = WEIR_CHILD_STOPPED;
  c->ref = weir__ref_error_make(WEIR_EDEAD);
}

/* What came of a start or restart. */
static int take_start(struct child *c, const struct weir__outcome *outcome)
{
  bool went_on = outcome->code == WEIR_ECANCELED || outcome->code == WEIR_EDEADLOCK; /* of our own wait */
  if (c->history) c->history->since_ns = weir__now_ns();
  if (outcome->code == WEIR_STOP || weir_ref_error(c->ref))
    stopped(c);
  else if (outcome->code == WEIR_OK || (went_on && weir_cancelled()))
    c->state = WEIR_CHILD_RUNS;
  return outcome->code;
}

/* One that did not start with another configuration starts once more, with the one before. */
static void start_again(struct child *c, bool flush, struct weir__message *papers, struct weir__outcome *outcome)
{
  weir__child_restart(c->ref, flush, papers, outcome);
  if (outcome->code != WEIR_RESTART) return;
  papers = papers_for(c);
  if (papers)
    weir__child_restart(c->ref, false, papers, outcome);
  else
    out_of_memory(outcome);
}

static int start_anew(struct child *c, struct weir__outcome *outcome)
{
  const struct spec *spec = c->spec;
  struct weir__plan plan;
  weir_spawn_options o = {.name = given_name(c),
                          .config = start_with(spec, &plan),
                          .capacity = spec->options.capacity,
                          .overflow = spec->options.overflow,
                          .breaker = spec->options.breaker,
                          .memory = spec->options.memory};
  struct weir__message *papers = papers_for(c);
  if (!papers) {
    out_of_memory(outcome);
    return outcome->code;
  }
  c->state = WEIR_CHILD_RESTARTS;
  if (is_made(c)) { /* S5 */
    c->ref = spec->options.made;
    start_again(c, false, papers, outcome);
    if (outcome->code == WEIR_EDEAD && !weir_alive(c->ref)) outcome->code = WEIR_STOP; /* it has ended, for good */
  } else {
    weir__child_start(spec->type, &o, papers, &c->ref, outcome);
  }
  return take_start(c, outcome);
}

/* One that is DOWN, or STOPPED. WEIR_STOP: it did not want to. Else, if it did not start, it is DOWN or STOPPED. */
static int start(struct child *c, bool flush, struct weir__outcome *outcome)
{
  if (!is_there(c)) return start_anew(c, outcome);
  struct weir__message *papers = papers_for(c);
  if (!papers) {
    out_of_memory(outcome);
    return outcome->code;
  }
  start_again(c, flush, papers, outcome);
  if (outcome->code != WEIR_EDEAD || weir_alive(c->ref)) return take_start(c, outcome);
  stopped(c); /* it has ended otherwise */
  return start_anew(c, outcome);
}

static int64_t time_to_end(const struct child *c)
{
  weir_duration given = c->spec->options.shutdown;
  if (given.ns == 0) given = is_supervisor(c) ? WEIR_FOREVER : WEIR_SECONDS(SHUTDOWN_S);
  return given.ns < 0 ? 0 : weir__deadline(given);
}

static bool goes_on(const struct weir__outcome *outcome)
{
  return outcome->code == WEIR_EINDOUBT || outcome->code == WEIR_EDEADLOCK;
}

/* `how`: WEIR__FOR_GOOD or WEIR__VICTIM. It has ended when this returns, unless this supervisor is told to end: then its
 * end clause goes on with it. */
static void end_child(struct supervisor *s, struct child *c, uint32_t how)
{
  struct weir__outcome outcome;
  int64_t deadline = time_to_end(c);
  if (c->history) weir_timer_cancel(c->history->timer);
  if (!is_there(c)) return;
  if (deadline) weir__child_end(c->ref, how, papers_for(c), deadline, &outcome);
  if (deadline && goes_on(&outcome)) tell(s, c, (weir_restart_event){.what = WEIR_CHILD_KILLED});
  if (!deadline || goes_on(&outcome)) weir__child_end(c->ref, how | WEIR__KILLED, papers_for(c), INT64_MAX, &outcome);
  if (outcome.code == WEIR_ECANCELED && weir_cancelled()) return;
  if (how == WEIR__FOR_GOOD)
    stopped(c);
  else
    c->state = WEIR_CHILD_RESTARTS;
}

/* `planned`: it is taken out of the plan, too. */
static void end_and_forget(struct supervisor *s, struct child *c, bool planned)
{
  const struct spec *spec = c->spec;
  end_child(s, c, WEIR__FOR_GOOD);
  if (c->state != WEIR_CHILD_STOPPED) return;
  forget_child(s, c);
  if (planned) take_out_of_plan(s->plan, spec->name);
}

/* S4. What does not end in its time is ended. */
static void drain_child(struct child *c)
{
  struct weir__outcome outcome;
  int64_t deadline = time_to_end(c);
  if (!is_there(c) || !deadline) return;
  weir__child_end(c->ref, WEIR__FOR_GOOD | WEIR__DRAINING, papers_for(c), deadline, &outcome);
  if (outcome.code == WEIR_OK || outcome.code == WEIR_EDEAD) stopped(c);
}

/* This supervisor has been told to drain, and not to stop since. */
static bool drains(void)
{
  uint32_t flags = atomic_load_explicit(&weir__cell_here()->work.flags, memory_order_relaxed);
  return (flags & (WEIR__DRAINING | WEIR__STOPPING)) == WEIR__DRAINING;
}

static void end_one_of_all(struct supervisor *s, struct child *c)
{
  if (drains() && !is_made(c)) drain_child(c);
  end_child(s, c, is_made(c) && !options_of(s)->ends_made ? WEIR__VICTIM : WEIR__FOR_GOOD);
}

/* In reverse order; dynamic ones all at once. Those that are DOWN before all others: nothing of them runs, and who waits
 * for a place or an answer there, in an end clause perhaps, would wait for a restart that never comes. */
static void end_all(struct supervisor *s)
{
  uint32_t how = WEIR__FOR_GOOD | (drains() ? WEIR__DRAINING : 0);
  for (struct child *c = is_dynamic(s) ? s->first : NULL; c; c = c->after)
    if (is_there(c) && time_to_end(c)) weir__child_tell(c->ref, how);
  for (struct child *c = s->last; c; c = c->before)
    if (is_there(c) && weir__child_is_down(c->ref)) end_one_of_all(s, c);
  for (struct child *c = s->last; c; c = c->before) end_one_of_all(s, c);
}

/* ---- budgets ---- */

/* S2. False: it is used up. How many count, this one included, in `*count`. Without memory for a budget none do. */
static bool spend(struct budget *b, int max_restarts, weir_duration within, int *count)
{
  int64_t now = weir__now_ns();
  size_t most = max_restarts < 0 ? 0 : (size_t)max_restarts, old = 0;
  *count = 1;
  if (!b) return most > 0;
  while (old < b->used && now - b->moments[old] > within.ns) old++;
  b->used -= old;
  if (b->used) memmove(b->moments, b->moments + old, b->used * sizeof b->moments[0]);
  *count = (int)b->used + 1;
  if (b->used >= most) return false;
  if (b->used == b->room) {
    size_t room = b->room ? 2 * b->room : 4;
    int64_t *moments = realloc(b->moments, room * sizeof moments[0]);
    if (!moments) return true; /* without memory this one is not counted */
    b->moments = moments;
    b->room = room;
  }
  b->moments[b->used++] = now;
  return true;
}

static weir_duration or_default(weir_duration within) { return within.ns ? within : WEIR_SECONDS(WITHIN_S); }

/* ---- a child has failed ---- */

/* NULL: no memory. */
static struct history *history_of(struct child *c)
{
  if (!c->history) c->history = calloc(1, sizeof *c->history);
  return c->history;
}

/* Its reports and requests may come still, and do nothing. */
static void give_up(struct supervisor *s)
{
  s->ends = true;
  weir_exit(weir_self(), WEIR_ESHUTDOWN);
}

static double draw(struct supervisor *s)
{
  s->random ^= s->random << 13, s->random ^= s->random >> 7, s->random ^= s->random << 17;
  return (double)(s->random >> 11) / (double)(UINT64_C(1) << 53);
}

/* How long to wait before the next restart. */
static int64_t next_wait(struct supervisor *s, struct child *c)
{
  const weir_backoff *own = &c->spec->options.backoff, *b = own->first.ns ? own : &options_of(s)->backoff;
  struct history *h = history_of(c);
  int64_t waited = h ? h->waited_ns : 0;
  if (!b->first.ns) return 0;
  int64_t quiet = b->quiet.ns ? b->quiet.ns : waited > SECOND / 10 ? 10 * waited : SECOND;
  bool again = waited && weir__now_ns() - h->since_ns < quiet;
  int64_t wait = !again ? b->first.ns : waited > INT64_MAX / 4 ? waited : 2 * waited;
  if (b->most.ns && wait > b->most.ns) wait = b->most.ns;
  if (h) h->waited_ns = wait;
  return wait + (int64_t)((double)wait * b->jitter * (2 * draw(s) - 1));
}

static void restart_later(struct supervisor *s, struct child *c, int64_t wait_ns)
{
  struct history *h = history_of(c);
  int rc = h ? WEIR_OK : no_memory();
  if (h) {
    h->timer = weir_send_after(weir_self(), WEIR__NS(wait_ns), weir__restart_due, .child = c->number,
                               .incarnation = c->incarnation);
    rc = h->timer.error;
  }
  if (!rc) return;
  tell(s, c, (weir_restart_event){.what = WEIR_GROUP_SPENT, .code = rc, .text = weir_error_text()});
  give_up(s);
}

/* One that has used up its own restarts. */
static void spent(struct supervisor *s, struct child *c, weir_restart_event *e)
{
  int then = c->spec->options.when_spent;
  e->what = then == WEIR_ESCALATE ? WEIR_GROUP_SPENT : WEIR_CHILD_SPENT;
  tell(s, c, *e);
  if (then == WEIR_ESCALATE)
    give_up(s);
  else if (then == WEIR_PARK && is_there(c))
    c->state = WEIR_CHILD_PARKED;
  else
    end_child(s, c, WEIR__FOR_GOOD);
}

/* Counts a restart, and says when it is to be: 0 at once; -1: not. */
static int64_t count_restart(struct supervisor *s, struct child *c, int code, const char *text)
{
  const weir_child *own = &c->spec->options;
  struct history *h = history_of(c);
  weir_restart_event e = {.what = WEIR_CHILD_FAILED, .code = code, .text = text};
  bool has_own = own->max_restarts != 0;
  int most = has_own ? own->max_restarts : options_of(s)->max_restarts;
  weir_duration within = or_default(has_own ? own->within : options_of(s)->within);
  if (most == 0) most = 1;
  e.max_restarts = most < 0 ? 0 : most;
  c->state = is_there(c) ? WEIR_CHILD_RESTARTS : c->state;
  bool left = spend(!has_own ? &s->budget : h ? &h->budget : NULL, most, within, &e.restarts);
  if (left) {
    int64_t wait = next_wait(s, c);
    e.wait.ns = wait;
    tell(s, c, e);
    return wait;
  }
  if (has_own) {
    spent(s, c, &e);
  } else {
    e.what = WEIR_GROUP_SPENT;
    tell(s, c, e);
    give_up(s);
  }
  return -1;
}

/* ---- restarting ---- */

static bool keeps_mailbox(const struct child *c, bool failed)
{
  int mailbox = c->spec->options.mailbox;
  return mailbox == WEIR_KEEP || (mailbox == WEIR_KEEP_FAILED && failed);
}

static void ended_by_itself(struct supervisor *s, struct child *c);

/* WEIR_OK also when it did not want to start. */
static int restart(struct supervisor *s, struct child *c, bool keeps)
{
  struct weir__outcome outcome;
  int rc = start(c, !keeps, &outcome);
  if (rc == WEIR_OK) {
    if (history_of(c)) c->history->restarts++;
    return WEIR_OK;
  }
  if (rc == WEIR_STOP) {
    ended_by_itself(s, c);
    return WEIR_OK;
  }
  if (weir_cancelled()) return WEIR_ECANCELED; /* the end clause will see to it */
  if (!is_there(c)) c->state = WEIR_CHILD_STOPPED;
  tell(s, c, (weir_restart_event){.what = WEIR_CHILD_NOT_STARTED, .code = rc, .text = outcome.text});
  if (rc == WEIR_EDEADLOCK) end_child(s, c, WEIR__VICTIM); /* it is still starting */
  int64_t wait = count_restart(s, c, rc, outcome.text);
  if (wait >= 0) restart_later(s, c, wait);
  return rc;
}

/* Ends those that are restarted with `failed`, the last one first. Temporary ones are ended for good, and forgotten. */
static void end_victims(struct supervisor *s, struct child *failed, struct child *from)
{
  for (struct child *c = s->last, *before; c && !weir_cancelled(); c = before) {
    before = c == from ? NULL : c->before;
    if (c == failed) continue;
    if (is_temporary(c))
      end_and_forget(s, c, false);
    else if (is_there(c))
      end_child(s, c, WEIR__VICTIM);
  }
}

static void restart_group(struct supervisor *s, struct child *failed)
{
  struct child *from = failed;
  int strategy = options_of(s)->strategy;
  if (strategy == WEIR_ONE_FOR_ALL || strategy == WEIR_REST_FOR_ONE) {
    if (strategy == WEIR_ONE_FOR_ALL) from = s->first;
    uint64_t first = from->number;
    end_victims(s, failed, from);
    from = child_of(s, first);
    if (!from) from = strategy == WEIR_ONE_FOR_ALL ? s->first : failed; /* that one was forgotten */
    for (struct child *c = from, *after; c && !weir_cancelled(); c = after) {
      after = c->after;
      if (c->state != WEIR_CHILD_RUNS && restart(s, c, keeps_mailbox(c, c == failed))) return;
    }
    return;
  }
  restart(s, failed, keeps_mailbox(failed, true));
}

static int on_due(struct supervisor *s, const struct weir__restart_due *due)
{
  struct child *c = child_of(s, due->child);
  if (s->ends || !c || c->incarnation != due->incarnation || c->state == WEIR_CHILD_RUNS ||
      c->state == WEIR_CHILD_PARKED)
    return WEIR_OK;
  restart_group(s, c);
  return WEIR_OK;
}

/* ---- a child has ended ---- */

static bool any_significant_left(const struct supervisor *s)
{
  for (const struct child *c = s->first; c; c = c->after)
    if (c->spec->options.significant && is_there(c)) return true;
  return false;
}

/* For good, and not because this supervisor wanted it. */
static void ended_by_itself(struct supervisor *s, struct child *c)
{
  bool significant = c->spec->options.significant;
  stopped(c);
  if (is_temporary(c) || is_dynamic(s)) forget_child(s, c);
  if (!significant) return;
  int when = options_of(s)->auto_shutdown;
  if (when == WEIR_ANY_SIGNIFICANT || (when == WEIR_ALL_SIGNIFICANT && !any_significant_left(s))) give_up(s);
}

/* S1. NULL: the report does not count. */
static struct child *reported(struct supervisor *s, uint64_t number, uint32_t incarnation)
{
  struct child *c = s->ends ? NULL : child_of(s, number);
  return c && c->state == WEIR_CHILD_RUNS && c->incarnation == incarnation ? c : NULL;
}

static int on_gone(struct supervisor *s, const struct weir__child_gone *report)
{
  struct child *c = reported(s, report->child, report->incarnation);
  if (c) ended_by_itself(s, c);
  return WEIR_OK;
}

static int on_down(struct supervisor *s, const struct weir__child_down *report)
{
  struct child *c = reported(s, report->child, report->incarnation);
  if (!c) return WEIR_OK;
  if (report->code == WEIR_RESTART) { /* it said so itself: change.h, X2 */
    c->state = WEIR_CHILD_RESTARTS;
    restart(s, c, true);
    return WEIR_OK;
  }
  int64_t wait = count_restart(s, c, report->code, report->text);
  if (wait > 0)
    restart_later(s, c, wait);
  else if (wait == 0)
    restart_group(s, c);
  return WEIR_OK;
}

/* ---- requests ---- */

struct weir__child_ref {
  weir_ref ref;
};
WEIR_SHARED(weir__child_ref, "weir.child_ref", WEIR_FIELD(ref));

#define REQUEST(T, R, NAME, ...) WEIR__DEFINE(T, NAME, true, R, weir_message_##R, __VA_ARGS__, WEIR__LAST_FIELD)
struct weir__add_child {
  weir_bytes plan; /* with this one spec */
  bool lasts;      /* S3 */
};
REQUEST(weir__add_child, weir__child_ref, "weir.add_child", WEIR_FIELD(plan), WEIR_FIELD(lasts));
struct weir__stop_child {
  const char *name;
  weir_ref ref;
};
WEIR_SHARED(weir__stop_child, "weir.stop_child", WEIR_FIELD(name), WEIR_FIELD(ref));
struct weir__restart_child {
  const char *name;
};
REQUEST(weir__restart_child, weir__child_ref, "weir.restart_child", WEIR_FIELD(name));
struct weir__delete_child {
  const char *name;
};
WEIR_SHARED(weir__delete_child, "weir.delete_child", WEIR_FIELD(name));
struct weir__remove_child {
  const char *name;
};
WEIR_SHARED(weir__remove_child, "weir.remove_child", WEIR_FIELD(name));
struct weir__other_settings {
  int32_t strategy, max_restarts;
  weir_duration within;
};
WEIR_SHARED(weir__other_settings, "weir.other_settings", WEIR_FIELD(strategy), WEIR_FIELD(max_restarts),
            WEIR_FIELD(within));
struct weir__which {
  bool unused;
};
REQUEST(weir__which, weir_child_list, "weir.which_children", WEIR_FIELD(unused));
struct weir__how_many {
  bool unused;
};
REQUEST(weir__how_many, weir_child_counts, "weir.count_children", WEIR_FIELD(unused));

static int no_such_child(const char *name) { return weir_error(WEIR_EDEAD, "no child is named \"%s\"", name); }

/* NULL: no memory. */
static struct spec *copy_spec(const struct spec *from)
{
  struct spec *spec = calloc(1, sizeof *spec);
  if (!spec) return NULL;
  *spec = *from;
  spec->next = NULL;
  spec->name = NULL;
  spec->config = NULL;
  spec->tree = weir_bytes_share(from->tree);
  if (!copy_name(&spec->name, from->name) && !copy_config(&spec->config, config_of(from))) return spec;
  free_own_spec(spec);
  return NULL;
}

static bool says_more_than_a_name(const struct spec *given)
{
  const weir_child *o = &given->options;
  return given->config || o->shutdown.ns || o->capacity || o->overflow || o->memory || o->breaker.failures;
}

/* The pattern, with what was given beside it but for the name. */
static struct spec merged(const struct spec *pattern, const struct spec *given)
{
  struct spec spec = *pattern;
  if (given->options.shutdown.ns) spec.options.shutdown = given->options.shutdown;
  if (given->options.capacity) spec.options.capacity = given->options.capacity;
  if (given->options.overflow) spec.options.overflow = given->options.overflow;
  if (given->options.memory) spec.options.memory = given->options.memory;
  if (given->options.breaker.failures) spec.options.breaker = given->options.breaker;
  if (given->config) spec.config = given->config, spec.config_type = given->config_type;
  return spec;
}

/* Adds what a plan of one spec says. NULL, with a text: `*rc` says why. */
static struct child *add_from(struct supervisor *s, const struct spec *given, bool lasts, int *rc)
{
  *rc = WEIR_OK;
  if (given->name && find_by_name(s, given->name)) {
    *rc = weir_error(WEIR_EEXIST, "a child is named \"%s\" already", given->name);
    return NULL;
  }
  struct spec *pattern = is_dynamic(s) ? s->plan->first : NULL;
  struct spec whole = pattern ? merged(pattern, given) : *given;
  bool copies = !pattern || says_more_than_a_name(given);
  struct spec *spec = copies ? copy_spec(&whole) : pattern;
  struct child *c = spec ? add_child(s, spec, pattern && given->name ? given->name : "") : NULL;
  if (c && lasts)
    append_spec(s->plan, spec);
  else if (c)
    c->owns_spec = copies;
  else if (copies)
    free_own_spec(spec);
  if (!c) *rc = no_memory();
  return c;
}

static int not_started(const struct weir__outcome *outcome)
{
  return weir_error(outcome->code, "%s", *outcome->text ? outcome->text : weir_strerror(outcome->code));
}

static int on_add(struct supervisor *s, const struct weir__add_child *m, struct weir__child_ref *reply)
{
  int rc;
  struct weir__outcome outcome;
  const struct spec *spec = plan_of(m->plan)->first;
  const weir_child *given = &spec->options;
  if (is_dynamic(s) && (given->type || given->tree))
    return weir_error(WEIR_EINVAL, "what dynamic children are is said by their pattern");
  rc = is_dynamic(s) ? WEIR_OK : check_child(given, false, options_of(s)->auto_shutdown);
  struct child *c = rc ? NULL : add_from(s, spec, m->lasts, &rc);
  if (!c) return rc;
  rc = start_anew(c, &outcome);
  reply->ref = c->ref;
  if (rc == WEIR_OK) return WEIR_OK;
  if (rc == WEIR_STOP) { /* as it wanted: what is known of it is kept */
    if (is_temporary(c) || is_dynamic(s)) forget_child(s, c);
    return weir_error(WEIR_ESHUTDOWN, "it did not want to start");
  }
  if (weir_cancelled()) return rc;
  end_and_forget(s, c, m->lasts);
  return not_started(&outcome);
}

static int on_stop(struct supervisor *s, const struct weir__stop_child *m)
{
  struct child *c = m->name ? find_by_name(s, m->name) : find_by_ref(s, m->ref);
  if (!c && m->name) return no_such_child(m->name);
  if (!c || (!m->name && weir_ref_error(m->ref))) return weir_error(WEIR_EDEAD, "it is no child of this supervisor");
  end_child(s, c, WEIR__FOR_GOOD);
  if (c->state != WEIR_CHILD_STOPPED) return weir_error(WEIR_ECANCELED, "told to stop");
  if (is_temporary(c) || is_dynamic(s)) forget_child(s, c);
  return WEIR_OK;
}

static int on_restart(struct supervisor *s, const struct weir__restart_child *m, struct weir__child_ref *reply)
{
  struct weir__outcome outcome;
  if (is_dynamic(s)) return weir_error(WEIR_ENOTSUP, "dynamic children are not restarted by hand");
  struct child *c = find_by_name(s, m->name);
  if (!c) return no_such_child(m->name);
  if (c->state == WEIR_CHILD_RUNS || c->state == WEIR_CHILD_RESTARTS)
    return weir_error(WEIR_EBUSY, "%s %s", m->name, c->state == WEIR_CHILD_RUNS ? "runs" : "is being restarted");
  bool parked = c->state == WEIR_CHILD_PARKED;
  if (c->history) c->history->budget.used = 0;
  int rc = start(c, !keeps_mailbox(c, parked), &outcome);
  reply->ref = c->ref;
  if (rc == WEIR_OK) return WEIR_OK;
  if (rc == WEIR_STOP) return weir_error(WEIR_ESHUTDOWN, "it did not want to start");
  if (weir_cancelled()) return rc;
  if (parked && is_there(c))
    c->state = WEIR_CHILD_PARKED;
  else
    end_child(s, c, WEIR__FOR_GOOD);
  return not_started(&outcome);
}

static int on_delete(struct supervisor *s, const struct weir__delete_child *m)
{
  if (is_dynamic(s)) return weir_error(WEIR_ENOTSUP, "dynamic children are forgotten when they end");
  struct child *c = find_by_name(s, m->name);
  if (!c) return no_such_child(m->name);
  if (is_there(c)) return weir_error(WEIR_EBUSY, "%s is to be stopped first", m->name);
  forget_child(s, c);
  return WEIR_OK;
}

static int on_remove(struct supervisor *s, const struct weir__remove_child *m)
{
  struct child *c = find_by_name(s, m->name);
  if (c) end_child(s, c, WEIR__FOR_GOOD);
  if (c && c->state != WEIR_CHILD_STOPPED) return weir_error(WEIR_ECANCELED, "told to stop");
  if (c) forget_child(s, c);
  bool planned = take_out_of_plan(s->plan, m->name);
  return c || planned ? WEIR_OK : no_such_child(m->name);
}

/* Between two messages: what is under way comes to its end as it was begun. */
static int on_other_settings(struct supervisor *s, const struct weir__other_settings *m)
{
  weir_supervisor_options *o = &s->plan->options;
  o->strategy = m->strategy;
  o->max_restarts = m->max_restarts;
  o->within = m->within;
  return WEIR_OK;
}

static int on_which(struct supervisor *s, const struct weir__which *m, struct weir_child_list *reply)
{
  (void)m;
  size_t n = 0;
  struct weir_child_info *list = s->count ? calloc(s->count, sizeof *list) : NULL;
  if (s->count && !list) return no_memory();
  for (const struct child *c = s->first; c && list; c = c->after) {
    const char *name = given_name(c);
    list[n++] = (struct weir_child_info){.name = name ? name : "",
                                         .type = c->spec->type->name,
                                         .ref = c->ref,
                                         .restarts = c->history ? c->history->restarts : 0,
                                         .state = c->state,
                                         .supervises = is_supervisor(c)};
  }
  weir_asker asker = weir_answer_later();
  struct weir_child_list all = {list, n};
  int rc = asker.bits ? weir_answer_value(asker, WEIR_AT(weir_child_list, &all)) : WEIR_OK;
  if (rc) weir_refuse(asker, rc, weir_error_text());
  free(list);
  (void)reply;
  return WEIR_OK;
}

static int on_how_many(struct supervisor *s, const struct weir__how_many *m, struct weir_child_counts *reply)
{
  (void)m;
  for (const struct child *c = s->first; c; c = c->after) {
    reply->specs++;
    if (c->state == WEIR_CHILD_RUNS) reply->active++;
    if (is_supervisor(c))
      reply->supervisors++;
    else
      reply->workers++;
  }
  if (is_dynamic(s)) reply->specs = 1;
  return WEIR_OK;
}

/* ---- beginning and end ---- */

static void free_children(void *state)
{
  struct supervisor *s = state;
  while (s->first) {
    struct child *c = s->first;
    s->first = c->after;
    free_child(c);
  }
  free(s->slots);
  free(s->budget.moments);
}

static int start_all(struct supervisor *s)
{
  struct weir__outcome outcome;
  for (struct child *c = s->first, *after; c; c = after) {
    after = c->after;
    int rc = start_anew(c, &outcome);
    if (rc == WEIR_STOP && is_temporary(c)) forget_child(s, c);
    if (rc == WEIR_OK || rc == WEIR_STOP) continue;
    tell(s, c, (weir_restart_event){.what = WEIR_CHILD_NOT_STARTED, .code = rc, .text = outcome.text});
    return weir_error(rc, "%s did not start: %s", name_of(c), *outcome.text ? outcome.text : weir_strerror(rc));
  }
  return WEIR_OK;
}

static int on_start(struct supervisor *s, const struct weir__plan *plan)
{
  if (!plan || !plan->plan.data) return weir_error(WEIR_EINVAL, "weir_supervise() starts supervisors");
  s->plan = plan_of(plan->plan);
  struct weir__simulation *simulation = weir__simulation_here(); /* where the seed decides */
  s->random = simulation ? weir__simulation_draws(simulation, UINT64_MAX)
                         : weir_self().bits * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)weir__now_ns();
  if (!s->random) s->random = 1;
  int rc = weir_defer(free_children, s);
  for (struct spec *spec = is_dynamic(s) ? NULL : s->plan->first; !rc && spec; spec = spec->next)
    rc = add_child(s, spec, "") ? WEIR_OK : WEIR_ENOMEM;
  return rc ? rc : start_all(s);
}

static void on_end(struct supervisor *s)
{
  if (s->plan) end_all(s);
}

WEIR_ACTOR(supervisor,
           WEIR_ON_START(weir__plan, on_start) WEIR_ON(weir__child_down, on_down) WEIR_ON(weir__child_gone, on_gone)
               WEIR_ON(weir__restart_due, on_due) WEIR_ON(weir__add_child, on_add) WEIR_ON(weir__stop_child, on_stop)
                   WEIR_ON(weir__restart_child, on_restart) WEIR_ON(weir__delete_child, on_delete)
                       WEIR_ON(weir__remove_child, on_remove) WEIR_ON(weir__other_settings, on_other_settings)
                           WEIR_ON(weir__which, on_which) WEIR_ON(weir__how_many, on_how_many) WEIR_ON_END(on_end));

static const weir_actor *type_of_supervisors(void) { return &supervisor; }

weir_ref weir__supervise(const weir_supervisor_options *options)
{
  weir_bytes held;
  int rc = make_plan(options, &held);
  if (rc) return weir__ref_error_make(rc);
  struct weir__plan plan = {held};
  weir_spawn_options o = {.name = options->name, .on = options->on, .config = WEIR_AT(weir__plan, &plan)};
  weir_ref ref = weir__spawn(&supervisor, &o);
  weir_bytes_drop(held);
  return ref;
}

/* ---- the calls that are requests ---- */

static int ask_to_add(weir_ref tree, weir_duration within, weir_ref *ref, const weir_child *child, bool lasts)
{
  weir_bytes held;
  struct weir__child_ref *reply = NULL;
  weir_supervisor_options alone = {.children = {.first = child, .count = 1}};
  if (ref) *ref = weir__ref_error_make(WEIR_EDEAD);
  int rc = copy_plan(&alone, &held); /* the supervisor checks it */
  if (!rc) rc = weir__ask_giving(tree, within, &reply, WEIR_VALUE(weir__add_child, .plan = held, .lasts = lasts), held);
  if (!rc && ref) *ref = reply->ref;
  weir_free(reply);
  return rc;
}

int weir__start_child(weir_ref tree, weir_duration within, weir_ref *ref, const weir_child *child)
{
  return ask_to_add(tree, within, ref, child, false);
}

int weir__plan_child(weir_ref tree, weir_duration within, const weir_child *child)
{
  return ask_to_add(tree, within, NULL, child, true);
}

int weir__remove_child(weir_ref tree, weir_duration within, const char *name)
{
  return weir_ask(tree, within, NULL, weir__remove_child, .name = name);
}

int weir__change_supervisor(weir_ref tree, weir_duration within, const weir_supervisor_options *options)
{
  return weir_ask(tree, within, NULL, weir__other_settings, .strategy = options->strategy,
                  .max_restarts = options->max_restarts, .within = options->within);
}

int weir_stop_child(weir_ref tree, weir_duration within, const char *name)
{
  if (!name) return weir_error(WEIR_EINVAL, "no child was named");
  return weir_ask(tree, within, NULL, weir__stop_child, .name = name);
}

int weir_stop_child_ref(weir_ref tree, weir_duration within, weir_ref child)
{
  return weir_ask(tree, within, NULL, weir__stop_child, .ref = child);
}

int weir_restart_child(weir_ref tree, weir_duration within, const char *name, weir_ref *ref)
{
  struct weir__child_ref *reply = NULL;
  if (ref) *ref = weir__ref_error_make(WEIR_EDEAD);
  if (!name) return weir_error(WEIR_EINVAL, "no child was named");
  int rc = weir_ask(tree, within, &reply, weir__restart_child, .name = name);
  if (!rc && ref) *ref = reply->ref;
  weir_free(reply);
  return rc;
}

int weir_delete_child(weir_ref tree, weir_duration within, const char *name)
{
  if (!name) return weir_error(WEIR_EINVAL, "no child was named");
  return weir_ask(tree, within, NULL, weir__delete_child, .name = name);
}

int weir_which_children(weir_ref tree, weir_duration within, struct weir_child_list **list)
{
  return weir_ask(tree, within, list, weir__which);
}

int weir_count_children(weir_ref tree, weir_duration within, struct weir_child_counts *counts)
{
  struct weir_child_counts *reply = NULL;
  int rc = weir_ask(tree, within, &reply, weir__how_many);
  if (!rc && counts) *counts = *reply;
  weir_free(reply);
  return rc;
}
