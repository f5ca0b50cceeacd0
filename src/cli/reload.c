/* reload.c: weir reload: has a run read its file anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/control.h"
#include "cli/say.h"
#include "json/suggest.h"

static const char help[] =
    "usage: weir reload [options] FILE\n"
    "       weir reload [options] --control PATH\n"
    "\n"
    "Has the run of FILE, or the one that listens at PATH, read its file anew and do what differs, while it runs: "
    "what\n"
    "is new is started first, and if any of it fails nothing has changed. No record is lost or comes twice. What is\n"
    "removed handles what it has got, for as long as the topology's drain; then it is killed.\n"
    "\n"
    "SIGHUP to the run does the same; its answer is in the run's log.\n"
    "\n"
    "options:\n"
    "  --control PATH     the run's control socket; without it that of FILE in $XDG_RUNTIME_DIR\n"
    "  --dry-run          only says what would be done\n"
    "  --timeout SECONDS  how long actors may take to start, or to take another configuration; 10 without it\n"
    "  --json             prints the answer as one line of JSON\n"
    "  --help             shows this\n"
    "\n"
    "The plan has a line for each actor: + it is added, - removed, ~ changed, ! can't be done while it runs.\n"
    "\n"
    "exit codes:\n"
    "  0   nothing differs\n"
    "  2   it was applied; with --dry-run: it would be\n"
    "  1   an actor did not start, or did not take its configuration, and nothing has changed; or the run has ended\n"
    "  64  the command line is wrong\n"
    "  69  no run listens there\n"
    "  78  refused: the file is wrong, or something can't be done while it runs; nothing has changed\n";

struct options {
  const char *file, *path;
  struct weir_reload_file request;
  bool json, help;
};

static int usage(int code) { return code == WEIR__EXIT_USAGE ? WEIR__EXIT_RELOAD_USAGE : code; }

static int read_timeout(struct options *o, const char *value)
{
  enum { MOST_S = 86400 };
  char *end;
  double seconds = *value >= '0' && *value <= '9' ? strtod(value, &end) : -1;
  if (!(seconds >= 0 && seconds <= MOST_S) || *end)
    return weir__say_usage("reload", "reload: --timeout is a number of seconds, 0 to %d, not \"%s\"", (int)MOST_S,
                           value);
  o->request.timeout = WEIR_SECONDS(seconds);
  return WEIR__EXIT_SUCCESS;
}

static int unknown_option(const char *name)
{
  static const char *const names[] = {"--control", "--dry-run", "--timeout", "--json", "--help"};
  struct weir__suggestion suggestion = weir__suggest(name);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) weir__suggest_offer(&suggestion, names[i]);
  return weir__say_usage("reload", "reload: unknown option \"%s\"%s", name, weir__suggest_text(&suggestion));
}

/* Reads arguments[*at], and the value that may follow it. */
static int read_option(struct options *o, char **arguments, int *at)
{
  const char *name = arguments[*at];
  bool takes = strcmp(name, "--control") == 0 || strcmp(name, "--timeout") == 0;
  const char *value = takes ? arguments[*at + 1] : NULL;
  if (takes && !value) return weir__say_usage("reload", "reload: %s needs a value", name);
  if (takes) ++*at;
  if (strcmp(name, "--control") == 0)
    o->path = value;
  else if (takes)
    return read_timeout(o, value);
  else if (strcmp(name, "--dry-run") == 0)
    o->request.dry_run = true;
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
  int code = WEIR__EXIT_SUCCESS;
  bool options_ended = false;
  for (int i = 1; i < count && !code && !o->help; i++) {
    if (!options_ended && strcmp(arguments[i], "--") == 0)
      options_ended = true;
    else if (!options_ended && arguments[i][0] == '-')
      code = read_option(o, arguments, &i);
    else if (o->file)
      code = weir__say_usage("reload", "reload: one file at a time: \"%s\", or \"%s\"?", o->file, arguments[i]);
    else
      o->file = arguments[i];
  }
  if (code || o->help) return code;
  if (!o->file == !o->path) return weir__say_usage("reload", "reload: which run? FILE, or --control PATH");
  return WEIR__EXIT_SUCCESS;
}

static void print_line(void *to, const char *text) { fprintf(to, "%s\n", text); }

static int code_of(const struct weir_reloaded *answer)
{
  const char *outcome = answer->outcome;
  return strcmp(outcome, "unchanged") == 0 ? WEIR__EXIT_SUCCESS
         : strcmp(outcome, "refused") == 0 ? WEIR__EXIT_CONFIGURATION
         : strcmp(outcome, "failed") == 0  ? WEIR__EXIT_FAILED
                                           : WEIR__EXIT_APPLIED;
}

static int print(const struct weir_reloaded *answer, const struct options *o)
{
  char *text = NULL;
  if (!o->json) {
    weir__control_print(answer, print_line, stdout);
    return code_of(answer);
  }
  int rc = weir_json_write(weir_reloaded, answer, &text, NULL);
  if (rc) weir__say("%s", weir_strerror(rc));
  if (!rc) puts(text);
  free(text);
  return rc ? WEIR__EXIT_FAILED : code_of(answer);
}

static int reload(int count, char **arguments)
{
  struct options o = {.request.timeout = WEIR_SECONDS(10)};
  struct weir_reloaded *answer;
  char path[WEIR__CONTROL_PATH];
  int code = read_options(&o, count, arguments);
  if (code) return usage(code);
  if (o.help) {
    fputs(help, stdout);
    return WEIR__EXIT_SUCCESS;
  }
  if (!o.path && !weir__control_path(o.file, path)) {
    weir__say("where does the run of %s listen? $XDG_RUNTIME_DIR is not set, or there is no such file: --control PATH",
              o.file);
    return WEIR__EXIT_NOT_THERE;
  }
  code = weir__control_ask(o.path ? o.path : path, &o.request, &answer);
  if (!code) code = print(answer, &o);
  weir_free(answer);
  return code;
}

const struct weir__command weir__command_reload = {
    .name = "reload",
    .summary = "has a run read its file anew, and change while it runs",
    .help = help,
    .run = reload,
};
