/* rewire.c: see rewire.h; who may touch what: N2 of node.h. */
#include "actor/rewire.h"

#include <stdlib.h>
#include <string.h>

#include "actor/link.h"
#include "actor/node.h"
#include "channel/line.h"
#include "channel/mpsc.h"
#include "platform/cpu.h"

struct weir__rewiring {
  weir_ref ref;
  struct edge *edges; /* as they are to lead; those that the actor has are only as they are to be, without a cell */
  weir_ref *begins, *ends;
  size_t begin_count, end_count;
  unsigned retries, breaker_failures;
  weir_duration retry_first, retry_most, breaker_reset;
};

static int no_memory(void) { return weir_error(WEIR_ENOMEM, "no memory for another wiring"); }

/* The node of an actor that lives; NULL: it has ended, or is about to. Lock held. */
static struct weir__graph_node *node_at(const struct weir__cell *cell, weir_ref ref)
{
  if (weir__generation_in(atomic_load_explicit(&cell->places, memory_order_acquire)) != weir__generation_of(ref))
    return NULL;
  struct weir__graph_node *node = weir__node_of(cell);
  bool lives = node && atomic_load_explicit(&node->wiring, memory_order_acquire) != WEIR__EDGES_ENDED;
  return lives ? node : NULL;
}

/* ---- making ---- */

void weir__rewiring_free(struct weir__rewiring *r)
{
  if (!r) return;
  while (r->edges) {
    struct edge *e = r->edges;
    r->edges = e->next;
    weir__edge_free(e);
  }
  free(r->begins);
  free(r->ends);
  free(r);
}

const weir_ref *weir__rewiring_begins(const struct weir__rewiring *r, size_t *count)
{
  *count = r->begin_count;
  return r->begins;
}

static struct edge *edge_named(struct edge *first, const char *name)
{
  while (first && strcmp(first->name, name) != 0) first = first->next;
  return first;
}

/* In front of the others. */
static bool make_edge(struct weir__rewiring *r, struct weir__cell *cell, const struct weir__wiring *wiring, bool is_new)
{
  struct edge *e = calloc(1, sizeof *e);
  if (!e) return false;
  e->next = r->edges;
  r->edges = e;
  if (is_new ? !weir__edge_make(e, cell, wiring->output) : !(e->name = strdup(wiring->output))) return false;
  return weir__edge_wire(e, wiring);
}

static bool make_edges(struct weir__rewiring *r, const struct weir__wired *wired, const bool *is_new)
{
  /* The one output that a type does not have by itself: if nothing is said of it, it leads nowhere from then on. */
  const struct weir__wiring open = {.output = WEIR__OPEN_OUTPUT, .nowhere = WEIR__DEAD_LETTERS};
  struct weir__cell *cell = weir__cell_known(weir__slot_of(r->ref));
  for (size_t i = 0; i < wired->output_count; i++)
    if (!make_edge(r, cell, &wired->outputs[i], is_new[i])) return false;
  return edge_named(r->edges, open.output) || make_edge(r, cell, &open, false);
}

/* The node, with the lock, once nothing is just being put in force: that takes no more than a few stores. */
static struct weir__graph_node *node_at_rest(struct weir__cell *cell, weir_ref ref, struct weir__bucket **bucket)
{
  for (;;) {
    *bucket = weir__bucket_lock(cell);
    struct weir__graph_node *node = node_at(cell, ref);
    /* Acquire: what the actor has put in force is seen. */
    bool moves =
        node && atomic_load_explicit(&node->wiring, memory_order_acquire) == WEIR__EDGES_PENDING && !node->next;
    if (!moves) return node;
    weir__bucket_unlock(*bucket);
    weir__cpu_pause();
  }
}

static size_t count_targets(const struct edge *edges)
{
  size_t count = 0;
  for (const struct edge *e = edges; e; e = e->next)
    for (size_t t = 0; t < e->count; t++) count += e->targets[t].closes ? 0 : e->targets[t].count;
  return count;
}

/* Where it leads until the new wiring comes: V4. Lock held. */
static struct edge *edges_before(const struct weir__graph_node *node)
{
  return node->next ? node->next->edges : node->edges;
}

