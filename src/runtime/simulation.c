/* simulation.c: see simulation.h. */
#include "runtime/simulation.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/clock.h"
#include "runtime/depot.h"
#include "runtime/runtime.h"
#include "runtime/strand.h"
#include "runtime/wait.h"

#define STARTS_AT_NS INT64_C(1000000000)
#define LASTS_NS INT64_C(10000000) /* stalls and delays, where nothing else is said */
#define STEPS_MOST UINT64_C(1000000)
enum { ROOM = 64, LENT_MOST = 8, JOB_LASTS_NS = 1000000, TURN_MOST = 128, EPOCH = 64, LINE = 512 };

/* How the next one is drawn, for a whole run: of orders drawn alike in each run some would never come. */
enum manner { ANY, NEWEST, OLDEST, BY_RANK, MANNERS };

/* Something that can run, taken out of its worker's lines. */
struct entry {
  struct weir__work *work;
  uint64_t who; /* the number of the actor or task */
  int64_t not_before_ns;
};

struct known {
  uint64_t key; /* 0: free */
  uint64_t number;
  const char *name; /* an actor's type's; NULL: not known */
};

/* All of it is its thread's, but where it says otherwise. */
struct weir__simulation {
  weir_simulation_options o;
  uint64_t seed, random, hash;
  int64_t now_ns;
  struct weir__worker *w; /* NULL: it has not begun, or has ended */
  bool strikes;           /* faults come */
  bool broken;            /* memory was missing for what is noted here … */
  bool was_broken;        /* … or was, and is there again */
  /* What the seed chose for the whole run. */
  enum manner manner;
  unsigned turn_most, budget_most;
  int64_t step_most_ns;
  /* Who can run. */
  struct entry *entries;
  size_t count, room;
  uint64_t steps;
  struct weir__work *away; /* a fiber that gave way, to be away … */
  int64_t away_ns;         /* … for so long */
  /* The driving thread. */
  bool rings; /* picked: an alarm */
  bool stuck; /* nothing that the driving thread waits for can come any more … */
  const char *why;
  uint64_t wait;                             /* … of this wait; 0: of another kind */
  unsigned lent;                             /* steps that it lets others do … */
  bool settles;                              /* … as many as it takes, and no alarm rings */
  uint64_t chances[WEIR__SIM_NO_MEMORY + 1]; /* by fault: how many there were */
  struct known *known;                       /* by key, open addressing */
  size_t known_count, known_room;
  uint64_t numbers;
  uint64_t *actors; /* refs, by their numbers */
  size_t actor_count, actor_room;
  struct weir__strand **strands;
  size_t strand_count, strand_room;
  struct weir__cache aside[WEIR__CLASSES]; /* S3 */
  uint64_t *hash_out;                      /* NULL: nobody */
  _Atomic(bool) touched;                   /* by other threads. Relaxed: a diagnosis */
};

/* ---- chances ---- */

static uint64_t mix(uint64_t x)
{
  x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
  return x ^ x >> 31;
}

static uint64_t next(struct weir__simulation *s) { return mix(s->random += UINT64_C(0x9e3779b97f4a7c15)); }

uint64_t weir__simulation_draws(struct weir__simulation *s, uint64_t n) { return n > 1 ? next(s) % n : 0; }
#define draw weir__simulation_draws

static bool comes(struct weir__simulation *s, const weir_odds *odds, uint64_t *chances)
{
  ++*chances;
  return (odds->nth && odds->nth == *chances) || (odds->one_in && draw(s, odds->one_in) == 0);
}

static const weir_odds *odds_of(const struct weir__simulation *s, enum weir__simulated_fault fault)
{
  const weir_odds *odds[] = {[WEIR__SIM_REFUSE] = &s->o.refuse,
                             [WEIR__SIM_FAIL] = &s->o.fail,
                             [WEIR__SIM_STALL] = &s->o.stall,
                             [WEIR__SIM_DELAY] = &s->o.delay,
                             [WEIR__SIM_NO_MEMORY] = &s->o.no_memory};
  return odds[fault];
}

