/* reload.c: weir reload: has a run read its file anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/control.h"
#include "cli/options.h"
#include "cli/say.h"

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
  bool json;
};

static int usage(int code) { return code == WEIR__EXIT_USAGE ? WEIR__EXIT_RELOAD_USAGE : code; }

static int read_timeout(void *options, const char *value)
{
  return weir__read_seconds(&weir__command_reload, "--timeout", value, &((struct options *)options)->request.timeout);
}

static int read_control(void *options, const char *value)
{
  ((struct options *)options)->path = value;
  return WEIR__EXIT_SUCCESS;
}

static int take_file(void *options, char *file)
{
  struct options *o = options;
  if (o->file) return weir__say_usage("reload", "reload: one file at a time: \"%s\", or \"%s\"?", o->file, file);
  o->file = file;
  return WEIR__EXIT_SUCCESS;
}

static const struct weir__option known[] = {{"--control", WEIR__VALUE, .read = read_control},
                                            {"--dry-run", .flag = offsetof(struct options, request.dry_run)},
                                            {"--timeout", WEIR__VALUE, .read = read_timeout},
                                            {"--json", .flag = offsetof(struct options, json)},
                                            {0}};
static const struct weir__line command_line = {known, take_file};

static int read_options(struct options *o, int count, char **arguments)
{
  int code = weir__read_line(&weir__command_reload, &command_line, o, count, arguments);
  if (code == WEIR__GO_ON && !o->file == !o->path)
    code = weir__say_usage("reload", "reload: which run? FILE, or --control PATH");
  return code;
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
  if (code != WEIR__GO_ON) return usage(code);
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
