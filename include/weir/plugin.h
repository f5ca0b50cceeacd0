/* weir/plugin.h: actor types for topologies, from a library that is loaded at run time.
 *
 *   WEIR_ACTOR(journal, WEIR_ON_START(journal_config, journal_start) WEIR_ON(record, journal_record),
 *              .outputs = {"next"}, .help = "appends records to a file, passes them on");
 *   WEIR_PLUGIN("acme", "2.0.0", &journal);
 *
 * One such line in one source file of a shared library makes it a plugin. The library links with weir's shared library:
 * a process has one copy of weir. It is never unloaded. Guide: docs/guide/plugins.md. */
#ifndef WEIR_PLUGIN_H
#define WEIR_PLUGIN_H

#include <weir/actor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a plugin says of itself: made by WEIR_PLUGIN(). The first member is read before any other is. */
typedef struct weir_plugin {
  int abi WEIR__ZERO; /* WEIR_ABI of the headers that it was compiled with */
  const char *name WEIR__ZERO;
  const char *version WEIR__ZERO;
  const weir_actor *const *actors WEIR__ZERO; /* ends with NULL */
  /* By which the library sees that the plugin calls this copy of it. */
  bool (*calls)(const weir__call *, int, const weir_message *) WEIR__ZERO;
} weir_plugin;

/** WEIR_PLUGIN("acme", "2.0.0", &journal, &other): the actor types that the library offers to topologies. */
#define WEIR_PLUGIN(NAME, VERSION, ...)                                                                                \
  static const weir_actor *const weir__plugin_actors[] = {__VA_ARGS__, NULL};                                          \
  WEIR__PLUGIN_TABLE = {WEIR_ABI, NAME, VERSION, weir__plugin_actors, weir__is}
#ifdef __cplusplus
}
#define WEIR__PLUGIN_TABLE                                                                                             \
  extern "C" WEIR_API const weir_plugin weir_plugin_table;                                                             \
  const weir_plugin weir_plugin_table
#else
#define WEIR__PLUGIN_TABLE                                                                                             \
  extern WEIR_API const weir_plugin weir_plugin_table;                                                                 \
  const weir_plugin weir_plugin_table
#endif

#endif