bool weir__simulation_strikes(struct weir__simulation *s, enum weir__simulated_fault fault)
{
  static const char *const names[] = {"", "refuse", "fail", "stall", "delay", "no memory"};
  if (!s->strikes || !comes(s, odds_of(s, fault), &s->chances[fault])) return false;
  weir__simulation_notes(s, WEIR__SIM_FAULT, fault, s->chances[fault], 0);
  weir__simulation_tells(s, "fault: %s (the %" PRIu64 "th chance)", names[fault], s->chances[fault]);
  return true;
}

static void pass(struct weir__simulation *s, int64_t most_ns) { s->now_ns += 1 + (int64_t)draw(s, (uint64_t)most_ns); }

int weir__simulation_turn(struct weir__simulation *s) { return 1 + (int)draw(s, s->turn_most); }
unsigned weir__simulation_budget(struct weir__simulation *s)
{
  return s->budget_most == WEIR__SEND_BUDGET ? WEIR__SEND_BUDGET : 1 + (unsigned)draw(s, s->budget_most);
}
int weir__simulation_refusal(const struct weir__simulation *s) { return s->o.refuse_with; }

/* ---- numbers ---- */

/* Works and refs in one table. */
static uint64_t key_of_work(const struct weir__work *work) { return (uint64_t)(uintptr_t)work | UINT64_C(1) << 63; }
static uint64_t key_of_ref(uint64_t ref) { return ref & ~(UINT64_C(1) << 63); }

static struct known *place_of(struct known *table, size_t room, uint64_t key)
{
  size_t at = (size_t)mix(key) & (room - 1);
  while (table[at].key && table[at].key != key) at = (at + 1) & (room - 1);
  return &table[at];
}

/* Makes room for one more. False: no memory, and this is not the seed's run any more. */
static bool grow(struct weir__simulation *s, void *array, size_t count, size_t *room, size_t bytes)
{
  void **at = array;
  if (count < *room) return true;
  size_t more = *room ? 2 * *room : ROOM;
  void *moved = realloc(*at, more * bytes);
  if (!moved) {
    s->broken = true;
    return false;
  }
  *at = moved;
  *room = more;
  return true;
}

/* Half of the table stays free. */
static bool widen(struct weir__simulation *s)
{
  size_t room = s->known_room ? 2 * s->known_room : 4 * ROOM;
  if (2 * s->known_count < s->known_room) return true;
  struct known *table = calloc(room, sizeof *table);
  if (!table) {
    s->broken = true;
    return false;
  }
  for (size_t i = 0; i < s->known_room; i++)
    if (s->known[i].key) *place_of(table, room, s->known[i].key) = s->known[i];
  free(s->known);
  s->known = table;
  s->known_room = room;
  return true;
}

/* NULL: no memory. */
static struct known *know(struct weir__simulation *s, uint64_t key, uint64_t number, const char *name)
{
  if (!widen(s)) return NULL;
  struct known *k = place_of(s->known, s->known_room, key);
  if (!k->key) s->known_count++;
  *k = (struct known){key, number, name};
  return k;
}

static struct known *find(struct weir__simulation *s, uint64_t key)
{
  struct known *k = s->known_room ? place_of(s->known, s->known_room, key) : NULL;
  return k && k->key ? k : NULL;
}

void weir__simulation_knows_actor(struct weir__simulation *s, uint64_t ref, const struct weir__work *work,
                                  const char *name)
{
  uint64_t number = ++s->numbers;
  know(s, key_of_ref(ref), number, name);
  know(s, key_of_work(work), number, name);
  if (grow(s, &s->actors, s->actor_count, &s->actor_room, sizeof *s->actors)) s->actors[s->actor_count++] = ref;
  char who[WEIR__SIM_NAME];
  weir__simulation_notes(s, WEIR__SIM_SPAWN, number, weir__simulation_self(s, who), 0);
  weir__simulation_tells(s, "%s spawns %s#%" PRIu64, who, name, number);
}

