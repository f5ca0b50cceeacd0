/* simulate.c: weir_simulate(): a scenario over many seeds, and what is told of one that fails. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/last_words.h"
#include "runtime/runtime.h"
#include "runtime/simulation.h"

struct series {
  const weir_simulation_options *options;
  int (*scenario)(weir_runtime *, void *);
  void *arg;
};

struct outcome {
  int rc;
  uint64_t hash;
  char text[236];
};

/* ---- one seed ---- */

static void print_event(const char *line, void *arg)
{
  (void)arg;
  fprintf(stderr, "%s\n", line);
}

static void note_text(struct outcome *o) { snprintf(o->text, sizeof o->text, "%s", weir_error_text()); }

/* The scenario may have stopped it itself: then its hash is not known any more, but was noted by the end. */
static void stop(const struct series *series, weir_runtime *rt, struct outcome *o)
{
  int rc = weir__simulation_here() ? weir_runtime_stop(rt, series->options->drain) : WEIR_OK;
  if (o->rc || !rc) return;
  o->rc = rc;
  note_text(o);
}

static struct outcome run_seed(const struct series *series, uint64_t seed, bool traces)
{
  struct outcome o = {0};
  weir_simulation_options options = *series->options;
  weir_runtime *rt;
  if (traces) options.trace = print_event;
  o.rc = weir_simulation_start(seed, &options, &rt);
  if (o.rc) {
    note_text(&o);
    return o;
  }
  weir__simulation_reports(weir__simulation_here(), &o.hash);
  weir__last_words("weir: simulation: died at WEIR_SEED=%" PRIu64 "\n", seed);
  o.rc = series->scenario(rt, series->arg);
  if (o.rc) note_text(&o);
  struct weir__simulation *s = weir__simulation_here();
  int rc = s && weir__simulation_is_broken(s) ? WEIR_ENOMEM : s && weir__simulation_was_touched(s) ? WEIR_EINVAL : 0;
  stop(series, rt, &o);
  weir__last_words(NULL);
  if (rc && !o.rc) {
    o.rc = rc;
    snprintf(o.text, sizeof o.text, "%s",
             rc == WEIR_ENOMEM ? "no memory for what a simulation notes" : "another thread had to do with the runtime");
  }
  return o;
}

/* ---- all ---- */

static void tell(const struct outcome *o, uint64_t seed, const struct outcome *again)
{
  fprintf(stderr, "weir: simulation: seed %" PRIu64 " fails: %s%s%s%s\n", seed, weir_strerror(o->rc),
          *o->text ? " (" : "", o->text, *o->text ? ")" : "");
  fprintf(stderr, "  to replay it, run the program with WEIR_SEED=%" PRIu64 "; WEIR_TRACE=1 shows each event\n", seed);
  if (again->rc == o->rc && again->hash == o->hash)
    fprintf(stderr, "  run again it does the same (%016" PRIx64 ")\n", o->hash);
  else
    fprintf(stderr,
            "  run again it is another run (%s): something else than the seed decides: real time, addresses, threads\n",
            again->rc ? weir_strerror(again->rc) : "and does not fail");
}

static int differs(struct outcome *o)
{
  snprintf(o->text, sizeof o->text, "run twice it is not the same run: something else than the seed decides");
  return WEIR_EINVAL;
}

static int run_and_tell(const struct series *series, uint64_t seed)
{
  const char *trace = getenv("WEIR_TRACE");
  bool traces = trace && strcmp(trace, "0") != 0 && getenv("WEIR_SEED");
  struct outcome o = run_seed(series, seed, traces), again = o;
  if (series->options->twice) again = run_seed(series, seed, false);
  if (!o.rc && (again.rc || again.hash != o.hash)) o.rc = differs(&o);
  if (!o.rc) return WEIR_OK;
  if (!series->options->twice) again = run_seed(series, seed, false);
  tell(&o, seed, &again);
  return weir_error(o.rc, "seed %" PRIu64 ": %s", seed, *o.text ? o.text : weir_strerror(o.rc));
}

static int run_all(const struct series *series, uint64_t seeds)
{
  const char *given = getenv("WEIR_SEED");
  if (given) return run_and_tell(series, strtoull(given, NULL, 0));
  int rc = WEIR_OK;
  for (uint64_t seed = 1; !rc && seed <= seeds; seed++) rc = run_and_tell(series, seed);
  return rc;
}

int weir_simulate(const weir_simulation_options *options, uint64_t seeds, int (*scenario)(weir_runtime *, void *),
                  void *arg)
{
  static const weir_simulation_options none;
  struct series series = {options ? options : &none, scenario, arg};
  if (!seeds || !scenario) return weir__misuse(WEIR_EINVAL, !seeds ? "no seeds" : "no scenario was given");
  struct weir__listening listening = weir__last_words_begin();
  int rc = run_all(&series, seeds);
  weir__last_words_end(&listening);
  return rc;
}
