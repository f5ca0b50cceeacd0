/* Links and monitors that are set, taken back and fired at any moment, among actors that end in any way: each living watcher
 * learns of each end once, with the reason, behind what the dead one had sent; linked ones share their fate. */
#include "family.h"

enum { ACTORS = 5, ACTIONS = 20, REASON = 100 };

struct who_am_i {
  int64_t id;
};
struct tie {
  weir_ref to;
  int64_t id;
};
struct end_now {
  WEIR_EMPTY;
};
struct last_words {
  int64_t from;
};
WEIR_MESSAGE(who_am_i, WEIR_FIELD(id));
WEIR_MESSAGE(tie, WEIR_FIELD(to), WEIR_FIELD(id));
WEIR_MESSAGE(end_now);
WEIR_MESSAGE(last_words, WEIR_FIELD(from));

enum { WATCHES_MOST = 4 * ACTIONS };
static struct {
  weir_ref ref[ACTORS];
  bool lives[ACTORS], traps[ACTORS];
  bool linked[ACTORS][ACTORS];     /* the one called weir_link() for the other, with success */
  int exits[ACTORS][ACTORS];       /* the one was told of the other's end */
  bool had_words[ACTORS][ACTORS];  /* the one had the other's last words */
  bool words_sent[ACTORS][ACTORS]; /* … which were sent */
  int reason[ACTORS];              /* as watchers learned it; 1: nobody has */
  struct {
    weir_watch watch;
    int64_t by, of, fired;
    bool early; /* set while the other one had not begun to end */
    bool ended; /* taken back */
  } watches[WATCHES_MOST];
  int watch_count;
  bool ends[ACTORS]; /* it has begun to end by itself */
} seen;

static int64_t downs, exits_told, shared; /* over all seeds */

struct peer {
  int64_t id;
};

static void peer_gone(void *arg) { *(bool *)arg = false; }

static int peer_start(struct peer *p, const struct who_am_i *m)
{
  p->id = m->id;
  seen.lives[m->id] = true;
  if (chance(2)) {
    MUST(weir_trap_exits(true) == WEIR_OK);
    seen.traps[m->id] = true;
  }
  return weir_defer(peer_gone, &seen.lives[m->id]);
}

static int peer_tie(struct peer *p, const struct tie *m)
{
  int rc;
  switch (weir_simulation_draw(family.rt, 6)) {
  case 0:
    rc = weir_unlink(m->to);
    seen.linked[p->id][m->id] = seen.linked[m->id][p->id] = false;
    return rc;
  case 1:
    if (!seen.watch_count) return WEIR_OK;
    for (int i = 0; i < seen.watch_count; i++) {
      if (seen.watches[i].by != p->id || seen.watches[i].ended) continue;
      rc = weir_demonitor(seen.watches[i].watch);
      MUST(rc == WEIR_OK || rc == WEIR_EDEAD);
      if (seen.watches[i].fired) MUST(rc == WEIR_EDEAD);
      seen.watches[i].ended = true;
      return WEIR_OK;
    }
    return WEIR_OK;
  case 2:
  case 3:
    if (p->id == m->id) return WEIR_OK;
    rc = weir_link(m->to);
    MUST(rc == WEIR_OK);
    seen.linked[p->id][m->id] = true;
    return WEIR_OK;
  default: {
    int i = seen.watch_count++;
    seen.watches[i].early = !seen.ends[m->id] && seen.lives[m->id];
    seen.watches[i].watch = weir_monitor(m->to);
    MUST(!seen.watches[i].watch.error);
    seen.watches[i].by = p->id;
    seen.watches[i].of = m->id;
    return WEIR_OK;
  }
  }
}

static int peer_words(struct peer *p, const struct last_words *m)
{
  seen.had_words[p->id][m->from] = true;
  return chance(3) ? weir_yield() : WEIR_OK;
}

