/* One record is followed through a topology: each step of it, and of all that comes of it, until each has come to its end. */
#include "unit/run_fixture.h"

/* ---- what is told ---- */

enum { STEPS = 4096 };
static struct step {
  char what[16], record[64], actor[16], output[16], to[16], text[64], json[512];
  int depth;
  unsigned records;
  uint64_t beyond;
  int64_t ns;
  int64_t n; /* of the item that it is; -1: it is not told */
} steps[STEPS];
static size_t step_count; /* steps are told one at a time */

static void note_step(void *arg, const weir_step *s)
{
  (void)arg;
  assert_true(step_count < STEPS);
  struct step *to = &steps[step_count++];
  memset(to, 0, sizeof *to);
#define COPY(member) snprintf(to->member, sizeof to->member, "%s", s->member ? s->member : "")
  COPY(what), COPY(record), COPY(actor), COPY(output), COPY(to), COPY(text), COPY(json);
  to->depth = s->depth, to->records = s->records, to->beyond = s->beyond, to->ns = s->time.ns;
  to->n = s->value.at ? ((const struct item *)s->value.at)->n : -1;
}

static bool is(const struct step *s, const char *what) { return strcmp(s->what, what) == 0; }
static bool is_first(const struct step *s) { return is(s, "given") || is(s, "got"); }
static bool is_end(const struct step *s)
{
  return is(s, "done") || is(s, "dropped") || is(s, "discarded") || is(s, "dead letter") || is(s, "lost");
}

static size_t count_of(const char *what)
{
  size_t n = 0;
  for (size_t i = 0; i < step_count; i++) n += is(&steps[i], what);
  return n;
}

/* The steps of one record, as "sent begun done". */
static const char *way_of(const char *record)
{
  static char way[256];
  *way = 0;
  for (size_t i = 0; i < step_count; i++)
    if (strcmp(steps[i].record, record) == 0 && !is(&steps[i], "over"))
      snprintf(way + strlen(way), sizeof way - strlen(way), "%s%s", *way ? " " : "", steps[i].what);
  return way;
}

static const struct step *step_of(const char *record, const char *what)
{
  for (size_t i = 0; i < step_count; i++)
    if (strcmp(steps[i].record, record) == 0 && is(&steps[i], what)) return &steps[i];
  fail_msg("%s was not %s", record, what);
  return NULL;
}

/* What holds of each way: one record comes first; each that is sent comes of one that was before and has not ended; nothing is
 * told of it after its one end; when all have ended it is over. */
static void expect_whole(void)
{
  size_t begun = 0, ended = 0;
  for (size_t i = 0; i < step_count; i++) {
    const struct step *s = &steps[i];
    bool begins = is_first(s) || is(s, "sent"), known = false, over = false;
    char parent[64];
    snprintf(parent, sizeof parent, "%s", s->record);
    if (strchr(parent, '.')) *strrchr(parent, '.') = 0;
    const char *whose = is(s, "sent") ? parent : s->record;
    for (size_t k = 0; k < i; k++)
      if (strcmp(steps[k].record, whose) == 0) known = true, over = over || is_end(&steps[k]);
    assert_int_equal(is_first(s), i == 0);
    assert_int_equal(known, i > 0);
    if (!is(s, "over")) assert_false(over);
    begun += begins;
    ended += is_end(s);
    assert_int_equal(is(s, "over"), i + 1 == step_count);
    if (is(s, "over")) assert_int_equal(s->records, begun);
  }
  assert_int_equal(begun, ended);
}

static int follow_in(const char *document, const char *actor)
{
  step_count = 0;
  return run_with(document, (weir_listener){.step = note_step, .follow = actor});
}
static void follow(const char *document, const char *actor)
{
  int rc = follow_in(document, actor);
  if (rc) print_error("%s", told);
  assert_int_equal(rc, WEIR_OK);
  expect_whole();
}

/* ---- the usual way ---- */

static void the_first_record_of_a_source_is_followed_to_its_end(void **state)
{
  (void)state;
  follow("{\"actors\": [" NUMBERS("\"f\"") FRAGILE("", "") SINK "]}", NULL);
  static const char *const all[] = {"given", "sent", "done", "begun", "sent", "done", "begun", "done", "over"};
  assert_int_equal(step_count, sizeof all / sizeof all[0]);
  assert_string_equal(way_of("1"), "given done");
  assert_string_equal(way_of("1.1"), "sent begun done");
  assert_string_equal(way_of("1.1.1"), "sent begun done");
  const struct step *s = step_of("1.1.1", "sent");
  assert_string_equal(s->actor, "f");
  assert_string_equal(s->output, "out");
  assert_string_equal(s->to, "sink");
  assert_int_equal(s->depth, 3);
  assert_int_equal(s->n, 1);
  assert_string_equal(s->json,
                      "{\"step\": \"sent\", \"record\": \"1.1.1\", \"actor\": \"f\", \"output\": \"out\", \"to\": "
                      "\"sink\", \"type\": \"item\", \"value\": {\"n\":1}}");
  assert_int_equal(step_of("1.1", "done")->records, 1);
  assert_true(step_of("1.1", "begun")->ns > 0 && step_of("1.1", "done")->ns > 0);
  expect_all(1000); /* and the run goes on */
}