void weir__simulation_knows_task(struct weir__simulation *s, const struct weir__work *work)
{
  uint64_t number = ++s->numbers;
  know(s, key_of_work(work), number, "task");
  char who[WEIR__SIM_NAME];
  weir__simulation_notes(s, WEIR__SIM_TASK, number, weir__simulation_self(s, who), 0);
  weir__simulation_tells(s, "%s starts task#%" PRIu64, who, number);
}

void weir__simulation_knows_strand(struct weir__simulation *s, struct weir__strand *strand)
{
  if (grow(s, &s->strands, s->strand_count, &s->strand_room, sizeof(struct weir__strand *)))
    s->strands[s->strand_count++] = strand;
}

static const struct known *known_ref(struct weir__simulation *s, uint64_t ref)
{
  struct known *k = find(s, key_of_ref(ref));
  return k ? k : know(s, key_of_ref(ref), ++s->numbers, NULL);
}

uint64_t weir__simulation_number(struct weir__simulation *s, uint64_t ref)
{
  const struct known *k = ref >> 32 ? known_ref(s, ref) : NULL;
  return k ? k->number : ref >> 32 ? 0 : ref;
}

static void name_known(const struct known *k, char name[WEIR__SIM_NAME])
{
  snprintf(name, WEIR__SIM_NAME, "%.60s#%" PRIu64, k->name ? k->name : "ref", k->number);
}

void weir__simulation_name(struct weir__simulation *s, uint64_t ref, char name[WEIR__SIM_NAME])
{
  const struct known *k = ref >> 32 ? known_ref(s, ref) : NULL;
  if (k)
    name_known(k, name);
  else
    snprintf(name, WEIR__SIM_NAME, "nobody");
}

uint64_t weir__simulation_actor(const struct weir__simulation *s, size_t index) { return s->actors[index]; }
size_t weir__simulation_actors(const struct weir__simulation *s) { return s->actor_count; }

static uint64_t name_work(struct weir__simulation *s, const struct weir__work *work, char name[WEIR__SIM_NAME])
{
  const struct known *k = work ? find(s, key_of_work(work)) : NULL;
  if (k)
    name_known(k, name);
  else
    snprintf(name, WEIR__SIM_NAME, "%s", work ? "the library" : s->w && s->w->in_uv ? "an alarm" : "main");
  return k ? k->number : 0;
}

uint64_t weir__simulation_self(struct weir__simulation *s, char name[WEIR__SIM_NAME])
{
  struct weir__strand *strand = weir__strand_here();
  return name_work(s, strand ? strand->self : NULL, name);
}

/* ---- events ---- */

static void absorb(struct weir__simulation *s, uint64_t x)
{
  s->hash = (s->hash ^ x) * UINT64_C(0x9e3779b97f4a7c15);
  s->hash ^= s->hash >> 29;
}

void weir__simulation_notes(struct weir__simulation *s, enum weir__simulated_event event, uint64_t a, uint64_t b,
                            uint64_t c)
{
  absorb(s, event);
  absorb(s, (uint64_t)s->now_ns);
  absorb(s, a);
  absorb(s, b);
  absorb(s, c);
}

bool weir__simulation_is_traced(const struct weir__simulation *s) { return s->o.trace != NULL; }

void weir__simulation_tells(struct weir__simulation *s, const char *format, ...)
{
  if (!s->o.trace) return;
  char line[LINE];
  int64_t ns = s->now_ns - STARTS_AT_NS;
  int at = snprintf(line, sizeof line, "%" PRId64 ".%09" PRId64 " ", ns / 1000000000, ns % 1000000000);
  va_list args;
  va_start(args, format);
  vsnprintf(line + at, sizeof line - (size_t)at, format, args);
  va_end(args);
  s->o.trace(line, s->o.trace_arg);
}

/* ---- what can run ---- */

static const struct weir__work *who_is(const struct weir__work *work)
{
  if (work->kind != WEIR__FIBER_RESUME) return work;
  return weir__strand_of((struct weir__work *)(uintptr_t)work)->self;
}

