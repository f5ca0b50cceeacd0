/* deadlock.c: who waits for whom: a circle is found by who closes it, and one wait of it is ended; none is seen that never
 * was. */
#include "runtime/task.h"
#include "scenarios/handlers_fixture.h"

/* ---- W1: each asks the next one ---- */

struct asker {
  int64_t next;
};
static _Atomic(int) deadlocked, over;
static unsigned askers;

static int ask_next(struct asker *self, const struct number *m)
{
  if (!m->n) return WEIR_OK; /* a question: the answer says no more */
  int rc = weir_ask(refs[self->next], WEIR_FOREVER, NULL, number, .n = 0);
  MODEL_CHECK(rc == WEIR_OK || rc == WEIR_EDEADLOCK);
  if (rc) atomic_fetch_add_explicit(&deadlocked, 1, memory_order_relaxed);
  if (atomic_fetch_add_explicit(&over, 1, memory_order_relaxed) + 1 == (int)askers) stop_workers();
  return WEIR_OK;
}
WEIR_ACTOR(asker, WEIR_ON(number, ask_next));

static void make_circle(unsigned workers_made, unsigned count)
{
  make_workers(workers_made);
  askers = count;
  for (unsigned i = 0; i < count; i++) {
    make_actor(i, &asker, (uint16_t)i, 4);
    ((struct asker *)weir__state_of(actors[i]))->next = (i + 1) % count;
  }
}
static void circle_on_workers(void)
{
  make_circle(2, 2);
  for (unsigned i = 0; i < 2; i++) send_number(i, 1);
}
static void one_was_ended(void)
{
  MODEL_CHECK(over == (int)askers && deadlocked == 1);
  for (unsigned i = 0; i < askers; i++) MODEL_CHECK(!actors[i]->waiting);
}
MODEL_SCENARIO(deadlock_two_ask, .about = "W1: two ask each other: one at least sees it, and one is told",
               .setup = circle_on_workers, .begin = begin_handlers, .bound = 1, .old_reads = 1,
               .threads = {work_0, work_1}, .finish = one_was_ended);

/* As handlers on the blocking pool: each thread is an actor in the middle of its turn. */
static void answer_all(void)
{
  struct weir__cell *self = actors[model_thread() - 1];
  struct weir__message *m;
  weir__mpsc_collect(self);
  while ((m = weir__mpsc_pop(self))) {
    weir__answer_unbegun(m->asker, WEIR_OK, NULL);
    weir__message_end(m, WEIR__HANDLED);
  }
}
static void ask_and_answer(void)
{
  int rc = weir_ask(refs[model_thread() % askers], WEIR_FOREVER, NULL, number, .n = 0);
  MODEL_CHECK(rc == WEIR_OK || rc == WEIR_EDEADLOCK);
  if (rc) atomic_fetch_add_explicit(&deadlocked, 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&over, 1, memory_order_relaxed);
  answer_all();
}
static void make_circle_in_turns(unsigned count)
{
  make_circle(1, count);
  in_their_turns(count);
}
static void circle_of_two(void) { make_circle_in_turns(2); }
static void circle_of_three(void) { make_circle_in_turns(3); }
MODEL_SCENARIO(deadlock_two_ask_slowly, .about = "W1: two on the blocking pool ask each other", .setup = circle_of_two,
               .begin = begin_as_handlers, .bound = 2, .old_reads = 1, .threads = {ask_and_answer, ask_and_answer},
               .finish = one_was_ended);
MODEL_SCENARIO(deadlock_three_ask, .about = "W1: a circle of three", .setup = circle_of_three,
               .begin = begin_as_handlers, .bound = 1, .old_reads = 1,
               .threads = {ask_and_answer, ask_and_answer, ask_and_answer}, .finish = one_was_ended);

/* ---- G3: what is read one after the other never was at once ---- */

/* The next request or message of the actor that this thread is: waits for it. */
static void answer_one(void)
{
  struct weir__cell *self = actors[model_thread() - 1];
  struct weir__message *m;
  for (;;) {
    weir__mpsc_collect(self);
    if ((m = weir__mpsc_pop(self))) break;
    model_pause();
  }
  if (m->asker) weir__answer_unbegun(m->asker, WEIR_OK, NULL);
  weir__message_end(m, WEIR__HANDLED);
  weir__mpsc_serve(self);
}
static int ask(unsigned i) { return weir_ask(refs[i], WEIR_FOREVER, NULL, number, .n = 0); }

