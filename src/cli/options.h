/* options.h: reads a command's line: options by their table, and what stands beside them.
 *
 * "--seeds 3" and "--seeds=3" are the same. Behind "--" nothing is an option, and "-" alone never is one. "--help" and "-h" every
 * command has: they print its help, and nothing behind them is looked at. */
#ifndef WEIR_CLI_OPTIONS_H
#define WEIR_CLI_OPTIONS_H

#include <stddef.h>
#include <weir/base.h>

#include "cli/command.h"

enum weir__takes {
  WEIR__NO_VALUE,
  WEIR__VALUE,
  WEIR__VALUE_IF_GIVEN /* "--follow-one=words", or nothing: NULL */
};

struct weir__option {
  const char *name; /* with its dashes */
  enum weir__takes takes;
  int (*read)(void *options, const char *value); /* an exit code; NULL: there is `flag` */
  size_t flag;                                   /* where in the options the bool is that it sets */
};

struct weir__line {
  const struct weir__option *known;           /* all but --help; ends with one without a name */
  int (*take)(void *options, char *argument); /* what is no option; an exit code */
};

enum { WEIR__GO_ON = -1 };

/* Fills in the command's own options. WEIR__GO_ON; or an exit code: help was printed, or something is wrong and was said. */
int weir__read_line(const struct weir__command *command, const struct weir__line *line, void *options, int count,
                    char **arguments);

/* The value of an option: seconds, up to a day. An exit code. */
int weir__read_seconds(const struct weir__command *command, const char *option, const char *value, weir_duration *to);

#endif