static int64_t not_before(struct weir__simulation *s, const struct weir__work *work)
{
  int64_t away = work == s->away ? s->away_ns : 0;
  if (work == s->away) s->away = NULL;
  if (weir__simulation_strikes(s, WEIR__SIM_DELAY)) away += 1 + (int64_t)draw(s, (uint64_t)s->o.delay_most.ns);
  return away ? s->now_ns + away : 0;
}

static void add(struct weir__simulation *s, struct weir__work *work)
{
  if (!grow(s, &s->entries, s->count, &s->room, sizeof *s->entries)) { /* there is always some room: see gather() */
    weir__work_append(&s->w->ready, work);
    return;
  }
  const struct weir__work *self = who_is(work);
  const struct known *k = self ? find(s, key_of_work(self)) : NULL;
  s->entries[s->count++] = (struct entry){work, k ? k->number : 0, not_before(s, work)};
}

static void gather(struct weir__simulation *s)
{
  struct weir__worker *w = s->w;
  if (s->broken && s->count == 0) { /* there is room again */
    s->broken = false;
    s->was_broken = true;
  }
  struct weir__work *work;
  /* Without memory for more the rest stays where it is until some of these have run. */
  while (!s->broken && (work = weir__worker_take_any(w))) add(s, work);
}

static bool can_run(const struct weir__simulation *s, size_t i) { return s->entries[i].not_before_ns <= s->now_ns; }

static size_t count_ready(const struct weir__simulation *s)
{
  size_t ready = 0;
  for (size_t i = 0; i < s->count; i++) ready += can_run(s, i);
  return ready;
}

/* The place of the n-th that can run. */
static size_t place(const struct weir__simulation *s, size_t n)
{
  size_t i = 0;
  while (!can_run(s, i) || n--) i++;
  return i;
}

/* Ranks change now and then: else who is always ready would keep others from running for ever. */
static uint64_t rank(const struct weir__simulation *s, size_t i)
{
  return mix(s->seed ^ mix(s->entries[i].who + s->steps / EPOCH));
}

static size_t highest(const struct weir__simulation *s)
{
  size_t best = place(s, 0);
  for (size_t i = best + 1; i < s->count; i++)
    if (can_run(s, i) && rank(s, i) > rank(s, best)) best = i;
  return best;
}

/* Also where one is preferred, now and then another one comes. */
static size_t choose(struct weir__simulation *s, size_t ready)
{
  bool any = s->manner == ANY || draw(s, 8) == 0;
  if (any) return place(s, (size_t)draw(s, ready));
  switch (s->manner) {
  case NEWEST:
    return place(s, ready - 1);
  case BY_RANK:
    return highest(s);
  case OLDEST:
  case ANY:
  case MANNERS:
    break;
  }
  return place(s, 0);
}

static struct weir__work *take(struct weir__simulation *s, size_t i)
{
  struct weir__work *work = s->entries[i].work;
  s->count--;
  memmove(&s->entries[i], &s->entries[i + 1], (s->count - i) * sizeof *s->entries);
  char who[WEIR__SIM_NAME];
  uint64_t number = name_work(s, who_is(work), who);
  weir__simulation_notes(s, WEIR__SIM_RUNS, number, work->kind, 0);
  weir__simulation_tells(s, "%s %s", who, work->kind == WEIR__FIBER_RESUME ? "goes on" : "runs");
  return work;
}

/* ---- time ---- */

static int64_t ms_of(int64_t ns) { return ns / 1000000; }

/* When the next one can run that can't yet; INT64_MAX: there is none. With alarms, or (`settles`) without. */
static int64_t next_ns(const struct weir__simulation *s)
{
  int64_t next_ms = s->settles ? INT64_MAX : weir__wheel_next_ms(&s->w->wheel);
  int64_t at = next_ms > INT64_MAX / 1000000 ? INT64_MAX : next_ms * 1000000;
  for (size_t i = 0; i < s->count; i++)
    if (s->entries[i].not_before_ns < at) at = s->entries[i].not_before_ns;
  return at;
}

