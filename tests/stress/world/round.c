/* round.c: see world.h: brings a world up, works it, disturbs it, ends it, and checks what is left. */
#include "stress/world/world.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world world;
char world_text[TEXT_MOST + 1];

/* Of who disturbs: one thread. */
static uint64_t mood;
static uint64_t whim(uint64_t most) { return draw_from(&mood) % most; }

void world_wrong(const char *format, ...)
{
  va_list args;
  flockfile(stdout);
  if (atomic_fetch_add(&world.sums.wrong, 1) < 20) {
    printf("wrong (--seed %llu --kind %d): ", (unsigned long long)world.plan.seed, world.plan.kind);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
  }
  funlockfile(stdout);
}

static void enter(const char *phase) { atomic_store(&world.phase, phase); }

/* ---- lives ---- */

static void on_event(const weir_restart_event *e, void *unused)
{
  (void)unused;
  if (e->what == WEIR_CHILD_FAILED)
    count_one(&world.sums.restarts);
  else if (e->what != WEIR_CHILD_NOT_STARTED && e->what != WEIR_CHILD_KILLED)
    world_wrong("a supervisor gives up: %s", e->text);
}

/* A supervisor whose children do not wait for each other's starts, and are ended all at once. */
static weir_ref plant_tree(weir_runtime *rt)
{
  enum { MUCH = 1 << 20 };
  weir_ref tree = weir_supervise(.on = rt, .strategy = WEIR_DYNAMIC, .max_restarts = MUCH, .within = WEIR_MILLIS(1),
                                 .on_event = on_event, .children = WEIR_CHILDREN({.type = &world_trades[ROAMER]}));
  if (weir_ref_error(tree)) world_wrong("no supervisor: %s", weir_error_text());
  return tree;
}

/* False: it would not start, as it may where actors die. */
static bool start_child(const struct home *home, const struct node *n, struct life *l, const struct abode *a)
{
  int rc = weir_start_child(home->tree, WEIR_FOREVER, &l->ref, .capacity = n->capacity, .overflow = n->overflow,
                            .config = WEIR_AT(abode, a));
  if (rc && !(rc == WEIR_EUSER(3) && world.plan.deaths)) world_wrong("a child does not start: %s", weir_error_text());
  return rc == WEIR_OK;
}

static void free_memories(void)
{
  uint32_t used = atomic_load(&world.lives_used);
  for (uint32_t i = 1; i < used; i++) dweller_forget(&world.lives[i]);
}

/* Somebody new lives there. */
static void settle(uint32_t at)
{
  struct node *n = &world.nodes[at];
  uint32_t index = atomic_load_explicit(&world.lives_used, memory_order_relaxed);
  struct home *home = world.homes[n->home].rt ? &world.homes[n->home] : &world.homes[0];
  if (index == LIVES_MOST || !home->rt) return;
  struct life *l = &world.lives[index];
  memset(l, 0, sizeof *l);
  l->node = at;
  l->route = n->instances;
  l->broadcast = n->instances && n->route == WEIR_BROADCAST;
  l->lossy = n->overflow == WEIR_DROP_NEWEST || n->overflow == WEIR_DROP_OLDEST;
  l->capacity_most = n->capacity;
  l->supervised = n->supervised;
  struct abode a = {.life = index, .node = at};
  if (l->supervised && !start_child(home, n, l, &a)) {
    dweller_forget(l);
    return;
  }
  if (!l->supervised)
    l->ref = weir_spawn(&world_trades[n->trade], .on = home->rt, .capacity = n->capacity, .overflow = n->overflow,
                        .instances = n->instances, .route = n->route, .config = WEIR_AT(abode, &a));
  if (weir_ref_error(l->ref)) {
    world_wrong("nobody to live at %u: %s", at, weir_error_text());
    return;
  }
  atomic_fetch_add_explicit(&world.sums.actors, n->instances ? n->instances : 1, memory_order_relaxed);
  atomic_store_explicit(&world.lives_used, index + 1, memory_order_release);
  atomic_store_explicit(&n->life, index, memory_order_release);
}

static struct life *anybody(void) { return life_at((uint32_t)whim(world.plan.nodes)); }

static bool has_ended(const struct life *l) { return l && !weir_alive(l->ref); }

/* ---- runtimes ---- */

