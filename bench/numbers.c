/* numbers.c: what single operations cost, and how much memory an idle actor takes.
 *
 *   numbers             all of it
 *   numbers idle [N]    N idle actors (1,000,000): resident bytes each
 *   numbers named [N]   the same of actors with a name (200,000)
 *   numbers supervised [N]  … that also is one of a hundred children of a supervisor; its supervisor's part included
 *   numbers asks [N]    N actors (100,000) suspended in an ask at once: resident bytes each, stacks included
 *   numbers bytes       nanoseconds to send bytes that are copied, and that are shared, by their size
 *   numbers ops         nanoseconds for each operation, the median of several rounds */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <weir/weir.h>

enum { ROUNDS = 7, OPERATIONS = 300000 };

struct number {
  int64_t value;
};
WEIR_MESSAGE(number, WEIR_FIELD(value));

struct total {
  int64_t sum;
};
WEIR_MESSAGE(total, WEIR_FIELD(sum));

struct get {
  WEIR_EMPTY;
};
WEIR_REQUEST(get, total);

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void must(int rc, const char *what)
{
  if (rc) exit(weir_die(rc, what));
}

/* Requests that are answered in other ways. */
struct refuse {
  WEIR_EMPTY;
};
WEIR_REQUEST(refuse, total);
struct later {
  WEIR_EMPTY;
};
WEIR_REQUEST(later, total);
struct pass {
  WEIR_EMPTY;
};
WEIR_REQUEST(pass, total);
struct itself {
  WEIR_EMPTY;
};
WEIR_REQUEST(itself, total);

/* ---- an adder ---- */

struct adder {
  int64_t sum;
};

static int add(struct adder *a, const struct number *n)
{
  a->sum += n->value;
  return WEIR_OK;
}

static int sum(struct adder *a, struct total *reply)
{
  reply->sum = a->sum;
  return WEIR_OK;
}

static int refuse_it(struct adder *a) { return weir_error(WEIR_EUSER(1), "no more than %lld", (long long)a->sum); }

static int answer_it_later(struct adder *a)
{
  weir_asker asker = weir_answer_later();
  return weir_answer(asker, total, .sum = a->sum);
}

static int pass_it(struct adder *a, struct total *reply)
{
  reply->sum = a->sum;
  return WEIR_OK;
}

/* A deadlock, found at once. */
static int ask_itself(struct adder *a)
{
  (void)a;
  return weir_ask(weir_self(), WEIR_SECONDS(10), NULL, get) == WEIR_EDEADLOCK ? WEIR_OK : WEIR_EFAILED;
}

WEIR_ACTOR(adder,
           WEIR_ON(number, add) WEIR_ON(get, sum) WEIR_ON(refuse, refuse_it) WEIR_ON(later, answer_it_later)
               WEIR_ON(pass, pass_it) WEIR_ON(itself, ask_itself),
           .capacity = 1024);

/* Passes requests on to an adder of its own. */
struct passer {
  weir_ref to;
};

static int pass_on(struct passer *p)
{
  if (!p->to.bits) p->to = weir_spawn(&adder);
  return weir_forward(p->to);
}

WEIR_ACTOR(passer, WEIR_ON(pass, pass_on));

/* The same, on a worker of its own. */
struct far_adder {
  int64_t sum;
};

static int far_add(struct far_adder *a, const struct number *n)
{
  a->sum += n->value;
  return WEIR_OK;
}

static int far_sum(struct far_adder *a, struct total *reply)
{
  reply->sum = a->sum;
  return WEIR_OK;
}

WEIR_ACTOR(far_adder, WEIR_ON(number, far_add) WEIR_ON(get, far_sum), .capacity = 1024, .runs = WEIR_PINNED);

/* ---- who drives them: answers with the nanoseconds for one operation ---- */

struct drive {
  weir_ref to;
  int32_t what;
};
struct cost {
  double ns;
};
WEIR_MESSAGE(cost, WEIR_FIELD(ns));
WEIR_REQUEST(drive, cost, WEIR_FIELD(to), WEIR_FIELD(what));
enum { SEND, ASK, BEGIN, FORWARD, LATER, REFUSE, DEADLOCK, TIMER };

struct driver {
  int64_t runs;
};

static int drive_sends(weir_ref to)
{
  for (int64_t i = 0; i < OPERATIONS; i++) {
    int rc = weir_send(to, number, .value = i);
    if (rc) return rc;
  }
  return weir_ask(to, WEIR_SECONDS(10), NULL, get); /* until all are handled */
}