static void is_stuck(struct weir__simulation *s, const char *why)
{
  s->stuck = true;
  s->why = why;
  weir__simulation_tells(s, "stuck: %s", why);
}

/* Nothing can run now. False: nor can anything later. */
static bool jump(struct weir__simulation *s)
{
  int64_t at = next_ns(s);
  if (at == INT64_MAX) {
    if (!s->settles) is_stuck(s, "nothing can run any more, and no timer is set");
    return false;
  }
  if (at > s->now_ns) s->now_ns = at;
  weir__simulation_notes(s, WEIR__SIM_JUMP, 0, 0, 0);
  return true;
}

/* W2: what is closed in other ways than by who begins to wait. True: it was looked for. */
static bool look_for_deadlocks(struct weir__simulation *s)
{
  if (!s->w->sweeps_soon) return false;
  s->w->sweeps_soon = false;
  for (size_t i = 0; i < s->strand_count; i++) {
    struct weir__strand *strand = s->strands[i];
    uint64_t name = strand->self && strand->waiting ? weir__wait_published(strand->waiting) : 0;
    if (name) weir__deadlock_look(name);
  }
  return true;
}

/* ---- the decision ---- */

/* The number of those that can run now, alarms first. */
static size_t find_ready(struct weir__simulation *s, unsigned *due)
{
  gather(s);
  *due = s->settles ? 0 : weir__wheel_due(&s->w->wheel, ms_of(s->now_ns));
  return *due + count_ready(s);
}

struct weir__work *weir__simulation_picks(struct weir__simulation *s, bool stays)
{
  unsigned due;
  size_t ready;
  stays = stays || s->lent;
  s->rings = false;
  if (++s->steps > s->o.steps_most) {
    is_stuck(s, "no end after so many steps");
    return NULL;
  }
  while (!(ready = find_ready(s, &due)))
    if (s->settles ? !jump(s) : stays || (!look_for_deadlocks(s) && !jump(s))) return NULL;
  if (s->lent && !--s->lent) atomic_store_explicit(&s->w->driven, true, memory_order_relaxed);
  pass(s, s->step_most_ns);
  s->rings = draw(s, ready) < due;
  return s->rings ? NULL : take(s, choose(s, ready - due));
}

/* ---- the driving thread ---- */

bool weir__simulation_returns(struct weir__simulation *s) { return s->lent == 0 && draw(s, 2) == 0; }

void weir__simulation_drives(struct weir__simulation *s, uint64_t wait)
{
  s->wait = wait;
  s->stuck = false;
}

static void ring(struct weir__simulation *s)
{
  struct weir__worker *w = s->w;
  unsigned due = weir__wheel_due(&w->wheel, ms_of(s->now_ns));
  struct weir__alarm *alarm =
      due ? (struct weir__alarm *)weir__wheel_take_due(&w->wheel, (unsigned)draw(s, due)) : NULL;
  if (!alarm) return;
  weir__simulation_notes(s, WEIR__SIM_RINGS, due, 0, 0);
  weir__simulation_tells(s, "an alarm rings");
  w->in_uv = true;
  alarm->ring(w, alarm);
  w->in_uv = false;
}

/* A wait that outlives the sleep goes on; another one ends, and what waited for a place is still its owner's. */
static void end_wait(uint64_t name, const char *text)
{
  struct weir__wait *w = weir__wait_at(name);
  if (!w || !(weir__wait_phase(name) & WEIR__PENDING)) return;
  if (atomic_load_explicit(&w->keeps, memory_order_relaxed)) {
    weir_error(WEIR_EDEADLOCK, "%s", text);
    weir__wait_end(name, WEIR_EDEADLOCK);
  } else {
    unsigned phase = weir__wait_claim(name, WEIR__PENDING);
    weir__wait_finish(w, WEIR_EDEADLOCK, phase == WEIR__IN_LINE ? w->message : NULL, strdup(text));
  }
}

