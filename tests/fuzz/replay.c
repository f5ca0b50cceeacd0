/* replay.c: feeds a fuzz target the files that are named, or those in folders that are: where there is no libFuzzer.
 * Each input stands in memory of its own, so that a read beyond it is seen. */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

int LLVMFuzzerInitialize(int *count, char ***arguments) __attribute__((weak));

static size_t replayed;

static int replay_file(const char *name)
{
  FILE *file = fopen(name, "rb");
  struct stat status;
  if (!file || fstat(fileno(file), &status) != 0) {
    perror(name);
    return EXIT_FAILURE;
  }
  size_t size = (size_t)status.st_size;
  uint8_t *data = malloc(size ? size : 1);
  bool whole = data && fread(data, 1, size, file) == size;
  fclose(file);
  if (whole) {
    fprintf(stderr, "%s\n", name); /* the last one is the one that failed */
    LLVMFuzzerTestOneInput(data, size);
    replayed++;
  }
  free(data);
  return whole ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int replay_folder(const char *name, DIR *folder)
{
  int code = EXIT_SUCCESS;
  char path[4096];
  for (struct dirent *entry; !code && (entry = readdir(folder));) {
    snprintf(path, sizeof path, "%s/%s", name, entry->d_name);
    if (entry->d_name[0] != '.') code = replay_file(path);
  }
  closedir(folder);
  return code;
}

int main(int count, char **arguments)
{
  if (LLVMFuzzerInitialize) LLVMFuzzerInitialize(&count, &arguments);
  int code = EXIT_SUCCESS;
  for (int i = 1; i < count && !code; i++) {
    DIR *folder = opendir(arguments[i]);
    code = folder ? replay_folder(arguments[i], folder) : replay_file(arguments[i]);
  }
  fprintf(stderr, "%zu inputs were replayed\n", replayed);
  return !code && replayed ? EXIT_SUCCESS : EXIT_FAILURE;
}