static void each_receiver_of_a_record_is_followed(void **state)
{
  (void)state;
  follow("{\"actors\": [" NUMBERS("[\"f\", \"other\", \"g\"]") FRAGILE("", "")
             SINK OTHER("1") ", {\"name\": \"g\", \"type\": \"fragile\", \"to\": \"discard\"}]}",
         "numbers");
  assert_int_equal(count_of("sent"), 5);
  assert_string_equal(step_of("1.2", "sent")->to, "other");
  assert_string_equal(way_of("1.2"), "sent begun done");
  assert_string_equal(way_of("1.3.1"), "sent discarded");
  assert_string_equal(step_of("1.3.1", "sent")->to, "");
  assert_int_equal(step_of("1", "done")->records, 3);
}

static void the_first_that_an_actor_gets_is_followed(void **state)
{
  (void)state;
  follow("{\"actors\": [" NUMBERS(
             "\"f\"") "{\"name\": \"f\", \"type\": \"fragile\", \"instances\": 4, \"to\": \"sink\"}, " SINK "]}",
         "f");
  assert_string_equal(way_of("1"), "got begun done");
  assert_string_equal(way_of("1.1"), "sent begun done");
  assert_int_equal(step_count, 7); /* of one of them */
  assert_int_equal(strncmp(steps[0].actor, "f[", 2), 0);
  assert_string_equal(steps[0].json + strlen(steps[0].json) - 2, "}}");
}

static void who_is_followed_must_be_there(void **state)
{
  (void)state;
  int rc = follow_in("{\"actors\": [" NUMBERS("\"f\"") FRAGILE("", "") SINK "]}", "nobody");
  assert_int_equal(rc, WEIR_EINVAL);
  assert_non_null(strstr(told, "no actor \"nobody\" to be followed"));
  assert_int_equal(step_count, 0);
}

static void a_source_without_records_tells_nothing(void **state)
{
  (void)state;
  assert_int_equal(
      follow_in("{\"actors\": [{\"name\": \"numbers\", \"type\": \"numbers\", \"config\": {\"count\": 0}, \"to\": "
                "\"sink\"}, " SINK "]}",
                NULL),
      WEIR_OK);
  assert_int_equal(step_count, 0);
}

/* ---- other ways ---- */

static void a_record_that_is_refused_is_followed_where_it_goes(void **state)
{
  (void)state;
#define REFUSING(then)                                                                                                 \
  FRAGILE("\"refuses\": 1", ", \"on_failure\": {\"retry\": 2, \"backoff\": [\"1us\", \"1us\"]" then "}")
  follow("{\"actors\": [{\"name\": \"numbers\", \"type\": \"numbers\", \"config\": {\"count\": 3}, \"to\": "
         "\"f\"}, " REFUSING(", \"then\": \"other\"") SINK OTHER("1") "]}",
         NULL);
  assert_string_equal(way_of("1.1"), "sent begun refused refused refused done");
  assert_string_equal(step_of("1.1", "refused")->text, "1 is refused");
  assert_string_equal(way_of("1.1.1"), "sent begun done");
  assert_string_equal(step_of("1.1.1", "sent")->output, "failed");
  assert_string_equal(step_of("1.1.1", "sent")->to, "other");
  follow("{\"actors\": [{\"name\": \"numbers\", \"type\": \"numbers\", \"config\": {\"count\": 3}, \"to\": "
         "\"f\"}, " REFUSING("") SINK "]}",
         NULL);
  assert_string_equal(way_of("1.1"), "sent begun refused refused refused dead letter");
  assert_string_equal(step_of("1.1", "dead letter")->text, "1 is refused");
}

static void a_record_that_its_actor_fails_with_is_followed_on(void **state)
{
  (void)state;
  follow("{\"actors\": [" NUMBERS("[\"f\", \"other\"]")
             FRAGILE("\"fails\": 1, \"times\": 2", ", \"on_failure\": {\"retry\": 3, \"backoff\": [\"1us\", \"1us\"]}")
                 SINK OTHER("1") "], \"supervision\": " QUIETLY "}",
         NULL);
  assert_string_equal(way_of("1.1"), "sent begun failed begun failed begun done");
  assert_string_equal(way_of("1.1.1"), "sent begun done");
  follow("{\"actors\": [" NUMBERS("\"f\"")
             FRAGILE("\"fails\": 1, \"times\": 1", ", \"on_failure\": {\"then\": \"other\"}")
                 SINK OTHER("1") "], \"supervision\": " QUIETLY "}",
         NULL);
  assert_string_equal(way_of("1.1"), "sent begun failed done");
  assert_string_equal(step_of("1.1.1", "sent")->output, "failed");
  assert_string_equal(way_of("1.1.1"), "sent begun done");
  follow("{\"actors\": [" NUMBERS("\"f\"") FRAGILE("\"fails\": 1, \"times\": 1", "") SINK "], \"supervision\": " QUIETLY
                                                                                          "}",
         NULL);
  assert_string_equal(way_of("1.1"), "sent begun failed dead letter");
}