static void give_up(struct weir__simulation *s)
{
  char text[160];
  snprintf(text, sizeof text, "simulation: %s: %u handlers and tasks wait", s->why,
           atomic_load_explicit(&s->w->suspended, memory_order_relaxed));
  if (s->wait) end_wait(s->wait, text);
  s->steps = 0;
}

void weir__simulation_parks(struct weir__simulation *s)
{
  if (s->rings) {
    ring(s);
  } else if (s->lent) {
    s->lent = 0; /* the others have nothing to do */
  } else if (s->stuck) {
    give_up(s);
  }
}

bool weir__simulation_is_empty(const struct weir__simulation *s) { return s->count == 0; }
bool weir__simulation_is_stuck(const struct weir__simulation *s) { return s->stuck; }

/* What a look at deadlocks has found leaves it as it was. */
const char *weir__simulation_why(const struct weir__simulation *s)
{
  return s->why ? s->why : "nothing that it waits for can go on";
}

void weir__simulation_stops(struct weir__simulation *s)
{
  s->steps = 0;
  weir__simulation_drives(s, 0);
}

void weir__simulation_never_ends(struct weir__simulation *s)
{
  char who[WEIR__SIM_NAME];
  fprintf(stderr, "weir: simulation: seed %" PRIu64 ": the runtime does not come to its stop; left are:\n", s->seed);
  for (size_t i = 0; i < s->strand_count; i++) {
    if (!s->strands[i]->self) continue;
    name_work(s, s->strands[i]->self, who);
    fprintf(stderr, "  %s%s\n", who,
            !(s->strands[i]->heeds & WEIR__CANCELLED) ? ", in its end clause or what it has deferred" : "");
  }
  abort();
}

static bool has_lent(void *simulation) { return ((struct weir__simulation *)simulation)->lent == 0; }

bool weir__simulation_settles(struct weir__simulation *s)
{
  s->stuck = false;
  s->settles = true;
  s->lent = UINT_MAX;
  weir__worker_drive(s->w, has_lent, s);
  s->settles = false;
  return !s->stuck;
}

void weir__simulation_lets_others(struct weir__simulation *s)
{
  if (weir__where() != WEIR__ON_DRIVER || draw(s, 2)) return;
  s->lent = 1 + (unsigned)draw(s, LENT_MOST);
  weir__simulation_notes(s, WEIR__SIM_DRIVER, s->lent, 0, 0);
  weir__worker_drive(s->w, has_lent, s);
}

static int be_away(struct weir__simulation *s, int64_t ns)
{
  struct weir__worker *w = s->w;
  s->away = &w->current->work;
  s->away_ns = ns;
  int rc = weir__give_way(w);
  if (rc) s->away = NULL;
  return rc;
}

int weir__simulation_gives_way(struct weir__simulation *s)
{
  return be_away(s, (int64_t)draw(s, 2) * (int64_t)draw(s, JOB_LASTS_NS));
}

/* Either all stands still meanwhile, or it alone, as if the others had workers of their own. */
void weir__simulation_stalls(struct weir__simulation *s)
{
  int64_t ns = 1 + (int64_t)draw(s, (uint64_t)s->o.stall_most.ns);
  if (draw(s, 2) || be_away(s, ns)) s->now_ns += ns;
}

/* ---- beginning and end ---- */

static int check(const weir_simulation_options *o)
{
  if (o->refuse_with > 0) return weir_error(WEIR_EINVAL, "refuse_with is %d: a negative code", o->refuse_with);
  if (o->stall_most.ns < 0 || o->delay_most.ns < 0) return weir_error(WEIR_EINVAL, "a negative time");
  if (o->stall_most.ns > INT64_MAX / 4 || o->delay_most.ns > INT64_MAX / 4)
    return weir_error(WEIR_EINVAL, "a time without end");
  return WEIR_OK;
}