static bool is_on_one_thread(const struct home *h) { return h->options.flavor == WEIR_CURRENT_THREAD; }

static void expect_stop(int rc, weir_duration drain)
{
  if (rc && (rc != WEIR_ETIMEDOUT || drain.ns > INT64_C(60000000000)))
    world_wrong("a runtime's end: %d %s", rc, weir_error_text());
}

/* A current-thread runtime has a thread that drives it until it is told to end. */
static struct {
  pthread_t thread;
  bool runs;
  weir_promise started;      /* before the thread begins */
  _Atomic(int64_t) drain_ns; /* -1: not yet */
} driver;

static void *drive(void *home)
{
  struct home *h = home;
  if (weir_runtime_start(&h->options, &h->rt)) abort();
  weir_promise_send(driver.started, answer);
  while (atomic_load(&driver.drain_ns) < 0) weir_sleep(WEIR_MILLIS(0.2));
  weir_duration drain = {atomic_load(&driver.drain_ns)};
  expect_stop(weir_runtime_stop(h->rt, drain), drain);
  return NULL;
}

static void open_home(struct home *h)
{
  if (!is_on_one_thread(h)) {
    if (weir_runtime_start(&h->options, &h->rt)) abort();
    h->tree = plant_tree(h->rt);
    return;
  }
  weir_future started;
  struct answer *a;
  if (weir_oneshot(&driver.started, &started)) abort();
  atomic_store(&driver.drain_ns, -1);
  driver.runs = pthread_create(&driver.thread, NULL, drive, h) == 0;
  if (!driver.runs || weir_future_wait(started, WEIR_FOREVER, &a, answer)) abort();
  weir_free(a);
  h->tree = plant_tree(h->rt);
}

static void close_home(struct home *h, weir_duration drain)
{
  if (!h->rt) return;
  if (is_on_one_thread(h)) {
    atomic_store(&driver.drain_ns, drain.ns);
    pthread_join(driver.thread, NULL);
  } else {
    expect_stop(weir_runtime_stop(h->rt, drain), drain);
  }
  h->rt = NULL;
}

/* ---- those that put work in ---- */

struct speaker {
  pthread_t thread;
  weir_task *task; /* NULL: a thread */
  uint32_t index;
  struct voice voice;
  struct lane *lanes; /* by node */
  int64_t news[GROUPS];
  _Atomic(bool) done;
};
static struct speaker speakers[SPEAKERS_MOST];
static uint32_t speaker_count;

static uint32_t any_node(struct voice *v) { return (uint32_t)luck(v, world.plan.nodes); }

static void speak(struct speaker *s)
{
  struct voice *v = &s->voice;
  uint32_t node = any_node(v), more[3] = {node, any_node(v), any_node(v)};
  struct lane *lane = &s->lanes[node], *lanes[3] = {lane, &s->lanes[more[1]], &s->lanes[more[2]]};
  int64_t fuel = (int64_t)luck(v, 8);
  switch (luck(v, 12)) {
  case 0:
  case 1:
    voice_ask(v, lane, node, fuel);
    return;
  case 2:
    voice_ask_several(v, lanes, more, 3, fuel);
    return;
  case 3:
    voice_send_reserved(v, lane, node, fuel, NULL, NULL);
    return;
  case 4:
    voice_set_timer(v, node);
    return;
  case 5:
    voice_nudge(v, node);
    return;
  case 6:
    voice_publish(v, s->index, s->news);
    return;
  default:
    voice_send(v, lane, node, fuel, NULL);
    return;
  }
}

static int speak_on(struct speaker *s)
{
  while (atomic_fetch_sub_explicit(&world.steps_left, 1, memory_order_relaxed) > 0 && !weir_cancelled()) speak(s);
  atomic_store_explicit(&s->done, true, memory_order_release);
  return WEIR_OK;
}
static void *speaker_thread(void *speaker)
{
  speak_on(speaker);
  return NULL;
}

/* A home that stays as long as any; its thread drives that of a current-thread one. */
static struct home *home_for(uint32_t index) { return &world.homes[index % world.home_count]; }

