/* Topologies that run: who is started again, what becomes of what fails, of what finds no room, and of the end. */
#include <signal.h>
#include <unistd.h>

#include "topology/run.h"
#include "unit/run_fixture.h"

static void without_supervision_the_first_failure_ends_the_run(void **state)
{
  (void)state;
  int rc = run("{\"actors\": [" NUMBERS("\"f\"") FRAGILE("\"fails\": 500", "") SINK "]}");
  assert_int_equal(rc, WEIR_EUSER(3));
  assert_non_null(strstr(told, "f: 500 broke it"));
  assert_int_equal(atomic_load(&seen.ends), 0); /* what is not whole does not end as if it were */
}

static void an_actor_that_can_t_start_ends_the_run(void **state)
{
  (void)state;
  int rc = run("{\"actors\": [" NUMBERS("\"f\"") FRAGILE("\"starts\": false", "") SINK "]}");
  assert_int_equal(rc, WEIR_EUSER(1));
  assert_non_null(strstr(told, "f: it can't start"));
}

static void a_supervisor_restarts_and_only_the_record_in_hand_is_a_dead_letter(void **state)
{
  (void)state;
  int rc = run("{\"actors\": [" NUMBERS("\"f\"") FRAGILE("\"fails\": 500", "") SINK "], \"supervision\": {}}");
  assert_int_equal(rc, WEIR_OK);
  assert_string_equal(told,
                      "f: a record (item) became a dead letter: its actor failed with it\nf: a record (item) became a "
                      "dead letter: its actor failed with it\n2 records became dead letters\n");
  assert_int_equal(atomic_load(&seen.items[0]), 998);
  assert_int_equal(atomic_load(&seen.starts), 3);
  assert_int_equal(atomic_load(&seen.ends), 1);
}

/* The last line of what was told. */
static const char *summary(void)
{
  size_t size = strlen(told);
  while (size > 1 && told[size - 2] != '\n') size--;
  return size ? told + size - 1 : told;
}

static void what_is_refused_is_told_and_counted_and_no_failure(void **state)
{
  (void)state;
  assert_int_equal(run("{\"actors\": [" NUMBERS("\"f\"") FRAGILE("\"refuses\": 100", "") SINK "]}"), WEIR_OK);
  assert_int_equal(atomic_load(&seen.items[0]), 990);
  assert_string_equal(told, "f: a record (item) became a dead letter: 100 is refused\n"
                            "f: a record (item) became a dead letter: 200 is refused\n"
                            "f: a record (item) became a dead letter: 300 is refused\n"
                            "10 records became dead letters\n");
  assert_int_equal(dead_letters_of("f"), 10);
  assert_int_equal(run("{\"actors\": [" NUMBERS("\"f\"") FRAGILE("\"refuses\": 1000, \"fails\": 1001", "") SINK "]}"),
                   WEIR_OK);
  assert_string_equal(summary(), "1 record became a dead letter\n");
  /* beside a failure they are in one line with it */
  assert_int_equal(run("{\"actors\": [" NUMBERS("\"f\"") FRAGILE("\"refuses\": 3, \"fails\": 10", "") SINK "]}"),
                   WEIR_EUSER(3));
  assert_non_null(strstr(told, "f: 10 broke it; "));
  assert_non_null(strstr(told, "; 3 records became dead letters\n"));
}

static void what_there_is_no_memory_for_is_lost(void **state)
{
  (void)state;
  assert_int_equal(
      run("{\"actors\": [" NUMBERS("\"f\"") FRAGILE("\"refuses\": 500, \"has_memory\": false", "") SINK "]}"),
      WEIR_EDEAD);
  assert_string_equal(told, "f lost a message (item): no memory for 500\nf lost a message (item): no memory for 1000\n"
                            "2 messages were lost\n");
}

