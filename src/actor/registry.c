/* registry.c: actors by name: a hash table of a runtime, under its lock. */
#include <weir/registry.h>

#include <stdlib.h>
#include <string.h>

#include "actor/actor.h"

struct weir__name {
  struct weir__name *next;
  weir_ref ref;
  char text[];
};

enum { CHAINS = sizeof((struct weir_runtime *)0)->names / sizeof(struct weir__name *) };

static struct weir__name **chain_of(struct weir_runtime *rt, const char *text)
{
  uint32_t hash = 2166136261u;
  for (; *text; text++) hash = (hash ^ (unsigned char)*text) * 16777619u;
  return &rt->names[hash % CHAINS];
}

/* Lock held. */
static struct weir__name *find(struct weir_runtime *rt, const char *text)
{
  struct weir__name *n = *chain_of(rt, text);
  while (n && strcmp(n->text, text) != 0) n = n->next;
  return n;
}

int weir__name_add(struct weir_runtime *rt, const char *name, struct weir__cell *cell, struct weir__name **entry)
{
  size_t bytes = strlen(name) + 1;
  struct weir__name *made = malloc(sizeof *made + bytes);
  if (!made) return weir_error(WEIR_ENOMEM, "no memory for a name");
  made->ref = weir__ref_of(cell);
  memcpy(made->text, name, bytes);
  pthread_mutex_lock(&rt->lock);
  bool taken = find(rt, name);
  if (!taken) {
    struct weir__name **chain = chain_of(rt, name);
    made->next = *chain;
    *chain = made;
  }
  pthread_mutex_unlock(&rt->lock);
  if (taken) {
    free(made);
    return weir_error(WEIR_EEXIST, "the name \"%s\" is taken", name);
  }
  *entry = made;
  return WEIR_OK;
}

void weir__name_remove(struct weir_runtime *rt, struct weir__name *entry)
{
  pthread_mutex_lock(&rt->lock);
  struct weir__name **at = chain_of(rt, entry->text);
  while (*at != entry) at = &(*at)->next;
  *at = entry->next;
  pthread_mutex_unlock(&rt->lock);
  free(entry);
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
