/* command.h: the commands of weir, one file each. */
#ifndef WEIR_CLI_COMMAND_H
#define WEIR_CLI_COMMAND_H

/* Each takes its arguments, arguments[0] being its own name, and returns an exit code. */
struct weir__command {
  const char *name;
  const char *summary; /* one line for people */
  const char *help;    /* how it is used, all of it */
  int (*run)(int count, char **arguments);
};

extern const struct weir__command weir__command_check;
extern const struct weir__command weir__command_run;
extern const struct weir__command weir__command_reload;
extern const struct weir__command weir__command_graph;
extern const struct weir__command weir__command_new_actor;
extern const struct weir__command weir__command_test;
extern const struct weir__command weir__command_types;
extern const struct weir__command weir__command_schema;

#endif
