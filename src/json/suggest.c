/* suggest.c: see suggest.h. */
#include "json/suggest.h"

#include <stdio.h>
#include <string.h>

/* Longer words get no suggestion: names of people's making are shorter, and the work grows with the square. */
enum { LONGEST = 63 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* How many insertions, deletions, replacements and swaps of neighbours turn `a` into `b`. */
static size_t edit_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
  size_t rows[3][LONGEST + 1];
  for (size_t j = 0; j <= b_size; j++) rows[0][j] = j;
  for (size_t i = 1; i <= a_size; i++) {
    size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= b_size; j++) {
      row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = least(row[j], two_above[j - 2] + 1);
    }
  }
  return rows[a_size % 3][b_size];
}

struct weir__suggestion weir__suggest(const char *word)
{
  size_t size = strlen(word);
  /* One in three characters wrong is still the same word. */
  return (struct weir__suggestion){.word = word, .distance = size / 3 + 1};
}

void weir__suggest_offer(struct weir__suggestion *suggestion, const char *known)
{
  size_t size = strlen(suggestion->word), known_size = strlen(known);
  size_t apart = size > known_size ? size - known_size : known_size - size;
  if (!known_size || size > LONGEST || known_size > LONGEST || apart >= suggestion->distance) return;
  size_t distance = edit_distance(suggestion->word, size, known, known_size);
  if (distance >= suggestion->distance) return;
  suggestion->nearest = known;
  suggestion->distance = distance;
}

const char *weir__suggest_text(struct weir__suggestion *suggestion)
{
  suggestion->text[0] = 0;
  if (suggestion->nearest)
    snprintf(suggestion->text, sizeof suggestion->text, " (did you mean \"%s\"?)", suggestion->nearest);
  return suggestion->text;
}