static void what_is_wired_to_the_dead_letters_is_counted(void **state)
{
  (void)state;
  assert_int_equal(run("{\"actors\": [" NUMBERS(
                       "\"dead_letters\"") "{\"name\": \"again\", \"type\": \"numbers\", "
                                           "\"to\": \"f\"}, " FRAGILE("\"refuses\": 500",
                                                                      ", \"on_failure\": {\"then\": \"dead_letters\"}")
                                               SINK "]}"),
                   WEIR_OK);
  assert_int_equal(atomic_load(&seen.items[0]), 998);
  assert_int_equal(dead_letters_of("numbers"), 1000);
  assert_string_equal(summary(), "1002 records became dead letters\n");
  assert_non_null(strstr(told, "f: a record (item) became a dead letter: 500 is refused\n"));
}

static void an_open_breaker_s_records_are_dead_letters_or_discarded(void **state)
{
  (void)state;
#define BROKEN(open)                                                                                                   \
  run("{\"actors\": [" NUMBERS("\"f\"") FRAGILE(                                                                       \
      "\"refuses\": 1", ", \"on_failure\": {\"then\": \"discard\"}, \"breaker\": {\"failures\": 10, \"reset\": "       \
                        "\"1h\"" open "}") SINK "]}")
  assert_int_equal(BROKEN(""), WEIR_OK);
  assert_int_equal(dead_letters_of("f"), 990);
  assert_non_null(strstr(told, "f: a record (item) became a dead letter: its breaker is open\n"));
  assert_int_equal(BROKEN(", \"while_open\": \"discard\""), WEIR_OK);
  assert_int_equal(dead_letters_of("f"), 0);
  assert_string_equal(told, "");
}

static void what_failed_is_tried_again_and_nothing_is_lost(void **state)
{
  (void)state;
  assert_int_equal(run("{\"actors\": [" NUMBERS("\"f\"")
                           FRAGILE("\"fails\": 500, \"times\": 3",
                                   ", \"on_failure\": {\"retry\": 3, \"backoff\": [\"1ms\", \"4ms\"]}") SINK
                       "], \"supervision\": " QUIETLY "}"),
                   WEIR_OK);
  expect_all(1000);
  assert_int_equal(atomic_load(&seen.starts), 4);
}

static void what_is_given_up_goes_where_the_policy_says(void **state)
{
  (void)state;
  assert_int_equal(run("{\"actors\": [" NUMBERS("\"f\"")
                           FRAGILE("\"refuses\": 3, \"fails\": 500",
                                   ", \"on_failure\": {\"backoff\": [\"1ms\", \"1ms\"], \"then\": \"other\"}")
                               SINK OTHER("1") "]"
                                               ", \"supervision\": " QUIETLY "}"),
                   WEIR_OK);
  assert_int_equal(atomic_load(&seen.items[1]), 333 + 2);
  assert_int_equal(atomic_load(&seen.items[0]), 1000 - 335);
  assert_int_equal(atomic_load(&seen.ends), 2);
  assert_int_equal(run("{\"actors\": [" NUMBERS("\"f\"")
                           FRAGILE("\"refuses\": 3", ", \"on_failure\": {\"then\": \"discard\"}") SINK "]}"),
                   WEIR_OK);
  assert_int_equal(atomic_load(&seen.items[0]), 667);
}

static void a_breaker_keeps_records_from_one_that_fails(void **state)
{
  (void)state;
  assert_int_equal(
      run("{\"actors\": [" NUMBERS("\"f\"") FRAGILE(
          "\"refuses\": 1", ", \"on_failure\": {\"then\": \"discard\"}, \"breaker\": {\"failures\": 10, \"reset\": "
                            "\"1h\", \"while_open\": \"other\"}") SINK OTHER("1") "]}"),
      WEIR_OK);
  assert_int_equal(atomic_load(&seen.items[1]), 990);
  assert_int_equal(atomic_load(&seen.items[0]), 0);
}

static void a_breaker_closes_when_its_time_is_over(void **state)
{
  (void)state;
  assert_int_equal(
      run("{\"actors\": [{\"name\": \"numbers\", \"type\": \"numbers\", \"config\": {\"count\": 20}, \"to\": "
          "\"f\"}, " FRAGILE("\"refuses\": 4",
                             ", \"on_failure\": {\"then\": \"discard\"}, \"breaker\": {\"failures\": 1, \"reset\": "
                             "\"1ms\", \"while_open\": \"other\"}") SINK OTHER("1") "]}"),
      WEIR_OK);
  assert_true(atomic_load(&seen.items[0]) > 0);
  assert_int_equal(atomic_load(&seen.items[0]) + atomic_load(&seen.items[1]) <= 20, true);
}

