/* Mailboxes that are their worker's own, until somebody else comes: houses feed themselves until they are biased, while
 * other actors, tasks and a plain thread send to them, ask them, reserve places, change their capacity and stop them, and
 * some handlers take long, so that others steal the houses. The order of each sender is kept, no more is queued than there
 * are places, and what was accepted is handled. */
#include <pthread.h>

#include <weir/uv.h>

#include "chance.h"
#include "unit/actor_fixture.h"

enum { HOUSES = 6, BOOKS = 4096, GUESTS = 5, CAPACITY = 64 };

/* What is known of one house. */
static struct book {
  _Atomic(int64_t) accepted, handled; /* letters of guests */
  _Atomic(bool) stopped;
} books[BOOKS];
static _Atomic(int) books_used;

static struct place {
  _Atomic(uint64_t) ref;
  _Atomic(int) book;
} places[HOUSES];
static _Atomic(int64_t) steps_left, wrong, disorder;

struct letter {
  int32_t from, book;
  int64_t number;
};
WEIR_MESSAGE(letter, WEIR_FIELD(from), WEIR_FIELD(book), WEIR_FIELD(number));
struct meal {
  int64_t left;
};
WEIR_MESSAGE(meal, WEIR_FIELD(left));
struct count_of {
  WEIR_EMPTY;
};
WEIR_REQUEST(count_of, number);
struct nudge {
  int64_t n;
};
WEIR_MESSAGE(nudge, WEIR_FIELD(n));

struct house {
  int64_t last[GUESTS];
  int64_t handled;
};
static int house_letter(struct house *h, const struct letter *l)
{
  if (l->number <= h->last[l->from]) atomic_fetch_add(&disorder, 1);
  h->last[l->from] = l->number;
  h->handled++;
  atomic_fetch_add(&books[l->book].handled, 1);
  if (draw() % 512 == 0) spin(2000000); /* others take over what waits in the line of this worker */
  return WEIR_OK;
}
/* By itself, so from its own worker alone. */
static int house_meal(struct house *h, const struct meal *m)
{
  (void)h;
  int rc = m->left ? weir_try_send(weir_self(), meal, .left = m->left - 1) : WEIR_OK;
  if (rc && rc != WEIR_EFULL && rc != WEIR_EDEAD) atomic_fetch_add(&wrong, 1); /* full of letters: then it is enough */
  return draw() % 256 == 0 ? weir_yield() : WEIR_OK;
}
static int house_count(struct house *h, struct number *reply)
{
  reply->n = h->handled;
  return WEIR_OK;
}
static int house_nudge(struct house *h, const struct nudge *n)
{
  (void)h;
  (void)n;
  return WEIR_OK;
}
WEIR_ACTOR(house,
           WEIR_ON(letter, house_letter) WEIR_ON(meal, house_meal) WEIR_ON(count_of, house_count)
               WEIR_ON(nudge, house_nudge),
           .capacity = CAPACITY);

static void expect(int rc)
{
  if (rc && rc != WEIR_EDEAD && rc != WEIR_EFULL && rc != WEIR_ETIMEDOUT && rc != WEIR_EINDOUBT && rc != WEIR_EFAILED)
    atomic_fetch_add(&wrong, 1);
}

/* False: there is no book left. The book is known before the ref: who sees the new ref sees its book, or is late. */
static bool build(struct place *p)
{
  int book = atomic_fetch_add(&books_used, 1);
  if (book >= BOOKS) return false;
  weir_ref old = {atomic_load(&p->ref)};
  int old_book = atomic_load(&p->book);
  weir_ref fresh = weir_spawn(&house);
  expect(weir_ref_error(fresh));
  atomic_store(&p->ref, 0);
  atomic_store(&p->book, book);
  atomic_store(&p->ref, fresh.bits);
  if (old.bits) {
    atomic_store(&books[old_book].stopped, true);
    weir_stop(old);
  }
  return true;
}

static void write_letter(struct place *p, int from, int64_t number)
{
  weir_ref to = {atomic_load(&p->ref)};
  int book = atomic_load(&p->book);
  if (!to.bits || to.bits != atomic_load(&p->ref)) return;
  int rc = draw() % 2 ? weir_try_send(to, letter, .from = from, .book = book, .number = number)
                      : weir_send_within(to, WEIR_MILLIS(5), letter, .from = from, .book = book, .number = number);
  expect(rc);
  if (!rc) atomic_fetch_add(&books[book].accepted, 1);
}

static void visit(weir_ref to)
{
  weir_stats stats;
  switch (draw() % 8) {
  case 0:
    expect(weir_ask(to, WEIR_SECONDS(20), NULL, count_of));
    break;
  case 1:
    expect(weir_set_capacity(to, CAPACITY / 2 + draw() % CAPACITY));
    break;
  case 2: {
    weir_permit permit;
    int rc = weir_try_reserve(to, &permit);
    expect(rc);
    if (!rc && draw() % 2)
      expect(weir_permit_send(permit, nudge, .n = 1));
    else if (!rc)
      weir_permit_give_back(&permit);
    break;
  }
  case 3:
    if (!weir_stats_read(to, &stats) && stats.high_water > 2 * CAPACITY) atomic_fetch_add(&wrong, 1);
    break;
  default:
    expect(weir_try_send(to, meal, .left = 40 + (int64_t)(draw() % 40)));
    break;
  }
}

static int be_a_guest(void *number)
{
  int from = (int)(intptr_t)number;
  for (int64_t i = 1; atomic_fetch_sub(&steps_left, 1) > 0; i++) {
    struct place *p = &places[draw() % HOUSES];
    if (draw() % 512 == 0) build(p);
    if (draw() % 4 == 0)
      write_letter(p, from, i);
    else
      visit((weir_ref){atomic_load(&p->ref)});
    if (draw() % 16 == 0) weir_sleep(WEIR_MILLIS(0.05)); /* the houses come to rest */
  }
  return WEIR_OK;
}

