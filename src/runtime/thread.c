/* thread.c: see thread.h. */
#include "runtime/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/actor.h>
#include <weir/bytes.h>
#include <weir/runtime.h>

#include "platform/utf8.h"
#include "runtime/depot.h"
#include "runtime/wait.h"
#include "runtime/worker.h"

_Thread_local struct weir__thread *weir__thread_here __attribute__((tls_model("initial-exec")));

/* What weir_error_text() says where there is no context to keep a text in; and whether that was so here: then it is the
 * first error of the context that is made later. */
static const char no_context[] = "no memory for this thread's context";
static _Thread_local bool lacked_context;

/* All contexts ever made, and those whose thread has ended. */
static struct {
  pthread_mutex_t lock;
  pthread_key_t key; /* tells us of a thread's end */
  bool has_key;
  struct weir__thread *all;
  struct weir__thread *free;
  _Atomic(uint64_t) counts[WEIR__COUNTS]; /* of threads that have no context for want of memory */
} threads = {.lock = PTHREAD_MUTEX_INITIALIZER};

void weir__texts_free(struct weir__text *texts)
{
  while (texts) {
    struct weir__text *next = texts->next;
    if (texts->left) weir_bytes_drop((weir_bytes){.owner = texts->left});
    free(texts);
    texts = next;
  }
}

static void keep_free(struct weir__thread *t)
{
  pthread_mutex_lock(&threads.lock);
  t->next_free = threads.free;
  threads.free = t;
  pthread_mutex_unlock(&threads.lock);
}

static void thread_ended(void *context)
{
  struct weir__thread *t = context;
  weir__thread_here = t; /* some systems have cleared it by now */
  weir__permits_end(&t->permits_held);
  weir__permits_return_all(t);
  weir__depot_return_all(t);
  weir__wait_return_all(t);
  weir__debts_return_all(t);
  weir__notices_return_all(t);
  weir__texts_free(t->texts);
  t->texts = NULL;
  t->text_count = 0;
  weir__thread_here = NULL;
  keep_free(t);
}

static struct weir__thread *make_context(void)
{
  struct weir__thread *t = calloc(1, sizeof *t);
  pthread_condattr_t attributes;
  if (!t) return NULL;
  pthread_mutex_init(&t->lock, NULL);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&t->woken, &attributes);
  pthread_condattr_destroy(&attributes);
  t->next = threads.all;
  threads.all = t;
  return t;
}

static struct weir__thread *take_context(void)
{
  struct weir__thread *t = NULL;
  pthread_mutex_lock(&threads.lock);
  t = threads.free;
  if (t)
    threads.free = t->next_free;
  else
    t = make_context();
  pthread_mutex_unlock(&threads.lock);
  if (!t) return NULL;
  t->worker = NULL;
  t->strand = NULL;
  t->pool_of = NULL;
  t->error.code = 0;
  t->error.text[0] = 0;
  return t;
}

/* So that we are told of the end of this thread, which is not one of ours. */
static bool will_tell(struct weir__thread *t)
{
  pthread_mutex_lock(&threads.lock);
  if (!threads.has_key) threads.has_key = pthread_key_create(&threads.key, thread_ended) == 0;
  bool has_key = threads.has_key;
  pthread_mutex_unlock(&threads.lock);
  return has_key && pthread_setspecific(threads.key, t) == 0;
}

struct weir__thread *weir__thread_make(void)
{
  struct weir__thread *t = take_context();
  if (t && !will_tell(t)) {
    keep_free(t);
    t = NULL;
  }
  if (t && lacked_context) {
    t->error.code = WEIR_ENOMEM;
    memcpy(t->error.text, no_context, sizeof no_context);
  }
  lacked_context = !t;
  weir__thread_here = t;
  return t;
}

struct weir__thread *weir__thread_reserve(void) { return take_context(); }
void weir__thread_give_back(struct weir__thread *t) { keep_free(t); }
void weir__thread_begin(struct weir__thread *t) { weir__thread_here = t; }
void weir__thread_end(struct weir__thread *t) { thread_ended(t); }

/* ---- counting ---- */

void weir__count_slowly(enum weir__count which)
{
  atomic_fetch_add_explicit(&threads.counts[which], 1, memory_order_relaxed);
}

static void sum_counts(uint64_t sums[WEIR__COUNTS])
{
  pthread_mutex_lock(&threads.lock);
  for (int i = 0; i < WEIR__COUNTS; i++) {
    sums[i] = atomic_load_explicit(&threads.counts[i], memory_order_relaxed);
    for (struct weir__thread *t = threads.all; t; t = t->next)
      sums[i] += atomic_load_explicit(&t->counts[i], memory_order_relaxed);
  }
  pthread_mutex_unlock(&threads.lock);
}