static void too_many_restarts_end_the_run(void **state)
{
  (void)state;
  int rc = run("{\"actors\": [" NUMBERS("\"f\"") FRAGILE("\"fails\": 10", "") SINK
               "], \"supervision\": {\"max_restarts\": 2, \"within\": \"1h\"}}");
  assert_int_equal(rc, WEIR_EUSER(3));
  assert_non_null(strstr(told, "f: 30 broke it"));
  assert_int_equal(atomic_load(&seen.starts), 3);
}

static void a_group_that_gives_up_is_restarted_by_the_next(void **state)
{
  (void)state;
  int rc = run("{\"actors\": [" NUMBERS("\"f\"")
                   FRAGILE("\"fails\": 10, \"times\": 5", ", \"on_failure\": {\"then\": \"discard\", \"backoff\": "
                                                          "[\"1ms\", \"1ms\"]}") SINK
               "], \"supervision\": {\"max_restarts\": 100, \"within\": \"1h\", \"children\": [{\"name\": \"group\", "
               "\"max_restarts\": 1, \"within\": \"1h\", \"children\": [\"f\"]}, \"*\"]}}");
  assert_int_equal(rc, WEIR_OK);
  assert_int_equal(atomic_load(&seen.items[0]), 995);
  assert_int_equal(atomic_load(&seen.starts), 6);
  assert_int_equal(atomic_load(&seen.ends), 1);
}

/* Those that are restarted with one that failed may have ended, well, before. */
static void who_has_ended_is_not_restarted_with_the_others(void **state)
{
  (void)state;
  int rc = run("{\"actors\": [" NUMBERS("\"f\"")
                   FRAGILE("\"fails\": 1000, \"times\": 1, \"waits\": true", ", \"on_failure\": {\"retry\": 1, "
                                                                             "\"backoff\": [\"1ms\", \"1ms\"]}") SINK
               "], \"supervision\": {\"max_restarts\": 1, \"within\": \"1h\", \"children\": [\"sink\", {\"name\": "
               "\"group\", \"max_restarts\": 0, \"children\": [\"numbers\", \"f\"]}]}}");
  assert_int_equal(rc, WEIR_OK);
  expect_all(1000);
  assert_int_equal(atomic_load(&seen.starts), 2);
}

/* The sink is in the midst of a batch then, which its next incarnation goes on with. */
static void who_is_restarted_with_another_loses_nothing(void **state)
{
  (void)state;
  int rc = run("{\"actors\": [" NUMBERS("\"f\"")
                   FRAGILE("\"fails\": 200, \"times\": 4",
                           ", \"on_failure\": {\"retry\": 9, \"backoff\": "
                           "[\"1ms\", \"1ms\"]}") "{\"name\": \"sink\", \"type\": \"sink\", \"config\": {\"each\": "
                                                  "\"100us\"}}], \"supervision\": "
                                                  "{\"children\": [\"numbers\", {\"name\": \"group\", \"strategy\": "
                                                  "\"one_for_all\", \"max_restarts\": "
                                                  "9, \"within\": \"1h\", \"children\": [\"sink\", \"f\"]}]}}");
  if (rc) fail_msg("%s", told);
  expect_all(1000);
  assert_int_equal(atomic_load(&seen.starts), 5);
}

static void a_group_that_is_left_down_does_not_hold_up_the_others(void **state)
{
  (void)state;
  int rc = run(
      "{\"actors\": [" NUMBERS("[{\"to\": \"f\", \"when_full\": \"drop\"}, \"other\"]") FRAGILE("\"fails\": 10", "")
          SINK OTHER(
              "1") "]"
                   ", \"supervision\": {\"children\": [{\"name\": \"group\", \"max_restarts\": 0, \"on_exhausted\": "
                   "\"leave_down\", \"children\": [\"f\"]}, \"*\"]}}");
  assert_int_equal(atomic_load(&seen.items[0]), 9);
  assert_true(rc == WEIR_EDEAD || rc == WEIR_OK);
  assert_int_equal(atomic_load(&seen.ends), 2);
}

