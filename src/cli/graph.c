/* graph.c: weir graph: a topology as a picture. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/say.h"
#include "json/suggest.h"

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
  bool helps;
};

static int read_format(struct options *o, const char *value)
{
  if (!value) return weir__say_usage("graph", "graph: --format needs a value");
  bool mermaid = strcmp(value, "mermaid") == 0;
  if (!mermaid && strcmp(value, "dot") != 0)
    return weir__say_usage("graph", "graph: --format is dot or mermaid, not \"%s\"", value);
  o->form = mermaid ? WEIR_DRAW_MERMAID : WEIR_DRAW_DOT;
  return WEIR__EXIT_SUCCESS;
}

static int unknown_option(const char *name)
{
  struct weir__suggestion suggestion = weir__suggest(name);
  weir__suggest_offer(&suggestion, "--format");
  weir__suggest_offer(&suggestion, "--help");
  return weir__say_usage("graph", "graph: unknown option \"%s\"%s", name, weir__suggest_text(&suggestion));
}

static int read_option(struct options *o, char **arguments, int *at)
{
  const char *name = arguments[*at];
  if (strncmp(name, "--format=", 9) == 0) return read_format(o, name + 9);
  if (strcmp(name, "--format") == 0) return read_format(o, arguments[*at + 1] ? arguments[++*at] : NULL);
  o->helps = strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0;
  return o->helps ? WEIR__EXIT_SUCCESS : unknown_option(name);
}

static int read_file_name(struct options *o, const char *name)
{
  if (o->file) return weir__say_usage("graph", "graph: one file at a time: \"%s\", or \"%s\"?", o->file, name);
  o->file = name;
  return WEIR__EXIT_SUCCESS;
}

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
  int code = WEIR__EXIT_SUCCESS;
  for (int i = 1; i < count && !code && !o.helps; i++)
    code = arguments[i][0] == '-' ? read_option(&o, arguments, &i) : read_file_name(&o, arguments[i]);
  if (code) return code;
  if (o.helps) {
    fputs(help, stdout);
    return WEIR__EXIT_SUCCESS;
  }
  return o.file ? draw(&o) : weir__say_usage("graph", "graph: which FILE?");
}

const struct weir__command weir__command_graph = {
    .name = "graph",
    .summary = "draws a topology",
    .help = help,
    .run = graph,
};
