/* say.h: what the command says to people, and whether it could. */
#ifndef WEIR_CLI_SAY_H
#define WEIR_CLI_SAY_H

#include <weir/topology.h>

/* Exit codes: part of the interface, and in the help. */
enum {
  WEIR__EXIT_SUCCESS = 0,
  WEIR__EXIT_FAILED = 1,         /* while running */
  WEIR__EXIT_USAGE = 2,          /* the command line is wrong */
  WEIR__EXIT_CONFIGURATION = 78, /* EX_CONFIG of sysexits.h: the topology is wrong, or can't be read */
  /* Of weir reload, where 2 is taken: */
  WEIR__EXIT_APPLIED = 2,
  WEIR__EXIT_RELOAD_USAGE = 64, /* EX_USAGE */
  WEIR__EXIT_NOT_THERE = 69     /* EX_UNAVAILABLE: no run listens */
};

/* One line on standard error: "weir: …". */
void weir__say(const char *format, ...) WEIR_PRINTF(1, 2);
/* As weir__say(), with a line that names the help of `command` (NULL: of weir itself). Returns WEIR__EXIT_USAGE. */
int weir__say_usage(const char *command, const char *format, ...) WEIR_PRINTF(2, 3);
/* Prints problems of topologies: "file:line:column: error: text", or "weir: text" for one without a file. */
extern const weir_listener weir__say_problems;

/* Descriptors 0 to 2 that are closed are taken, so that no file gets them: their uses fail as before. */
void weir__guard_standard_streams(void);
/* Writes out what was printed on standard output. `code`, or WEIR__EXIT_FAILED with a message where that failed. */
int weir__finish_output(int code);

#endif