static void make_three_in_turns(uint32_t capacity_of_first)
{
  make_workers(1);
  for (unsigned i = 0; i < 3; i++) make_actor(i, &asker, 0, i ? 4 : capacity_of_first);
  in_their_turns(3);
}
static void first_is_full(void)
{
  make_three_in_turns(1);
  send_number(0, 1);
}
static void first_asks_second(void)
{
  MODEL_CHECK(ask(1) == WEIR_OK);
  answer_one();
}
static void second_answers_then_asks_third(void)
{
  model_background(); /* nobody answers it */
  answer_one();
  MODEL_CHECK(ask(2) == WEIR_OK);
}
static void third_sends_to_first(void) { MODEL_CHECK(weir_send(refs[0], number, .n = 2) == WEIR_OK); }
MODEL_SCENARIO(deadlock_that_never_was,
               .about = "W1, G3: the first waits for the second, which answers and waits for the third, which waits "
                        "for the first: never at once",
               .setup = first_is_full, .begin = begin_as_handlers, .bound = 1, .old_reads = 1,
               .threads = {first_asks_second, second_answers_then_asks_third, third_sends_to_first});

/* ---- W2: the edge of an answer goes with the request ---- */

struct forwarder {
  int64_t to;
};
static int pass_on(struct forwarder *self, const struct number *m)
{
  (void)m;
  return weir_forward(refs[self->to]);
}
WEIR_ACTOR(forwarder, WEIR_ON(number, pass_on));

static void second_forwards(void)
{
  make_three_in_turns(4);
  actors[1]->type = &forwarder;
  ((struct forwarder *)weir__state_of(actors[1]))->to = 2;
}
static void ask_and_answer_one(unsigned whom)
{
  int rc = ask(whom);
  MODEL_CHECK(rc == WEIR_OK || rc == WEIR_EDEADLOCK);
  if (rc) atomic_fetch_add_explicit(&deadlocked, 1, memory_order_relaxed);
  answer_one();
}
static void ask_second(void) { ask_and_answer_one(1); }
static void ask_first(void) { ask_and_answer_one(0); }
static void run_second(void)
{
  while (!atomic_load_explicit(&actors[1]->inbox, memory_order_relaxed)) model_pause();
  weir__run_actor(&lent[1], &actors[1]->work);
}
static void one_was_told(void) { MODEL_CHECK(deadlocked == 1); }
MODEL_SCENARIO(deadlock_forwarded, .about = "W2: a request that is forwarded closes a circle", .setup = second_forwards,
               .begin = begin_as_handlers, .bound = 1, .old_reads = 1, .threads = {ask_second, run_second, ask_first},
               .finish = one_was_told);

/* ---- W2: an answer that is owed may have been left to a task ---- */

static weir_task *task;
static weir_asker owed;
static weir_pending asked_first;
static int never_begun(void *unused) { return (void)unused, WEIR_OK; }

struct lender {
  int64_t unused;
};
static int leave_it(struct lender *self, const struct number *m)
{
  (void)self, (void)m;
  owed = weir_answer_later();
  task = weir_task_start(&runtime, never_begun, NULL);
  MODEL_CHECK(owed.bits && task);
  return WEIR_OK;
}
WEIR_ACTOR(lender, WEIR_ON(number, leave_it));

