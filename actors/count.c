/* count.c: counts words; when its inputs have ended it sends a tally for each word, in no particular order.
 *
 * The counts are in a hash table with open addressing. A slot is eight bytes: 32 bits of the hash, so that nearly all
 * comparisons of other words are decided without touching their texts, and where the entry is. The entries (count and
 * text side by side: one cache line for most words) stand one after the other in one block that grows by realloc(),
 * which moves pages, not bytes, where it matters. So a word costs about 25 bytes and its letters.
 *
 * I1  The table is at most three quarters full: a probe looks at one or two cache lines, and always ends.
 * I2  An entry never changes its offset, so growing the table moves slots only.
 * I3  The hash has a seed of its own in each actor: nobody can prepare words that all collide. Nor do the words that a
 *     hash route brings to one instance crowd in part of the table, since the route hashes in another way. */
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <weir/arena.h>
#include <weir/edge.h>

#include "stock.h"
#include <weir/records.h>

enum {
  FIRST_SLOTS = 1024,      /* a power of two, as every later size */
  FIRST_ENTRIES = 1 << 14, /* bytes */
  UNIT = 8                 /* bytes; entries are aligned so, and their offsets counted in it: 32 bits reach 32 GiB */
};

struct entry {
  int64_t count;
  char word[];
};

struct slot {
  uint32_t tag; /* the upper half of the hash; where the probing starts is in the lower half */
  uint32_t at;  /* the entry's offset in units, plus one; 0: the slot is free */
};

struct count {
  weir_ref out;
  uint64_t seed;
  struct slot *slots;
  size_t slot_count;
  size_t used; /* slots, so words */
  char *entries;
  size_t entry_bytes; /* used */
  size_t entry_room;
};

static struct entry *entry_at(const struct count *c, uint32_t at)
{
  return (struct entry *)(c->entries + (size_t)(at - 1) * UNIT);
}

static size_t entry_bytes(size_t word_size) { return (sizeof(struct entry) + word_size + 1 + UNIT - 1) / UNIT * UNIT; }

/* ---- hash ---- */

static uint32_t load4(const char *at)
{
  uint32_t four;
  memcpy(&four, at, sizeof four);
  return four;
}

/* The last 1 to 8 bytes of a text as one number; reads overlap rather than pass the end. The text's size goes into the
 * hash apart. */
static uint64_t load_tail(const char *at, size_t size)
{
  if (size >= 4) return (uint64_t)load4(at) << 32 | load4(at + size - 4);
  if (size == 0) return 0;
  return (uint64_t)(unsigned char)at[0] << 16 | (uint64_t)(unsigned char)at[size / 2] << 8 |
         (unsigned char)at[size - 1];
}

/* Multiplies the halves of `h` into each other; `h` has the seed in it, so that no text brings a zero about at will. */
static uint64_t mix(uint64_t h)
{
  return ((uint64_t)(uint32_t)h * (h >> 32 | 1) ^ (h << 32 | h >> 32)) * 0xD6E8FEB86659FD93u;
}

static uint64_t hash(uint64_t seed, const char *text, size_t size)
{
  uint64_t h = mix(seed + size);
  for (; size > 8; text += 8, size -= 8) h = mix(h ^ ((uint64_t)load4(text) << 32 | load4(text + 4)));
  h = mix(h ^ load_tail(text, size));
  return h ^ h >> 32;
}

/* ---- table ---- */

static struct slot *find(const struct count *c, uint64_t h, const char *text)
{
  size_t mask = c->slot_count - 1;
  uint32_t tag = (uint32_t)(h >> 32);
  for (size_t i = h & mask;; i = (i + 1) & mask) {
    struct slot *slot = &c->slots[i];
    if (!slot->at || (slot->tag == tag && strcmp(entry_at(c, slot->at)->word, text) == 0)) return slot;
  }
}

/* Where an entry of hash `h` goes in a table that does not have it. */
static struct slot *find_free(const struct count *c, uint64_t h)
{
  size_t mask = c->slot_count - 1, i = h & mask;
  while (c->slots[i].at) i = (i + 1) & mask;
  return &c->slots[i];
}