static void an_edge_that_drops_keeps_nobody_waiting(void **state)
{
  (void)state;
  assert_int_equal(
      run("{\"actors\": [{\"name\": \"numbers\", \"type\": \"numbers\", \"config\": {\"count\": 100000}, "
          "\"to\": [\"other\", {\"to\": \"sink\", \"when_full\": \"drop\"}]}, {\"name\": \"sink\", \"type\": "
          "\"sink\", \"mailbox\": {\"capacity\": 1}, \"config\": {\"each\": \"1ms\"}}" OTHER("1") "]}"),
      WEIR_OK);
  assert_int_equal(atomic_load(&seen.items[1]), 100000);
  assert_true(atomic_load(&seen.items[0]) < 100000);
}

static void an_edge_that_diverts_gives_to_another(void **state)
{
  (void)state;
  assert_int_equal(
      run("{\"actors\": [{\"name\": \"numbers\", \"type\": \"numbers\", \"config\": {\"count\": 20000}, "
          "\"to\": {\"to\": \"sink\", \"when_full\": {\"to\": \"other\"}}}, {\"name\": \"sink\", \"type\": "
          "\"sink\", \"mailbox\": {\"capacity\": 1}, \"config\": {\"each\": \"1ms\"}}" OTHER("1") "]}"),
      WEIR_OK);
  assert_int_equal(atomic_load(&seen.items[0]) + atomic_load(&seen.items[1]), 20000);
  assert_int_equal(atomic_load(&seen.sum[0]) + atomic_load(&seen.sum[1]), INT64_C(20000) * 20001 / 2);
  assert_true(atomic_load(&seen.items[1]) > 0);
}

/* numbers -> f -> sink, and f back to itself by way of g: that edge drops. */
static void a_circle_in_which_nobody_waits_ends_with_its_input(void **state)
{
  (void)state;
  int rc =
      run("{\"actors\": [{\"name\": \"numbers\", \"type\": \"numbers\", \"config\": {\"count\": 100}, \"to\": "
          "\"f\"}, {\"name\": \"f\", \"type\": \"fragile\", \"to\": [\"sink\", \"g\"]}, {\"name\": \"g\", \"type\": "
          "\"fragile\", \"config\": {\"refuses\": 1}, \"on_failure\": {\"then\": \"discard\"}, \"to\": {\"to\": "
          "\"f\", \"when_full\": \"drop\"}}, " SINK "]}");
  assert_int_equal(rc, WEIR_OK);
  expect_all(100);
}

static void an_output_may_be_discarded(void **state)
{
  (void)state;
  assert_int_equal(run("{\"actors\": [" NUMBERS("\"discard\"") "{\"name\": \"again\", \"type\": \"numbers\", \"to\": "
                                                               "\"sink\"}, " SINK "]}"),
                   WEIR_OK);
  expect_all(1000);
}

static void a_pinned_actor_stays_on_its_worker_also_when_it_is_restarted(void **state)
{
  (void)state;
  assert_int_equal(run("{\"actors\": [" NUMBERS("\"f\"") FRAGILE("\"fails\": 500", ", \"pinned\": true") SINK
                       "], \"supervision\": {}}"),
                   WEIR_OK);
  assert_int_equal(atomic_load(&seen.starts), 3);
  assert_int_equal(atomic_load(&seen.bound), 3);
  assert_int_equal(run("{\"actors\": [" NUMBERS("\"f\"") FRAGILE("", ", \"pinned\": true, \"instances\": 3") SINK "]}"),
                   WEIR_OK);
  assert_int_equal(atomic_load(&seen.bound), 3);
  assert_int_equal(run("{\"actors\": [" NUMBERS("\"f\"") FRAGILE("", "") SINK "]}"), WEIR_OK);
  assert_int_equal(atomic_load(&seen.bound), 0);
}