void weir_accounts_read(weir_accounts *accounts)
{
  uint64_t sums[WEIR__COUNTS];
  sum_counts(sums);
  *accounts = (weir_accounts){
      .created = sums[WEIR__CREATED],
      .handled = sums[WEIR__HANDLED],
      .received = sums[WEIR__RECEIVED],
      .withdrawn = sums[WEIR__WITHDRAWN],
      .dead = sums[WEIR__DEAD],
      .freed = sums[WEIR__FREED],
      .unsent = sums[WEIR__UNSENT],
      .evicted = sums[WEIR__EVICTED],
      .refused_full = sums[WEIR__REFUSED_FULL],
      .refused_dead = sums[WEIR__REFUSED_DEAD],
      .refused_open = sums[WEIR__REFUSED_OPEN],
      .dropped = sums[WEIR__DROPPED],
      .buffers = sums[WEIR__BUFFERS_MADE] - sums[WEIR__BUFFERS_FREED],
  };
  uint64_t ended = accounts->handled + accounts->received + accounts->withdrawn + accounts->dead + accounts->freed +
                   accounts->unsent + accounts->evicted;
  accounts->live = accounts->created - ended;
}

/* Compares what was made with what has ended and what is counted, apart from that, as queued in channels. */
bool weir__accounts_balance(weir_accounts *accounts, uint64_t *queued)
{
  uint64_t sums[WEIR__COUNTS];
  weir_accounts_read(accounts);
  sum_counts(sums);
  *queued = sums[WEIR__ENTERED] - sums[WEIR__LEFT];
  return accounts->live == *queued;
}

/* ---- errors ---- */

struct weir__error *weir__error_here(void)
{
  struct weir__strand *strand = weir__strand_here();
  if (strand) return weir__strand_error(strand);
  struct weir__thread *t = weir__thread();
  return t ? &t->error : NULL;
}

int weir__errorv(int code, const char *format, va_list args)
{
  struct weir__error *e = weir__error_here();
  if (e) {
    char text[sizeof e->text]; /* the arguments may be the old text */
    weir__utf8_end(text, sizeof text, vsnprintf(text, sizeof text, format, args));
    memcpy(e->text, text, sizeof text);
    e->code = code;
  }
  return code;
}

int weir_error(int code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  weir__errorv(code, format, args);
  va_end(args);
  return code;
}

static void diagnose(int code, const char *text)
{
#ifdef WEIR_DEBUG
  const char *mode = getenv("WEIR_MISUSE");
  if (mode && strcmp(mode, "quiet") == 0) return;
  fprintf(stderr, "weir: misuse: %s (%s)\n", text, weir_strerror(code));
  if (mode && strcmp(mode, "abort") == 0) abort();
#else
  (void)code, (void)text;
#endif
}

int weir__misuse(int code, const char *format, ...)
{
  char text[sizeof((struct weir__error *)0)->text];
  va_list args;
  va_start(args, format);
  weir__utf8_end(text, sizeof text, vsnprintf(text, sizeof text, format, args));
  va_end(args);
  diagnose(code, text);
  return weir_error(code, "%s", text);
}

int weir__error_with(int code, const char *text)
{
  if (text) return weir_error(code, "%s", text);
  struct weir__error *e = weir__error_here();
  if (e) e->code = code, e->text[0] = 0;
  return code;
}

const char *weir__error_text_of(int code)
{
  struct weir__error *e = weir__error_here();
  return e && e->code == code && e->text[0] ? e->text : NULL;
}

const char *weir_error_text(void)
{
  struct weir__error *e = weir__error_here();
  return e ? e->text : no_context;
}

/* ---- weir_format() and weir_bytes_leave() ---- */

enum { TEXTS_OF_A_THREAD = 16 };

/* On a plain thread only the last few are kept: nothing tells when a handler that is tested by itself has returned. */
static void keep_few(struct weir__thread *t)
{
  if (++t->text_count <= TEXTS_OF_A_THREAD) return;
  struct weir__text *last = t->texts;
  for (int i = 1; i < TEXTS_OF_A_THREAD; i++) last = last->next;
  weir__texts_free(last->next);
  last->next = NULL;
  t->text_count = TEXTS_OF_A_THREAD;
}

static void add_text(struct weir__thread *t, struct weir__text *made)
{
  struct weir__strand *strand = weir__strand_here();
  struct weir__text **texts = strand ? &strand->texts : &t->texts;
  if (strand) strand->notes = true;
  made->next = *texts;
  *texts = made;
  if (!strand) keep_few(t);
}

bool weir__text_leave(struct weir_buffer *buffer)
{
  struct weir__thread *t = weir__thread();
  struct weir__text *made = t ? malloc(sizeof *made) : NULL;
  if (!made) return false;
  made->left = buffer;
  add_text(t, made);
  return true;
}

const char *weir_format(const char *format, ...)
{
  struct weir__thread *t = weir__thread();
  va_list args;
  va_start(args, format);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  struct weir__text *made = length < 0 || !t ? NULL : malloc(sizeof *made + (size_t)length + 1);
  if (!made) {
    weir_error(WEIR_ENOMEM, "weir_format(): no memory for a text");
    return NULL;
  }
  va_start(args, format);
  vsnprintf(made->text, (size_t)length + 1, format, args);
  va_end(args);
  made->left = NULL;
  add_text(t, made);
  return made->text;
}
