/* deadlock.c: finds waits that can't end any more, and ends one of them (W1, W2).
 *
 * The graph is not kept anywhere: it is read where it stands. A node is an actor or a task that publishes its wait
 * (cell.waiting, weir_task.waiting); the word of the wait says what it is about and whose turn it is (runtime/wait.h,
 * I5):
 *
 *   QUEUED  an answer: of the actor in whose mailbox the request is
 *   BEGUN   an answer: of the one whose handler has the request, or that owes it
 *           and: the start or the end of a child, of that child; the restart of a child that is DOWN, of its supervisor
 *   LINE    a place in a mailbox: its actor pops, or a holder of a permit gives one back
 *   IDLE    a task's end, or all the children's of a task: the task, all children; anything else: who knows
 *
 * A node can run unless it is published as waiting, that wait is pending, and those that could end it can't run: for a
 * place all of them, for children one of them. What is not known can run: a plain thread, who keeps a promise, sends
 * to a channel, holds a permit, a libuv handle. So a deadlock may be missed where such a one is part of it, and none is
 * seen where there is none.
 *
 * G1  Who waits publishes it, and then looks (seq_cst on both, or a fence between): of those that close a cycle together
 *     the last sees it all. An ask in one piece publishes before its request can be seen, and looks at the actor asked
 *     first. An edge that moves while nobody begins to wait (a forward) is looked at by who moves it; the sweep finds
 *     what is closed in other ways: a task of an actor that owes an answer ends, a permit changes hands.
 * G2  Following one edge after the other takes no lock, and ends at the first that can run: for the usual ask after one
 *     load.
 * G3  Only what seems stuck is read into a graph, under `lock`, one at a time; and then once more. Who publishes the
 *     same wait with the same word both times was waiting all the time between: so at one moment all of them were.
 *     Otherwise: A waits for B; B answers, and then waits for X, which waits for A; who reads A's wait before and B's
 *     after sees a cycle that never was.
 * G4  The one that is chosen is claimed as it was seen, as a time-out would do it, by the word that decides every wait:
 *     once.
 * G5  While the lock of the tasks is held no task ends and no wait for one is closed. An actor's name is read under
 *     its bucket's lock while it still publishes that wait: its end, which takes that lock, comes later. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor/actor.h"
#include "channel/mpsc.h"
#include "channel/permit.h"
#include "platform/clock.h"
#include "runtime/task.h"
#include "runtime/wait.h"

enum { HOPS_MOST = 1024, HOPS_OF_SWEEP = 16, SLOTS_AT_LEAST = 4096, LOOK_AFTER_MS = 100, LOOK_AFTER_MOST_MS = 10000 };
#define RUNS UINT32_MAX

/* ---- one edge after the other, without a lock (G2) ---- */

static bool is_stuck(const struct weir__edge_seen *seen) { return (seen->phase & WEIR__PENDING) && seen->edge; }

static struct weir__cell *actor_of(const struct weir__edge_seen *seen) { return weir__cell_at(seen->edge - 1); }

/* Who owes an answer and has tasks may have left it to one of them, or to a task of theirs. */
static bool may_have_left_it(const struct weir__edge_seen *seen, const struct weir__cell *cell)
{
  return seen->owed && (atomic_load_explicit(&cell->work.flags, memory_order_relaxed) & WEIR__HAS_TASKS);
}

/* A place may come from others than the actor: from who holds a permit. */
static bool has_one_edge(const struct weir__edge_seen *seen, const struct weir__cell *cell)
{
  return (seen->phase & (WEIR__QUEUED | WEIR__BEGUN)) && !may_have_left_it(seen, cell);
}

/* False: it ends at one that can run. After `most` steps: `beyond`. */
static bool seems_stuck(uint64_t name, unsigned most, bool beyond)
{
  uint64_t at = name, mark = name;
  for (unsigned hop = 1; hop <= most; hop++) {
    struct weir__edge_seen seen = weir__wait_see(at);
    if (!is_stuck(&seen)) return false;
    if (seen.phase & WEIR__IDLE) return true;
    struct weir__cell *cell = actor_of(&seen);
    if (!cell) return false;
    if (!has_one_edge(&seen, cell)) return true;
    at = weir__wait_published(&cell->waiting);
    if (!at) return false;
    if (at == mark) return true;
    if ((hop & (hop - 1)) == 0) mark = at; /* a cycle that `name` is not in leads back here */
  }
  return beyond;
}

