/* main.c: the weir command: finds the command that is meant, and sees to it that its output was written. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/say.h"
#include "json/suggest.h"

static const struct weir__command *const commands[] = {
    &weir__command_check, &weir__command_test,  &weir__command_run,       &weir__command_reload,
    &weir__command_graph, &weir__command_types, &weir__command_new_actor, &weir__command_schema};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int print_help(FILE *to)
{
  fputs("usage: weir COMMAND [options]\n"
        "       weir help COMMAND\n"
        "       weir --help | --version\n"
        "\n"
        "Runs topologies: graphs of actors, described by a JSON file.\n"
        "\n"
        "commands:\n",
        to);
  for (size_t i = 0; i < COMMANDS; i++) fprintf(to, "  %-11s%s\n", commands[i]->name, commands[i]->summary);
  fputs("  help       shows how a command is used\n"
        "\n"
        "exit codes:\n"
        "  0   success\n"
        "  1   failed while running, or output could not be written\n"
        "  2   the command line is wrong\n"
        "  78  a topology can't be read, or is wrong; nothing was started\n",
        to);
  return WEIR__EXIT_SUCCESS;
}

static const struct weir__command *find_command(const char *name)
{
  for (size_t i = 0; i < COMMANDS; i++)
    if (strcmp(commands[i]->name, name) == 0) return commands[i];
  return NULL;
}

static int unknown_command(const char *name)
{
  struct weir__suggestion suggestion = weir__suggest(name);
  static const char *const others[] = {"help", "--help", "--version"};
  for (size_t i = 0; i < COMMANDS; i++) weir__suggest_offer(&suggestion, commands[i]->name);
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) weir__suggest_offer(&suggestion, others[i]);
  return weir__say_usage(NULL, "unknown %s \"%s\"%s", name[0] == '-' ? "option" : "command", name,
                         weir__suggest_text(&suggestion));
}

static int help_command(int count, char **arguments)
{
  if (count < 2) return print_help(stdout);
  const struct weir__command *command = find_command(arguments[1]);
  if (!command) return unknown_command(arguments[1]);
  fputs(command->help, stdout);
  return WEIR__EXIT_SUCCESS;
}

static int run_command(int count, char **arguments)
{
  if (count < 2) {
    print_help(stderr);
    return WEIR__EXIT_USAGE;
  }
  const char *name = arguments[1];
  const struct weir__command *command = find_command(name);
  if (command) return command->run(count - 1, arguments + 1);
  if (strcmp(name, "help") == 0) return help_command(count - 1, arguments + 1);
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) return print_help(stdout);
  if (strcmp(name, "--version") != 0) return unknown_command(name);
  printf("weir %s\n", weir_version());
  return WEIR__EXIT_SUCCESS;
}

int main(int count, char **arguments)
{
  weir__guard_standard_streams();
  signal(SIGPIPE, SIG_IGN); /* a reader that is gone is an error of the write, and has a message */
  return weir__finish_output(run_command(count, arguments));
}