/* The edges of a node are changed by who puts another wiring in force: their names and targets may be read under the lock while
 * nobody does, or may begin to. `*ends`: how many there may be. */
static int look(weir_ref ref, const struct weir__wired *wired, bool *is_new, size_t *ends)
{
  struct weir__bucket *bucket;
  struct weir__graph_node *node = node_at_rest(weir__cell_known(weir__slot_of(ref)), ref, &bucket);
  for (size_t i = 0; node && i < wired->output_count; i++)
    is_new[i] = !edge_named(node->edges, wired->outputs[i].output);
  if (node) *ends = count_targets(edges_before(node)) + (node->next ? node->next->end_count : 0);
  weir__bucket_unlock(bucket);
  return node ? WEIR_OK : weir_error(WEIR_EDEAD, "it has ended");
}

static int by_bits(const void *a, const void *b)
{
  uint64_t first = ((const weir_ref *)a)->bits, second = ((const weir_ref *)b)->bits;
  return first < second ? -1 : first > second;
}

/* Those that the edges' ends will go to. */
static size_t receivers(const struct edge *edges, weir_ref *refs)
{
  size_t count = 0;
  for (const struct edge *e = edges; e; e = e->next)
    for (size_t t = 0; t < e->count; t++)
      for (size_t i = 0; i < e->targets[t].count && !e->targets[t].closes; i++)
        refs[count++] = e->targets[t].instances[i];
  qsort(refs, count, sizeof *refs, by_bits);
  return count;
}

/* Leaves in each list, sorted, what the other one does not have. */
static void keep_differences(struct weir__rewiring *r)
{
  size_t a = 0, b = 0, begins = 0, ends = 0;
  while (a < r->begin_count || b < r->end_count) {
    int order = a == r->begin_count ? 1 : b == r->end_count ? -1 : by_bits(&r->begins[a], &r->ends[b]);
    if (order < 0)
      r->begins[begins++] = r->begins[a++];
    else if (order > 0)
      r->ends[ends++] = r->ends[b++];
    else
      a++, b++;
  }
  r->begin_count = begins;
  r->end_count = ends;
}

/* Before, and from now on. `ends`: the most that there may be, unless the actor has ended meanwhile. */
static int compare(struct weir__rewiring *r, size_t ends)
{
  struct weir__bucket *bucket;
  r->begins = calloc(count_targets(r->edges) + 1, sizeof *r->begins);
  r->ends = calloc(ends + 1, sizeof *r->ends);
  if (!r->begins || !r->ends) return no_memory();
  r->begin_count = receivers(r->edges, r->begins);
  struct weir__graph_node *node = node_at_rest(weir__cell_known(weir__slot_of(r->ref)), r->ref, &bucket);
  if (node) r->end_count = receivers(edges_before(node), r->ends);
  weir__bucket_unlock(bucket);
  if (!node) return weir_error(WEIR_EDEAD, "it has ended");
  keep_differences(r);
  return WEIR_OK;
}

int weir__rewiring_make(weir_ref ref, const struct weir__wired *wired, struct weir__rewiring **made)
{
  size_t ends = 0;
  struct weir__rewiring *r = calloc(1, sizeof *r);
  *made = NULL;
  if (!r) return no_memory();
  *r = (struct weir__rewiring){.ref = ref,
                               .retries = wired->retries,
                               .breaker_failures = wired->breaker_failures,
                               .retry_first = wired->retry_first,
                               .retry_most = wired->retry_most,
                               .breaker_reset = wired->breaker_reset};
  bool *is_new = calloc(wired->output_count + 1, sizeof *is_new);
  int rc = is_new ? look(ref, wired, is_new, &ends) : no_memory();
  if (is_new && !rc && !make_edges(r, wired, is_new)) rc = no_memory();
  if (!rc) rc = compare(r, ends);
  free(is_new);
  if (rc)
    weir__rewiring_free(r);
  else
    *made = r;
  return rc;
}

/* ---- putting it in force ---- */

