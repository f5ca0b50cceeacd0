/* wheel.c: see wheel.h. */
#include "runtime/wheel.h"

#include <stddef.h>
#include <string.h>

enum { BITS = 6, DUE = WEIR__WHEEL_LEVELS };

void weir__wheel_init(struct weir__wheel *w, int64_t now_ms)
{
  memset(w, 0, sizeof *w);
  w->now_ms = now_ms;
  w->due_end = &w->due;
}

static void link_at(struct weir__wheel_node **head, struct weir__wheel_node *node)
{
  node->next = *head;
  node->link = head;
  if (node->next) node->next->link = &node->next;
  *head = node;
}

static void make_due(struct weir__wheel *w, struct weir__wheel_node *node)
{
  node->level = DUE;
  link_at(w->due_end, node);
  w->due_end = &node->next;
}

static void place(struct weir__wheel *w, struct weir__wheel_node *node)
{
  if (node->when_ms <= w->now_ms) {
    make_due(w, node);
    return;
  }
  uint64_t differ = (uint64_t)(node->when_ms ^ w->now_ms);
  unsigned level = (unsigned)(63 - __builtin_clzll(differ)) / BITS;
  unsigned slot = (unsigned)(node->when_ms >> (level * BITS)) % WEIR__WHEEL_SLOTS;
  node->level = (uint8_t)level;
  node->slot = (uint8_t)slot;
  link_at(&w->slots[level][slot], node);
  w->used[level] |= UINT64_C(1) << slot;
}

void weir__wheel_add(struct weir__wheel *w, struct weir__wheel_node *node, int64_t when_ms)
{
  node->when_ms = when_ms < 0 ? 0 : when_ms;
  place(w, node);
}

static void unlink_node(struct weir__wheel *w, struct weir__wheel_node *node)
{
  if (node->level == DUE && w->due_end == &node->next) w->due_end = node->link;
  *node->link = node->next;
  if (node->next) node->next->link = node->link;
  node->link = NULL;
}

void weir__wheel_remove(struct weir__wheel *w, struct weir__wheel_node *node)
{
  if (!node->link) return;
  unlink_node(w, node);
  if (node->level != DUE && !w->slots[node->level][node->slot]) w->used[node->level] &= ~(UINT64_C(1) << node->slot);
}

/* The first slot that has nodes: those on lower levels are earlier than all on higher ones, and on one level none is
 * behind the wheel's time. False: the wheel is empty. */
static bool first_slot(const struct weir__wheel *w, unsigned *level, unsigned *slot, int64_t *begins_ms)
{
  for (*level = 0; *level < WEIR__WHEEL_LEVELS; ++*level) {
    if (!w->used[*level]) continue;
    unsigned shift = *level * BITS, above = shift + BITS;
    uint64_t prefix = above >= 64 ? 0 : (uint64_t)w->now_ms >> above << above;
    *slot = (unsigned)__builtin_ctzll(w->used[*level]);
    *begins_ms = (int64_t)(prefix | (uint64_t)*slot << shift);
    return true;
  }
  return false;
}

/* The wheel's time has come to this slot: its nodes are due, or move down. */
static void open_slot(struct weir__wheel *w, unsigned level, unsigned slot)
{
  struct weir__wheel_node *node = w->slots[level][slot];
  w->slots[level][slot] = NULL;
  w->used[level] &= ~(UINT64_C(1) << slot);
  while (node) {
    struct weir__wheel_node *next = node->next;
    place(w, node);
    node = next;
  }
}

struct weir__wheel_node *weir__wheel_expire(struct weir__wheel *w, int64_t now_ms)
{
  unsigned level, slot;
  int64_t begins_ms;
  while (!w->due && first_slot(w, &level, &slot, &begins_ms) && begins_ms <= now_ms) {
    w->now_ms = begins_ms;
    open_slot(w, level, slot);
  }
  struct weir__wheel_node *node = w->due;
  if (node)
    unlink_node(w, node);
  else if (now_ms > w->now_ms)
    w->now_ms = now_ms;
  return node;
}

unsigned weir__wheel_due(struct weir__wheel *w, int64_t now_ms)
{
  unsigned level, slot, count = 0;
  int64_t begins_ms;
  while (first_slot(w, &level, &slot, &begins_ms) && begins_ms <= now_ms) {
    w->now_ms = begins_ms;
    open_slot(w, level, slot);
  }
  if (now_ms > w->now_ms) w->now_ms = now_ms;
  for (const struct weir__wheel_node *node = w->due; node; node = node->next) count++;
  return count;
}

struct weir__wheel_node *weir__wheel_take_due(struct weir__wheel *w, unsigned place)
{
  struct weir__wheel_node *node = w->due;
  while (node && place--) node = node->next;
  if (node) unlink_node(w, node);
  return node;
}

int64_t weir__wheel_next_ms(const struct weir__wheel *w)
{
  unsigned level, slot;
  int64_t begins_ms;
  if (w->due) return w->now_ms;
  return first_slot(w, &level, &slot, &begins_ms) ? begins_ms : INT64_MAX;
}
