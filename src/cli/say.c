/* say.c: see say.h. */
#include "cli/say.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static WEIR_PRINTF(1, 0) void say(const char *format, va_list arguments)
{
  fputs("weir: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
}

void weir__say(const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  say(format, arguments);
  va_end(arguments);
}

int weir__say_usage(const char *command, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  say(format, arguments);
  va_end(arguments);
  fprintf(stderr, "Try \"weir %s%s--help\".\n", command ? command : "", command ? " " : "");
  return WEIR__EXIT_USAGE;
}

/* Colour is for people: not in files, and not for those who said no (https://no-color.org). */
static bool in_colour(void)
{
  const char *no = getenv("NO_COLOR");
  return (!no || !*no) && isatty(STDERR_FILENO);
}

static void say_problem(void *arg, const weir_problem *problem)
{
  (void)arg;
  const char *error = in_colour() ? "\033[1;31merror:\033[0m" : "error:";
  if (!problem->file)
    weir__say("%s", problem->text);
  else if (problem->line)
    fprintf(stderr, "%s:%d:%d: %s %s\n", problem->file, problem->line, problem->column, error, problem->text);
  else
    fprintf(stderr, "%s: %s %s\n", problem->file, error, problem->text);
}

const weir_listener weir__say_problems = {.problem = say_problem};

void weir__guard_standard_streams(void)
{
  /* Opened the wrong way round: reading from 0 and writing to 1 and 2 go on failing with EBADF. */
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0) return;
}

int weir__finish_output(int code)
{
  bool failed = ferror(stdout) != 0;
  /* Some systems report only on closing that nothing was stored; the stream itself is not used afterwards. */
  if (!failed && fflush(stdout) == 0 && close(STDOUT_FILENO) == 0) return code;
  weir__say("cannot write to standard output: %s", strerror(errno));
  return code == WEIR__EXIT_SUCCESS ? WEIR__EXIT_FAILED : code;
}
