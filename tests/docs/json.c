/* json FILE...: says where a file is not JSON; silent about those that are. */
#include <jansson.h>
#include <stdio.h>

int main(int argc, char **argv)
{
  int status = 0;
  for (int i = 1; i < argc; i++) {
    json_error_t error;
    json_t *value = json_load_file(argv[i], JSON_REJECT_DUPLICATES, &error);
    if (!value) {
      printf("%s:%d:%d: %s\n", argv[i], error.line, error.column, error.text);
      status = 1;
    }
    json_decref(value);
  }
  return status;
}
