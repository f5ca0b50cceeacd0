/* slow_sink.c: a pipeline whose sink is ten times slower than it could be: what becomes of its memory?
 *
 *   slow_sink FILE      lines of FILE -> words -> a sink, first at full speed, then with a sink that sleeps
 *
 * Prints time, resident memory (sampled every 50 ms: the least after the first second, and the most) and the most
 * messages that were seen in each mailbox, beside its capacity. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <weir/weir.h>

#include "actor/edge.h"
#include "actors/stock.h"
#include <weir/records.h>

struct pace {
  weir_duration rest; /* after each thousand words */
};
WEIR_MESSAGE(pace, WEIR_FIELD(rest));

static int64_t words_seen; /* the sink's; read when its runtime has stopped */

struct sink {
  weir_duration rest;
  int64_t owed_ns; /* sleeps shorter than some milliseconds are saved up */
};

static int begin(struct sink *s, const struct pace *p)
{
  s->rest = p->rest;
  return WEIR_OK;
}

static int take(struct sink *s, const struct word *w)
{
  (void)w;
  if (++words_seen % 1000) return WEIR_OK;
  s->owed_ns += s->rest.ns;
  if (s->owed_ns < 10000000) return WEIR_OK;
  weir_duration rest = {s->owed_ns};
  s->owed_ns = 0;
  return weir_sleep(rest);
}

WEIR_ACTOR(sink, WEIR_ON_START(pace, begin) WEIR_ON(word, take));

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double resident_mib(void)
{
  long pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (!f || fscanf(f, "%*d %ld", &pages) != 1) pages = 0;
  if (f) fclose(f);
  return (double)pages * 4096 / 1048576;
}

static void must(int rc, const char *what)
{
  if (rc) exit(weir_die(rc, what));
}

static const struct weir__stock *stock(const char *name)
{
  const struct weir__stock *const *s = weir__stock_types;
  while (strcmp((*s)->actor->name, name) != 0) s++;
  return *s;
}

struct run {
  weir_sender done;
};

static void ended(void *arg, const struct weir__ending *e)
{
  struct run *r = arg;
  printf("  %-6s at most %llu of %llu places taken\n", e->name, (unsigned long long)e->high_water,
         (unsigned long long)e->capacity);
  if (e->code) fprintf(stderr, "%s: %s\n", e->name, e->text);
  if (weir_channel_try_send(r->done, pace, .rest = {0})) abort();
}

static void lost(void *arg, const char *actor, const char *message, int code, const char *text)
{
  (void)arg;
  fprintf(stderr, "%s lost a %s: %d %s\n", actor, message, code, text);
}

static weir_ref spawn(const weir_actor *type, weir_value config, size_t inputs, weir_ref to, struct run *r)
{
  struct weir__target target = {.instances = &to, .count = 1};
  struct weir__wiring wiring = {.output = "out", .targets = &target, .count = 1};
  bool is_sink = weir_ref_error(to) != WEIR_OK;
  struct weir__wired wired = {
      .outputs = &wiring, .output_count = is_sink ? 0 : 1, .inputs = inputs, .ended = ended, .lost = lost, .arg = r};
  weir_ref ref = weir__spawn_wired(type, &(weir_spawn_options){.name = type->name, .config = config}, &wired);
  must(weir_ref_error(ref), type->name);
  return ref;
}

/* The configurations of the stock types, as their files declare them. */
struct lines_config {
  const char *const *paths;
  size_t path_count;
  int64_t max_line;
};
struct words_config {
  const char *on;
  bool fold_case;
};

static double pass(weir_value lines, weir_value words, weir_duration rest)
{
  weir_runtime *rt;
  weir_receiver rx;
  struct run r;
  must(weir_runtime_start(&(weir_runtime_options){.workers = 2}, &rt), "start");
  must(weir_mpsc(8, &r.done, &rx), "channel");
  double from = now(), most = 0, least = 1e9;
  weir_ref s = spawn(&sink, WEIR_VALUE(pace, .rest = rest), 1, (weir_ref){0}, &r);
  weir_ref w = spawn(stock("split")->actor, words, 1, s, &r);
  spawn(stock("file_lines")->actor, lines, 0, w, &r);
  for (int left = 3; left;) {
    struct pace *p;
    int rc = weir_receive_within(rx, WEIR_MILLIS(50), &p, pace);
    double mib = resident_mib();
    if (mib > most) most = mib;
    if (mib < least && now() - from > 1) least = mib;
    if (!rc) left--, weir_free(p);
  }
  double seconds = now() - from;
  printf("  %.2f s, resident %.1f to %.1f MiB\n", seconds, least > 1e8 ? most : least, most);
  weir_sender_drop(r.done);
  weir_receiver_drop(rx);
  must(weir_runtime_stop(rt, WEIR_SECONDS(5)), "stop");
  return seconds;
}

int main(int argc, char **argv)
{
  if (argc != 2) {
    fprintf(stderr, "usage: slow_sink FILE\n");
    return 2;
  }
  struct lines_config files = {.paths = (const char *const *)&argv[1], .path_count = 1, .max_line = 1 << 20};
  struct words_config splitting = {.on = "non-letters", .fold_case = true};
  weir_value lines = {stock("file_lines")->config, &files}, words = {stock("split")->config, &splitting};
  printf("at full speed:\n");
  double seconds = pass(lines, words, (weir_duration){0});
  int64_t thousands = words_seen / 1000 + 1;
  printf("with a sink ten times slower (%lld words):\n", (long long)words_seen);
  words_seen = 0;
  double slow = pass(lines, words, WEIR_SECONDS(9 * seconds / (double)thousands));
  printf("%.1f times as long\n", slow / seconds);
  return 0;
}
