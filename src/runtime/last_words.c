/* last_words.c: see last_words.h. */
#include "runtime/last_words.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const int deadly[WEIR__DEADLY] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

/* What a handler of a signal may read: it is written while `are` is 0, on its thread. */
static _Thread_local struct {
  volatile sig_atomic_t are;
  char text[256];
  size_t length;
} words;
static struct sigaction before[WEIR__DEADLY];

void weir__last_words_say(void)
{
  int saved = errno;
  if (words.are) {
    words.are = 0;
    if (write(STDERR_FILENO, words.text, words.length) < 0) errno = saved;
  }
  errno = saved;
}

/* The signal then does what it would have done: whoever raised it does so again. */
static void on_deadly(int number)
{
  int saved = errno;
  weir__last_words_say();
  for (int i = 0; i < WEIR__DEADLY; i++)
    if (deadly[i] == number) sigaction(number, &before[i], NULL);
  errno = saved;
}

/* True: it is ours. */
static bool listen_to(int i)
{
  struct sigaction ours;
  memset(&ours, 0, sizeof ours);
  ours.sa_handler = on_deadly;
  ours.sa_flags = SA_ONSTACK | SA_NODEFER;
  sigemptyset(&ours.sa_mask);
  if (sigaction(deadly[i], NULL, &before[i]) != 0 || before[i].sa_handler != SIG_DFL) return false;
  return sigaction(deadly[i], &ours, NULL) == 0;
}

struct weir__listening weir__last_words_begin(void)
{
  struct weir__listening listening;
  for (int i = 0; i < WEIR__DEADLY; i++) listening.to[i] = listen_to(i);
  return listening;
}

void weir__last_words_end(const struct weir__listening *listening)
{
  for (int i = 0; i < WEIR__DEADLY; i++)
    if (listening->to[i]) sigaction(deadly[i], &before[i], NULL);
}

void weir__last_words(const char *format, ...)
{
  va_list arguments;
  words.are = 0;
  if (!format) return;
  va_start(arguments, format);
  int size = vsnprintf(words.text, sizeof words.text, format, arguments);
  va_end(arguments);
  words.length = size < 0 ? 0 : (size_t)size < sizeof words.text ? (size_t)size : sizeof words.text - 1;
  words.are = 1;
}