/* As actor 0 in a turn of its own, before all else. */
static void take_the_request(void)
{
  static struct weir__strand strand;
  weir__strand_begin(&strand, &actors[0]->work, &actors[0]->waiting);
  weir__thread_here->strand = &strand;
  weir__run_actor(&strand, &actors[0]->work);
  weir__thread_here->strand = NULL;
}
static void second_asked_first(void)
{
  make_workers(1);
  make_actor(0, &lender, 0, 4);
  make_actor(1, &asker, 0, 4);
  asked_first = weir_ask_begin(refs[0], WEIR_FOREVER, number, .n = 0);
  MODEL_CHECK(!asked_first.error);
  take_the_request();
  in_their_turns(2);
}
/* The third thread is the task, in the middle of its function, on the blocking pool as well. */
static void begin_as_handlers_and_task(void)
{
  begin_as_handlers();
  if (model_thread() != 3) return;
  struct weir__work *work = (struct weir__work *)(void *)task; /* its first field */
  weir__strand_begin(&lent[2], work, (_Atomic(uint64_t) *)weir__task_waiting(work));
  weir__thread_here->strand = &lent[2];
}
static void second_awaits_then_answers(void)
{
  MODEL_CHECK(weir_await(asked_first, NULL, number) == WEIR_OK);
  answer_one();
}
static void ask_the_second_one(void) { MODEL_CHECK(ask(1) == WEIR_OK); }
static void pay(void) { MODEL_CHECK(weir_answer_done(owed) == WEIR_OK); }
MODEL_SCENARIO(deadlock_left_to_a_task, .about = "W2: who owes an answer waits for the asker, but a task can give it",
               .setup = second_asked_first, .begin = begin_as_handlers_and_task, .bound = 1, .old_reads = 1,
               .threads = {ask_the_second_one, second_awaits_then_answers, pay});

/* Who owes it and the task that might give it both wait for the asker. Who is told that gives the answer. */
static void second_awaits_or_not(void)
{
  int rc = weir_await(asked_first, NULL, number);
  MODEL_CHECK(rc == WEIR_OK || rc == WEIR_EDEADLOCK);
  if (rc) atomic_fetch_add_explicit(&deadlocked, 1, memory_order_relaxed);
  answer_all(); /* all have asked before any of these waits could end */
}
static void ask_second_or_pay(void)
{
  int rc = ask(1);
  MODEL_CHECK(rc == WEIR_OK || rc == WEIR_EDEADLOCK);
  if (!rc) return;
  atomic_fetch_add_explicit(&deadlocked, 1, memory_order_relaxed);
  pay();
}
MODEL_SCENARIO(deadlock_left_to_one_that_waits,
               .about = "W2: who owes an answer and the task that may give it both wait for the asker",
               .setup = second_asked_first, .begin = begin_as_handlers_and_task, .bound = 1, .old_reads = 1,
               .threads = {ask_second_or_pay, second_awaits_or_not, ask_second_or_pay}, .finish = one_was_told);

/* ---- W2: a place may come from its actor, or from any holder ---- */

static weir_permit permit;
static void second_is_full(void)
{
  make_workers(1);
  for (unsigned i = 0; i < 2; i++) make_actor(i, &asker, 0, 2);
  send_number(1, 1);
  MODEL_CHECK(weir_try_reserve(refs[1], &permit) == WEIR_OK);
  in_their_turns(2);
}
static void send_to_second(void)
{
  MODEL_CHECK(weir_send(refs[1], number, .n = 2) == WEIR_OK);
  answer_one();
}
static void ask_the_first(void) { MODEL_CHECK(ask(0) == WEIR_OK); }
static void give_back(void) { weir_permit_give_back(&permit); }
MODEL_SCENARIO(deadlock_place_comes_back, .about = "W2: who holds a permit can run, and gives it back",
               .setup = second_is_full, .begin = begin_as_handlers, .bound = 1, .old_reads = 1,
               .threads = {send_to_second, ask_the_first, give_back});

/* What it holds is used: now all waits for the second. */
static void send_to_second_or_not(void)
{
  int rc = weir_send(refs[1], number, .n = 2);
  MODEL_CHECK(rc == WEIR_OK || rc == WEIR_EDEADLOCK);
  if (rc) atomic_fetch_add_explicit(&deadlocked, 1, memory_order_relaxed);
  if (rc) answer_one();
}
static void ask_first_or_not(void)
{
  int rc = ask(0);
  MODEL_CHECK(rc == WEIR_OK || rc == WEIR_EDEADLOCK);
  if (rc) atomic_fetch_add_explicit(&deadlocked, 1, memory_order_relaxed);
  if (rc) answer_one();
}
static void use_it_then_sweep(void)
{
  MODEL_CHECK(weir_permit_send(permit, number, .n = 3) == WEIR_OK);
  for (unsigned i = 0; i < 2; i++) {
    model_advance(200000000);
    weir__deadlock_sweep();
  }
}
MODEL_SCENARIO(deadlock_swept, .about = "W2: what is closed by nobody who begins to wait is found by the sweep",
               .setup = second_is_full, .begin = begin_as_handlers, .bound = 1, .old_reads = 1,
               .threads = {send_to_second_or_not, ask_first_or_not, use_it_then_sweep}, .finish = one_was_told);

