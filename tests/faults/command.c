/* command.c: scenarios that run the weir command: its main(), given another name (tests/CMakeLists.txt). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cli/say.h"
#include "faults/inject.h"
#include "faults/scenario.h"

int weir_command_main(int count, char **arguments);

/* What was written to it. */
static size_t read_back(int fd, char *text, size_t size)
{
  ssize_t n = pread(fd, text, size - 1, 0);
  text[n > 0 ? n : 0] = 0;
  return n > 0 ? (size_t)n : 0;
}

static int file_with(const char *text)
{
  int fd = memfd_create("input", 0);
  if (fd < 0 || write(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0) abort();
  return fd;
}

/* Writes to the pipe that is the command's input, after the command has begun to wait for it, or has ended. */
struct writer {
  const char *text;
  int fd;
  _Atomic(bool) ended;
};
static void *write_late(void *arg)
{
  const struct writer *w = arg;
  while (!atomic_load(&fault_saw_poll) && !atomic_load(&w->ended))
    nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
  if (write(w->fd, w->text, strlen(w->text)) < 0) abort();
  close(w->fd);
  return NULL;
}

/* The command, with a text as its input, from a pipe or a file; NULL: that is closed. It must end with `code`, or say on standard error what
 * is lacking and end with another code of its own. */
static void command(char **arguments, const char *input, bool piped, int code, const char *output)
{
  char said[4096], printed[4096];
  int count = 0, ends[2] = {-1, -1};
  fault_pause();
  while (arguments[count]) count++;
  int in = piped || !input ? -1 : file_with(input), out = memfd_create("output", 0), err = memfd_create("error", 0);
  if (piped && pipe(ends)) abort();
  struct writer writer = {.text = input, .fd = ends[1]};
  pthread_t thread;
  if (piped && pthread_create(&thread, NULL, write_late, &writer)) abort();
  int before_in = dup(0), before_out = dup(1), before_err = dup(2);
  dup2(out, 1), dup2(err, 2);
  if (input)
    dup2(piped ? ends[0] : in, 0), close(piped ? ends[0] : in);
  else
    close(0);
  fault_go_on();
  int ended = weir_command_main(count, arguments);
  fault_pause();
  atomic_store(&writer.ended, true);
  if (piped) pthread_join(thread, NULL);
  dup2(before_in, 0), dup2(before_out, 1), dup2(before_err, 2);
  close(before_in), close(before_out), close(before_err);
  read_back(out, printed, sizeof printed);
  bool spoke = read_back(err, said, sizeof said) > 0 || strstr(printed, "FAILED") ||
               strstr(printed, "\"error\": \""); /* weir test says so where it prints */
  if (ended && spoke && !undisturbed()) reported();
  close(out), close(err);
  fault_go_on();
  if (ended == code && (!output || strcmp(output, printed) == 0)) return;
  if (undisturbed())
    failed("exit code %d; printed \"%s\"; said \"%s\"", ended, printed, said);
  else if (ended == WEIR__EXIT_SUCCESS || ended == WEIR__EXIT_USAGE)
    failed("exit code %d, all the same; printed \"%s\"; said \"%s\"", ended, printed, said);
  else if (!spoke)
    failed("exit code %d, and not a word", ended);
}

static char *topology_file(char *path)
{
  static const char text[] =
      "{ \"runtime\": { \"flavor\": \"current_thread\" }, \"actors\": [\n"
      "  { \"name\": \"lines\", \"type\": \"file_lines\", \"config\": { \"paths\": [\"-\"] }, \"to\": [\"words\"] },\n"
      "  { \"name\": \"words\", \"type\": \"split\", \"to\": [\"count\"] },\n"
      "  { \"name\": \"count\", \"type\": \"count\", \"to\": [\"top\"] },\n"
      "  { \"name\": \"top\", \"type\": \"top\", \"to\": [\"out\"] }, { \"name\": \"out\", \"type\": \"print\" } ] }\n";
  fault_pause();
  int fd = mkstemp(path);
  if (fd < 0 || write(fd, text, sizeof text - 1) < 0) abort();
  close(fd);
  fault_go_on();
  return path;
}

static void run_piped(void)
{
  char path[] = "/tmp/weir-faults-XXXXXX", control[64];
  topology_file(path);
  snprintf(control, sizeof control, "%s.sock", path);
  command((char *[]){"weir", "run", "--stats", "--control", control, path, NULL}, "b a\nb\n", true, 0, "2 b\n1 a\n");
  unlink(path);
}
static void run_redirected(void)
{
  char path[] = "/tmp/weir-faults-XXXXXX";
  command((char *[]){"weir", "run", "--flavor", "multi_thread", "--workers", "1", "--follow-one", "--json",
                     topology_file(path), NULL},
          "b a\nb\n", false, 0, "2 b\n1 a\n");
  unlink(path);
}
static void run_tests(void)
{
  char path[] = "/tmp/weir-faults-XXXXXX.json";
  static const char text[] =
      "{ \"actors\": [\n"
      "  { \"name\": \"lines\", \"type\": \"file_lines\", \"config\": { \"paths\": [\"${IN}\"] }, \"to\": \"words\" "
      "},\n"
      "  { \"name\": \"words\", \"type\": \"split\", \"to\": \"count\" },\n"
      "  { \"name\": \"count\", \"type\": \"count\", \"instances\": 2, \"route\": { \"hash\": \"word\" }, \"to\": "
      "\"top\" },\n"
      "  { \"name\": \"top\", \"type\": \"top\", \"to\": \"out\" }, { \"name\": \"out\", \"type\": \"print\" } ],\n"
      "  \"supervision\": { \"children\": [\"*\"] },\n"
      "  \"tests\": [{ \"name\": \"good\", \"seeds\": 2, \"environment\": { \"IN\": \"x\" }, \"advance\": \"1s\", "
      "\"end\": true, \"any_order\": true,\n"
      "    \"feed\": { \"words\": [\"a b\", { \"text\": \"YQ==\" }] }, \"stub\": { \"top\": true },\n"
      "    \"expect\": { \"words\": [\"a\", \"b\", \"a\"], \"out\": [{ \"word\": \"b\" }, { \"count\": 2 }], "
      "\"dead_letters\": [] } }] }\n";
  fault_pause();
  int fd = mkstemps(path, 5);
  if (fd < 0 || write(fd, text, sizeof text - 1) < 0) abort();
  close(fd);
  fault_go_on();
  command((char *[]){"weir", "test", path, NULL}, "", false, 0, NULL);
  command((char *[]){"weir", "test", "--json", path, NULL}, "", false, 0, NULL);
  unlink(path);
}
static void run_wrong(void)
{
  command((char *[]){"weir", "run", "/nowhere/t.json", NULL}, "", false, WEIR__EXIT_CONFIGURATION, NULL);
  command((char *[]){"weir", "run", "--worker", NULL}, "", false, WEIR__EXIT_USAGE, NULL);
}
static void run_without_input(void)
{
  command((char *[]){"weir", "run", "/nowhere/t.json", NULL}, NULL, false, WEIR__EXIT_CONFIGURATION, NULL);
}
/* Of two files, with what a document may have besides actors. */
static void check_all(void)
{
  static const char common[] =
      "{ \"templates\": { \"best\": { \"params\": { \"k\": { \"kind\": \"int\", \"default\": 3 } }, \"in\": \"count\", "
      "\"out\": \"top\", \"actors\": [ { \"name\": \"count\", \"type\": \"count\", \"to\": \"top\" },\n"
      "  { \"name\": \"top\", \"type\": \"top\", \"config\": { \"k\": { \"param\": \"k\" } } } ] } } }\n";
  static const char text[] =
      "{ \"include\": [\"%s\"], \"runtime\": { \"memory\": \"1GiB\" }, \"actors\": [\n"
      "  { \"name\": \"lines\", \"type\": \"file_lines\", \"config\": { \"paths\": [\"${NO_SUCH:-/dev/null}\", \"%s\"] "
      "}, \"to\": "
      "\"words\" },\n"
      "  { \"name\": \"words\", \"type\": \"split\", \"to\": { \"out\": [{ \"to\": \"one\", \"when_full\": \"drop\" }] "
      "} },\n"
      "  { \"name\": \"one\", \"use\": \"best\", \"with\": { \"k\": 1 }, \"to\": \"out\" },\n"
      "  { \"name\": \"out\", \"type\": \"print\", \"config\": { \"path\": \"%s.out\" } } ],\n"
      "  \"supervision\": { \"children\": [ { \"name\": \"all\", \"children\": [\"*\"] } ] } }\n";
  char path[] = "/tmp/weir-faults-XXXXXX", other[] = "/tmp/weir-faults-XXXXXX";
  fault_pause();
  int fd = mkstemp(path), of_other = mkstemp(other);
  if (fd < 0 || of_other < 0 || write(of_other, common, sizeof common - 1) < 0) abort();
  if (dprintf(fd, text, other, other, path) < 0) abort();
  close(fd), close(of_other);
  fault_go_on();
  command((char *[]){"weir", "check", "--live", path, NULL}, "", false, 0, NULL);
  char output[64];
  snprintf(output, sizeof output, "%s.out", path);
  fault_pause();
  close(open(output, O_CREAT | O_WRONLY, 0600));
  fault_go_on();
  command((char *[]){"weir", "check", "--live", path, NULL}, "", false, 0, NULL); /* now it is there */
  command((char *[]){"weir", "check", "--explain", path, NULL}, "", false, 0, NULL);
  unlink(path), unlink(other), unlink(output);
}
static void show_types(void)
{
  command((char *[]){"weir", "types", "top", NULL}, "", false, 0, NULL);
  command((char *[]){"weir", "schema", NULL}, "", false, 0, NULL);
}
static void make_actor(void)
{
  static const char *const files[] = {"mine.c", "mine_test.c", "CMakeLists.txt", "mine.json"};
  char outer[] = "/tmp/weir-faults-XXXXXX", folder[64], path[96];
  fault_pause();
  if (!mkdtemp(outer)) abort();
  fault_go_on();
  snprintf(folder, sizeof folder, "%s/mine", outer);
  command((char *[]){"weir", "new-actor", "mine", folder, NULL}, "", false, 0, NULL);
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, files[i]);
    unlink(path);
  }
  rmdir(folder);
  rmdir(outer);
}
static void show_help(void) { command((char *[]){"weir", "--help", NULL}, "", false, 0, NULL); }

const struct scenario command_scenarios[] = {
    {"weir run, piped", run_piped, LACKS_FOR_EVER | USES_POOL},
    {"weir run, redirected", run_redirected, LACKS_FOR_EVER | USES_POOL},
    {"weir run, wrong", run_wrong, LACKS_FOR_EVER},
    {"weir test", run_tests, 0},
    {"weir run, no input", run_without_input, LACKS_FOR_EVER},
    {"weir check", check_all, LACKS_FOR_EVER},
    {"weir types", show_types, LACKS_FOR_EVER},
    {"weir new-actor", make_actor, LACKS_FOR_EVER},
    {"weir --help", show_help, LACKS_FOR_EVER},
    {NULL, NULL, 0},
};