static void begin_speaking(void)
{
  speaker_count = 2 + (uint32_t)whim(SPEAKERS_MOST - 1);
  for (uint32_t i = 0; i < speaker_count; i++) {
    struct speaker *s = &speakers[i];
    *s = (struct speaker){.index = i, .lanes = calloc(world.plan.nodes, sizeof *s->lanes)};
    if (!s->lanes) abort();
    voice_begin(&s->voice, chance_mix(world.plan.seed + 1000000 + i));
    s->voice.may_be_told_to_stop = i % 2;
    if (i % 2)
      s->task = weir_task_start(home_for(i)->rt, speak_on, s);
    else if (pthread_create(&s->thread, NULL, speaker_thread, s))
      abort();
    if (i % 2 && !s->task) abort();
  }
}

static bool all_have_spoken(void)
{
  for (uint32_t i = 0; i < speaker_count; i++)
    if (!atomic_load_explicit(&speakers[i].done, memory_order_acquire)) return false;
  return true;
}

static void end_speaking(void)
{
  for (uint32_t i = 0; i < speaker_count; i++) {
    struct speaker *s = &speakers[i];
    if (!s->task)
      pthread_join(s->thread, NULL);
    else if (weir_task_join(s->task, WEIR_FOREVER, NULL))
      world_wrong("a task was not joined: %s", weir_error_text());
    free(s->lanes);
  }
}

/* ---- who disturbs ---- */

static void change_capacity(void)
{
  struct life *l = anybody();
  if (!l || l->route) return;
  uint32_t capacity = 1 + (uint32_t)whim(whim(2) ? 4 : 64), most = atomic_load(&l->capacity_most);
  while (capacity > most && !atomic_compare_exchange_weak(&l->capacity_most, &most, capacity)) continue;
  int rc = weir_set_capacity(l->ref, capacity);
  if (rc && (rc != WEIR_EDEAD || !has_ended(l))) world_wrong("to change a capacity: %d %s", rc, weir_error_text());
}

static void look_around(void)
{
  struct life *l = anybody();
  weir_stats s;
  weir_accounts a;
  weir_accounts_read(&a);
  weir_group_size(world_group(whim(GROUPS)));
  if (!l || l->route || weir_stats_read(l->ref, &s)) return;
  if (s.length + s.permits > atomic_load(&l->capacity_most))
    world_wrong("%llu places and %llu held in a mailbox of %u", (unsigned long long)s.length,
                (unsigned long long)s.permits, atomic_load(&l->capacity_most));
}

static void end_somebody(void)
{
  struct life *l = anybody();
  if (!l) return;
  atomic_store(&l->disturbed, true);
  atomic_store(&l->torn, true);
  if ((whim(2) ? weir_stop(l->ref) : weir_drain(l->ref)) == WEIR_OK) count_one(&world.sums.deaths);
}

static void close_one_home(void)
{
  struct home *h = &world.homes[1 + whim(HOMES_MOST - 1)];
  if (h >= world.homes + world.home_count || !h->rt || is_on_one_thread(h)) return;
  uint32_t used = atomic_load(&world.lives_used);
  for (uint32_t i = 1; i < used; i++)
    if (&world.homes[world.nodes[world.lives[i].node].home] == h) atomic_store(&world.lives[i].disturbed, true);
  close_home(h, WEIR_MILLIS((double)whim(8)));
  count_one(&world.sums.closures);
}

static void disturb(void)
{
  uint32_t at = (uint32_t)whim(world.plan.nodes);
  switch (whim(8)) {
  case 0:
  case 1:
    change_capacity();
    return;
  case 2:
    look_around();
    return;
  case 3:
    if (world.plan.deaths) end_somebody();
    return;
  case 4:
    if (world.plan.closures && whim(60) == 0) close_one_home();
    return;
  case 5:
    if (world.plan.deaths && whim(200) == 0 && speakers[1].task) weir_task_cancel(speakers[1].task);
    return;
  default:
    if (has_ended(life_at(at))) settle(at);
    return;
  }
}

/* ---- the end ---- */

static bool all_are_done(void)
{
  uint32_t used = atomic_load(&world.lives_used);
  for (uint32_t i = 1; i < used; i++) {
    int64_t done = atomic_load_explicit(&world.lives[i].done, memory_order_seq_cst);
    if (atomic_load_explicit(&world.lives[i].begun, memory_order_seq_cst) != done) return false;
  }
  return atomic_load(&world.owed) == 0 && (world.plan.closures || atomic_load(&world.tasks) == 0);
}