static void *be_a_guest_on_a_thread(void *number)
{
  be_a_guest(number);
  return NULL;
}

static void check_house(struct place *p)
{
  weir_ref house_ref = {atomic_load(&p->ref)};
  struct book *b = &books[atomic_load(&p->book)];
  struct number *count;
  int rc = weir_ask(house_ref, WEIR_SECONDS(100), &count, count_of); /* behind all letters */
  assert_int_equal(rc, WEIR_OK);
  assert_int_equal(count->n, atomic_load(&b->handled));
  assert_int_equal(atomic_load(&b->accepted), atomic_load(&b->handled));
  weir_free(count);
  weir_stop(house_ref);
}

static void nothing_is_lost_whoever_comes(void **state)
{
  (void)state;
  weir_task *tasks[GUESTS - 1];
  pthread_t thread;
  memset((void *)books, 0, sizeof books);
  atomic_store(&books_used, 0);
  atomic_store(&wrong, 0);
  atomic_store(&disorder, 0);
  atomic_store(&steps_left, count_or(60000, 3000));
  for (int i = 0; i < HOUSES; i++) {
    atomic_store(&places[i].ref, 0);
    assert_true(build(&places[i]));
  }
  for (intptr_t i = 0; i < GUESTS - 1; i++) assert_non_null(tasks[i] = weir_task_start(NULL, be_a_guest, (void *)i));
  assert_int_equal(pthread_create(&thread, NULL, be_a_guest_on_a_thread, (void *)(intptr_t)(GUESTS - 1)), 0);
  for (int i = 0; i < GUESTS - 1; i++) assert_int_equal(weir_task_join(tasks[i], WEIR_SECONDS(100), NULL), WEIR_OK);
  while (atomic_load(&steps_left) > -GUESTS) weir_sleep(WEIR_MILLIS(0.2)); /* the thread, too, has seen it */
  pthread_join(thread, NULL);
  assert_int_equal(atomic_load(&wrong), 0);
  assert_int_equal(atomic_load(&disorder), 0);
  for (int i = 0; i < HOUSES; i++) check_house(&places[i]);
}

/* ---- an actor that binds itself to a worker while those on other workers send to it ---- */

struct settler {
  int64_t seen;
};
static int settler_nudge(struct settler *s)
{
  if (s->seen++ == 0 && !weir_loop()) atomic_fetch_add(&wrong, 1); /* it stays here from now on */
  return WEIR_OK;
}
static int settler_count(struct settler *s, struct number *reply)
{
  reply->n = s->seen;
  return WEIR_OK;
}
WEIR_ACTOR(settler, WEIR_ON(nudge, settler_nudge) WEIR_ON(count_of, settler_count));

enum { SETTLERS = 64 };
static _Atomic(uint64_t) settlers[SETTLERS];
static _Atomic(int64_t) visits[SETTLERS];
static _Atomic(int) visitors;

/* Keeps its worker until the others have begun, so that they begin on other ones. What is shared is relaxed: the test
 * itself is to put nothing in order. */
static void wait_for_the_others(int count)
{
  int64_t until = weir__now_ns() + 20000000;
  atomic_fetch_add_explicit(&visitors, 1, memory_order_relaxed);
  while (atomic_load_explicit(&visitors, memory_order_relaxed) < count && weir__now_ns() < until) continue;
}

static int visit_settlers(void *number)
{
  uint64_t luck = (uint64_t)(uintptr_t)number;
  wait_for_the_others(weir_runtime_workers(runtime));
  for (int i = 0; i < 2 * SETTLERS; i++) {
    uint64_t at = draw_from(&luck) % SETTLERS;
    weir_ref to = {atomic_load_explicit(&settlers[at], memory_order_relaxed)};
    if (weir_send(to, nudge, .n = 1) == WEIR_OK) atomic_fetch_add_explicit(&visits[at], 1, memory_order_relaxed);
    weir_yield(); /* it runs, and rests again */
  }
  return WEIR_OK;
}

static void one_that_binds_itself_gets_all_that_comes_from_elsewhere(void **state)
{
  (void)state;
  weir_task *tasks[8];
  int count = weir_runtime_workers(runtime);
  atomic_store(&wrong, 0);
  for (int64_t round = count_or(20, 5); round > 0; round--) {
    atomic_store(&visitors, 0);
    for (int i = 0; i < SETTLERS; i++) {
      atomic_store(&visits[i], 0);
      atomic_store(&settlers[i], weir_spawn(&settler).bits);
    }
    for (int i = 0; i < count; i++)
      assert_non_null(tasks[i] = weir_task_start(NULL, visit_settlers, (void *)(uintptr_t)draw()));
    for (int i = 0; i < count; i++) assert_int_equal(weir_task_join(tasks[i], WEIR_SECONDS(100), NULL), WEIR_OK);
    for (int i = 0; i < SETTLERS; i++) {
      struct number *seen;
      weir_ref to = {atomic_load(&settlers[i])};
      assert_int_equal(weir_ask(to, WEIR_SECONDS(100), &seen, count_of), WEIR_OK);
      assert_int_equal(seen->n, atomic_load(&visits[i]));
      weir_free(seen);
      weir_stop(to);
    }
  }
  assert_int_equal(atomic_load(&wrong), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(one_that_binds_itself_gets_all_that_comes_from_elsewhere),
      ON_RUNTIME(nothing_is_lost_whoever_comes),
  };
  chance_begin();
  return RUN_ON_EACH_RUNTIME(tests);
}