static int drive_asks(weir_ref to)
{
  for (int64_t i = 0; i < OPERATIONS; i++) {
    int rc = weir_ask(to, WEIR_SECONDS(10), NULL, get);
    if (rc) return rc;
  }
  return WEIR_OK;
}

static int ask_one(weir_ref to, int32_t what)
{
  switch (what) {
  case BEGIN: {
    weir_pending p = weir_ask_begin(to, WEIR_SECONDS(10), get);
    return weir_await(p, NULL, get);
  }
  case FORWARD:
    return weir_ask(to, WEIR_SECONDS(10), NULL, pass);
  case LATER:
    return weir_ask(to, WEIR_SECONDS(10), NULL, later);
  case DEADLOCK:
    return weir_ask(to, WEIR_SECONDS(10), NULL, itself);
  default:
    return weir_ask(to, WEIR_SECONDS(10), NULL, refuse) == WEIR_EUSER(1) ? WEIR_OK : WEIR_EFAILED;
  }
}

static int drive_other_asks(weir_ref to, int32_t what)
{
  for (int64_t i = 0; i < OPERATIONS; i++) {
    int rc = ask_one(to, what);
    if (rc) return rc;
  }
  return WEIR_OK;
}

/* Set, and taken back. */
static int drive_timers(weir_ref to)
{
  for (int64_t i = 0; i < OPERATIONS; i++) {
    weir_timer t = weir_send_after(to, WEIR_SECONDS(10), number, .value = i);
    if (t.error) return t.error;
    weir_timer_cancel(t);
  }
  return WEIR_OK;
}

static int run(struct driver *d, const struct drive *m, struct cost *reply)
{
  double from = now();
  int rc = m->what == SEND    ? drive_sends(m->to)
           : m->what == ASK   ? drive_asks(m->to)
           : m->what == TIMER ? drive_timers(m->to)
                              : drive_other_asks(m->to, m->what);
  d->runs++;
  reply->ns = (now() - from) * 1e9 / OPERATIONS;
  return rc;
}

WEIR_ACTOR(driver, WEIR_ON(drive, run), .runs = WEIR_PINNED);