static void finish_what_was_begun(void)
{
  enter("all that was begun is finished");
  atomic_store(&world.closing, true);
  while (!all_are_done()) weir_sleep(WEIR_MILLIS(0.5));
}

struct closing {
  struct home *home;
  weir_duration drain;
};
static void *close_in_thread(void *closing)
{
  struct closing *c = closing;
  close_home(c->home, c->drain);
  return NULL;
}

/* One after the other, or all at once. */
static void close_all(weir_duration drain)
{
  pthread_t threads[HOMES_MOST];
  struct closing all[HOMES_MOST];
  bool at_once = whim(2);
  enter("the runtimes are stopped");
  for (uint32_t i = 0; i < world.home_count; i++) {
    all[i] = (struct closing){&world.homes[i], drain};
    if (at_once && pthread_create(&threads[i], NULL, close_in_thread, &all[i])) abort();
    if (!at_once) close_in_thread(&all[i]);
  }
  for (uint32_t i = 0; at_once && i < world.home_count; i++) pthread_join(threads[i], NULL);
}

/* V9. */
static void check_accounts(void)
{
  weir_accounts a;
  weir_accounts_read(&a);
  uint64_t ends = a.handled + a.received + a.withdrawn + a.dead + a.freed + a.unsent + a.evicted;
  if (a.created != ends + a.live || a.live || a.buffers)
    world_wrong("%llu messages were made, %llu have ended, %llu live, and %llu buffers", (unsigned long long)a.created,
                (unsigned long long)ends, (unsigned long long)a.live, (unsigned long long)a.buffers);
  if (atomic_load(&world.deferred) != atomic_load(&world.called))
    world_wrong("%lld calls of %lld that were deferred", (long long)atomic_load(&world.called),
                (long long)atomic_load(&world.deferred));
}

static void check_lives(void)
{
  uint32_t used = atomic_load(&world.lives_used);
  for (uint32_t i = 1; i < used; i++) {
    struct life *l = &world.lives[i];
    int64_t sent = atomic_load(&l->sent), heard = atomic_load(&l->heard);
    if (l->broadcast) continue;
    if (heard > sent) world_wrong("%lld jobs were sent and %lld came", (long long)sent, (long long)heard);
    if (heard != sent && world.plan.ending == CALM && !l->lossy && !l->disturbed)
      world_wrong("%lld jobs were sent and %lld came, to one that lived to the end", (long long)sent, (long long)heard);
  }
}

/* ---- a round ---- */

static void begin(const struct round_plan *plan)
{
  world.plan = *plan;
  mood = chance_mix(plan->seed + 2);
  plan_nodes();
  atomic_store(&world.lives_used, 1);
  atomic_store(&world.closing, false);
  atomic_store(&world.owed, 0);
  atomic_store(&world.tasks, 0);
  atomic_store(&world.deferred, 0);
  atomic_store(&world.called, 0);
  atomic_store(&world.streams, 0);
  atomic_store(&world.steps_left, plan->steps);
  enter("the world begins");
  for (uint32_t i = 0; i < world.home_count; i++) open_home(&world.homes[i]);
  for (uint32_t i = 0; i < plan->nodes; i++) settle(i);
}

bool round_run(const struct round_plan *plan)
{
  int64_t wrong_before = atomic_load(&world.sums.wrong);
  begin(plan);
  begin_speaking();
  enter("the world turns");
  int64_t until = plan->ending == CALM ? INT64_MIN : plan->steps / 4;
  while (!all_have_spoken() && atomic_load(&world.steps_left) > until) {
    disturb();
    weir_sleep(WEIR_MILLIS((double)whim(300) / 1000));
  }
  if (plan->ending == CALM) finish_what_was_begun();
  close_all(plan->ending == CALM ? WEIR_SECONDS(3600) : WEIR_MILLIS(plan->ending == HASTE ? (double)whim(20) : 0));
  atomic_store(&world.steps_left, 0);
  enter("those that put work in end");
  end_speaking();
  check_accounts();
  check_lives();
  free_memories();
  count_one(&world.sums.rounds);
  return atomic_load(&world.sums.wrong) == wrong_before && atomic_load(&world.sums.phantoms) == 0;
}
