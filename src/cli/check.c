/* check.c: weir check: says all that is wrong with topologies, and runs nothing. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/say.h"
#include "json/suggest.h"

static const char help[] =
    "usage: weir check [options] FILE...\n"
    "\n"
    "Checks topologies, each with the files that it includes, and says all that is wrong with them, each with its "
    "place.\n"
    "Nothing is run, and nothing but these files is read.\n"
    "\n"
    "options:\n"
    "  --live     also opens the files, binds and connects the addresses that they name, and closes them again; and "
    "reads\n"
    "             the secrets\n"
    "  --explain  prints every value that is in effect, and where it comes from\n"
    "  --json     prints one JSON object: \"problems\" (file, line, column, pointer, path, message), and \"settings\"\n"
    "  --help     shows this\n"
    "\n"
    "exit codes:\n"
    "  0   nothing is wrong\n"
    "  1   there is no memory for it, or output could not be written\n"
    "  2   the command line is wrong\n"
    "  78  something is wrong, or can't be read\n";

struct options {
  bool live, explain, json, help;
  int files; /* how many; they are moved to the front of the arguments */
};

/* What is printed as one JSON object. */
struct printing {
  bool json;
  size_t problems; /* so far, of this list */
  size_t settings;
};

/* ---- the command line ---- */

static int unknown_option(const char *name)
{
  static const char *const names[] = {"--live", "--explain", "--json", "--help"};
  struct weir__suggestion suggestion = weir__suggest(name);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) weir__suggest_offer(&suggestion, names[i]);
  return weir__say_usage("check", "check: unknown option \"%s\"%s", name, weir__suggest_text(&suggestion));
}

static int read_option(struct options *o, const char *name)
{
  if (strcmp(name, "--live") == 0)
    o->live = true;
  else if (strcmp(name, "--explain") == 0)
    o->explain = true;
  else if (strcmp(name, "--json") == 0)
    o->json = true;
  else if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
    o->help = true;
  else
    return unknown_option(name);
  return WEIR__EXIT_SUCCESS;
}

static int read_options(struct options *o, int count, char **arguments)
{
  bool options_ended = false;
  int code = WEIR__EXIT_SUCCESS;
  for (int i = 1; i < count && !code && !o->help; i++) {
    if (options_ended || arguments[i][0] != '-' || !arguments[i][1])
      arguments[o->files++] = arguments[i];
    else if (strcmp(arguments[i], "--") == 0)
      options_ended = true;
    else
      code = read_option(o, arguments[i]);
  }
  if (!code && !o->help && !o->files) code = weir__say_usage("check", "check: which FILE?");
  return code;
}

/* ---- as JSON ---- */

static void print_text(const char *text)
{
  putchar('"');
  for (const unsigned char *c = (const unsigned char *)text; *c; c++)
    if (*c == '"' || *c == '\\')
      printf("\\%c", *c);
    else if (*c < 0x20 || *c == 0x7f)
      printf("\\u%04x", *c);
    else
      putchar(*c);
  putchar('"');
}

static void print_member(const char *before, const char *key, const char *text)
{
  printf("%s\"%s\": ", before, key);
  if (text)
    print_text(text);
  else
    printf("null");
}

/* The path is what stands before the message in the text. */
static void print_path(const weir_problem *problem)
{
  size_t size = problem->what > problem->text ? (size_t)(problem->what - problem->text) - 2 : 0;
  char path[1024];
  snprintf(path, sizeof path, "%.*s", (int)(size < sizeof path ? size : sizeof path - 1), problem->text);
  print_member(", ", "path", path);
}

static void print_problem(void *arg, const weir_problem *problem)
{
  struct printing *p = arg;
  printf(p->problems++ ? ",\n  {" : "\n  {");
  print_member("", "file", problem->file);
  printf(", \"line\": %d, \"column\": %d", problem->line, problem->column);
  print_member(", ", "pointer", problem->pointer);
  print_path(problem);
  print_member(", ", "message", problem->what);
  putchar('}');
}

static void print_setting(void *arg, const weir_setting *setting)
{
  struct printing *p = arg;
  if (!p->json) {
    printf("%s = %s  # %s\n", setting->path, setting->value, setting->from);
    return;
  }
  printf(p->settings++ ? ",\n  {" : "\n  {");
  print_member("", "path", setting->path);
  printf(", \"value\": %s", setting->value);
  print_member(", ", "from", setting->from);
  print_member(", ", "file", setting->file);
  printf(", \"line\": %d, \"column\": %d", setting->line, setting->column);
  print_member(", ", "pointer", setting->pointer);
  putchar('}');
}

/* ---- checking ---- */

/* An exit code. */
static int check_file(const char *file, const struct options *o, struct printing *p, bool explain)
{
  weir_check_options options = {.live = o->live, .setting = explain ? print_setting : NULL, .arg = p};
  weir_listener as_json = {.problem = print_problem, .arg = p}, silent = {.arg = p};
  bool shows_problems = !o->json || !o->explain || !explain; /* as JSON they are a list of their own, before */
  int rc = weir_topology_check(file, &options, !o->json ? &weir__say_problems : shows_problems ? &as_json : &silent);
  if (rc == WEIR_ENOMEM) weir__say("no memory to check %s", file);
  return !rc ? WEIR__EXIT_SUCCESS : rc == WEIR_ENOMEM ? WEIR__EXIT_FAILED : WEIR__EXIT_CONFIGURATION;
}

static int worse(int a, int b) { return a == WEIR__EXIT_FAILED || b == WEIR__EXIT_SUCCESS ? a : b; }

static int check_files(char **files, const struct options *o, struct printing *p, bool explain)
{
  int code = WEIR__EXIT_SUCCESS;
  for (int i = 0; i < o->files; i++) code = worse(code, check_file(files[i], o, p, explain));
  return code;
}

/* The lists stand one behind the other, so with both the files are checked twice. */
static int check_as_json(char **files, const struct options *o)
{
  struct printing p = {.json = true};
  printf("{\"problems\": [");
  int code = check_files(files, o, &p, false);
  printf(p.problems ? "\n]" : "]");
  if (o->explain) {
    printf(", \"settings\": [");
    code = worse(code, check_files(files, o, &p, true));
    printf(p.settings ? "\n]" : "]");
  }
  puts("}");
  return code;
}

static int check(int count, char **arguments)
{
  struct options o = {.files = 0};
  int code = read_options(&o, count, arguments);
  if (code) return code;
  if (o.help) {
    fputs(help, stdout);
    return WEIR__EXIT_SUCCESS;
  }
  struct printing p = {.json = false};
  return o.json ? check_as_json(arguments, &o) : check_files(arguments, &o, &p, o.explain);
}

const struct weir__command weir__command_check = {
    .name = "check",
    .summary = "says all that is wrong with topologies, and runs nothing",
    .help = help,
    .run = check,
};
