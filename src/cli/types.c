/* types.c: weir types, weir schema: the actor types that a topology can name, described. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/types.h>

#include "cli/options.h"
#include "cli/say.h"

static const char types_help[] = "usage: weir types [options] [NAME]\n"
                                 "\n"
                                 "Shows the actor types that a topology can name, or one of them in full: what it "
                                 "takes and gives, where it runs, and\n"
                                 "each key of its configuration with its kind, bounds and default.\n"
                                 "\n"
                                 "options:\n"
                                 "  --plugin FILE  the types of a plugin, too; may be given several times\n"
                                 "  --json         as JSON: a list with an object for each type\n"
                                 "  --markdown     all of them as a page\n"
                                 "  --help         shows this\n"
                                 "\n"
                                 "exit codes:\n"
                                 "  0   success\n"
                                 "  1   no memory, or output could not be written\n"
                                 "  2   the command line is wrong, or no type has that name\n"
                                 "  78  a plugin can't be used\n";

static const char schema_help[] =
    "usage: weir schema [options]\n"
    "\n"
    "Prints a JSON Schema (2020-12) of topologies, for editors. A topology names it by \"$schema\".\n"
    "\n"
    "options:\n"
    "  --plugin FILE  knows the types of a plugin, too; may be given several times\n"
    "  --help         shows this\n"
    "\n"
    "exit codes:\n"
    "  0   success\n"
    "  1   no memory, or output could not be written\n"
    "  2   the command line is wrong\n"
    "  78  a plugin can't be used\n";

struct request {
  const struct weir__command *command;
  weir_types_options options;
  const char **plugins; /* has room for all arguments */
};

/* ---- the command line ---- */

static int read_form(struct request *r, int form)
{
  if (r->options.form && r->options.form != form)
    return weir__say_usage("types", "types: --json and --markdown don't go together");
  r->options.form = form;
  return WEIR__EXIT_SUCCESS;
}
static int read_json(void *request, const char *unused) { return (void)unused, read_form(request, WEIR_TYPES_JSON); }
static int read_markdown(void *request, const char *unused)
{
  return (void)unused, read_form(request, WEIR_TYPES_MARKDOWN);
}

static int read_plugin(void *request, const char *file)
{
  struct request *r = request;
  r->plugins[r->options.plugin_count++] = file;
  return WEIR__EXIT_SUCCESS;
}

static int take_name(void *request, char *name)
{
  struct request *r = request;
  if (r->options.name)
    return weir__say_usage("types", "types: one type at a time: \"%s\", or \"%s\"?", r->options.name, name);
  r->options.name = name;
  return WEIR__EXIT_SUCCESS;
}

static int take_nothing(void *request, char *name)
{
  (void)request;
  return weir__say_usage("schema", "schema: it takes no file: \"%s\"", name);
}

static const struct weir__option known_by_types[] = {{"--plugin", WEIR__VALUE, .read = read_plugin},
                                                     {"--json", WEIR__NO_VALUE, .read = read_json},
                                                     {"--markdown", WEIR__NO_VALUE, .read = read_markdown},
                                                     {0}};
static const struct weir__option known_by_schema[] = {{"--plugin", WEIR__VALUE, .read = read_plugin}, {0}};
static const struct weir__line line_of_types = {known_by_types, take_name};
static const struct weir__line line_of_schema = {known_by_schema, take_nothing};

/* ---- the answer ---- */

static int print(const struct request *r)
{
  char *text;
  if (r->options.name && r->options.form == WEIR_TYPES_MARKDOWN)
    return weir__say_usage("types", "types: --markdown is of all types, not of \"%s\"", r->options.name);
  int rc = weir__types_describe(&text, NULL, &r->options);
  if (!rc) {
    fputs(text, stdout);
    free(text);
    return WEIR__EXIT_SUCCESS;
  }
  const char *why = *weir_error_text() ? weir_error_text() : weir_strerror(rc);
  if (rc == -ENOENT) return weir__say_usage(r->command->name, "%s", why);
  weir__say("%s", why);
  return rc == WEIR_EINVAL ? WEIR__EXIT_CONFIGURATION : WEIR__EXIT_FAILED;
}

static int answer(struct request *r, const struct weir__line *line, int count, char **arguments)
{
  r->plugins = calloc((size_t)count, sizeof *r->plugins);
  if (!r->plugins) {
    weir__say("no memory");
    return WEIR__EXIT_FAILED;
  }
  r->options.plugins = r->plugins;
  int code = weir__read_line(r->command, line, r, count, arguments);
  if (code == WEIR__GO_ON) code = print(r);
  free(r->plugins);
  return code;
}

static int types(int count, char **arguments)
{
  return answer(&(struct request){.command = &weir__command_types}, &line_of_types, count, arguments);
}

static int schema(int count, char **arguments)
{
  struct request r = {.command = &weir__command_schema, .options.form = WEIR_TYPES_SCHEMA};
  return answer(&r, &line_of_schema, count, arguments);
}

const struct weir__command weir__command_types = {
    .name = "types",
    .summary = "shows the actor types that a topology can name",
    .help = types_help,
    .run = types,
};
const struct weir__command weir__command_schema = {
    .name = "schema",
    .summary = "prints a JSON Schema of topologies, for editors",
    .help = schema_help,
    .run = schema,
};