/* ---- G4: whatever ends a wait first ---- */

static void ask_in_time(void)
{
  int rc = weir_ask(refs[model_thread() % 2], WEIR_MILLIS(1), NULL, number, .n = 0);
  MODEL_CHECK(rc == WEIR_OK || rc == WEIR_EDEADLOCK || rc == WEIR_ETIMEDOUT);
  if (rc == WEIR_EDEADLOCK) atomic_fetch_add_explicit(&deadlocked, 1, memory_order_relaxed);
  answer_one();
}
static void at_most_one_was_told(void) { MODEL_CHECK(deadlocked <= 1); }
MODEL_SCENARIO(deadlock_or_time, .about = "G4: time is over while a circle is found", .setup = circle_of_two,
               .begin = begin_as_handlers, .bound = 2, .old_reads = 1, .threads = {ask_in_time, ask_in_time},
               .finish = at_most_one_was_told);

/* ---- W2: a task ends after all its children ---- */

static int ask_the_second(void *unused)
{
  (void)unused;
  int rc = ask(1);
  MODEL_CHECK(rc == WEIR_OK || rc == WEIR_EDEADLOCK);
  if (rc) atomic_fetch_add_explicit(&deadlocked, 1, memory_order_relaxed);
  return WEIR_OK;
}
static int end_at_once(void *unused) { return (void)unused, WEIR_OK; }
static int start_one_that_asks(void *unused)
{
  weir_task *child = weir_task_start(NULL, ask_the_second, unused);
  weir_task_detach(child);
  return WEIR_OK;
}
static int start_one_that_ends(void *unused)
{
  weir_task *child = weir_task_start(NULL, end_at_once, unused);
  weir_task_detach(child);
  return WEIR_OK;
}
static void begin_task_or_handler(void)
{
  if (model_thread() == 1)
    begin_handlers();
  else
    begin_as_handlers();
}
static void start_task(int (*f)(void *))
{
  make_workers(1);
  for (unsigned i = 0; i < 2; i++) make_actor(i, &asker, 0, 4);
  in_their_turns(2);
  task = weir_task_start(&runtime, f, NULL);
  MODEL_CHECK(task);
}
static void a_task_whose_child_asks(void) { start_task(start_one_that_asks); }
static void a_task_whose_child_ends(void) { start_task(start_one_that_ends); }
static void join_then_answer(void)
{
  int rc = weir_task_join(task, WEIR_FOREVER, NULL);
  MODEL_CHECK(rc == WEIR_EDEADLOCK || rc == WEIR_OK);
  if (rc) atomic_fetch_add_explicit(&deadlocked, 1, memory_order_relaxed);
  if (rc) answer_one();
  if (rc) MODEL_CHECK(weir_task_join(task, WEIR_FOREVER, NULL) == WEIR_OK);
  stop_workers();
}
MODEL_SCENARIO(deadlock_of_a_child, .about = "W2: who joins a task waits for its children, too",
               .setup = a_task_whose_child_asks, .begin = begin_task_or_handler, .bound = 2, .old_reads = 1,
               .threads = {work_0, join_then_answer}, .finish = one_was_told);

static void join_it(void)
{
  MODEL_CHECK(weir_task_join(task, WEIR_FOREVER, NULL) == WEIR_OK);
  stop_workers();
}
MODEL_SCENARIO(deadlock_child_ends, .about = "W2, G5: tasks end while who joins one looks at them",
               .setup = a_task_whose_child_ends, .begin = begin_task_or_handler, .bound = 2, .old_reads = 1,
               .threads = {work_0, join_it});
