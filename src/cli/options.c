/* options.c: see options.h. */
#include "cli/options.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/say.h"
#include "json/suggest.h"

static int unknown_option(const struct weir__command *command, const struct weir__line *line, const char *name)
{
  struct weir__suggestion suggestion = weir__suggest(name);
  for (const struct weir__option *o = line->known; o->name; o++) weir__suggest_offer(&suggestion, o->name);
  weir__suggest_offer(&suggestion, "--help");
  return weir__say_usage(command->name, "%s: unknown option \"%s\"%s", command->name, name,
                         weir__suggest_text(&suggestion));
}

static int read_value(const struct weir__option *option, void *options, const char *value)
{
  if (option->read) return option->read(options, value);
  *(bool *)((char *)options + option->flag) = true;
  return WEIR__EXIT_SUCCESS;
}

/* Reads arguments[*at], and the value that may follow it. */
static int read_option(const struct weir__command *command, const struct weir__line *line, void *options,
                       char **arguments, int *at)
{
  char *name = arguments[*at], *equals = strchr(name, '=');
  const char *value = equals ? equals + 1 : NULL;
  if (equals) *equals = 0;
  const struct weir__option *o = line->known;
  while (o->name && strcmp(o->name, name) != 0) o++;
  if (!o->name) return unknown_option(command, line, name);
  if (value && o->takes == WEIR__NO_VALUE)
    return weir__say_usage(command->name, "%s: %s takes no value", command->name, name);
  if (o->takes == WEIR__VALUE && !value) value = arguments[*at + 1] ? arguments[++*at] : NULL;
  if (o->takes == WEIR__VALUE && !value)
    return weir__say_usage(command->name, "%s: %s needs a value", command->name, name);
  return read_value(o, options, value);
}

static bool asks_for_help(const char *argument)
{
  return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

int weir__read_line(const struct weir__command *command, const struct weir__line *line, void *options, int count,
                    char **arguments)
{
  bool options_ended = false;
  int code = WEIR__EXIT_SUCCESS;
  for (int i = 1; i < count && !code; i++) {
    if (options_ended || arguments[i][0] != '-' || !arguments[i][1]) {
      code = line->take(options, arguments[i]);
    } else if (asks_for_help(arguments[i])) {
      fputs(command->help, stdout);
      return WEIR__EXIT_SUCCESS;
    } else if (strcmp(arguments[i], "--") == 0) {
      options_ended = true;
    } else {
      code = read_option(command, line, options, arguments, &i);
    }
  }
  return code ? code : WEIR__GO_ON;
}

int weir__read_seconds(const struct weir__command *command, const char *option, const char *value, weir_duration *to)
{
  enum { MOST_S = 86400 };
  char *end;
  double seconds = *value >= '0' && *value <= '9' ? strtod(value, &end) : -1;
  if (!(seconds >= 0 && seconds <= MOST_S) || *end)
    return weir__say_usage(command->name, "%s: %s is a number of seconds, 0 to %d, not \"%s\"", command->name, option,
                           (int)MOST_S, value);
  *to = WEIR_SECONDS(seconds);
  return WEIR__EXIT_SUCCESS;
}
