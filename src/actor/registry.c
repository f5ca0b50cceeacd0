/* registry.c: actors by name: a hash table of a runtime, under its lock. It has a chain for each name, or more. */
#include <weir/registry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor/actor.h"
#include "channel/line.h"

struct weir__name {
  struct weir__name *next;
  weir_ref ref;
  uint32_t hash;
  char text[];
};

enum { FEWEST_CHAINS = 64 };

static uint32_t hash_of(const char *text)
{
  uint32_t hash = 2166136261u;
  for (; *text; text++) hash = (hash ^ (unsigned char)*text) * 16777619u;
  return hash;
}

/* Lock held, as in all that follow. There is a table. */
static struct weir__name **chain_of(struct weir_runtime *rt, uint32_t hash)
{
  return &rt->names[hash & (rt->name_chains - 1)];
}

static struct weir__name *find(struct weir_runtime *rt, const char *text)
{
  uint32_t hash = hash_of(text);
  struct weir__name *n = rt->names ? *chain_of(rt, hash) : NULL;
  while (n && (n->hash != hash || strcmp(n->text, text) != 0)) n = n->next;
  return n;
}

static void put(struct weir_runtime *rt, struct weir__name *n)
{
  struct weir__name **chain = chain_of(rt, n->hash);
  n->next = *chain;
  *chain = n;
}

/* Twice as many chains. Without memory for them the old ones must do. */
static void grow(struct weir_runtime *rt)
{
  size_t old_chains = rt->name_chains, chains = old_chains ? 2 * old_chains : FEWEST_CHAINS;
  struct weir__name **old = rt->names, **names = calloc(chains, sizeof *names);
  if (!names) return;
  rt->names = names;
  rt->name_chains = chains;
  for (size_t i = 0; i < old_chains; i++)
    for (struct weir__name *n = old[i], *next; n; n = next) {
      next = n->next;
      put(rt, n);
    }
  free(old);
}

static int add(struct weir_runtime *rt, struct weir__name *made)
{
  if (find(rt, made->text)) return weir_error(WEIR_EEXIST, "the name \"%s\" is taken", made->text);
  if (rt->name_count >= rt->name_chains) grow(rt);
  if (!rt->names) return weir_error(WEIR_ENOMEM, "no memory for names");
  put(rt, made);
  rt->name_count++;
  return WEIR_OK;
}

int weir__name_add(struct weir_runtime *rt, const char *name, struct weir__cell *cell, struct weir__name **entry)
{
  size_t bytes = strlen(name) + 1;
  struct weir__name *made = malloc(sizeof *made + bytes);
  if (!made) return weir_error(WEIR_ENOMEM, "no memory for a name");
  made->ref = weir__ref_of(cell);
  made->hash = hash_of(name);
  memcpy(made->text, name, bytes);
  pthread_mutex_lock(&rt->lock);
  int rc = add(rt, made);
  pthread_mutex_unlock(&rt->lock);
  if (rc)
    free(made);
  else
    *entry = made;
  return rc;
}

void weir__name_unlist(struct weir_runtime *rt, struct weir__name *entry)
{
  pthread_mutex_lock(&rt->lock);
  struct weir__name **at = chain_of(rt, entry->hash);
  while (*at != entry) at = &(*at)->next;
  *at = entry->next;
  rt->name_count--;
  pthread_mutex_unlock(&rt->lock);
}

void weir__name_free(struct weir__name *entry) { free(entry); }

void weir__name_remove(struct weir_runtime *rt, struct weir__name *entry)
{
  weir__name_unlist(rt, entry);
  weir__name_free(entry);
}

const char *weir__name_text(const struct weir__name *entry) { return entry->text; }

weir_ref weir_find(const char *name)
{
  struct weir_runtime *rt = weir_runtime_here();
  weir_ref ref = weir__ref_error_make(WEIR_EDEAD);
  if (rt && name) {
    pthread_mutex_lock(&rt->lock);
    struct weir__name *n = find(rt, name);
    if (n) ref = n->ref;
    pthread_mutex_unlock(&rt->lock);
  }
  if (weir_ref_error(ref)) weir_error(WEIR_EDEAD, "no actor is named \"%s\"", name ? name : "");
  return ref;
}

/* ---- for the watchdog, and who follows a record: of an actor that may end meanwhile ---- */

static void copy_name(struct weir_runtime *rt, uint64_t bits, char *name, size_t size)
{
  struct weir__name *n = NULL;
  pthread_mutex_lock(&rt->lock);
  for (size_t i = 0; rt->names && i < rt->name_chains && !n; i++)
    for (n = rt->names[i]; n && n->ref.bits != bits;) n = n->next;
  if (n) snprintf(name, size, "%s", n->text);
  pthread_mutex_unlock(&rt->lock);
}

bool weir__name_of_running(struct weir_runtime *rt, uint64_t bits, char *name, size_t size)
{
  weir_ref ref = {bits};
  struct weir__cell *cell = weir__cell_at(weir__slot_of(ref));
  if (!cell) return false;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  bool is_it =
      weir__generation_in(atomic_load_explicit(&cell->places, memory_order_acquire)) == weir__generation_of(ref);
  if (is_it) snprintf(name, size, "%s", cell->type->name);
  weir__bucket_unlock(bucket);
  if (is_it) copy_name(rt, bits, name, size); /* rather, if it has one */
  return is_it;
}