static int peer_down(struct peer *p, const struct weir_down *m)
{
  downs++;
  for (int i = 0; i < seen.watch_count; i++) {
    if (seen.watches[i].watch.bits != m->watch) continue;
    int64_t of = seen.watches[i].of;
    MUST(seen.watches[i].by == p->id && !seen.watches[i].ended && seen.watches[i].fired++ == 0);
    MUST(!seen.lives[of] && m->who.bits == seen.ref[of].bits);
    if (seen.words_sent[p->id][of]) MUST(seen.had_words[p->id][of]);
    if (m->code == WEIR_EDEAD && !seen.watches[i].early) return WEIR_OK;
    if (seen.reason[of] == 1) seen.reason[of] = m->code;
    MUST(m->code == seen.reason[of] || m->code == WEIR_EDEAD);
    return WEIR_OK;
  }
  return broken("news of a monitor that nobody has set", __LINE__);
}

static int peer_exited(struct peer *p, const struct weir_exited *m)
{
  int of = 0;
  while (of < ACTORS && seen.ref[of].bits != m->who.bits) of++;
  exits_told++;
  MUST(seen.traps[p->id]);
  if (!m->linked) return WEIR_OK;
  MUST(of < ACTORS && !seen.lives[of]);
  seen.exits[p->id][of]++;
  if (seen.words_sent[p->id][of]) MUST(seen.had_words[p->id][of]);
  return WEIR_OK;
}

static int peer_end(struct peer *p)
{
  seen.ends[p->id] = true;
  for (int i = 0; i < ACTORS; i++)
    if (i != p->id) seen.words_sent[i][p->id] = weir_try_send(seen.ref[i], last_words, .from = p->id) == WEIR_OK;
  switch (weir_simulation_draw(family.rt, 4)) {
  case 0:
    return WEIR_STOP;
  case 1:
    weir_kill(weir_self());
    return weir_sleep(WEIR_SECONDS(1));
  case 2:
    weir_exit(weir_self(), WEIR_EUSER(REASON + (int)p->id));
    return WEIR_OK;
  default:
    weir_fail(WEIR_EUSER(REASON + (int)p->id), "it falls");
  }
}

WEIR_ACTOR(peer,
           WEIR_ON_START(who_am_i, peer_start) WEIR_ON(tie, peer_tie) WEIR_ON(last_words, peer_words)
               WEIR_ON(weir_down, peer_down) WEIR_ON(weir_exited, peer_exited) WEIR_ON(end_now, peer_end),
           .capacity = 64);

static int check_links(void)
{
  for (int a = 0; a < ACTORS; a++)
    for (int b = 0; b < ACTORS; b++) {
      if (!seen.linked[a][b] || seen.lives[a] == seen.lives[b]) continue;
      int living = seen.lives[a] ? a : b, dead = seen.lives[a] ? b : a;
      /* It was told, and traps; or the other one ended well, of which only those hear that trap. */
      if (seen.traps[living])
        MUST(seen.exits[living][dead] >= 1);
      else
        MUST(seen.reason[dead] == WEIR_OK || seen.reason[dead] == 1);
      shared++;
    }
  return WEIR_OK;
}

static int ties(weir_runtime *rt)
{
  memset(&seen, 0, sizeof seen);
  family_begins(rt);
  for (int i = 0; i < ACTORS; i++) {
    seen.reason[i] = 1;
    seen.ref[i] = weir_spawn(&peer, .config = WEIR_VALUE(who_am_i, .id = i));
    MUST(weir_ref_error(seen.ref[i]) == WEIR_OK);
  }
  MUST(weir_sleep(WEIR_MILLIS(1)) == WEIR_OK); /* all have started, and trap exits or do not */
  for (int i = 0; i < ACTIONS; i++) {
    int64_t by = between(rt, 0, ACTORS - 1), to = between(rt, 0, ACTORS - 1);
    weir_ref ref = seen.ref[by];
    int rc = between(rt, 0, 5)   ? weir_send(ref, tie, .to = seen.ref[to], .id = to)
             : between(rt, 0, 2) ? weir_send(ref, end_now)
                                 : weir_exit(ref, WEIR_EUSER(REASON + (int)by));
    MUST(rc == WEIR_OK || rc == WEIR_EDEAD);
    if (chance(4)) MUST(weir_sleep(WEIR_MILLIS(1)) == WEIR_OK);
  }
  MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK);
  for (int i = 0; i < seen.watch_count; i++) {
    int64_t by = seen.watches[i].by, of = seen.watches[i].of;
    if (!seen.watches[i].watch.bits || !seen.lives[by] || seen.watches[i].ended) continue;
    MUST(seen.watches[i].fired == !seen.lives[of]);
  }
  return check_links();
}