/* I1: before one more word. The hashes are computed anew: a slot keeps half of its own. */
static int grow_slots(struct count *c)
{
  if ((c->used + 1) * 4 <= c->slot_count * 3) return WEIR_OK;
  struct slot *old = c->slots, *slots = calloc(c->slot_count * 2, sizeof *slots);
  size_t old_count = c->slot_count;
  if (!slots) return WEIR_ENOMEM;
  c->slots = slots, c->slot_count = old_count * 2;
  for (size_t i = 0; i < old_count; i++) {
    if (!old[i].at) continue;
    const char *word = entry_at(c, old[i].at)->word;
    *find_free(c, hash(c->seed, word, strlen(word))) = old[i];
  }
  free(old);
  return WEIR_OK;
}

static int make_room(struct count *c, size_t bytes)
{
  size_t room = c->entry_room;
  while (room - c->entry_bytes < bytes) room *= 2;
  if (room == c->entry_room) return WEIR_OK;
  char *entries = (room / UNIT > UINT32_MAX) ? NULL : realloc(c->entries, room);
  if (!entries) return WEIR_ENOMEM;
  c->entries = entries, c->entry_room = room;
  return WEIR_OK;
}

static int add_entry(struct count *c, const char *text, size_t size, uint32_t *at)
{
  size_t bytes = entry_bytes(size);
  int rc = make_room(c, bytes);
  if (rc) return rc;
  *at = (uint32_t)(c->entry_bytes / UNIT) + 1;
  struct entry *e = entry_at(c, *at);
  e->count = 0;
  memcpy(e->word, text, size + 1);
  c->entry_bytes += bytes;
  return WEIR_OK;
}

/* Adds a word that the table does not have. */
static int add(struct count *c, uint64_t h, const char *text, size_t size)
{
  uint32_t at;
  int rc = grow_slots(c);
  if (!rc) rc = add_entry(c, text, size, &at);
  if (rc) return rc;
  *find_free(c, h) = (struct slot){(uint32_t)(h >> 32), at};
  c->used++;
  return WEIR_OK;
}

/* ---- clauses ---- */

/* Deferred: see file_lines.c. */
static void count_close(void *state)
{
  struct count *c = state;
  free(c->slots);
  free(c->entries);
  c->slots = NULL, c->entries = NULL;
}

static int count_open(struct count *c)
{
  int rc = weir_defer(count_close, c);
  if (rc) return rc;
  rc = uv_random(NULL, NULL, &c->seed, sizeof c->seed, 0, NULL);
  if (rc) return weir_error(rc, "count: no random numbers: %s", weir_strerror(rc));
  c->slots = calloc(FIRST_SLOTS, sizeof *c->slots);
  c->entries = malloc(FIRST_ENTRIES);
  if (!c->slots || !c->entries) return weir_error(WEIR_ENOMEM, "count: no memory for a table");
  c->slot_count = FIRST_SLOTS, c->entry_room = FIRST_ENTRIES;
  c->out = weir_output("out");
  return WEIR_OK;
}

static int count_word(struct count *c, const struct word *w)
{
  if (!w->word) return weir_error(WEIR_EINVAL, "count: a word without a text");
  size_t size = strlen(w->word);
  uint64_t h = hash(c->seed, w->word, size);
  struct slot *slot = find(c, h, w->word);
  if (!slot->at) {
    int rc = add(c, h, w->word, size);
    if (rc) weir_fail(rc, "count: no memory for more than %zu words", c->used);
    slot = find(c, h, w->word);
  }
  entry_at(c, slot->at)->count++;
  return WEIR_OK;
}

/* The sends may suspend; nothing else touches the table meanwhile. */
static int count_ended(struct count *c)
{
  int rc = WEIR_OK;
  for (size_t at = 0; at < c->entry_bytes && !rc;) {
    const struct entry *e = (const struct entry *)(c->entries + at);
    rc = weir_send(c->out, tally, .word = e->word, .count = e->count);
    at += entry_bytes(strlen(e->word));
  }
  return rc;
}

WEIR_ACTOR(count,
           WEIR_ON_START(weir_none, count_open) WEIR_ON(word, count_word) WEIR_ON(weir_inputs_ended, count_ended),
           .help = "counts words; sends its tallies at the end of its inputs");

const struct weir__stock weir__stock_count = {.actor = &count, .takes = weir_message_word, .gives = weir_message_tally};
