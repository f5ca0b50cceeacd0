/* match.c: see match.h.
 *
 * In order: what fits at both ends is put aside; of the rest the longest common subsequence is found, and what is left on
 * both sides of each gap stands side by side. In any order: a maximum matching, by augmenting paths, since a record of which
 * little is said fits several. */
#include <stdint.h>
#include <string.h>

#include "topology/match.h"

enum {
  TABLE_MOST = 4000000
}; /* places of the table of a common subsequence; beyond that records are compared by place */
#define NONE SIZE_MAX

struct matching {
  const struct weir__test_expected *expected;
  const struct weir__came *came;
  struct weir__arena *arena;
  size_t *of_expected; /* for each: the one that came for it; NONE */
  size_t *of_came;
};

static bool fits(const struct matching *m, size_t expected, size_t came)
{
  for (size_t i = 0; i < m->expected->leaves->count; i++)
    if (!weir__leaf_fits(m->expected->records[expected][i], m->came->records[came][i])) return false;
  return true;
}

static void pair(struct matching *m, size_t expected, size_t came)
{
  m->of_expected[expected] = came;
  m->of_came[came] = expected;
}

/* ---- in order ---- */

/* The lengths of common subsequences from each pair on, for expected[first …] and came[first …]. */
static void pair_longest(struct matching *m, size_t first, size_t rows, size_t columns)
{
  uint32_t *length = weir__arena_array(m->arena, (rows + 1) * (columns + 1), sizeof *length);
  if (!length) return;
#define LENGTH(r, c) length[(r) * (columns + 1) + (c)]
  for (size_t r = rows; r-- > 0;)
    for (size_t c = columns; c-- > 0;) {
      uint32_t down = LENGTH(r + 1, c), right = LENGTH(r, c + 1);
      LENGTH(r, c) = fits(m, first + r, first + c) ? LENGTH(r + 1, c + 1) + 1 : down > right ? down : right;
    }
  for (size_t r = 0, c = 0; r < rows && c < columns;) {
    if (fits(m, first + r, first + c))
      pair(m, first + r++, first + c++);
    else if (LENGTH(r + 1, c) >= LENGTH(r, c + 1))
      r++;
    else
      c++;
  }
#undef LENGTH
}

static void pair_by_place(struct matching *m, size_t first, size_t count)
{
  for (size_t i = first; i < first + count; i++)
    if (fits(m, i, i)) pair(m, i, i);
}

static void pair_in_order(struct matching *m)
{
  size_t rows = m->expected->count, columns = m->came->count, first = 0;
  while (first < rows && first < columns && fits(m, first, first)) pair(m, first, first), first++;
  while (rows > first && columns > first && fits(m, rows - 1, columns - 1)) pair(m, --rows, --columns);
  rows -= first, columns -= first;
  if (rows && columns > TABLE_MOST / rows)
    pair_by_place(m, first, rows < columns ? rows : columns);
  else
    pair_longest(m, first, rows, columns);
}

/* ---- in any order ---- */

/* From one that has none yet, by those that could give theirs away. `line`, `from`: room for what is looked at. */
static void augment(struct matching *m, size_t start, size_t *line, size_t *from)
{
  size_t count = 0;
  memset(from, 0xff, m->came->count * sizeof *from); /* NONE */
  line[count++] = start;
  for (size_t i = 0; i < count; i++)
    for (size_t c = 0; c < m->came->count; c++) {
      if (from[c] != NONE || !fits(m, line[i], c)) continue;
      from[c] = line[i];
      if (m->of_came[c] != NONE) {
        line[count++] = m->of_came[c];
        continue;
      }
      for (size_t expected, next; c != NONE; c = next) {
        expected = from[c], next = m->of_expected[expected];
        pair(m, expected, c);
      }
      return;
    }
}

static void pair_in_any_order(struct matching *m)
{
  size_t *line = weir__arena_array(m->arena, m->expected->count + 1, sizeof *line);
  size_t *from = weir__arena_array(m->arena, m->came->count + 1, sizeof *from);
  for (size_t i = 0; line && from && i < m->expected->count; i++) augment(m, i, line, from);
}

/* ---- what is left ---- */

/* How many leaves of which something is said are as they should be. */
static size_t alike(const struct matching *m, size_t expected, size_t came)
{
  size_t count = 0;
  for (size_t i = 0; i < m->expected->leaves->count; i++)
    if (m->expected->records[expected][i])
      count += weir__leaf_fits(m->expected->records[expected][i], m->came->records[came][i]);
  return count;
}

static void differ(struct weir__differences *d, size_t expected, size_t came)
{
  d->all[d->count++] = (struct weir__difference){expected, came};
}

/* Gap by gap, from each pair that fits to the next. */
static void tell_in_order(const struct matching *m, struct weir__differences *d)
{
  size_t e = 0, c = 0;
  while (e < m->expected->count || c < m->came->count) {
    bool missing = e < m->expected->count && m->of_expected[e] == NONE;
    bool more = c < m->came->count && m->of_came[c] == NONE;
    if (missing || more) differ(d, missing ? e : NONE, more ? c : NONE);
    if (missing || !more) e++;
    if (more || !missing) c++;
  }
}

/* The one that came without being expected and is most alike; NONE: none has anything of it. */
static size_t most_alike(const struct matching *m, size_t expected)
{
  size_t best = NONE, most = 0;
  for (size_t c = 0; c < m->came->count; c++) {
    size_t n = m->of_came[c] == NONE ? alike(m, expected, c) : 0;
    if (n > most) most = n, best = c;
  }
  return best;
}

static void tell_in_any_order(struct matching *m, struct weir__differences *d)
{
  for (size_t e = 0; e < m->expected->count; e++) {
    if (m->of_expected[e] != NONE) continue;
    size_t came = most_alike(m, e);
    if (came != NONE) m->of_came[came] = e; /* it is told */
    differ(d, e, came);
  }
  for (size_t c = 0; c < m->came->count; c++)
    if (m->of_came[c] == NONE) differ(d, NONE, c);
}

bool weir__match(const struct weir__test_expected *expected, const struct weir__came *came, bool ordered,
                 struct weir__arena *arena, struct weir__differences *differences)
{
  struct matching m = {.expected = expected, .came = came, .arena = arena};
  *differences = (struct weir__differences){0};
  m.of_expected = weir__arena_array(arena, expected->count + 1, sizeof *m.of_expected);
  m.of_came = weir__arena_array(arena, came->count + 1, sizeof *m.of_came);
  differences->all = weir__arena_array(arena, expected->count + came->count + 1, sizeof *differences->all);
  if (arena->failed) return false;
  memset(m.of_expected, 0xff, (expected->count + 1) * sizeof *m.of_expected); /* NONE */
  memset(m.of_came, 0xff, (came->count + 1) * sizeof *m.of_came);
  ordered ? pair_in_order(&m) : pair_in_any_order(&m);
  ordered ? tell_in_order(&m, differences) : tell_in_any_order(&m, differences);
  return !arena->failed;
}
