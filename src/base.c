/* base.c: error codes and their texts, the version. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>
#include <weir/base.h>

#ifndef WEIR_VERSION
#error "the build defines WEIR_VERSION"
#endif

static const struct {
  int code;
  const char *text;
} texts[] = {
    {WEIR_OK, "success"},
    {WEIR_STOP, "stop"},
    {WEIR_EDEAD, "no such actor any more"},
    {WEIR_EFULL, "no place is free"},
    {WEIR_ECLOSED, "the other side is gone"},
    {WEIR_EMPTY_NOW, "nothing is there now"},
    {WEIR_EDEADLOCK, "a deadlock: nothing that it waits for can go on"},
    {WEIR_EWOULDBLOCK, "it would have to wait inside a libuv callback"},
    {WEIR_EFAILED, "the actor failed while it handled the message"},
    {WEIR_EPROTO, "a message of a type that is not understood there"},
    {WEIR_ERANGE, "outside the bounds"},
    {WEIR_EINDOUBT, "time is over, and the handler had begun"},
    {WEIR_ESHUTDOWN, "told to end"},
    {WEIR_EKILLED, "killed"},
    {WEIR_EOPEN, "its breaker is open"},
    {WEIR_ETIMEDOUT, "time is over"},
    {WEIR_ECANCELED, "told to stop"},
};

const char *weir_strerror(int code)
{
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (texts[i].code == code) return texts[i].text;
  if (code <= WEIR_EUSER(0)) return "an error of the program";
  /* uv_strerror() allocates for codes that it does not know. */
  return code < 0 && strncmp(uv_err_name(code), "Unknown", 7) != 0 ? uv_strerror(code) : "unknown error";
}

const char *weir_version(void) { return WEIR_VERSION; }

int weir_die(int code, const char *what)
{
  const char *more = weir_error_text();
  fprintf(stderr, "%s: %s (%d)%s%s\n", what, weir_strerror(code), code, *more ? ": " : "", more);
  return EXIT_FAILURE;
}

int weir_exit_status(int code) { return code == WEIR_OK ? EXIT_SUCCESS : EXIT_FAILURE; }
