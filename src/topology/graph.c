/* graph.c: see graph.h. */
#include "topology/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

/* What qsort_r() would pass on: actors lie in one array, in the order of the document. */
static int by_name_then_place(const void *left, const void *right)
{
  const struct weir__graph_actor *const *a = left, *const *b = right;
  int order = strcmp((*a)->name, (*b)->name);
  return order ? order : (*a > *b) - (*a < *b);
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

/* ---- order ---- */

/* By Kahn, from the sinks upstream: an actor is put in order when all that it sends to have been. `senders` are the
 * edges turned round: those of actor i are senders[first[i] .. first[i + 1]). */
struct turned {
  size_t *first;
  size_t *senders;
  size_t *left; /* how many of an actor's edges lead to actors that are not in order yet */
};

static void turn_edges(const struct weir__graph *graph, struct turned *t)
{
  for (size_t i = 0; i < graph->count; i++)
    for (size_t e = 0; e < graph->actors[i].edge_count; e++) t->first[graph->actors[i].edges[e].to + 1]++;
  for (size_t i = 0; i < graph->count; i++) t->first[i + 1] += t->first[i];
  /* `left` serves as the place of each actor's next sender, until it gets its meaning. */
  memcpy(t->left, t->first, graph->count * sizeof *t->left);
  for (size_t i = 0; i < graph->count; i++)
    for (size_t e = 0; e < graph->actors[i].edge_count; e++) t->senders[t->left[graph->actors[i].edges[e].to]++] = i;
  for (size_t i = 0; i < graph->count; i++) t->left[i] = graph->actors[i].edge_count;
}

static bool make_turned(const struct weir__graph *graph, struct weir__arena *arena, struct turned *t)
{
  size_t edges = 0;
  for (size_t i = 0; i < graph->count; i++) edges += graph->actors[i].edge_count;
  t->first = weir__arena_array(arena, graph->count + 1, sizeof *t->first);
  t->senders = weir__arena_array(arena, edges, sizeof *t->senders);
  t->left = weir__arena_array(arena, graph->count, sizeof *t->left);
  if (!t->first || !t->senders || !t->left) return false;
  turn_edges(graph, t);
  return true;
}

size_t weir__graph_sort(struct weir__graph *graph, struct weir__arena *arena)
{
  struct turned t;
  size_t sorted = 0;
  graph->order = weir__arena_array(arena, graph->count, sizeof *graph->order);
  if (!graph->order || !make_turned(graph, arena, &t)) return 0;
  for (size_t i = 0; i < graph->count; i++)
    if (!t.left[i]) graph->order[sorted++] = i;
  for (size_t next = 0; next < sorted; next++) {
    size_t actor = graph->order[next];
    graph->actors[actor].ordered = true;
    for (size_t s = t.first[actor]; s < t.first[actor + 1]; s++)
      if (--t.left[t.senders[s]] == 0) graph->order[sorted++] = t.senders[s];
  }
  return sorted;
}

/* ---- cycles ---- */

/* An edge to an actor that is not in order either. One that is not in order has such an edge. */
static const struct weir__wire *unordered_edge(const struct weir__graph *graph, size_t from)
{
  const struct weir__wire *edge = graph->actors[from].edges;
  while (graph->actors[edge->to].ordered) edge++;
  return edge;
}

const struct weir__wire *weir__graph_cycle(const struct weir__graph *graph, char *text, size_t size)
{
  size_t start = 0;
  while (graph->actors[start].ordered) start++;
  /* Whoever follows such edges for as many steps as there are actors walks in a circle. */
  for (size_t i = 0; i < graph->count; i++) start = unordered_edge(graph, start)->to;
  const struct weir__wire *edge = NULL;
  size_t used = (size_t)snprintf(text, size, "%s", graph->actors[start].name);
  for (size_t at = start; !edge || at != start;) {
    edge = unordered_edge(graph, at);
    at = edge->to;
    if (used < size) used += (size_t)snprintf(text + used, size - used, " -> %s", graph->actors[at].name);
  }
  return edge;
}
