/* report.c: the steps of a run, for people. They are noted only when a schedule is replayed. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine.h"

enum { FRAMES = 4, LINES = 4096 };

static struct line {
  char text[120];
  const void *at[FRAMES];
  uint8_t thread;
} *lines OF_ENGINE = (struct line *)1;
static unsigned count OF_ENGINE = 0;

void list_clear(void) { count = 0; }

/* Who called, by frame pointers, as long as they stay on the stack of the thread. */
static void note_callers(struct line *l, const void *pc)
{
  void **frame = __builtin_frame_address(0);
  unsigned n = 0;
  bool found = false;
  unsigned owner;
  while (n < FRAMES && in_stacks(frame, &owner) && owner == engine->current) {
    void **next = frame[0];
    const void *back = frame[1];
    if (back == pc) found = true;
    if (found) l->at[n++] = back;
    if (next <= frame) break;
    frame = next;
  }
  if (!n) l->at[0] = pc;
}

void list_step(const struct step *step, const char *format, ...)
{
  if (!engine->listing || engine->quiet) return;
  if (lines == (struct line *)1) lines = calloc(LINES, sizeof *lines);
  if (!lines || count == LINES) return;
  struct line *l = &lines[count++];
  va_list args;
  memset(l, 0, sizeof *l);
  va_start(args, format);
  vsnprintf(l->text, sizeof l->text, format, args);
  va_end(args);
  l->thread = (uint8_t)engine->current;
  note_callers(l, step->pc);
}

/* ---- addresses as places in the sources ---- */

/* One address may stand for several functions, inlined into each other: innermost first. */
static void print_places(FILE *names, const void *at)
{
  char function[256], place[512];
  const char *between = "";
  /* addr2line: the address, then two lines for each function. */
  if (!fgets(function, sizeof function, names)) return;
  (void)at;
  for (;;) {
    long here = ftell(names);
    if (!fgets(function, sizeof function, names)) return;
    if (strncmp(function, "0x", 2) == 0) {
      fseek(names, here, SEEK_SET);
      return;
    }
    if (!fgets(place, sizeof place, names)) return;
    function[strcspn(function, "\n")] = 0;
    place[strcspn(place, " \n")] = 0;
    const char *base = strrchr(place, '/');
    printf("%s%s (%s)", between, function, base ? base + 1 : place);
    between = " < ";
  }
}

static FILE *look_up(void)
{
  char script[] = "/tmp/model-XXXXXX", command[600], self[256];
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  int fd = mkstemp(script);
  if (n < 0 || fd < 0) return NULL;
  self[n] = 0;
  FILE *f = fdopen(fd, "w");
  for (unsigned i = 0; f && i < count; i++)
    for (unsigned j = 0; j < FRAMES && lines[i].at[j]; j++)
      fprintf(f, "%p\n", (void *)((char *)(uintptr_t)lines[i].at[j] - 1));
  if (f) fclose(f);
  FILE *names = tmpfile();
  snprintf(command, sizeof command, "addr2line -a -f -i -e '%s' <%s", self, script);
  FILE *out = popen(command, "r");
  char text[1024];
  while (out && names && fgets(text, sizeof text, out)) fputs(text, names);
  if (out) pclose(out);
  unlink(script);
  if (names) rewind(names);
  return names;
}

void list_all(void)
{
  FILE *names = look_up();
  for (unsigned i = 0; i < count; i++) {
    printf("  %3u  thread %u  %-44s", i + 1, lines[i].thread, lines[i].text);
    for (unsigned j = 0; names && j < FRAMES && lines[i].at[j]; j++) {
      printf(j ? " < " : " ");
      print_places(names, lines[i].at[j]);
    }
    printf("\n");
  }
  if (names) fclose(names);
}
