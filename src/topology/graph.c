/* graph.c: see graph.h. */
#include "topology/graph.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topology/types.h"

const weir_message *weir__graph_gives(const struct weir__graph_actor *actor, size_t output)
{
  bool failed = strcmp(actor->outputs[output].name, WEIR__FAILED_OUTPUT) == 0;
  if ((failed || output >= weir__type_outputs(actor->stock)) && actor->stock->takes) return actor->stock->takes();
  return weir__type_gives(actor->stock, output);
}

void weir__graph_count_inputs(struct weir__graph *g)
{
  for (size_t i = 0; i < g->count; i++)
    for (size_t o = 0; o < g->actors[i].output_count; o++)
      for (size_t w = 0; w < g->actors[i].outputs[o].count; w++) {
        const struct weir__wire *wire = &g->actors[i].outputs[o].wires[w];
        if (wire->closes)
          g->actors[wire->to].closed++;
        else
          g->actors[wire->to].inputs += g->actors[i].instances;
        if (wire->when_full == WEIR__FULL_DIVERTS) g->actors[wire->instead].inputs += g->actors[i].instances;
      }
}

/* ---- names ---- */

/* What qsort_r() would pass on: actors lie in one array, in the order of the document. */
static int by_name_then_place(const void *left, const void *right)
{
  const struct weir__graph_actor *const *a = left, *const *b = right;
  int order = strcmp((*a)->name, (*b)->name);
  return order ? order : (*a > *b) - (*a < *b);
}

size_t weir__graph_capacity(const struct weir__graph_actor *actor)
{
  if (actor->capacity) return actor->capacity;
  return actor->stock && actor->stock->actor->capacity ? actor->stock->actor->capacity : WEIR__MAILBOX_USUAL;
}

bool weir__graph_index(struct weir__graph *graph, struct weir__arena *arena)
{
  size_t count = graph->count;
  const struct weir__graph_actor **sorted = weir__arena_array(arena, count, sizeof *sorted);
  graph->by_name = weir__arena_array(arena, count, sizeof *graph->by_name);
  if (!sorted || !graph->by_name) return false;
  for (size_t i = 0; i < count; i++) sorted[i] = &graph->actors[i];
  qsort(sorted, count, sizeof *sorted, by_name_then_place);
  for (size_t i = 0; i < count; i++) graph->by_name[i] = (size_t)(sorted[i] - graph->actors);
  return true;
}

size_t weir__graph_find(const struct weir__graph *graph, const char *name)
{
  size_t low = 0, high = graph->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(graph->actors[graph->by_name[middle]].name, name) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  bool found = low < graph->count && strcmp(graph->actors[graph->by_name[low]].name, name) == 0;
  return found ? graph->by_name[low] : graph->count;
}

/* ---- edges ---- */

/* One edge for each receiver of each wire: an edge that waits, and one that does not, where a wire diverts. */
struct link {
  size_t from;
  size_t to;
  struct weir__wire *wire;
  bool waits;
};

/* Those of actor i: links[out[i] .. out[i + 1]), and those to it: links[in[first_in[i] .. first_in[i + 1])]. */
struct links {
  const struct weir__graph *graph;
  struct weir__arena arena; /* what is only needed while the graph is sorted */
  struct link *links;
  size_t *out;
  size_t *first_in;
  size_t *in;
  size_t count;
  size_t *group;      /* of each actor: those with the same number can reach each other */
  size_t group_count; /* numbers begin with 1 */
};

static size_t links_of(struct weir__wire *wire, size_t from, struct link *to)
{
  to[0] = (struct link){from, wire->to, wire, wire->when_full == WEIR__FULL_WAITS};
  if (wire->when_full == WEIR__FULL_DIVERTS) to[1] = (struct link){from, wire->instead, wire, true};
  return wire->when_full == WEIR__FULL_DIVERTS ? 2 : 1;
}

static void fill_in(struct links *l)
{
  size_t n = l->graph->count;
  for (size_t k = 0; k < l->count; k++) l->first_in[l->links[k].to + 1]++;
  for (size_t i = 0; i < n; i++) l->first_in[i + 1] += l->first_in[i];
  memcpy(l->group, l->first_in, n * sizeof *l->group); /* for now: the place of each actor's next one */
  for (size_t k = 0; k < l->count; k++) l->in[l->group[l->links[k].to]++] = k;
  memset(l->group, 0, n * sizeof *l->group);
}