static int by_size(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void report(const char *what, weir_ref by, weir_ref to, int operation)
{
  double ns[ROUNDS];
  for (int i = 0; i < ROUNDS; i++) {
    struct cost *c;
    must(weir_ask(by, WEIR_SECONDS(60), &c, drive, .to = to, .what = operation), what);
    ns[i] = c->ns;
    weir_free(c);
  }
  qsort(ns, ROUNDS, sizeof ns[0], by_size);
  printf("%-44s %8.1f ns (%.1f to %.1f)\n", what, ns[ROUNDS / 2], ns[0], ns[ROUNDS - 1]);
}

static void operations(void)
{
  weir_runtime *rt;
  must(weir_runtime_start(&(weir_runtime_options){.flavor = WEIR_CURRENT_THREAD}, &rt), "start");
  report("send and handle, one worker", weir_spawn(&driver), weir_spawn(&adder), SEND);
  weir_ref one = weir_spawn(&driver), sums = weir_spawn(&adder);
  report("ask, one worker", one, sums, ASK);
  report("ask, begun and awaited", one, sums, BEGIN);
  report("ask that is forwarded once", one, weir_spawn(&passer), FORWARD);
  report("ask that is answered later", one, sums, LATER);
  report("ask that is refused with a text", one, sums, REFUSE);
  report("ask whose handler meets a deadlock", one, sums, DEADLOCK);
  report("timer, set and cancelled", one, sums, TIMER);
  must(weir_runtime_stop(rt, WEIR_SECONDS(5)), "stop");
  must(weir_runtime_start(&(weir_runtime_options){.workers = 2}, &rt), "start");
  weir_ref by = weir_spawn(&driver); /* the first two pinned actors are put on two workers */
  weir_ref to = weir_spawn(&far_adder);
  report("send and handle, across two workers", by, to, SEND);
  report("ask, across two workers", by, to, ASK);
  must(weir_runtime_stop(rt, WEIR_SECONDS(5)), "stop");
}

/* ---- idle actors ---- */

static long resident_bytes(void)
{
  long pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (!f || fscanf(f, "%*d %ld", &pages) != 1) pages = 0;
  if (f) fclose(f);
  return pages * 4096;
}

enum idler { BARE, NAMED, SUPERVISED, IDLERS };
static const char *const idlers[IDLERS] = {"", "named ", "named and supervised "};

static weir_ref spawn_supervised(const char *name, size_t i)
{
  enum { EACH = 100 };
  static weir_ref tree;
  weir_ref ref;
  if (i % EACH == 0) tree = weir_supervise(.strategy = WEIR_DYNAMIC, .children = WEIR_CHILDREN({.type = &adder}));
  must(weir_start_child(tree, WEIR_FOREVER, &ref, .name = name), "start a child");
  return ref;
}

static weir_ref spawn_idle(enum idler what, size_t i)
{
  char name[32];
  snprintf(name, sizeof name, "adder-%zu", i);
  return what == BARE    ? weir_spawn(&adder)
         : what == NAMED ? weir_spawn(&adder, .name = name)
                         : spawn_supervised(name, i);
}

static void idle(size_t n, enum idler what)
{
  weir_runtime *rt;
  must(weir_runtime_start(NULL, &rt), "start");
  weir_ref *refs = malloc(n * sizeof *refs);
  if (!refs) must(WEIR_ENOMEM, "refs");
  memset(refs, 0, n * sizeof *refs);
  long before = resident_bytes();
  double from = now();
  for (size_t i = 0; i < n; i++) { /* on a plain thread: nobody's children but their supervisors' */
    refs[i] = spawn_idle(what, i);
    must(weir_ref_error(refs[i]), "spawn");
  }
  double spawned = now();
  long bytes = resident_bytes() - before;
  struct total *t;
  must(weir_send(refs[n - 1], number, .value = 42), "send");
  must(weir_ask(refs[n - 1], WEIR_SECONDS(10), &t, get), "ask");
  weir_free(t);
  printf("%zu idle %sactors: %.1f resident bytes each, %.0f ns to spawn one\n", n, idlers[what],
         (double)bytes / (double)n, (spawned - from) * 1e9 / (double)n);
  from = now();
  must(weir_runtime_stop(rt, WEIR_SECONDS(5)), "stop");
  printf("all stopped in %.2f s, %.1f resident MiB afterwards\n", now() - from, (double)resident_bytes() / 1048576);
  free(refs);
}

/* ---- suspended actors ---- */

/* Owes answers until it is told. */
struct creditor {
  weir_asker *owed;
  size_t count;
};
static _Atomic(size_t) owed;

static int owe(struct creditor *c)
{
  c->owed[c->count++] = weir_answer_later();
  atomic_store(&owed, c->count);
  return WEIR_OK;
}

static int pay_all(struct creditor *c)
{
  while (c->count) weir_answer(c->owed[--c->count], total, .sum = 1);
  return WEIR_OK;
}

static size_t most_asks;
static int creditor_start(struct creditor *c)
{
  c->owed = calloc(most_asks, sizeof *c->owed);
  return c->owed ? WEIR_OK : WEIR_ENOMEM;
}
static void creditor_end(struct creditor *c) { free(c->owed); }
WEIR_ACTOR(creditor,
           WEIR_ON_START(number, creditor_start) WEIR_ON(get, owe) WEIR_ON(number, pay_all) WEIR_ON_END(creditor_end),
           .capacity = 1024);

struct debtor {
  WEIR_EMPTY;
};
struct ask_it {
  weir_ref whom;
};
WEIR_MESSAGE(ask_it, WEIR_FIELD(whom));
static _Atomic(size_t) refused, answered;

static int ask_creditor(struct debtor *d, const struct ask_it *m)
{
  (void)d;
  int rc = weir_ask(m->whom, WEIR_FOREVER, NULL, get);
  if (rc && atomic_fetch_add(&refused, 1) == 0) weir_die(rc, "ask");
  if (!rc) atomic_fetch_add(&answered, 1);
  return WEIR_OK;
}
WEIR_ACTOR(debtor, WEIR_ON(ask_it, ask_creditor), .capacity = 1);

static void asks(size_t n)
{
  weir_runtime *rt;
  must(weir_runtime_start(NULL, &rt), "start");
  most_asks = n;
  weir_ref c = weir_spawn(&creditor);
  must(weir_ref_error(c), "spawn");
  long before = resident_bytes();
  for (size_t i = 0; i < n; i++) must(weir_send(weir_spawn(&debtor), ask_it, .whom = c), "send");
  while (atomic_load(&owed) + atomic_load(&refused) < n) weir_sleep(WEIR_MILLIS(1));
  long bytes = resident_bytes() - before;
  printf("%zu actors suspended in an ask: %.1f resident bytes each; %zu were refused\n", atomic_load(&owed),
         (double)bytes / (double)n, atomic_load(&refused));
  double from = now();
  must(weir_send(c, number, .value = 0), "send");
  while (atomic_load(&answered) + atomic_load(&refused) < n) weir_sleep(WEIR_MILLIS(1));
  printf("all answered in %.2f s\n", now() - from);
  must(weir_runtime_stop(rt, WEIR_SECONDS(30)), "stop");
}

/* ---- bytes: copied or shared ---- */

struct page {
  weir_bytes content;
};
WEIR_MESSAGE(page, WEIR_FIELD(content));
struct turn_pages {
  weir_ref to;
  int64_t size;
  bool shared;
};
WEIR_REQUEST(turn_pages, cost, WEIR_FIELD(to), WEIR_FIELD(size), WEIR_FIELD(shared));

struct reader {
  int64_t sum;
};
static int read_page(struct reader *r, const struct page *m)
{
  r->sum += *(const unsigned char *)m->content.data;
  return WEIR_OK;
}
static int read_all(struct reader *r, struct total *reply)
{
  reply->sum = r->sum;
  return WEIR_OK;
}
WEIR_ACTOR(reader, WEIR_ON(page, read_page) WEIR_ON(get, read_all), .capacity = 64, .runs = WEIR_PINNED);

struct turner {
  int64_t runs;
};
static int turn(struct turner *t, const struct turn_pages *m, struct cost *reply)
{
  enum { PAGES = 100000 };
  void *room;
  weir_bytes whole = weir_bytes_make((size_t)m->size, &room);
  if (!whole.owner) return WEIR_ENOMEM;
  memset(room, 1, (size_t)m->size);
  weir_bytes sent = m->shared ? whole : (weir_bytes){.data = whole.data, .size = whole.size};
  double from = now();
  int rc = WEIR_OK;
  for (int i = 0; i < PAGES && !rc; i++) rc = weir_send(m->to, page, .content = sent);
  if (!rc) rc = weir_ask(m->to, WEIR_SECONDS(60), NULL, get);
  reply->ns = (now() - from) * 1e9 / PAGES;
  t->runs++;
  weir_bytes_drop(whole);
  return rc;
}
WEIR_ACTOR(turner, WEIR_ON(turn_pages, turn), .runs = WEIR_PINNED);

static double turn_pages_once(weir_ref by, weir_ref to, int64_t size, bool shared)
{
  double ns[ROUNDS];
  for (int i = 0; i < ROUNDS; i++) {
    struct cost *c;
    must(weir_ask(by, WEIR_SECONDS(120), &c, turn_pages, .to = to, .size = size, .shared = shared), "pages");
    ns[i] = c->ns;
    weir_free(c);
  }
  qsort(ns, ROUNDS, sizeof ns[0], by_size);
  return ns[ROUNDS / 2];
}

static void bytes(int workers)
{
  static const int64_t sizes[] = {16, 64, 256, 1024, 4096, 16384, 65536};
  weir_runtime *rt;
  must(weir_runtime_start(&(weir_runtime_options){.workers = workers}, &rt), "start");
  weir_ref by = weir_spawn(&turner), to = weir_spawn(&reader);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
    printf("%lld bytes, %d worker(s): copied %.1f ns, shared %.1f ns\n", (long long)sizes[i], workers,
           turn_pages_once(by, to, sizes[i], false), turn_pages_once(by, to, sizes[i], true));
  must(weir_runtime_stop(rt, WEIR_SECONDS(5)), "stop");
}

int main(int argc, char **argv)
{
  const char *what = argc > 1 ? argv[1] : "";
  size_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (!*what || strcmp(what, "ops") == 0) operations();
  if (!*what || strcmp(what, "idle") == 0) idle(n ? n : 1000000, BARE);
  if (!*what || strcmp(what, "named") == 0) idle(n ? n : 200000, NAMED);
  if (!*what || strcmp(what, "supervised") == 0) idle(n ? n : 100000, SUPERVISED);
  if (!*what || strcmp(what, "asks") == 0) asks(n ? n : 100000);
  if (!*what || strcmp(what, "bytes") == 0) bytes(1), bytes(2);
  return 0;
}