/* What is not said. */
static void complete(weir_simulation_options *o)
{
  if (!o->stall_most.ns) o->stall_most.ns = LASTS_NS;
  if (!o->delay_most.ns) o->delay_most.ns = LASTS_NS;
  if (!o->refuse_with) o->refuse_with = WEIR_EFAILED;
  if (!o->steps_most) o->steps_most = STEPS_MOST;
}

static void choose_manner(struct weir__simulation *s)
{
  static const unsigned turns[] = {1, 4, TURN_MOST}, budgets[] = {1, 8, WEIR__SEND_BUDGET};
  static const int64_t steps_ns[] = {100, 10000, 1000000};
  s->manner = (enum manner)draw(s, MANNERS);
  s->turn_most = turns[draw(s, 3)];
  s->budget_most = budgets[draw(s, 3)];
  s->step_most_ns = steps_ns[draw(s, 3)];
}

struct weir__simulation *weir__simulation_make(uint64_t seed, const weir_simulation_options *options)
{
  struct weir__simulation *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  if (options) s->o = *options;
  complete(&s->o);
  s->seed = seed;
  s->random = mix(seed);
  s->now_ns = STARTS_AT_NS;
  choose_manner(s);
  if (!grow(s, &s->entries, 0, &s->room, sizeof *s->entries) || !widen(s)) {
    weir__simulation_free(s);
    return NULL;
  }
  weir__clock_set(&s->now_ns);
  return s;
}

void weir__simulation_begins(struct weir__simulation *s, struct weir__worker *w)
{
  s->w = w;
  s->strikes = true;
  w->thread->simulation = s;
  weir__depot_set_aside(w->thread, s->aside);
}

void weir__simulation_ends(struct weir__simulation *s)
{
  if (s->w) {
    if (s->hash_out) *s->hash_out = s->hash;
    s->w->thread->simulation = NULL;
    weir__depot_set_aside(s->w->thread, NULL);
    s->w = NULL;
  }
  weir__clock_set(NULL);
}

void weir__simulation_free(struct weir__simulation *s)
{
  weir__simulation_ends(s);
  free(s->entries);
  free(s->known);
  free(s->actors);
  free(s->strands);
  free(s);
}

void weir__simulation_is_touched(struct weir__simulation *s)
{
  atomic_store_explicit(&s->touched, true, memory_order_relaxed);
}

bool weir__simulation_is_broken(const struct weir__simulation *s) { return s->broken || s->was_broken; }

bool weir__simulation_was_touched(const struct weir__simulation *s)
{
  return atomic_load_explicit(&s->touched, memory_order_relaxed);
}

void weir__simulation_reports(struct weir__simulation *s, uint64_t *hash) { s->hash_out = hash; }

/* ---- for the program ---- */

int weir_simulation_start(uint64_t seed, const weir_simulation_options *options, weir_runtime **rt)
{
  static const weir_simulation_options none;
  const weir_simulation_options *o = options ? options : &none;
  weir_runtime_options as = {.flavor = WEIR_CURRENT_THREAD, .stack_bytes = o->stack_bytes};
  *rt = NULL;
  int rc = check(o);
  return rc ? rc : weir__runtime_simulate(&as, seed, o, rt);
}

static struct weir__simulation *of(const weir_runtime *rt) { return rt ? rt->simulation : NULL; }

uint64_t weir_simulation_hash(const weir_runtime *rt) { return of(rt) ? rt->simulation->hash : 0; }
uint64_t weir_simulation_seed(const weir_runtime *rt) { return of(rt) ? rt->simulation->seed : 0; }

weir_duration weir_simulation_elapsed(const weir_runtime *rt)
{
  return (weir_duration){of(rt) ? rt->simulation->now_ns - STARTS_AT_NS : 0};
}

uint64_t weir_simulation_draw(weir_runtime *rt, uint64_t below)
{
  struct weir__simulation *s = of(rt);
  if (!s) return 0;
  uint64_t drawn = draw(s, below);
  weir__simulation_notes(s, WEIR__SIM_DRAW, below, drawn, 0);
  return drawn;
}