static bool make_links(const struct weir__graph *graph, struct links *l)
{
  size_t most = 0, n = graph->count;
  *l = (struct links){.graph = graph};
  for (size_t i = 0; i < n; i++)
    for (size_t o = 0; o < graph->actors[i].output_count; o++) most += 2 * graph->actors[i].outputs[o].count;
  l->links = weir__arena_array(&l->arena, most, sizeof *l->links);
  l->in = weir__arena_array(&l->arena, most, sizeof *l->in);
  l->out = weir__arena_array(&l->arena, n + 1, sizeof *l->out);
  l->first_in = weir__arena_array(&l->arena, n + 1, sizeof *l->first_in);
  l->group = weir__arena_array(&l->arena, n, sizeof *l->group);
  if (l->arena.failed) return false;
  for (size_t i = 0; i < n; i++) {
    l->out[i] = l->count;
    for (size_t o = 0; o < graph->actors[i].output_count; o++)
      for (size_t w = 0; w < graph->actors[i].outputs[o].count; w++)
        l->count += links_of(&graph->actors[i].outputs[o].wires[w], i, l->links + l->count);
  }
  l->out[n] = l->count;
  fill_in(l);
  return true;
}

/* ---- groups: by Tarjan, without recursion ---- */

struct walk {
  size_t *met;   /* when an actor was met, from 1; 0: not yet */
  size_t *low;   /* the earliest that it is known to reach, among those that are in no group yet */
  size_t *stack; /* of those that are in no group yet */
  size_t *path;  /* from where the walk began to where it is */
  size_t *next;  /* of each actor: its next edge */
  size_t stacked, depth, time;
};

static void meet(const struct links *l, struct walk *w, size_t actor)
{
  w->met[actor] = w->low[actor] = ++w->time;
  w->stack[w->stacked++] = actor;
  w->path[w->depth++] = actor;
  w->next[actor] = l->out[actor];
}

static void leave(struct links *l, struct walk *w, size_t actor)
{
  size_t other;
  w->depth--;
  if (w->depth && w->low[w->path[w->depth - 1]] > w->low[actor]) w->low[w->path[w->depth - 1]] = w->low[actor];
  if (w->low[actor] != w->met[actor]) return;
  l->group_count++;
  do {
    other = w->stack[--w->stacked];
    l->group[other] = l->group_count;
  } while (other != actor);
}

static void walk_from(struct links *l, struct walk *w, size_t start, bool waiting_only)
{
  meet(l, w, start);
  while (w->depth) {
    size_t at = w->path[w->depth - 1];
    if (w->next[at] == l->out[at + 1]) {
      leave(l, w, at);
      continue;
    }
    const struct link *link = &l->links[w->next[at]++];
    if (waiting_only && !link->waits) continue;
    if (!w->met[link->to])
      meet(l, w, link->to);
    else if (!l->group[link->to] && w->met[link->to] < w->low[at])
      w->low[at] = w->met[link->to];
  }
}

/* Groups of actors that can reach each other, by all edges, or by those that wait. False: no memory. */
static bool find_groups(struct links *l, bool waiting_only)
{
  size_t n = l->graph->count;
  struct walk w = {.met = weir__arena_array(&l->arena, n, sizeof *w.met),
                   .low = weir__arena_array(&l->arena, n, sizeof *w.low),
                   .stack = weir__arena_array(&l->arena, n, sizeof *w.stack),
                   .path = weir__arena_array(&l->arena, n, sizeof *w.path),
                   .next = weir__arena_array(&l->arena, n, sizeof *w.next)};
  if (l->arena.failed) return false;
  memset(l->group, 0, n * sizeof *l->group);
  l->group_count = 0;
  for (size_t i = 0; i < n; i++)
    if (!w.met[i]) walk_from(l, &w, i, waiting_only);
  return true;
}

/* ---- order ---- */

/* By Kahn, from the sinks upstream: an actor is put in order when all that it sends to have been. Where edges that don't
 * wait make a cycle, the next is one for which only such edges within its own group are left: those close the cycle. */
struct sorting {
  size_t *left;    /* how many of an actor's edges lead to actors that are not in order yet */
  size_t *waiting; /* how many of these wait, or lead to another group */
  size_t *ready;   /* those with none of the latter, which may have been put in order since */
  size_t ready_count, ready_next, sorted;
};

static bool holds_back(const struct links *l, const struct link *link)
{
  return link->waits || l->group[link->from] != l->group[link->to];
}

static void put_in_order(struct weir__graph *g, struct sorting *s, size_t actor)
{
  g->actors[actor].ordered = true;
  g->order[s->sorted++] = actor;
}

/* An actor is in order: those that send to it may be next. */
static void pass_on(struct weir__graph *g, const struct links *l, struct sorting *s, size_t actor)
{
  for (size_t k = l->first_in[actor]; k < l->first_in[actor + 1]; k++) {
    const struct link *link = &l->links[l->in[k]];
    size_t from = link->from;
    bool held = holds_back(l, link);
    s->left[from]--;
    if (held) s->waiting[from]--;
    if (!g->actors[from].ordered && !s->left[from])
      put_in_order(g, s, from);
    else if (held && !s->waiting[from])
      s->ready[s->ready_count++] = from;
  }
}

static void close_cycle(struct weir__graph *g, const struct links *l, struct sorting *s, size_t actor)
{
  for (size_t k = l->out[actor]; k < l->out[actor + 1]; k++)
    if (!g->actors[l->links[k].to].ordered) l->links[k].wire->closes = true;
  put_in_order(g, s, actor);
}

