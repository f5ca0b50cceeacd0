/* plugin.h: libraries of actor types, loaded at run time.
 *
 * P1  One that was loaded stays: its code, tables and rows live as long as the process (C5, K3). So does one that was
 *     refused, since its constructors have run.
 * P2  A library is one plugin, however often and under whatever path it is loaded: told by the address of its table. */
#ifndef WEIR_TOPOLOGY_PLUGIN_H
#define WEIR_TOPOLOGY_PLUGIN_H

#include <weir/plugin.h>

#include "actors/stock.h"

/* Read-only once it is made. */
struct weir__plugin {
  struct weir__plugin *next;
  const struct weir_plugin *table;
  const char *path; /* by which it was loaded first */
  size_t count;
  struct weir__stock rows[];
};

/* Loads one, or finds it among those that were. Threads: any, all at once; it reads files, so not on a worker.
 * Errors, with a text that names the path: WEIR_EINVAL, WEIR_ENOMEM, -EMFILE, -ENFILE. */
int weir__plugin_load(const char *path, const struct weir__plugin **plugin);

#endif
