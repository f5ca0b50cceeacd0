/* weir from C++: messages and actors by the macros, and exceptions, which end at the library's door and belong to the
 * handler in which they fly (F7). Built as C++17 on the shared library and as C++20 on the static one. */
#include <atomic>
#include <csetjmp>
#include <cstdarg>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" {
#include <cmocka.h>
}
#include <weir/weir.h>

namespace
{
weir_runtime *runtime;
weir_runtime_options runtime_options;

struct number {
  int64_t value;
};
struct text {
  const char *chars;
  weir_ref next;
};
WEIR_MESSAGE(number, WEIR_FIELD(value));
WEIR_REQUEST(text, number, WEIR_FIELD(chars), WEIR_FIELD(next));

/* Has the stack been unwound? */
struct mark {
  std::atomic<int> *counter;
  explicit mark(std::atomic<int> *c) : counter(c) {}
  mark(const mark &) = delete;
  mark &operator=(const mark &) = delete;
  ~mark() { ++*counter; }
};

std::atomic<int> unwound, ended;

bool says(const char *what) { return std::strstr(weir_error_text(), what) != nullptr; }

/* Asks, wants no answer. */
int ask(weir_ref to, const char *chars) { return weir_ask(to, WEIR_SECONDS(20), NULL, text, .chars = chars); }

bool gone(weir_ref ref)
{
  for (int i = 0; i < 20000 && weir_alive(ref); i++) weir_sleep(WEIR_MILLIS(1));
  return !weir_alive(ref);
}

/* ---- an actor, as in C ---- */

struct counter {
  int64_t sum;
};
int add(counter *c, const number *m)
{
  c->sum += m->value;
  return WEIR_OK;
}
int length(counter *c, const text *m, number *reply)
{
  std::string copy(m->chars);
  std::vector<int> many(copy.size(), 1);
  for (int one : many) c->sum += one;
  reply->value = c->sum;
  return WEIR_OK;
}
int start_from(counter *c, const number *from)
{
  c->sum = from ? from->value : 0;
  return WEIR_OK;
}
WEIR_ACTOR(counter, WEIR_ON_START(number, start_from) WEIR_ON(number, add) WEIR_ON(text, length), .capacity = 4);

/* ---- all options of a field, in the order in which they stand ---- */

struct options {
  const char *token;
  int64_t most;
  weir_rate rate;
  weir_rate rates[2];
  const weir_rate *more;
  size_t more_count;
};
WEIR_MESSAGE(options,
             WEIR_FIELD(token, .json = "a token", .def = "null", .one_of = "a|b", .key = true, .secret = true,
                        .reload = WEIR_RELOAD_REFUSE, .help = "a secret"),
             WEIR_FIELD(most, .def = "\"64KiB\"", .min = 1, .max = 1e6, .unit = WEIR_UNIT_BYTES), WEIR_FIELD(rate),
             WEIR_FIELD(rates), WEIR_LIST(more, more_count));

void sizes_rates_and_secrets_are_as_in_c(void **)
{
  char text[256];
  options o = {"a", 65536, WEIR_RATE(10, WEIR_SECONDS(1)), {}, nullptr, 0};
  weir_print(options, &o, text, sizeof text);
  assert_string_equal(text, "options { token: secret, most: 64KiB, rate: 10/s, rates: [0/s, 0/s], more: [] }");
}

void messages_and_actors_work_as_in_c(void **)
{
  weir_ref c = weir_spawn(&counter, .name = "counter", .config = WEIR_VALUE(number, .value = 100));
  for (int i = 1; i <= 10; i++) assert_int_equal(weir_send(c, number, .value = i), WEIR_OK);
  number by_hand = {1000};
  assert_int_equal(weir_send_value(c, WEIR_AT(number, &by_hand)), WEIR_OK);
  number *sum;
  assert_int_equal(weir_ask(c, WEIR_SECONDS(20), &sum, text, .chars = "seven.."), WEIR_OK);
  assert_int_equal(sum->value, 100 + 55 + 1000 + 7);
  weir_free(sum);
  weir_pending pending = weir_ask_begin(c, WEIR_SECONDS(20), text, .chars = "");
  assert_int_equal(weir_await(pending, &sum, text), WEIR_OK);
  assert_int_equal(sum->value, 1162);
  weir_free(sum);
}

/* ---- exceptions that leave a clause ---- */

struct thrower {
  int64_t handled;
};
int throw_it(thrower *t, const text *m)
{
  mark on_stack(&unwound);
  std::string wanted(m->chars);
  if (wanted == "sleep first") weir_sleep(WEIR_MILLIS(1));
  if (wanted == "number") throw 42;
  if (wanted != "nothing") throw std::runtime_error("thrown: " + wanted);
  t->handled++;
  return WEIR_OK;
}
void note_end(thrower *) { ended++; }
WEIR_ACTOR(thrower, WEIR_ON(text, throw_it) WEIR_ON_END(note_end));

void fails_with(const char *chars, const char *what)
{
  unwound = ended = 0;
  weir_ref t = weir_spawn(&thrower);
  assert_int_equal(ask(t, "nothing"), WEIR_OK);
  assert_int_equal(ask(t, chars), WEIR_EFAILED);
  assert_true(says(what));
  assert_true(says("thrower"));
  assert_true(gone(t));
  assert_int_equal(ask(t, "nothing"), WEIR_EDEAD);
  assert_int_equal(unwound, 2);
  assert_int_equal(weir_runtime_stop(runtime, WEIR_SECONDS(20)), WEIR_OK);
  runtime = nullptr;
  assert_int_equal(ended, 1);
}

void an_exception_fails_the_actor_and_the_asker_gets_its_text(void **) { fails_with("a word", "thrown: a word"); }
void one_thrown_after_a_wait_does_too(void **) { fails_with("sleep first", "thrown: sleep first"); }
void one_that_is_no_std_exception_has_a_text_of_its_own(void **) { fails_with("number", "no std::exception"); }

void handlers_may_throw_again_and_again(void **)
{
  unwound = 0;
  for (int i = 0; i < 200; i++) {
    weir_ref t = weir_spawn(&thrower);
    assert_int_equal(ask(t, i % 2 ? "sleep first" : "again"), WEIR_EFAILED);
  }
  assert_int_equal(unwound, 200);
}

struct stillborn {
  int64_t unused;
};
int throw_at_start(stillborn *) { throw std::logic_error("not today"); }
int never(stillborn *, const text *) { return WEIR_OK; }
WEIR_ACTOR(stillborn, WEIR_ON_START(number, throw_at_start) WEIR_ON(text, never));

void an_exception_in_a_start_clause_fails_the_start(void **)
{
  weir_ref s = weir_spawn(&stillborn);
  int rc = ask(s, "hello");
  if (rc == WEIR_EFAILED)
    assert_true(says("not today"));
  else
    assert_int_equal(rc, WEIR_EDEAD); /* asked after its end */
  assert_true(gone(s));
}

struct sore_loser {
  int64_t unused;
};
int well(sore_loser *, const text *m) { return std::strcmp(m->chars, "stop") == 0 ? WEIR_STOP : WEIR_OK; }
void throw_at_end(sore_loser *)
{
  ended++;
  throw std::runtime_error("not like this");
}
WEIR_ACTOR(sore_loser, WEIR_ON(text, well) WEIR_ON_END(throw_at_end));

void an_exception_in_an_end_clause_does_not_stop_the_end(void **)
{
  ended = 0;
  weir_ref s = weir_spawn(&sore_loser, .name = "sore loser");
  assert_int_equal(ask(s, "stop"), WEIR_OK);
  assert_true(gone(s));
  weir_ref failing = weir_spawn(&sore_loser);
  assert_int_equal(weir_stop(failing), WEIR_OK);
  assert_int_equal(weir_runtime_stop(runtime, WEIR_SECONDS(20)), WEIR_OK);
  runtime = nullptr;
  assert_int_equal(ended, 2);
}

int throw_in_task(int *round)
{
  if (*round) throw std::out_of_range("beyond");
  return 7;
}

void a_task_that_throws_ends_with_that_error(void **)
{
  for (int round = 0; round < 2; round++) {
    int result = 0;
    weir_task *t = weir_task_start(runtime, throw_in_task, &round);
    assert_non_null(t);
    assert_int_equal(weir_task_join(t, WEIR_SECONDS(20), &result), WEIR_OK);
    assert_int_equal(result, round ? WEIR_EFAILED : 7);
  }
}

int throw_where_it_blocks(int *round) { return weir_run_blocking(throw_in_task, round); }

void an_exception_in_a_blocking_call_fails_who_called(void **)
{
  for (int round = 0; round < 2; round++) {
    int result = 0;
    weir_task *t = weir_task_start(runtime, throw_where_it_blocks, &round);
    assert_non_null(t);
    assert_int_equal(weir_task_join(t, WEIR_SECONDS(20), &result), WEIR_OK);
    assert_int_equal(result, round ? WEIR_EFAILED : 7);
    assert_int_equal(throw_where_it_blocks(&round), round ? WEIR_EFAILED : 7); /* a plain call */
  }
}

/* ---- exceptions that fly or are held while their handler waits ---- */

/* Throws, waits with what it caught, and is done with it. */
struct echo {
  int64_t thrown;
};
int throw_and_catch(echo *e, const text *m)
{
  try {
    throw std::logic_error(m->chars);
  } catch (const std::logic_error &caught) {
    weir_sleep(WEIR_MILLIS(e->thrown++ % 2));
    if (std::strcmp(caught.what(), m->chars) != 0) return weir_error(WEIR_EUSER(1), "holds %s", caught.what());
  }
  return std::current_exception() ? weir_error(WEIR_EUSER(2), "one is left") : WEIR_OK;
}
WEIR_ACTOR(echo, WEIR_ON(text, throw_and_catch));

struct juggler {
  int64_t thrown;
};

/* Waits while the stack is unwound. */
struct waiting_mark {
  weir_ref other;
  int *in_flight; /* how many exceptions are, after the wait */
  ~waiting_mark() { *in_flight = ask(other, "in between") ? -1 : std::uncaught_exceptions(); }
};

void throw_past_a_wait(weir_ref other, const std::string &what, int *in_flight)
{
  waiting_mark mark{other, in_flight};
  throw std::runtime_error(what);
}

/* In its hands, in flight, and thrown again: it must be its own, whoever threw meanwhile. */
int juggle(juggler *j, const text *m)
{
  int in_flight = 0;
  std::string mine = m->chars + std::to_string(j->thrown++);
  try {
    try {
      throw_past_a_wait(m->next, mine, &in_flight);
    } catch (const std::exception &caught) {
      if (in_flight != 1) return weir_error(WEIR_EUSER(3), "%d are in flight", in_flight);
      int rc = ask(m->next, "while one is held");
      if (rc) return rc;
      if (caught.what() != mine) return weir_error(WEIR_EUSER(4), "holds %s", caught.what());
      if (std::uncaught_exceptions() != 0) return weir_error(WEIR_EUSER(5), "another one's is in flight");
      throw;
    }
  } catch (const std::runtime_error &again) {
    if (again.what() != mine) return weir_error(WEIR_EUSER(6), "%s was thrown again", again.what());
  }
  return std::current_exception() ? weir_error(WEIR_EUSER(7), "one is left") : WEIR_OK;
}
WEIR_ACTOR(juggler, WEIR_ON(text, juggle));

void each_handler_has_its_own_exceptions(void **)
{
  enum { JUGGLERS = 8, ROUNDS = 20 };
  weir_ref other = weir_spawn(&echo), jugglers[JUGGLERS];
  for (weir_ref &j : jugglers) j = weir_spawn(&juggler);
  for (int round = 0; round < ROUNDS; round++) {
    weir_pending asked[JUGGLERS];
    for (int i = 0; i < JUGGLERS; i++) {
      std::string name = "juggler " + std::to_string(i) + ": ";
      asked[i] = weir_ask_begin(jugglers[i], WEIR_SECONDS(60), text, .chars = name.c_str(), .next = other);
    }
    for (weir_pending &pending : asked) {
      int rc = weir_await(pending, NULL, text);
      if (rc) fail_msg("%d %s", rc, weir_error_text());
    }
  }
}

/* ---- supervisors ---- */

struct tally_config {
  const char *name;
};
WEIR_MESSAGE(tally_config, WEIR_FIELD(name));
struct grow {
  int64_t by;
};
struct size {
  int64_t size;
};
WEIR_MESSAGE(size, WEIR_FIELD(size));
WEIR_REQUEST(grow, size, WEIR_FIELD(by));

struct plant {
  int64_t height;
};
int plant_start(plant *, const tally_config *c)
{
  if (!c || !c->name) throw std::runtime_error("no name");
  return WEIR_OK;
}
int plant_grow(plant *p, const grow *m, size *reply)
{
  if (m->by < 0) throw std::runtime_error("it withers");
  reply->size = p->height += m->by;
  return WEIR_OK;
}
WEIR_ACTOR(plant, WEIR_ON_START(tally_config, plant_start) WEIR_ON(grow, plant_grow));

int told_of;
void count_events(const weir_restart_event *e, void *)
{
  if (e->what == WEIR_CHILD_FAILED) told_of++;
}

int grow_it(const char *name, int64_t by, int64_t *now)
{
  size *s = nullptr;
  int rc = weir_ask(weir_find(name), WEIR_SECONDS(60), &s, grow, .by = by);
  *now = rc ? -1 : s->size;
  weir_free(s);
  return rc;
}

void a_tree_restarts_what_throws(void **)
{
  int64_t now;
  told_of = 0;
  weir_ref garden = weir_supervise(
          .name = "garden", .strategy = WEIR_ONE_FOR_ONE, .max_restarts = 5, .within = WEIR_SECONDS(60),
          .children = WEIR_CHILDREN(
              {.type = &plant, .name = "oak", .config = WEIR_VALUE(tally_config, .name = "oak"), .memory = 1 << 20},
              {.name = "bed",
               .tree = WEIR_TREE(.max_restarts = 5,
                                 .children = WEIR_CHILDREN({.type = &plant,
                                                            .name = "rose",
                                                            .config = WEIR_VALUE(tally_config, .name = "rose"),
                                                            .breaker = {.failures = 2, .reset = WEIR_SECONDS(1000)}}),
                                 .on_event = count_events)}),
          .on_event = count_events);
  weir_child_counts counts;
  assert_int_equal(weir_count_children(garden, WEIR_SECONDS(60), &counts), WEIR_OK);
  assert_int_equal(counts.active, 2);
  assert_int_equal(counts.supervisors, 1);
  assert_int_equal(grow_it("rose", 3, &now), WEIR_OK);
  assert_int_equal(now, 3);
  assert_int_equal(grow_it("rose", -1, &now), WEIR_EFAILED);
  assert_non_null(strstr(weir_error_text(), "it withers"));
  assert_int_equal(grow_it("rose", 1, &now), WEIR_OK);
  assert_int_equal(now, 1); /* a new one, by the same name */
  for (int i = 0; i < 2; i++) assert_int_equal(grow_it("rose", -1, &now), WEIR_EFAILED);
  assert_int_equal(grow_it("rose", 1, &now), WEIR_EOPEN);
  assert_int_equal(grow_it("oak", 1, &now), WEIR_OK);
  weir_ref added;
  assert_int_equal(weir_start_child(garden, WEIR_SECONDS(60), &added, .type = &plant, .name = "elm"), WEIR_EFAILED);
  assert_non_null(strstr(weir_error_text(), "no name"));
  weir_drain(garden);
  while (weir_alive(garden) || !weir_ref_error(weir_find("oak"))) weir_sleep(WEIR_MILLIS(0.2));
  assert_int_equal(told_of, 3);
}

/* ---- on several runtimes ---- */

int up(void **) { return weir_runtime_start(&runtime_options, &runtime); }

int down(void **)
{
  int rc = runtime ? weir_runtime_stop(runtime, WEIR_SECONDS(20)) : WEIR_OK;
  runtime = nullptr;
  weir_accounts a;
  weir_accounts_read(&a);
  return rc || a.live != 0;
}

int tests_on(int flavor, int workers)
{
  const CMUnitTest tests[] = {
      cmocka_unit_test(sizes_rates_and_secrets_are_as_in_c),
      cmocka_unit_test_setup_teardown(messages_and_actors_work_as_in_c, up, down),
      cmocka_unit_test_setup_teardown(an_exception_fails_the_actor_and_the_asker_gets_its_text, up, down),
      cmocka_unit_test_setup_teardown(one_thrown_after_a_wait_does_too, up, down),
      cmocka_unit_test_setup_teardown(one_that_is_no_std_exception_has_a_text_of_its_own, up, down),
      cmocka_unit_test_setup_teardown(handlers_may_throw_again_and_again, up, down),
      cmocka_unit_test_setup_teardown(an_exception_in_a_start_clause_fails_the_start, up, down),
      cmocka_unit_test_setup_teardown(an_exception_in_an_end_clause_does_not_stop_the_end, up, down),
      cmocka_unit_test_setup_teardown(a_task_that_throws_ends_with_that_error, up, down),
      cmocka_unit_test_setup_teardown(an_exception_in_a_blocking_call_fails_who_called, up, down),
      cmocka_unit_test_setup_teardown(each_handler_has_its_own_exceptions, up, down),
      cmocka_unit_test_setup_teardown(a_tree_restarts_what_throws, up, down),
  };
  runtime_options = weir_runtime_options{.flavor = flavor, .workers = workers};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
} // namespace

int main()
{
  return tests_on(WEIR_CURRENT_THREAD, 0) + tests_on(WEIR_MULTI_THREAD, 1) + tests_on(WEIR_MULTI_THREAD, 2);
}
