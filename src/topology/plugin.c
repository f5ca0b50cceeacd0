/* plugin.c: see plugin.h. */
#include "topology/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/trap.h"
#include "topology/types.h"

#define TABLE "weir_plugin_table"

static struct {
  pthread_mutex_t lock;
  struct weir__plugin *first; /* under the lock; never freed (P1) */
} loaded = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int refuse(const char *path, const char *why) { return weir_error(WEIR_EINVAL, "%s: %s", path, why); }

/* C5: cells, refs and types are one table each in a process. A plugin that has the library in itself shows its names, or,
 * where they are hidden, calls it. */
static bool has_weir_inside(void *library, const struct weir_plugin *table)
{
  const char *(*version)(void) = NULL;
  *(void **)&version = dlsym(library, "weir_version");
  return table->calls != weir__is || (version && version != weir_version);
}

/* Before anything of it is used. */
static int check(const char *path, void *library, const struct weir_plugin *table)
{
  if (table->abi != WEIR_ABI)
    return weir_error(WEIR_EINVAL,
                      "%s: it was compiled with headers of ABI %d, and this is weir %s with ABI %d: compile it anew",
                      path, table->abi, weir_version(), WEIR_ABI);
  if (has_weir_inside(library, table))
    return refuse(path, "it has a copy of weir of its own: link it with the shared library (weir::weir)");
  if (!table->name || !table->version || !table->actors || !table->actors[0])
    return refuse(path, "its table has no name, version or actor types");
  return WEIR_OK;
}

/* Of one type; the path goes before what is wrong with it. */
static int make_row(struct weir__plugin *plugin, const weir_actor *actor)
{
  struct weir__stock *row = &plugin->rows[plugin->count];
  int rc = weir__type_row(actor, row);
  char why[512];
  snprintf(why, sizeof why, "%s", rc ? weir_error_text() : "");
  for (size_t i = 0; i < plugin->count && !rc; i++)
    if (strcmp(plugin->rows[i].actor->name, actor->name) == 0)
      rc = weir_error(WEIR_EINVAL, "%s: it has two actor types \"%s\"", plugin->path, actor->name);
  if (*why) rc = weir_error(rc, "%s: %s", plugin->path, why);
  row->plugin = plugin;
  plugin->count++;
  return rc;
}

static int make_rows(struct weir__plugin *plugin)
{
  int rc = WEIR_OK;
  for (const weir_actor *const *actor = plugin->table->actors; *actor && !rc; actor++) rc = make_row(plugin, *actor);
  return rc;
}

static struct weir__plugin *make(const char *path, const struct weir_plugin *table)
{
  size_t count = 0, length = strlen(path) + 1;
  while (table->actors[count]) count++;
  struct weir__plugin *plugin = malloc(sizeof *plugin + count * sizeof plugin->rows[0] + length);
  if (!plugin) return NULL;
  char *name = (char *)&plugin->rows[count];
  memcpy(name, path, length);
  *plugin = (struct weir__plugin){.table = table, .path = name};
  return plugin;
}

/* Lock held. */
static int enter(const char *path, const struct weir_plugin *table, const struct weir__plugin **found)
{
  for (*found = loaded.first; *found; *found = (*found)->next)
    if ((*found)->table == table) return WEIR_OK;
  struct weir__plugin *plugin = make(path, table);
  if (!plugin) return weir_error(WEIR_ENOMEM, "%s: no memory for its table", path);
  int rc = make_rows(plugin);
  if (rc) {
    free(plugin);
    return rc;
  }
  weir__trap_contain_code((uintptr_t)table->actors[0]->dispatch); /* where crashes can be contained at all (T1) */
  plugin->next = loaded.first;
  loaded.first = plugin;
  *found = plugin;
  return WEIR_OK;
}

/* dlopen() has no code for what is wrong: that a descriptor is to be had is found out before. */
static int open_library(const char *path, void **library)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && (errno == EMFILE || errno == ENFILE))
    return weir_error(-errno, "can't be loaded as a plugin: %s: %s", path, strerror(errno));
  if (fd >= 0) close(fd);
  *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (*library) return WEIR_OK;
  const char *why = dlerror();
  return weir_error(WEIR_EINVAL, "can't be loaded as a plugin: %s", why ? why : path);
}

int weir__plugin_load(const char *path, const struct weir__plugin **plugin)
{
  void *library = NULL;
  *plugin = NULL;
  /* A name without a slash would be looked for in the system's folders. */
  char *here = malloc(strlen(path) + 3);
  if (!here) return weir_error(WEIR_ENOMEM, "%s: no memory to load it", path);
  sprintf(here, "%s%s", strchr(path, '/') ? "" : "./", path);
  int rc = open_library(here, &library);
  free(here);
  if (rc) return rc;
  const struct weir_plugin *table = dlsym(library, TABLE);
  if (!table) return refuse(path, "it is no plugin of weir: it has no WEIR_PLUGIN()");
  rc = check(path, library, table);
  if (rc) return rc;
  pthread_mutex_lock(&loaded.lock);
  rc = enter(path, table, plugin);
  pthread_mutex_unlock(&loaded.lock);
  return rc;
}