static void swap_targets(struct edge *a, struct edge *b)
{
  struct target *targets = a->targets;
  size_t count = a->count;
  int nowhere = a->nowhere;
  a->targets = b->targets, a->count = b->count, a->nowhere = b->nowhere;
  b->targets = targets, b->count = count, b->nowhere = nowhere;
}

/* Those of the new edges that the actor does not have are its from now on. It may have got one meanwhile (V4). */
static void take_new_edges(struct weir__graph_node *node, struct weir__rewiring *r)
{
  struct edge **end = &node->edges;
  while (*end) end = &(*end)->next;
  for (struct edge **at = &r->edges; *at;) {
    struct edge *e = *at;
    if (!e->cell || edge_named(node->edges, e->name)) {
      at = &e->next;
      continue;
    }
    *at = e->next;
    e->next = NULL;
    *end = e;
    end = &e->next;
  }
}

/* Nothing is under way, and nobody else touches the edges. What was in force is in `r` then. */
static void swap(struct weir__graph_node *node, struct weir__rewiring *r)
{
  for (struct edge *e = node->edges; e; e = e->next) {
    struct edge *now = edge_named(r->edges, e->name);
    if (now) swap_targets(e, now);
  }
  take_new_edges(node, r);
  for (struct edge *e = node->edges; e; e = e->next) weir__node_knows(node, e);
  node->retries = r->retries;
  node->retry_first = r->retry_first;
  node->retry_most = r->retry_most;
  if (node->breaker_failures != r->breaker_failures) node->failed_in_a_row = 0;
  node->breaker_failures = r->breaker_failures;
  node->breaker_reset_ns = r->breaker_reset.ns;
}

/* Without memory to tell it they are to end with what they have: as send_end() of edge.c. */
static void tell_ends(const weir_ref *refs, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (weir__input_ends(refs[i])) weir_drain(refs[i]);
}

void weir__rewiring_put(struct weir__graph_node *node, struct weir__rewiring *r)
{
  swap(node, r);
  tell_ends(r->ends, r->end_count);
  weir__rewiring_free(r);
}

/* V4. There is room for them. */
static void take_place_of(struct weir__rewiring *before, struct weir__rewiring *r)
{
  memcpy(r->ends + r->end_count, before->ends, before->end_count * sizeof *r->ends);
  r->end_count += before->end_count;
}

/* In force, or waiting for the actor to take it; or it has ended. Lock held. */
enum put { SWAPPED, LEFT_TO_IT, HAS_ENDED };
static enum put offer(struct weir__graph_node *node, struct weir__rewiring *r, struct weir__rewiring **before)
{
  for (;;) {
    uint32_t state = WEIR__EDGES_PARKED;
    if (atomic_compare_exchange_strong_explicit(&node->wiring, &state, WEIR__EDGES_CLAIMED, memory_order_acquire,
                                                memory_order_relaxed)) {
      swap(node, r);
      atomic_store_explicit(&node->wiring, WEIR__EDGES_PARKED, memory_order_release);
      return SWAPPED;
    }
    if (node->next) { /* PENDING, as nobody takes it without the lock */
      *before = node->next;
      take_place_of(*before, r);
      node->next = r;
      return LEFT_TO_IT;
    }
    node->next = r;
    state = WEIR__EDGES_IN_USE;
    if (atomic_compare_exchange_strong_explicit(&node->wiring, &state, WEIR__EDGES_PENDING, memory_order_release,
                                                memory_order_relaxed))
      return LEFT_TO_IT;
    node->next = NULL; /* it was parked meanwhile */
  }
}

void weir__rewire(struct weir__rewiring *r)
{
  struct weir__rewiring *before = NULL;
  struct weir__bucket *bucket;
  struct weir__graph_node *node = node_at_rest(weir__cell_known(weir__slot_of(r->ref)), r->ref, &bucket);
  enum put put = node ? offer(node, r, &before) : HAS_ENDED;
  weir__bucket_unlock(bucket);
  weir__rewiring_free(before);
  if (put == LEFT_TO_IT) return; /* its actor's, who may have freed it by now */
  if (put == SWAPPED)
    tell_ends(r->ends, r->end_count);
  else
    tell_ends(r->begins, r->begin_count); /* V2: it never sent to them */
  weir__rewiring_free(r);
}

