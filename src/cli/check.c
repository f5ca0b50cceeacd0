/* check.c: weir check: says all that is wrong with topologies, and runs nothing. */
#include <stdbool.h>
#include <stdio.h>

#include "cli/options.h"
#include "cli/say.h"

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
  bool live, explain, json;
  char **files; /* in the place of the arguments that were read */
  int count;
};

/* What is printed as one JSON object. */
struct printing {
  bool json;
  size_t problems; /* so far, of this list */
  size_t settings;
};

/* ---- the command line ---- */

static int take_file(void *options, char *file)
{
  struct options *o = options;
  o->files[o->count++] = file;
  return WEIR__EXIT_SUCCESS;
}

static const struct weir__option known[] = {{"--live", .flag = offsetof(struct options, live)},
                                            {"--explain", .flag = offsetof(struct options, explain)},
                                            {"--json", .flag = offsetof(struct options, json)},
                                            {0}};
static const struct weir__line command_line = {known, take_file};

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

static int check_files(const struct options *o, struct printing *p, bool explain)
{
  int code = WEIR__EXIT_SUCCESS;
  for (int i = 0; i < o->count; i++) code = worse(code, check_file(o->files[i], o, p, explain));
  return code;
}

/* The lists stand one behind the other, so with both the files are checked twice. */
static int check_as_json(const struct options *o)
{
  struct printing p = {.json = true};
  printf("{\"problems\": [");
  int code = check_files(o, &p, false);
  printf(p.problems ? "\n]" : "]");
  if (o->explain) {
    printf(", \"settings\": [");
    code = worse(code, check_files(o, &p, true));
    printf(p.settings ? "\n]" : "]");
  }
  puts("}");
  return code;
}

static int check(int count, char **arguments)
{
  struct options o = {.files = arguments};
  int code = weir__read_line(&weir__command_check, &command_line, &o, count, arguments);
  if (code != WEIR__GO_ON) return code;
  if (!o.count) return weir__say_usage("check", "check: which FILE?");
  struct printing p = {.json = false};
  return o.json ? check_as_json(&o) : check_files(&o, &p, o.explain);
}

const struct weir__command weir__command_check = {
    .name = "check",
    .summary = "says all that is wrong with topologies, and runs nothing",
    .help = help,
    .run = check,
};