static void a_record_with_which_its_actor_ends_is_lost(void **state)
{
  (void)state;
  assert_int_equal(follow_in("{\"actors\": [" NUMBERS("\"f\"") FRAGILE("\"fails\": 1", "") SINK "]}", NULL),
                   WEIR_EUSER(3));
  expect_whole();
  assert_string_equal(step_of("1.1", "lost")->actor, "f");
}

static void what_a_breaker_turns_away_is_followed(void **state)
{
  (void)state;
  follow("{\"actors\": [" NUMBERS("\"twice\"") "{\"name\": \"twice\", \"type\": \"from\", \"config\": {\"times\": 2}, "
                                               "\"to\": \"f\"}, " FRAGILE("\"refuses\": 1",
                                                                          ", \"on_failure\": {\"then\": \"discard\"}, "
                                                                          "\"breaker\": {\"failures\": 1, \"reset\": "
                                                                          "\"1h\", \"while_open\": \"other\"}")
                                                   SINK OTHER("1") "]}",
         NULL);
  assert_string_equal(way_of("1.1.1"), "sent begun refused done");
  assert_string_equal(step_of("1.1.1", "refused")->text, "1 is refused");
  assert_string_equal(way_of("1.1.1.1"), "sent discarded");
  assert_string_equal(way_of("1.1.2"), "sent begun refused done");
  assert_string_equal(step_of("1.1.2", "refused")->text, "its breaker is open");
  assert_string_equal(step_of("1.1.2.1", "sent")->to, "other");
}

/* Four batches hold those that are followed: while its receiver holds the first there is room for one more. */
static void what_finds_no_room_is_followed(void **state)
{
  (void)state;
#define BURST(when_full)                                                                                               \
  "{\"actors\": [{\"name\": \"numbers\", \"type\": \"numbers\", \"config\": {\"count\": 1}, \"to\": \"burst\"}, "      \
  "{\"name\": "                                                                                                        \
  "\"burst\", \"type\": \"burst\", \"to\": {\"to\": \"hold\", \"when_full\": " when_full                               \
  "}}, {\"name\": \"hold\", \"type\": "                                                                                \
  "\"hold\", \"mailbox\": {\"capacity\": 1}}"
  follow(BURST("\"drop\"") "]}", NULL);
  assert_int_equal(steps[step_count - 1].records, 256);
  assert_int_equal(steps[step_count - 1].beyond, 1002 - 256);
  assert_true(count_of("dropped") > 0);
  assert_int_equal(count_of("done") + count_of("dropped"), 256);
  follow(BURST("{\"to\": \"other\"}") ", {\"name\": \"other\", \"type\": \"hold\", \"config\": {\"holds\": false}}]}",
         NULL);
  assert_true(count_of("diverted") > 0);
  assert_int_equal(count_of("done"), 256);
}

/* Its receiver may be gone by then: that is told of it, too. */
static void what_is_sent_to_one_that_is_gone_is_followed(void **state)
{
  (void)state;
  int rc = follow_in(
      "{\"actors\": [" NUMBERS(
          "[{\"to\": \"f\", \"when_full\": \"drop\"}, \"late\"]") "{\"name\": \"late\", "
                                                                  "\"type\": \"from\", \"config\": {\"first\": 1000}, "
                                                                  "\"to\": \"f\"}, " FRAGILE("\"fails\": 1", "") SINK
      "], \"supervision\": {\"children\": [{\"name\": \"group\", \"max_restarts\": 0, \"on_exhausted\": "
      "\"leave_down\", \"children\": [\"f\"]}, \"*\"]}}",
      "late");
  assert_true(rc == WEIR_EDEAD || rc == WEIR_OK);
  expect_whole();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_record_of_a_source_is_followed_to_its_end),
      cmocka_unit_test(each_receiver_of_a_record_is_followed),
      cmocka_unit_test(the_first_that_an_actor_gets_is_followed),
      cmocka_unit_test(who_is_followed_must_be_there),
      cmocka_unit_test(a_source_without_records_tells_nothing),
      cmocka_unit_test(a_record_that_is_refused_is_followed_where_it_goes),
      cmocka_unit_test(a_record_that_its_actor_fails_with_is_followed_on),
      cmocka_unit_test(a_record_with_which_its_actor_ends_is_lost),
      cmocka_unit_test(what_a_breaker_turns_away_is_followed),
      cmocka_unit_test(what_finds_no_room_is_followed),
      cmocka_unit_test(what_is_sent_to_one_that_is_gone_is_followed),
  };
  return run_on_each(tests, sizeof tests / sizeof tests[0]);
}