/* ---- the graph: lock held ---- */

struct node {
  const _Atomic(uint64_t) *waiting; /* where it is published; NULL: whose wait it is is not known */
  struct weir__cell *cell;          /* NULL: a task's, or not known */
  uint64_t name;
  struct weir__edge_seen seen;
  uint32_t first, links; /* those that could end it, in `links` */
  uint32_t step;         /* on the way that was followed; 0: not on it */
  bool runs;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* All under the lock. */
static struct {
  struct node *nodes;
  uint32_t count, room;
  uint32_t *links;
  uint32_t link_count, link_room;
  uint32_t reading; /* tells its marks in the wait records from older ones */
  uint32_t sweep;   /* likewise: the sweep that reads, 0: none */
  bool broken;      /* no memory: nothing is known */
  bool again;       /* the second reading: nothing is added */
} graph;

/* Room that is always there: most cycles are small, and are found without memory, too. */
enum { FEW = 64 };
static struct node few_nodes[FEW];
static uint32_t few_links[FEW];

/* The first time what is there is `few`. */
static void *grown(void *at, void *few, uint32_t *room, size_t bytes)
{
  uint32_t more = *room ? 2 * *room : FEW;
  void *moved = !at ? few : realloc(at == few ? NULL : at, more * bytes);
  if (moved && at == few) memcpy(moved, few, FEW * bytes);
  if (moved)
    *room = more;
  else
    graph.broken = true;
  return moved ? moved : at;
}

static uint32_t add_node(uint64_t name, struct weir__wait *w, const struct weir__edge_seen *seen)
{
  if (graph.count == graph.room) graph.nodes = grown(graph.nodes, few_nodes, &graph.room, sizeof *graph.nodes);
  if (graph.broken) return RUNS;
  graph.nodes[graph.count] = (struct node){.name = name, .seen = *seen};
  w->node_of = graph.reading;
  w->node = graph.count;
  return graph.count++;
}

static uint32_t node_of_wait(uint64_t name)
{
  struct weir__wait *w = weir__wait_at(name);
  struct weir__edge_seen seen = weir__wait_see(name);
  if (!w || !is_stuck(&seen)) return RUNS;
  if (w->node_of == graph.reading && graph.nodes[w->node].name == name) return w->node;
  if (graph.again || (graph.sweep && w->runs_in == graph.sweep)) return RUNS;
  return add_node(name, w, &seen);
}

/* The node of who publishes there; RUNS: it can run. */
static uint32_t node_of(const _Atomic(uint64_t) *waiting, struct weir__cell *cell)
{
  uint64_t name = weir__wait_published(waiting);
  uint32_t i = name ? node_of_wait(name) : RUNS;
  if (i != RUNS) graph.nodes[i].waiting = waiting, graph.nodes[i].cell = cell;
  return i;
}

static void add_link(uint32_t to)
{
  if (graph.link_count == graph.link_room)
    graph.links = grown(graph.links, few_links, &graph.link_room, sizeof *graph.links);
  if (!graph.broken) graph.links[graph.link_count++] = to;
}

/* ---- whom a wait is for ---- */

static uint32_t node_of_actor(const struct weir__edge_seen *seen)
{
  struct weir__cell *cell = actor_of(seen);
  return cell ? node_of(&cell->waiting, cell) : RUNS;
}

struct found {
  void (*f)(uint32_t node, void *arg);
  void *arg;
};

/* A task, and those that it started. */
static void found_task(struct weir__work *task, void *arg)
{
  struct found *found = arg;
  found->f(node_of(weir__task_waiting(task), NULL), found->arg);
  weir__task_children(task, found_task, found);
}

/* The answer: of the actor, or of who may do it for the actor. */
static void each_of_answer(const struct weir__edge_seen *seen, struct found *found)
{
  struct weir__cell *cell = actor_of(seen);
  found->f(node_of_actor(seen), found->arg);
  if (cell && may_have_left_it(seen, cell)) weir__tasks_of_each(cell->rt, weir__ref_of(cell).bits, found_task, found);
}

static void found_child(struct weir__work *child, void *arg)
{
  struct found *found = arg;
  found->f(node_of(weir__task_waiting(child), NULL), found->arg);
}

static bool found_permit(const struct weir__permit *p, void *arg)
{
  struct found *found = arg;
  uint32_t holder = RUNS;
  if (p->holder.kind == WEIR__HELD_BY_ACTOR) {
    struct weir__cell *cell = weir__cell_at(weir__slot_of((weir_ref){p->holder.name}));
    holder = node_of(&cell->waiting, cell);
  } else if (p->holder.kind == WEIR__HELD_BY_TASK) {
    holder = node_of(weir__task_waiting((const struct weir__work *)(uintptr_t)p->holder.name), NULL);
  }
  found->f(holder, found->arg);
  return true;
}

/* The mailbox is full: its actor may pop, if there is anything but permits in it; each holder of a permit may give it
 * back. */
static void each_of_place(const struct weir__edge_seen *seen, struct found *found)
{
  struct weir__cell *cell = actor_of(seen);
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uint32_t length = weir__mpsc_length(cell), permits = (uint32_t)weir__tally_look(cell)->permit_places;
  if (length > permits) found->f(node_of_actor(seen), found->arg);
  weir__permits_each(bucket, cell, found_permit, found);
  if (length == 0) found->f(RUNS, found->arg); /* its turn has come just now */
  weir__bucket_unlock(bucket);
}

/* Calls f for each that could end the wait, or, of a wait for all, that must. */
static void each_of(uint64_t name, const struct weir__edge_seen *seen, void (*f)(uint32_t, void *), void *arg)
{
  struct weir__wait *w = weir__wait_at(name);
  struct found found = {f, arg};
  if (seen->phase & WEIR__IN_LINE)
    each_of_place(seen, &found);
  else if (!(seen->phase & WEIR__IDLE))
    each_of_answer(seen, &found);
  else if (seen->edge == WEIR__JOINS_TASK)
    f(node_of(weir__task_waiting(w->task), NULL), arg);
  else
    weir__task_children(w->task, found_child, &found);
}

static bool waits_for_all(const struct node *n)
{
  return (n->seen.phase & WEIR__IDLE) && n->seen.edge == WEIR__JOINS_CHILDREN;
}

/* ---- the first reading ---- */

static void link_to(uint32_t to, void *from)
{
  struct node *n = &graph.nodes[*(uint32_t *)from];
  if (to != RUNS)
    add_link(to);
  else if (!waits_for_all(n))
    n->runs = true;
}

/* Breadth first: the links of a node stand together. */
static void read_graph(uint64_t name)
{
  graph.count = graph.link_count = 0;
  graph.broken = graph.again = false;
  graph.reading++;
  node_of_wait(name);
  for (uint32_t i = 0; i < graph.count && !graph.broken; i++) {
    struct node n = graph.nodes[i];
    graph.nodes[i].first = graph.link_count;
    each_of(n.name, &n.seen, link_to, &i);
    graph.nodes[i].links = graph.link_count - graph.nodes[i].first;
  }
}

static bool can_run(const struct node *n)
{
  bool all = true, any = false;
  for (uint32_t i = 0; i < n->links; i++) {
    bool runs = graph.nodes[graph.links[n->first + i]].runs;
    all = all && runs;
    any = any || runs;
  }
  return waits_for_all(n) ? all : any;
}

/* What can run passes that on to those that wait for it, until nothing changes. Mostly backwards. */
static void spread(void)
{
  bool changed = true;
  while (changed) {
    changed = false;
    for (uint32_t i = graph.count; i-- > 0;)
      if (!graph.nodes[i].runs && can_run(&graph.nodes[i])) changed = graph.nodes[i].runs = true;
  }
}

/* The other waits of this sweep that lead there need not be followed. */
static void remember_what_runs(void)
{
  for (uint32_t i = 0; graph.sweep && i < graph.count; i++)
    if (graph.nodes[i].runs) weir__wait_at(graph.nodes[i].name)->runs_in = graph.sweep;
}

/* ---- the second reading (G3) ---- */

static void still_stuck(uint32_t to, void *arg)
{
  bool *any_runs = arg;
  if (to == RUNS || graph.nodes[to].runs) *any_runs = true;
}

static bool is_as_before(const struct node *n)
{
  bool any_runs = false;
  struct weir__edge_seen seen = weir__wait_see(n->name);
  if (seen.word != n->seen.word || (n->waiting && weir__wait_published(n->waiting) != n->name)) return false;
  if (!waits_for_all(n)) each_of(n->name, &seen, still_stuck, &any_runs); /* children stay while the tasks are locked */
  return !any_runs;
}

static bool is_confirmed(void)
{
  graph.again = true;
  for (uint32_t i = 0; i < graph.count; i++)
    if (!graph.nodes[i].runs && !is_as_before(&graph.nodes[i])) return false;
  return true;
}

/* ---- the cycle, and its words ---- */

static uint32_t next_stuck(const struct node *n)
{
  for (uint32_t i = 0; i < n->links; i++)
    if (!graph.nodes[graph.links[n->first + i]].runs) return graph.links[n->first + i];
  return RUNS;
}

/* Follows the stuck ones from the first until one comes again: that is in a cycle. */
static uint32_t find_cycle(void)
{
  uint32_t at = 0, step = 0;
  while (!graph.nodes[at].step) {
    graph.nodes[at].step = ++step;
    at = next_stuck(&graph.nodes[at]);
  }
  return at;
}

/* Whose call can return an error: the one that looked, if it is in the cycle, else the next. RUNS: none. */
static uint32_t choose(uint32_t in_cycle)
{
  uint32_t at = in_cycle, chosen = RUNS;
  do {
    bool can_be_told = !waits_for_all(&graph.nodes[at]) && graph.nodes[at].seen.attached;
    if (can_be_told && (at == 0 || chosen == RUNS)) chosen = at;
    at = next_stuck(&graph.nodes[at]);
  } while (at != in_cycle);
  return chosen;
}

static void name_of_actor(const struct node *n, char *room, size_t size)
{
  struct weir__cell *cell = n->cell;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  if (weir__wait_published(&cell->waiting) != n->name) /* G5 */
    snprintf(room, size, "an actor");
  else if (cell->extras && cell->extras->name)
    snprintf(room, size, "%s", weir__name_text(cell->extras->name));
  else
    snprintf(room, size, "%s#%u", cell->type->name, cell->slot);
  weir__bucket_unlock(bucket);
}

static void name_of(uint32_t node, char *room, size_t size)
{
  if (graph.nodes[node].cell)
    name_of_actor(&graph.nodes[node], room, size);
  else
    snprintf(room, size, "a task");
}

static const char *what_of(const struct node *n, const struct node *next)
{
  if (n->seen.phase & WEIR__IN_LINE)
    return next->cell == actor_of(&n->seen) ? "a place in the mailbox of" : "a place that is held by";
  if (n->seen.phase & WEIR__IDLE) return waits_for_all(n) ? "the end of its child," : "the end of";
  return n->seen.attached ? "an answer of" : "a restart by";
}

enum { NAME_MOST = 48, TEXT_MOST = sizeof((struct weir__error *)0)->text, CLAUSE_MOST = 2 * NAME_MOST + 40 };

/* As much of the cycle as an error's text holds. NULL: no memory. */
static char *words_of_cycle(uint32_t from)
{
  char *text = malloc(TEXT_MOST), who[NAME_MOST], whom[NAME_MOST];
  if (!text) return NULL;
  size_t at = (size_t)snprintf(text, TEXT_MOST, "deadlock:");
  uint32_t i = from, left = 0;
  do {
    uint32_t next = next_stuck(&graph.nodes[i]);
    if (left || at + CLAUSE_MOST > TEXT_MOST) {
      left++;
    } else {
      name_of(i, who, sizeof who);
      name_of(next, whom, sizeof whom);
      at += (size_t)snprintf(text + at, TEXT_MOST - at, "%s %s waits for %s %s", i == from ? "" : ",", who,
                             what_of(&graph.nodes[i], &graph.nodes[next]), next == i ? "itself" : whom);
    }
    i = next;
  } while (i != from);
  if (left) snprintf(text + at, TEXT_MOST - at, ", and so on (%u more)", left);
  return text;
}

/* ---- looking ---- */

/* What is to be ended, outside of the locks. */
struct verdict {
  uint64_t name; /* 0: nothing */
  char *text;
  bool in_line;
};

/* Locks held. */
static struct verdict judge(uint64_t name)
{
  struct verdict v = {0};
  read_graph(name);
  if (graph.broken || !graph.count) return v;
  spread();
  remember_what_runs();
  if (graph.nodes[0].runs || !is_confirmed()) return v;
  uint32_t chosen = choose(find_cycle());
  if (chosen == RUNS) return v;
  struct node *n = &graph.nodes[chosen];
  v.text = words_of_cycle(chosen);
  v.in_line = n->seen.phase & WEIR__IN_LINE;
  if (weir__wait_claim_seen(n->name, &n->seen)) /* G4 */
    v.name = n->name;
  else
    free(v.text);
  return v;
}

static void look_closely(uint64_t name, uint32_t sweep)
{
  pthread_mutex_lock(&lock);
  weir__tasks_lock();
  graph.sweep = sweep;
  struct verdict v = judge(name);
  weir__tasks_unlock();
  pthread_mutex_unlock(&lock);
  if (!v.name) return;
  struct weir__wait *w = weir__wait_at(v.name);
  /* What waited for a place is still its owner's. */
  weir__wait_finish(w, WEIR_EDEADLOCK, v.in_line ? w->message : NULL, v.text);
}

void weir__deadlock_look(uint64_t name)
{
  if (seems_stuck(name, HOPS_MOST, false)) look_closely(name, 0);
}

/* ---- the sweep ---- */

static struct {
  pthread_mutex_t lock; /* guards the rest, and the sweep's fields of the wait records */
  uint32_t cursor;      /* the slot to go on with */
  uint32_t number;      /* of this sweep */
  int64_t ended_ms;
} sweeps = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Is it time to look at it again? The interval grows. */
static bool is_due(struct weir__wait *w, uint32_t generation, uint32_t now_ms)
{
  if (w->swept_generation != generation) {
    w->swept_generation = generation;
    w->swept_at = now_ms;
    w->sweep_after = LOOK_AFTER_MS;
    return false;
  }
  if (now_ms - w->swept_at < w->sweep_after) return false;
  w->swept_at = now_ms;
  w->sweep_after = w->sweep_after < LOOK_AFTER_MOST_MS / 2 ? 2 * w->sweep_after : LOOK_AFTER_MOST_MS;
  return true;
}

/* False: there is nothing to be looked at, now or later. */
static bool sweep_slot(uint32_t slot, uint32_t now_ms)
{
  struct weir__wait *w = weir__wait_at(slot);
  uint64_t word = w ? atomic_load_explicit(&w->word, memory_order_acquire) : 0;
  uint64_t name = (word >> 32) << 32 | slot;
  struct weir__edge_seen seen = weir__wait_see(name);
  if (!w || !is_stuck(&seen) || !(word & WEIR__ATTACHED)) return false;
  if (is_due(w, (uint32_t)(word >> 32), now_ms) && seems_stuck(name, HOPS_OF_SWEEP, true))
    look_closely(name, sweeps.number);
  return true;
}

/* Of many a part at a time. */
static bool sweep_some(uint32_t now_ms)
{
  uint32_t slots = weir__wait_slots(), some = slots / 4 > SLOTS_AT_LEAST ? slots / 4 : SLOTS_AT_LEAST;
  if (some > slots) some = slots;
  bool more = some < slots;
  if (!++sweeps.number) sweeps.number = 1;
  for (uint32_t i = 0; i < some; i++) {
    if (sweeps.cursor >= slots) sweeps.cursor = 0;
    if (sweep_slot(sweeps.cursor++, now_ms)) more = true;
  }
  return more;
}

bool weir__deadlock_sweep(void)
{
  bool more = true;
  if (pthread_mutex_trylock(&sweeps.lock) != 0) return true; /* somebody does it */
  int64_t now_ms = weir__now_ns() / 1000000;
  if (now_ms - sweeps.ended_ms >= LOOK_AFTER_MS / 2) {
    more = sweep_some((uint32_t)now_ms);
    sweeps.ended_ms = weir__now_ns() / 1000000;
  }
  pthread_mutex_unlock(&sweeps.lock);
  return more;
}
