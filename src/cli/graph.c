/* graph.c: weir graph: a topology as a picture. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "cli/say.h"

static const char help[] = "usage: weir graph [options] FILE\n"
                           "\n"
                           "Checks the topology in FILE and prints its graph: actors with their types, instances and "
                           "mailboxes; who sends what to\n"
                           "whom, and what becomes of it when a mailbox is full; which supervisor starts whom anew.\n"
                           "\n"
                           "  weir graph topology.json | dot -Tsvg > topology.svg\n"
                           "\n"
                           "options:\n"
                           "  --format dot|mermaid  for Graphviz, as it is without this; or for Mermaid\n"
                           "  --help                shows this\n"
                           "\n"
                           "exit codes:\n"
                           "  0   success\n"
                           "  1   no memory, or output could not be written\n"
                           "  2   the command line is wrong\n"
                           "  78  FILE can't be read, or is wrong\n";

struct options {
  const char *file;
  int form;
};

static int read_format(void *options, const char *value)
{
  bool mermaid = strcmp(value, "mermaid") == 0;
  if (!mermaid && strcmp(value, "dot") != 0)
    return weir__say_usage("graph", "graph: --format is dot or mermaid, not \"%s\"", value);
  ((struct options *)options)->form = mermaid ? WEIR_DRAW_MERMAID : WEIR_DRAW_DOT;
  return WEIR__EXIT_SUCCESS;
}

static int take_file(void *options, char *file)
{
  struct options *o = options;
  if (o->file) return weir__say_usage("graph", "graph: one file at a time: \"%s\", or \"%s\"?", o->file, file);
  o->file = file;
  return WEIR__EXIT_SUCCESS;
}

static const struct weir__option known[] = {{"--format", WEIR__VALUE, .read = read_format}, {0}};
static const struct weir__line command_line = {known, take_file};

static int draw(const struct options *o)
{
  char *text;
  int rc = weir_topology_draw(o->file, o->form, &weir__say_problems, &text, NULL);
  if (rc == WEIR_ENOMEM) weir__say("no memory to draw %s", o->file);
  if (rc) return rc == WEIR_ENOMEM ? WEIR__EXIT_FAILED : WEIR__EXIT_CONFIGURATION;
  fputs(text, stdout);
  free(text);
  return WEIR__EXIT_SUCCESS;
}

static int graph(int count, char **arguments)
{
  struct options o = {0};
  int code = weir__read_line(&weir__command_graph, &command_line, &o, count, arguments);
  if (code != WEIR__GO_ON) return code;
  return o.file ? draw(&o) : weir__say_usage("graph", "graph: which FILE?");
}

const struct weir__command weir__command_graph = {
    .name = "graph",
    .summary = "draws a topology",
    .help = help,
    .run = graph,
};