/* ---- the actor ---- */

static void take_pending(struct weir__cell *cell, struct weir__graph_node *node)
{
  node->inside++;
  weir__node_send_off(cell); /* may wait; a kill leaves it to the end */
  node->inside--;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  struct weir__rewiring *r = node->next;
  node->next = NULL;
  weir__bucket_unlock(bucket);
  swap(node, r);
  atomic_store_explicit(&node->wiring, WEIR__EDGES_IN_USE, memory_order_release);
  tell_ends(r->ends, r->end_count);
  weir__rewiring_free(r);
}

/* Who has claimed it has the lock, for a moment. */
static void wait_while_claimed(const struct weir__cell *cell) { weir__bucket_unlock(weir__bucket_lock(cell)); }

void weir__node_takes_edges(struct weir__cell *cell, struct weir__graph_node *node, bool waits)
{
  for (;;) {
    uint32_t state = atomic_load_explicit(&node->wiring, memory_order_acquire);
    if (state == WEIR__EDGES_CLAIMED) wait_while_claimed(cell);
    if (state == WEIR__EDGES_PARKED &&
        atomic_compare_exchange_strong_explicit(&node->wiring, &state, WEIR__EDGES_IN_USE, memory_order_acquire,
                                                memory_order_relaxed))
      return;
    if (state == WEIR__EDGES_PENDING && waits && !node->inside) take_pending(cell, node);
    if (state != WEIR__EDGES_CLAIMED && state != WEIR__EDGES_PARKED) return;
  }
}

void weir__node_leaves_edges(struct weir__cell *cell, struct weir__graph_node *node)
{
  if (node->inside) return;
  uint32_t state = WEIR__EDGES_IN_USE;
  while (!atomic_compare_exchange_strong_explicit(&node->wiring, &state, WEIR__EDGES_PARKED, memory_order_release,
                                                  memory_order_acquire)) { /* what is PENDING is seen */
    if (state != WEIR__EDGES_PENDING) return;
    take_pending(cell, node);
    state = WEIR__EDGES_IN_USE;
  }
}

struct weir__rewiring *weir__node_ends(struct weir__cell *cell, struct weir__graph_node *node, bool *ends_anyway)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  atomic_exchange_explicit(&node->wiring, WEIR__EDGES_ENDED, memory_order_acq_rel);
  struct weir__rewiring *r = node->next;
  node->next = NULL;
  *ends_anyway = node->ends_anyway;
  weir__bucket_unlock(bucket);
  return r;
}

/* ---- inputs, and those that are new ---- */

int weir__input_begins(weir_ref ref)
{
  struct weir__cell *cell = weir__cell_known(weir__slot_of(ref));
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  struct weir__graph_node *node = node_at(cell, ref);
  size_t left = node ? atomic_load_explicit(&node->inputs_left, memory_order_relaxed) : 0;
  while (left && !atomic_compare_exchange_strong_explicit(&node->inputs_left, &left, left + 1, memory_order_relaxed,
                                                          memory_order_relaxed))
    continue;
  weir__bucket_unlock(bucket);
  return left ? WEIR_OK : weir_error(WEIR_EDEAD, "its input has ended");
}

void weir__let_go(weir_ref ref)
{
  struct weir__cell *cell = weir__cell_known(weir__slot_of(ref));
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uintptr_t wake = 0;
  if (node_at(cell, ref)) {
    atomic_fetch_and_explicit(&cell->work.flags, ~(uint32_t)WEIR__HELD, memory_order_seq_cst);
    wake = weir__mpsc_nudge(cell);
  }
  weir__bucket_unlock(bucket);
  weir__cell_wake(cell, wake);
}

void weir__node_ends_anyway(weir_ref ref)
{
  struct weir__cell *cell = weir__cell_known(weir__slot_of(ref));
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  struct weir__graph_node *node = node_at(cell, ref);
  if (node) node->ends_anyway = true;
  weir__bucket_unlock(bucket);
}
