/* last_words.h: what a process that dies says on standard error: in which run of many it was. */
#ifndef WEIR__LAST_WORDS_H
#define WEIR__LAST_WORDS_H

#include <weir/base.h>

enum { WEIR__DEADLY = 5 };
/* Which signals are listened to. */
struct weir__listening {
  bool to[WEIR__DEADLY];
};

/* From now on until the end SIGABRT, SIGSEGV, SIGBUS, SIGFPE and SIGILL write this thread's last words, and then do what they
 * would have done; but for those that somebody else listens to: sanitizers and test frameworks do. */
struct weir__listening weir__last_words_begin(void);
void weir__last_words_end(const struct weir__listening *listening);
/* This thread's last words from now on; at most 255 bytes. NULL: none. */
void weir__last_words(const char *format, ...) WEIR_PRINTF(1, 2);
/* Writes them, once. Also in a handler of a signal, on this thread. */
void weir__last_words_say(void);

#endif
