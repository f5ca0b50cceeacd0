/* fuzz_command.c: the command's main, called with arguments from the input: one a line, up to an empty line; what
 * follows is the content of the file t.json.
 *
 * It runs in a folder of its own, and no input can leave that: there are no slashes in arguments and file. Standard
 * input is a short text; what is printed is caught and looked at. */
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "fuzz.h"

int weir_command_main(int count, char **arguments);
int LLVMFuzzerInitialize(int *count, char ***arguments);

enum { ARGUMENTS_MOST = 12, PRINTED_MOST = 1 << 16 };

/* The folder, and descriptors that are kept open. */
static struct {
  char path[64];
  int folder, home; /* folders: of the runs, and where this program was started */
  int input, output;
  int standard_input, standard_output; /* this program's own */
} place;

/* ---- the folder ---- */

static void empty_folder(void)
{
  DIR *folder = opendir(place.path);
  for (struct dirent *entry; folder && (entry = readdir(folder));)
    if (entry->d_type == DT_REG) unlinkat(place.folder, entry->d_name, 0);
  if (folder) closedir(folder);
}

static void leave_nothing(void)
{
  empty_folder();
  rmdir(place.path);
}

/* An open file without a name. */
static int nameless(const char *content)
{
  FILE *file = tmpfile();
  CHECK(file && fputs(content, file) >= 0 && fflush(file) == 0);
  int fd = fcntl(fileno(file), F_DUPFD_CLOEXEC, 10);
  fclose(file);
  return fd;
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
  (void)count, (void)arguments;
  const char *parent = getenv("TMPDIR");
  setenv("NO_COLOR", "1", 1);
  snprintf(place.path, sizeof place.path, "%s/weir-fuzz-XXXXXX", parent && strlen(parent) < 40 ? parent : "/tmp");
  CHECK(mkdtemp(place.path));
  place.home = open(".", O_DIRECTORY | O_CLOEXEC);
  place.folder = open(place.path, O_DIRECTORY | O_CLOEXEC);
  place.input = nameless("The cat and the hat.\nThe END, and\n");
  place.output = nameless("");
  place.standard_input = fcntl(0, F_DUPFD_CLOEXEC, 10);
  place.standard_output = fcntl(1, F_DUPFD_CLOEXEC, 10);
  CHECK(place.home >= 0 && place.folder >= 0 && place.input >= 0 && place.output >= 0);
  atexit(leave_nothing);
  return 0;
}

/* ---- one run ---- */

struct call {
  char *arguments[ARGUMENTS_MOST + 2];
  char *own[ARGUMENTS_MOST + 2]; /* the same: a command may put its arguments in another order, over each other */
  int count;
  const char *file; /* t.json's content; NULL: there is none */
  size_t size;
};

/* `text` ends with a NUL. Each argument lies in memory of its own, so that a read beyond it is seen. */
static void split(struct call *call, char *text, size_t size)
{
  char *at = text, *end = text + size;
  *call = (struct call){.arguments = {strdup("weir")}, .count = 1};
  while (at < end && *at != '\n' && call->count <= ARGUMENTS_MOST) {
    size_t length = strcspn(at, "\n");
    call->arguments[call->count++] = strndup(at, length);
    at += length + (at[length] == '\n');
    if (at < end && !*at) return; /* a zero byte in an argument: there is no file */
  }
  if (at >= end || *at != '\n') return;
  call->file = at + 1;
  call->size = (size_t)(end - at) - 1;
}

static bool leaves_folder(const char *text, size_t size)
{
  for (size_t i = 0; i + 5 < size; i++)
    if (text[i] == '\\' && text[i + 1] == 'u' && memcmp(text + i + 2, "002", 3) == 0 && (text[i + 5] | 0x20) == 'f')
      return true;
  return memchr(text, '/', size);
}

static void write_file(const struct call *call)
{
  if (!call->file) return;
  int fd = openat(place.folder, "t.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  CHECK(fd >= 0 && write(fd, call->file, call->size) == (ssize_t)call->size);
  close(fd);
}

struct result {
  int code;
  char *said; /* on standard error */
  size_t said_size;
  char printed[PRINTED_MOST];
  size_t printed_size;
};

static void redirect(void)
{
  CHECK(ftruncate(place.output, 0) == 0 && lseek(place.output, 0, SEEK_SET) == 0);
  CHECK(lseek(place.input, 0, SEEK_SET) == 0);
  CHECK(dup2(place.input, 0) == 0 && dup2(place.output, 1) == 1 && fchdir(place.folder) == 0);
}

/* The command has closed its standard output, and its stream may have noted an error. */
static void restore(void)
{
  CHECK(dup2(place.standard_input, 0) == 0 && dup2(place.standard_output, 1) == 1 && fchdir(place.home) == 0);
  clearerr(stdout);
}

static void run(struct call *call, struct result *result)
{
  FILE *error = stderr; /* the descriptor stays, for the reports of sanitizers */
  *result = (struct result){.code = 0};
  fflush(stdout);
  redirect();
  stderr = open_memstream(&result->said, &result->said_size);
  if (!stderr) abort();
  result->code = weir_command_main(call->count, call->arguments);
  fclose(stderr);
  stderr = error;
  restore();
  ssize_t size = pread(place.output, result->printed, sizeof result->printed - 1, 0);
  CHECK(size >= 0);
  result->printed_size = (size_t)size;
}

/* ---- what must be true of it ---- */

enum { SUCCESS = 0, FAILED = 1, USAGE = 2, CONFIGURATION = 78 };
enum { RELOAD_USAGE = 64, NOT_THERE = 69 }; /* of weir reload, for which 2 means that it was applied */

static bool has_argument(const struct call *call, const char *argument)
{
  for (int i = 1; i < call->count; i++)
    if (strcmp(call->own[i], argument) == 0) return true;
  return false;
}

static void check(const struct call *call, const struct result *r)
{
  bool json = has_argument(call, "--json") && r->printed_size; /* what is wrong is said there, for programs */
  bool reload = call->count > 1 && strcmp(call->own[1], "reload") == 0;
  int usage = reload ? RELOAD_USAGE : USAGE;
  CHECK(r->code == SUCCESS || r->code == FAILED || r->code == usage || r->code == CONFIGURATION ||
        (reload && r->code == NOT_THERE));
  CHECK(r->code == SUCCESS || r->said_size || json);
  CHECK(r->said_size == 0 || r->said[r->said_size - 1] == '\n');
  if (r->code == usage || (r->code == CONFIGURATION && !json)) CHECK(r->printed_size == 0);
  if (r->code == usage && call->count > 1) CHECK(strstr(r->said, "\nTry \"weir "));
  if (r->code == CONFIGURATION && !json) CHECK(strstr(r->said, "error: ") || strstr(r->said, "weir: cannot read "));
  if (call->count == 1) CHECK(r->code == USAGE);
  fuzz_check_accounts();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct result result;
  struct call call;
  if (leaves_folder((const char *)data, size)) return 0;
  char *text = malloc(size + 1);
  if (!text) return 0;
  memcpy(text, data, size);
  text[size] = 0;
  split(&call, text, size);
  memcpy(call.own, call.arguments, sizeof call.own);
  write_file(&call);
  run(&call, &result);
  check(&call, &result);
  empty_folder();
  for (int i = 0; i < call.count; i++) free(call.own[i]);
  free(result.said);
  free(text);
  return 0;
}
