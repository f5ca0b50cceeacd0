/* wheel.h: a hierarchical timing wheel, in milliseconds. One thread's (U1).
 *
 * Level l has 64 slots of 64^l ms each. A node is on the level of the highest group of six bits in which its time
 * differs from the wheel's; when the wheel's time gets to its slot there, it moves down. Adding and removing are O(1).
 */
#ifndef WEIR__WHEEL_H
#define WEIR__WHEEL_H

#include <stdbool.h>
#include <stdint.h>

enum { WEIR__WHEEL_LEVELS = 11, WEIR__WHEEL_SLOTS = 64 };

struct weir__wheel_node {
  struct weir__wheel_node *next, **link; /* link: what points here; NULL: not armed */
  int64_t when_ms;
  uint8_t level, slot; /* level WEIR__WHEEL_LEVELS: in the list of those that are due */
};

struct weir__wheel {
  int64_t now_ms;                    /* nothing armed is earlier, but for what is due */
  uint64_t used[WEIR__WHEEL_LEVELS]; /* by slot: has it nodes? */
  struct weir__wheel_node *slots[WEIR__WHEEL_LEVELS][WEIR__WHEEL_SLOTS];
  struct weir__wheel_node *due, **due_end;
};

void weir__wheel_init(struct weir__wheel *w, int64_t now_ms);
/* Arms a node; it must not be armed. A time in the past is due at once. */
void weir__wheel_add(struct weir__wheel *w, struct weir__wheel_node *node, int64_t when_ms);
/* Disarms it, if it is armed. */
void weir__wheel_remove(struct weir__wheel *w, struct weir__wheel_node *node);
/* Takes one node out that is due by `now_ms`, the earlier before the later; NULL: none is. Between two calls nodes may
 * be added and removed. `now_ms` does not go back. */
struct weir__wheel_node *weir__wheel_expire(struct weir__wheel *w, int64_t now_ms);
/* How many nodes are due by `now_ms`. `now_ms` does not go back. */
unsigned weir__wheel_due(struct weir__wheel *w, int64_t now_ms);
/* Takes one of those out: they stand from 0 on, the earlier before the later. */
struct weir__wheel_node *weir__wheel_take_due(struct weir__wheel *w, unsigned place);
/* When to look again: not later than the earliest node; INT64_MAX: there is none. */
int64_t weir__wheel_next_ms(const struct weir__wheel *w);

#endif
