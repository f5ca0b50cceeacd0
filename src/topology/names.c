/* names.c: see names.h. */
#include "topology/names.h"

#include <string.h>

/* Comparing takes less than a tenth of a microsecond, so this is a fifth of a second. */
enum { COMPARED_MOST = 2000000 };

static size_t hash_of(const char *name)
{
  uint64_t hash = 14695981039346656037u; /* FNV-1a */
  for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 1099511628211u;
  return (size_t)(hash ^ hash >> 32);
}

/* Where the name is in the table, or the empty place where it belongs. */
static uint32_t *place_of(const struct weir__names *names, const char *name)
{
  for (size_t i = hash_of(name);; i++) {
    uint32_t *place = &names->table[i & (names->table_size - 1)];
    if (!*place || strcmp(names->all[*place - 1].name, name) == 0) return place;
  }
}

/* Keeps the table at most half full. What was smaller stays in the arena: less than what is there now. */
static bool grow(struct weir__names *names, struct weir__arena *arena)
{
  size_t room = names->room ? 2 * names->room : 64;
  struct weir__name *all = weir__arena_array(arena, room, sizeof *all);
  uint32_t *table = weir__arena_array(arena, 2 * room, sizeof *table);
  if (!all || !table) return false;
  if (names->count) memcpy(all, names->all, names->count * sizeof *all);
  names->all = all, names->room = room;
  names->table = table, names->table_size = 2 * room;
  for (size_t i = 0; i < names->count; i++) *place_of(names, all[i].name) = (uint32_t)i + 1;
  return true;
}

const struct weir__name *weir__names_add(struct weir__names *names, struct weir__arena *arena, struct weir__name name)
{
  if (names->count == names->room && !grow(names, arena)) return NULL;
  uint32_t *place = place_of(names, name.name);
  if (*place) return &names->all[*place - 1];
  names->all[names->count++] = name;
  *place = (uint32_t)names->count;
  return NULL;
}

const struct weir__name *weir__names_find(const struct weir__names *names, const char *name)
{
  if (!names->table_size) return NULL;
  uint32_t place = *place_of(names, name);
  return place ? &names->all[place - 1] : NULL;
}

void weir__names_offer(struct weir__names *names, struct weir__suggestion *suggestion)
{
  if (names->compared > COMPARED_MOST) return;
  for (size_t i = 0; i < names->count; i++) weir__suggest_offer(suggestion, names->all[i].name);
  names->compared += names->count;
}
