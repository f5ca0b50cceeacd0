/* A plugin for tests of weir test: types that do what goes wrong, that count by time, and whose results depend on the order. */
#include <stdio.h>
#include <string.h>
#include <weir/edge.h>
#include <weir/oneshot.h>
#include <weir/plugin.h>
#include <weir/records.h>
#include <weir/timer.h>
#include <weir/weir.h>

/* ---- what goes wrong, by the word ---- */

struct moody {
  int *nowhere;
};

static int wait_for_ever(void)
{
  weir_promise promise;
  weir_future future;
  struct weir_none *nothing;
  int rc = weir_oneshot(&promise, &future);
  if (!rc) rc = weir_future_wait(future, WEIR_FOREVER, &nothing, weir_none);
  weir_promise_drop(promise);
  return rc;
}

static int moody_take(struct moody *m, const struct word *w)
{
  if (strcmp(w->word, "refuse") == 0) return weir_error(WEIR_EUSER(1), "not that word");
  if (strcmp(w->word, "fail") == 0) weir_fail(WEIR_EUSER(2), "no more of this");
  if (strcmp(w->word, "crash") == 0) *(volatile int *)m->nowhere = 1;
  if (strcmp(w->word, "wait") == 0) return wait_for_ever();
  for (volatile bool spins = strcmp(w->word, "spin") == 0; spins;) continue;
  return weir_send(weir_output("out"), word, .word = w->word);
}
WEIR_ACTOR(moody, WEIR_ON(word, moody_take), .gives = {weir_message_word}, .help = "passes words on, but some");

/* ---- by time ---- */

struct tick {
  WEIR_EMPTY;
};
WEIR_MESSAGE(tick);

struct window {
  int64_t count;
};

static int window_open(struct window *w)
{
  (void)w;
  return weir_send_every(weir_self(), WEIR_SECONDS(1), tick).error;
}

static int window_take(struct window *w)
{
  w->count++;
  return WEIR_OK;
}

static int window_tick(struct window *w)
{
  int64_t count = w->count;
  w->count = 0;
  return count ? weir_send(weir_output("out"), tally, .word = "window", .count = count) : WEIR_OK;
}
WEIR_ACTOR(window, WEIR_ON_START(weir_none, window_open) WEIR_ON(word, window_take) WEIR_ON(tick, window_tick),
           .takes = weir_message_word, .gives = {weir_message_tally}, .help = "counts words, each second");

/* ---- by order ---- */

struct last {
  char word[32];
};

static int last_take(struct last *l, const struct word *w)
{
  snprintf(l->word, sizeof l->word, "%s", w->word);
  return WEIR_OK;
}

static int last_end(struct last *l) { return weir_send(weir_output("out"), word, .word = l->word); }
WEIR_ACTOR(last, WEIR_ON(word, last_take) WEIR_ON(weir_inputs_ended, last_end), .gives = {weir_message_word},
           .help = "gives the last word");

/* ---- several outputs; files ---- */

struct sieve {
  WEIR_EMPTY;
};

static int sieve_take(struct sieve *s, const struct word *w)
{
  (void)s;
  return weir_send(weir_output(strlen(w->word) > 3 ? "long" : "short"), word, .word = w->word);
}
WEIR_ACTOR(sieve, WEIR_ON(word, sieve_take), .outputs = {"long", "short"}, .help = "parts words by their length");

struct lookup_config {
  const char *path;
};
WEIR_MESSAGE(lookup_config, WEIR_FIELD(path, .use = WEIR_USE_READS, .help = "where words are looked up"));
struct lookup {
  WEIR_EMPTY;
};

static int lookup_open(struct lookup *l, const struct lookup_config *c)
{
  (void)l;
  FILE *file = fopen(c->path, "r");
  if (!file) return weir_error(WEIR_EUSER(3), "there is no %s", c->path);
  fclose(file);
  return WEIR_OK;
}

static int lookup_take(struct lookup *l, const struct word *w)
{
  (void)l;
  return weir_send(weir_output("out"), word, .word = w->word);
}
WEIR_ACTOR(lookup, WEIR_ON_START(lookup_config, lookup_open) WEIR_ON(word, lookup_take), .gives = {weir_message_word},
           .runs = WEIR_ON_BLOCKING_POOL, .help = "looks words up in a file");

struct save_config {
  const char *path;
};
WEIR_MESSAGE(save_config, WEIR_FIELD(path, .use = WEIR_USE_WRITES, .help = "where words are saved"));
struct save {
  FILE *file;
};

static int save_open(struct save *s, const struct save_config *c)
{
  s->file = fopen(c->path, "w");
  return s->file ? WEIR_OK : weir_error(WEIR_EUSER(4), "can't write %s", c->path);
}

static int save_take(struct save *s, const struct word *w)
{
  return fprintf(s->file, "%s\n", w->word) > 0 ? 0 : WEIR_EUSER(5);
}

static void save_close(struct save *s)
{
  if (s->file) fclose(s->file);
}
WEIR_ACTOR(save, WEIR_ON_START(save_config, save_open) WEIR_ON(word, save_take) WEIR_ON_END(save_close),
           .runs = WEIR_ON_BLOCKING_POOL, .help = "saves words in a file");

WEIR_PLUGIN("odd", "1.0.0", &moody, &window, &last, &sieve, &lookup, &save);
