/* topology.c: reading a topology: files, document, graph. */
#include "topology/topology.h"

#include <stdlib.h>
#include <string.h>

#include "topology/check.h"
#include "topology/explain.h"
#include "topology/live.h"
#include "topology/tables.h"

static int no_memory_for(const char *name) { return weir_error(WEIR_ENOMEM, "%s: no memory to read it", name); }

static int read_into(const struct weir__topology_options *options, const struct weir__origin *origin,
                     struct weir__report *report, weir_topology *t)
{
  t->document.report = report;
  int rc = weir__source_read(&t->document, &t->arena, origin);
  if (!rc)
    rc = weir__check(&t->document, options->types, &t->arena, &t->graph, options->reads_secrets, options->before);
  if (!rc && options->look) {
    options->look(options->arg, &t->document, &t->graph);
    rc = weir__report_code(report);
  }
  if (rc || !options->keeps_document) weir__document_close(&t->document);
  t->document.report = NULL;
  return rc;
}

/* The listener is told before the names of files go. */
int weir__topology_read(const struct weir__topology_options *options, const struct weir__origin *origin,
                        const weir_listener *listener, weir_topology **topology)
{
  *topology = NULL;
  weir_topology *made = calloc(1, sizeof *made);
  if (!made) return no_memory_for(origin->name);
  struct weir__report report = {0};
  int rc = read_into(options, origin, &report, made);
  const weir_problem *first = weir__report_first(&report);
  if (rc && rc != WEIR_ENOMEM) weir_error(rc, "%s", first ? first->text : origin->name);
  if (rc && rc != WEIR_ENOMEM) weir__tell_problems(&report, listener);
  if (rc == WEIR_ENOMEM) no_memory_for(origin->name);
  weir__report_free(&report);
  if (rc)
    weir_topology_free(made);
  else
    *topology = made;
  return rc;
}

int weir__topology_parse(const struct weir__stock *const *types, const char *name, const void *text, size_t size,
                         const weir_listener *listener, weir_topology **topology)
{
  struct weir__topology_options options = {.types = types, .reads_secrets = true};
  struct weir__origin origin = {.name = name, .text = text ? text : "", .size = size};
  return weir__topology_read(&options, &origin, listener, topology);
}

int weir_topology_parse(const char *name, const void *text, size_t size, const weir_listener *listener,
                        weir_topology **topology)
{
  return weir__topology_parse(weir__stock_types, name, text, size, listener, topology);
}

int weir_topology_load(const char *file, const weir_listener *listener, weir_topology **topology)
{
  struct weir__topology_options options = {.types = weir__stock_types, .reads_secrets = true};
  return weir__topology_read(&options, &(struct weir__origin){.name = file}, listener, topology);
}

struct looking {
  const weir_check_options *options;
  bool failed; /* no memory */
};

static void look(void *arg, struct weir__document *document, const struct weir__graph *graph)
{
  struct looking *l = arg;
  if (l->options->live) weir__check_live(document, graph);
  if (l->options->setting && !document->report->count)
    l->failed = !weir__explain(document, graph, l->options->setting, l->options->arg);
}

int weir_topology_check(const char *file, const weir_check_options *options, const weir_listener *listener)
{
  static const weir_check_options plain;
  weir_topology *topology;
  struct looking looking = {.options = options ? options : &plain};
  struct weir__topology_options read = {.types = weir__stock_types, .look = look, .arg = &looking};
  read.reads_secrets = looking.options->live;
  int rc = weir__topology_read(&read, &(struct weir__origin){.name = file}, listener, &topology);
  weir_topology_free(topology);
  return !rc && looking.failed ? no_memory_for(file) : rc;
}

const char *weir_topology_actor(const weir_topology *topology, size_t index)
{
  return index < topology->graph.count ? topology->graph.actors[index].name : NULL;
}

void weir_topology_runtime(const weir_topology *topology, weir_runtime_options *options)
{
  const struct weir__graph *g = &topology->graph;
  *options = (weir_runtime_options){.flavor = g->flavor,
                                    .workers = g->workers,
                                    .stack_bytes = g->settings ? (size_t)g->settings->stack : 0,
                                    .contain_crashes = !g->settings || g->settings->trap};
}

void weir_topology_free(weir_topology *topology)
{
  if (!topology) return;
  weir__document_close(&topology->document);
  weir__arena_free(&topology->arena);
  free(topology);
}