/* Its end would take an hour. */
struct stubborn {
  WEIR_EMPTY;
};
static int stubborn_item(struct stubborn *s, const struct item *m)
{
  (void)s, (void)m;
  return kill(getpid(), SIGTERM) ? WEIR_EUSER(1) : WEIR_OK;
}
static void stubborn_end(struct stubborn *s)
{
  (void)s;
  (void)!weir_sleep(WEIR_SECONDS(3600));
}
WEIR_ACTOR(stubborn, WEIR_ON(item, stubborn_item) WEIR_ON_END(stubborn_end));

static const struct weir__stock *const with_stubborn[] = {
    &(struct weir__stock){.actor = &numbers, .config = weir_message_numbers_config, .gives = weir_message_item},
    &(struct weir__stock){.actor = &stubborn, .takes = weir_message_item}, NULL};

static void who_does_not_end_in_time_after_a_signal_is_killed(void **state)
{
  (void)state;
  static const char text[] =
      "{\"actors\": [{\"name\": \"one\", \"type\": \"numbers\", \"config\": {\"count\": 1}, \"to\": "
      "\"last\"}, {\"name\": \"last\", \"type\": \"stubborn\"}]}";
  weir_topology *t;
  if (on.workers > 1) return; /* it takes a second each time */
  weir_listener listener = {.problem = hear};
  weir_serving serving = {.drain = WEIR_MILLIS(0)};
  *told = 0;
  assert_int_equal(weir__topology_parse(with_stubborn, "t.json", text, sizeof text - 1, &listener, &t), WEIR_OK);
  assert_int_equal(weir__topology_serve(t, &on, &listener, &serving, with_stubborn), WEIR_OK);
  assert_string_equal(told, "");
  weir_topology_free(t);
}

/* The stock types, and signals that do not come. */
static void a_topology_is_served_until_its_input_has_ended(void **state)
{
  (void)state;
  static const char text[] = "{\"actors\": [{\"name\": \"in\", \"type\": \"file_lines\", \"config\": {\"paths\": "
                             "[\"/dev/null\"]}, \"to\": \"discard\"}]}";
  weir_topology *t;
  assert_int_equal(weir_topology_parse("t.json", text, sizeof text - 1, NULL, &t), WEIR_OK);
  assert_int_equal(weir_topology_serve(t, NULL, NULL, WEIR_SECONDS(1)), WEIR_OK);
  weir_topology_free(t);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(who_does_not_end_in_time_after_a_signal_is_killed),
      cmocka_unit_test(a_topology_is_served_until_its_input_has_ended),
      cmocka_unit_test(without_supervision_the_first_failure_ends_the_run),
      cmocka_unit_test(an_actor_that_can_t_start_ends_the_run),
      cmocka_unit_test(a_supervisor_restarts_and_only_the_record_in_hand_is_a_dead_letter),
      cmocka_unit_test(what_is_refused_is_told_and_counted_and_no_failure),
      cmocka_unit_test(what_there_is_no_memory_for_is_lost),
      cmocka_unit_test(what_is_wired_to_the_dead_letters_is_counted),
      cmocka_unit_test(an_open_breaker_s_records_are_dead_letters_or_discarded),
      cmocka_unit_test(what_failed_is_tried_again_and_nothing_is_lost),
      cmocka_unit_test(what_is_given_up_goes_where_the_policy_says),
      cmocka_unit_test(a_breaker_keeps_records_from_one_that_fails),
      cmocka_unit_test(a_breaker_closes_when_its_time_is_over),
      cmocka_unit_test(too_many_restarts_end_the_run),
      cmocka_unit_test(a_group_that_gives_up_is_restarted_by_the_next),
      cmocka_unit_test(who_has_ended_is_not_restarted_with_the_others),
      cmocka_unit_test(who_is_restarted_with_another_loses_nothing),
      cmocka_unit_test(a_group_that_is_left_down_does_not_hold_up_the_others),
      cmocka_unit_test(an_edge_that_drops_keeps_nobody_waiting),
      cmocka_unit_test(an_edge_that_diverts_gives_to_another),
      cmocka_unit_test(a_circle_in_which_nobody_waits_ends_with_its_input),
      cmocka_unit_test(an_output_may_be_discarded),
      cmocka_unit_test(a_pinned_actor_stays_on_its_worker_also_when_it_is_restarted),
  };
  return run_on_each(tests, sizeof tests / sizeof tests[0]);
}