static void who_watches_and_who_is_linked_learns_of_each_end(void **state)
{
  (void)state;
  simulate(NULL, ties);
  if (!getenv("WEIR_SEED")) {
    int64_t least = (int64_t)seeds() / 4;
    assert_true(downs > least && exits_told > least && shared > least);
  }
}

/* ---- one that is supervised is dead only when it has ended for good ---- */

static struct {
  int fired;
  int starts_then;
} told;
struct watcher {
  char nothing;
};
static int watcher_start(struct watcher *w)
{
  (void)w;
  weir_ref k = weir_find(kid_names[0]);
  MUST(weir_trap_exits(true) == WEIR_OK && weir_link(k) == WEIR_OK);
  return weir_monitor(k).error;
}
static int watcher_down(struct watcher *w, const struct weir_down *m)
{
  (void)w;
  told.fired += 1;
  MUST(m->code == WEIR_ESHUTDOWN || m->code == FELL || m->code == BAD_START || m->code == WEIR_OK);
  MUST(!family.kid[0].lives);
  told.starts_then = family.kid[0].begun_starts;
  return WEIR_OK;
}
static int watcher_exited(struct watcher *w, const struct weir_exited *m)
{
  (void)w;
  MUST(m->linked && !family.kid[0].lives);
  told.fired += 100;
  return WEIR_OK;
}
WEIR_ACTOR(watcher, WEIR_ON_START(weir_none, watcher_start) WEIR_ON(weir_down, watcher_down)
                        WEIR_ON(weir_exited, watcher_exited));

static int watched_through_restarts(weir_runtime *rt)
{
  memset(&told, 0, sizeof told);
  family_begins(rt);
  family.slow_in = 4;
  siblings(0, 1);
  weir_ref tree =
      weir_supervise(.max_restarts = (int)between(rt, 1, 8), .on_event = kid_told,
                     .children = WEIR_CHILDREN(KID(0, .restart = (int)between(rt, WEIR_PERMANENT, WEIR_TEMPORARY))));
  MUST(weir_count_children(tree, WEIR_FOREVER, NULL) == WEIR_OK);
  weir_ref w = weir_spawn(&watcher);
  MUST(weir_sleep(WEIR_MILLIS(1)) == WEIR_OK && weir_alive(w));
  family.fall_in = (int)between(rt, 3, 12);
  family.bad_restart_in = 5;
  load_begins(1);
  MUST(weir_sleep((weir_duration){between(rt, 0, 20) * 1000000}) == WEIR_OK);
  weir_stop(tree);
  MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK);
  MUST(family_is_gone() == WEIR_OK);
  MUST(told.fired == 101 && told.starts_then == family.kid[0].begun_starts);
  return WEIR_OK;
}

static void a_restart_is_no_end_to_who_watches(void **state)
{
  (void)state;
  simulate(NULL, watched_through_restarts);
}
static void the_same_seed_is_the_same_run(void **state)
{
  (void)state;
  struct scenario s = {ties};
  assert_int_equal(weir_simulate(&(weir_simulation_options){.twice = true}, 300, run_scenario, &s), WEIR_OK);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(who_watches_and_who_is_linked_learns_of_each_end),
      cmocka_unit_test(a_restart_is_no_end_to_who_watches),
      cmocka_unit_test(the_same_seed_is_the_same_run),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
