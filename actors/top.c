/* top.c: keeps the k largest tallies; when its inputs have ended it sends them, the largest first.
 *
 * Larger is the higher count; of equal counts the word that comes first, compared as bytes. Tallies are not added
 * up: a word that comes twice stands there twice. (A hash route before the counting makes that impossible.)
 *
 * The tallies kept are a heap with the smallest at its root, the one to give way. Memory grows with what is kept, to at
 * most k words. */
#include <stdlib.h>
#include <string.h>

#include <weir/arena.h>
#include <weir/edge.h>

#include "stock.h"
#include <weir/records.h>

struct top_config {
  int64_t k;
};
WEIR_MESSAGE(top_config, WEIR_FIELD(k, .def = "10", .min = 1, .max = 1000000, .help = "how many are kept"));

struct kept {
  int64_t count;
  char *word; /* owned */
};

struct top {
  weir_ref out;
  size_t most;
  struct kept *heap; /* none is larger than a child of its */
  size_t size;
  size_t room;
};

static bool larger(const struct kept *a, const struct kept *b)
{
  if (a->count != b->count) return a->count > b->count;
  return strcmp(a->word, b->word) < 0;
}

static void swap(struct kept *a, struct kept *b)
{
  struct kept old = *a;
  *a = *b, *b = old;
}

static void sift_up(struct kept *heap, size_t i)
{
  for (size_t parent; i > 0 && larger(&heap[parent = (i - 1) / 2], &heap[i]); i = parent) swap(&heap[parent], &heap[i]);
}

static void sift_down(struct kept *heap, size_t size, size_t i)
{
  for (size_t child; (child = 2 * i + 1) < size; i = child) {
    if (child + 1 < size && larger(&heap[child], &heap[child + 1])) child++;
    if (!larger(&heap[i], &heap[child])) break;
    swap(&heap[i], &heap[child]);
  }
}

static int make_room(struct top *t)
{
  if (t->size < t->room) return WEIR_OK;
  size_t room = t->room ? t->room * 2 : 16;
  struct kept *heap = realloc(t->heap, room * sizeof *heap);
  if (!heap) return WEIR_ENOMEM;
  t->heap = heap, t->room = room;
  return WEIR_OK;
}

static int keep(struct top *t, const struct tally *m)
{
  int rc = make_room(t);
  char *word = rc ? NULL : strdup(m->word);
  if (!word) return WEIR_ENOMEM;
  t->heap[t->size] = (struct kept){m->count, word};
  sift_up(t->heap, t->size++);
  return WEIR_OK;
}

static int replace_smallest(struct top *t, const struct tally *m)
{
  char *word = strdup(m->word);
  if (!word) return WEIR_ENOMEM;
  char *smallest = t->heap[0].word;
  t->heap[0] = (struct kept){m->count, word};
  sift_down(t->heap, t->size, 0);
  free(smallest);
  return WEIR_OK;
}

/* ---- clauses ---- */

/* Deferred: see file_lines.c. */
static void top_close(void *state)
{
  struct top *t = state;
  for (size_t i = 0; i < t->size; i++) free(t->heap[i].word);
  free(t->heap);
}

static int top_open(struct top *t, const struct top_config *c)
{
  if (!c || c->k < 1) return weir_error(WEIR_EINVAL, "top: \"k\" must be at least 1");
  t->most = (size_t)c->k;
  t->out = weir_output("out");
  return weir_defer(top_close, t);
}

/* Fewer are kept from now on, if it is fewer: the smallest go. */
static int top_change(struct top *t, const struct top_config *c)
{
  t->most = (size_t)c->k;
  while (t->size > t->most) {
    swap(&t->heap[0], &t->heap[--t->size]);
    sift_down(t->heap, t->size, 0);
    free(t->heap[t->size].word);
  }
  return WEIR_OK;
}

static int top_tally(struct top *t, const struct tally *m)
{
  if (!m->word) return weir_error(WEIR_EINVAL, "top: a tally without a word");
  int rc = WEIR_OK;
  if (t->size < t->most) {
    rc = keep(t, m);
  } else {
    struct kept newcomer = {m->count, (char *)m->word};
    if (larger(&newcomer, &t->heap[0])) rc = replace_smallest(t, m);
  }
  if (rc) weir_fail(rc, "top: no memory to keep %zu words", t->size + 1);
  return rc;
}

/* Taking the smallest from a heap again and again leaves its array sorted, the largest first. */
static void sort_heap(struct kept *heap, size_t size)
{
  for (size_t left = size; left > 1;) {
    swap(&heap[0], &heap[--left]);
    sift_down(heap, left, 0);
  }
}

static int top_ended(struct top *t)
{
  int rc = WEIR_OK;
  sort_heap(t->heap, t->size);
  for (size_t i = 0; i < t->size && !rc; i++)
    rc = weir_send(t->out, tally, .word = t->heap[i].word, .count = t->heap[i].count);
  return rc;
}

WEIR_ACTOR(top,
           WEIR_ON_START(top_config, top_open) WEIR_ON_CONFIG(top_config, top_change) WEIR_ON(tally, top_tally)
               WEIR_ON(weir_inputs_ended, top_ended),
           .help = "keeps the k largest tallies; sends them at the end of its inputs, the largest first");

const struct weir__stock weir__stock_top = {
    .actor = &top, .config = weir_message_top_config, .takes = weir_message_tally, .gives = weir_message_tally};
