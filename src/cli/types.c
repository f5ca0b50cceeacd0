/* types.c: weir types, weir schema: the actor types that a topology can name, described. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/types.h>

#include "cli/command.h"
#include "cli/say.h"
#include "json/suggest.h"

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
  const char *command, *help;
  bool forms, helps; /* may be told which form; was asked for help */
  weir_types_options options;
  const char **plugins; /* has room for all arguments */
};

/* ---- the command line ---- */

static int unknown_option(const struct request *r, const char *name)
{
  static const char *const known[] = {"--plugin", "--help", "--json", "--markdown"};
  struct weir__suggestion suggestion = weir__suggest(name);
  for (size_t i = 0; i < (r->forms ? 4 : 2); i++) weir__suggest_offer(&suggestion, known[i]);
  return weir__say_usage(r->command, "%s: unknown option \"%s\"%s", r->command, name, weir__suggest_text(&suggestion));
}

static int read_form(struct request *r, int form)
{
  if (r->options.form && r->options.form != form)
    return weir__say_usage(r->command, "%s: --json and --markdown don't go together", r->command);
  r->options.form = form;
  return WEIR__EXIT_SUCCESS;
}

static int read_plugin(struct request *r, const char *file)
{
  if (!file) return weir__say_usage(r->command, "%s: --plugin needs a value", r->command);
  r->plugins[r->options.plugin_count++] = file;
  return WEIR__EXIT_SUCCESS;
}

/* Reads arguments[*at], and the value that may follow it. */
static int read_option(struct request *r, char **arguments, int *at)
{
  const char *name = arguments[*at];
  if (strncmp(name, "--plugin=", 9) == 0) return read_plugin(r, name + 9);
  if (strcmp(name, "--plugin") == 0) return read_plugin(r, arguments[*at + 1] ? arguments[++*at] : NULL);
  if (r->forms && strcmp(name, "--json") == 0) return read_form(r, WEIR_TYPES_JSON);
  if (r->forms && strcmp(name, "--markdown") == 0) return read_form(r, WEIR_TYPES_MARKDOWN);
  r->helps = strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0;
  return r->helps ? WEIR__EXIT_SUCCESS : unknown_option(r, name);
}

static int read_name(struct request *r, const char *name)
{
  if (!r->forms) return weir__say_usage(r->command, "%s: it takes no file: \"%s\"", r->command, name);
  if (r->options.name)
    return weir__say_usage(r->command, "%s: one type at a time: \"%s\", or \"%s\"?", r->command, r->options.name, name);
  r->options.name = name;
  return WEIR__EXIT_SUCCESS;
}

static int read_arguments(struct request *r, int count, char **arguments)
{
  int code = WEIR__EXIT_SUCCESS;
  for (int i = 1; i < count && !code && !r->helps; i++)
    code = arguments[i][0] == '-' ? read_option(r, arguments, &i) : read_name(r, arguments[i]);
  if (!code && !r->helps && r->options.name && r->options.form == WEIR_TYPES_MARKDOWN)
    code = weir__say_usage(r->command, "%s: --markdown is of all types, not of \"%s\"", r->command, r->options.name);
  return code;
}

/* ---- the answer ---- */

static int print(const struct request *r)
{
  char *text;
  int rc = weir__types_describe(&text, NULL, &r->options);
  if (!rc) {
    fputs(text, stdout);
    free(text);
    return WEIR__EXIT_SUCCESS;
  }
  const char *why = *weir_error_text() ? weir_error_text() : weir_strerror(rc);
  if (rc == -ENOENT) return weir__say_usage(r->command, "%s", why);
  weir__say("%s", why);
  return rc == WEIR_EINVAL ? WEIR__EXIT_CONFIGURATION : WEIR__EXIT_FAILED;
}

static int answer(struct request *r, int count, char **arguments)
{
  r->plugins = calloc((size_t)count, sizeof *r->plugins);
  if (!r->plugins) {
    weir__say("no memory");
    return WEIR__EXIT_FAILED;
  }
  r->options.plugins = r->plugins;
  int code = read_arguments(r, count, arguments);
  if (r->helps)
    fputs(r->help, stdout);
  else if (!code)
    code = print(r);
  free(r->plugins);
  return code;
}

static int types(int count, char **arguments)
{
  return answer(&(struct request){.command = "types", .help = types_help, .forms = true}, count, arguments);
}

static int schema(int count, char **arguments)
{
  struct request r = {.command = "schema", .help = schema_help, .options.form = WEIR_TYPES_SCHEMA};
  return answer(&r, count, arguments);
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