static void sort(struct weir__graph *g, const struct links *l, struct sorting *s)
{
  for (size_t k = 0; k < l->count; k++) {
    s->left[l->links[k].from]++;
    if (holds_back(l, &l->links[k])) s->waiting[l->links[k].from]++;
  }
  for (size_t i = 0; i < g->count; i++)
    if (!s->left[i])
      put_in_order(g, s, i);
    else if (!s->waiting[i])
      s->ready[s->ready_count++] = i;
  for (size_t next = 0; next < s->sorted || s->ready_next < s->ready_count;) {
    if (next < s->sorted)
      pass_on(g, l, s, g->order[next++]);
    else if (!g->actors[s->ready[s->ready_next]].ordered)
      close_cycle(g, l, s, s->ready[s->ready_next++]);
    else
      s->ready_next++;
  }
}

/* When the sources start, everyone else is there, also those that edges lead to which close a cycle. */
static bool put_sources_last(struct weir__graph *g, const struct links *l, struct weir__arena *scratch)
{
  size_t *sources = weir__arena_array(scratch, g->count, sizeof *sources), count = 0, kept = 0;
  if (!sources) return false;
  for (size_t i = 0; i < g->count; i++) {
    size_t actor = g->order[i];
    if (l->first_in[actor] == l->first_in[actor + 1])
      sources[count++] = actor;
    else
      g->order[kept++] = actor;
  }
  memcpy(g->order + kept, sources, count * sizeof *sources);
  return true;
}

/* ---- cycles ---- */

/* An edge that waits, to an actor of the same group; in a group of several each has one. */
static const struct link *edge_inside(const struct links *l, size_t from)
{
  for (size_t k = l->out[from]; k < l->out[from + 1]; k++)
    if (l->links[k].waits && l->group[l->links[k].to] == l->group[from]) return &l->links[k];
  return NULL;
}

static size_t add_text(char *text, size_t used, const char *separator, const char *name)
{
  size_t size = strlen(separator), name_size = strlen(name);
  if (text) {
    memcpy(text + used, separator, size);
    memcpy(text + used + size, name, name_size);
    text[used + size + name_size] = 0;
  }
  return used + size + name_size;
}

/* The cycle that begins and ends at an actor; what it takes as a text. */
static size_t write_cycle(const struct links *l, size_t start, char *text, const struct link **last)
{
  const struct weir__graph_actor *actors = l->graph->actors;
  size_t used = add_text(text, 0, "", actors[start].name), at = start;
  do {
    *last = edge_inside(l, at);
    assert(*last);
    at = (*last)->to;
    used = add_text(text, used, " -> ", actors[at].name);
  } while (at != start);
  return used + 1;
}

static bool tell_cycle(struct links *l, bool *seen, size_t start,
                       void (*tell)(void *, const struct weir__wire *, const char *), void *arg)
{
  const struct link *last;
  /* Whoever follows such edges until there is one that it has followed walks in a circle. */
  for (; !seen[start]; start = edge_inside(l, start)->to) seen[start] = true;
  char *text = weir__arena_alloc(&l->arena, write_cycle(l, start, NULL, &last));
  if (!text) return false;
  write_cycle(l, start, text, &last);
  tell(arg, last->wire, text);
  return true;
}

/* Once for each group. */
static void tell_cycles(struct links *l, void (*tell)(void *, const struct weir__wire *, const char *), void *arg)
{
  if (!find_groups(l, true)) return;
  bool *told = weir__arena_array(&l->arena, l->group_count + 1, sizeof *told);
  bool *seen = weir__arena_array(&l->arena, l->graph->count, sizeof *seen);
  for (size_t i = 0; told && seen && i < l->graph->count; i++) {
    if (told[l->group[i]] || !edge_inside(l, i)) continue;
    told[l->group[i]] = true;
    if (!tell_cycle(l, seen, i, tell, arg)) return;
  }
}

bool weir__graph_sort(struct weir__graph *graph, struct weir__arena *arena,
                      void (*tell)(void *arg, const struct weir__wire *wire, const char *cycle), void *arg)
{
  struct links l;
  size_t n = graph->count;
  graph->order = weir__arena_array(arena, n, sizeof *graph->order);
  bool made = graph->order && make_links(graph, &l) && find_groups(&l, false);
  struct sorting s = {0};
  if (made) {
    s = (struct sorting){.left = weir__arena_array(&l.arena, n, sizeof *s.left),
                         .waiting = weir__arena_array(&l.arena, n, sizeof *s.waiting),
                         .ready = weir__arena_array(&l.arena, n, sizeof *s.ready)};
    made = !l.arena.failed;
  }
  if (made) sort(graph, &l, &s);
  if (made && s.sorted < n) tell_cycles(&l, tell, arg);
  bool good = made && s.sorted == n && put_sources_last(graph, &l, &l.arena);
  if (graph->order && l.arena.failed) arena->failed = true;
  if (graph->order) weir__arena_free(&l.arena);
  if (!good) graph->order = NULL;
  return good;
}
