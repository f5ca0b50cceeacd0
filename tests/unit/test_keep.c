/* Messages of one's own: kept, freed, passed on, and freed with the actor that held them. */
#include "unit/actor_fixture.h"

struct letter {
  const char *text;
  int64_t n;
};
WEIR_MESSAGE(letter, WEIR_FIELD(text), WEIR_FIELD(n));
struct take {
  int32_t how; /* what is done with the letters that come */
  weir_ref to;
};
WEIR_MESSAGE(take, WEIR_FIELD(how), WEIR_FIELD(to));
struct hand_over {
  WEIR_EMPTY;
};
WEIR_REQUEST(hand_over, number);

enum { HOLD, FREE, PASS, KEEP_TWICE, KEEP_STRANGER, PASS_LATER };

static const void *seen_at[2]; /* where the last two letters were */
static char seen_text[64];     /* what it said */
static int64_t seen;           /* how many came here */
static bool second_was_null;   /* keeping again, or what is not in hand, gave NULL … */
static char second_text[128];  /* … with this text */
static int passed;             /* what weir_pass() returned */

struct post {
  struct letter *held;
  int32_t how;
  weir_ref to;
};
static int post_take(struct post *p, const struct take *m)
{
  p->how = m->how;
  p->to = m->to;
  return WEIR_OK;
}
static void note_second(const struct letter *second)
{
  second_was_null = second == NULL;
  snprintf(second_text, sizeof second_text, "%s", weir_error_text());
}
static int post_letter(struct post *p, const struct letter *m)
{
  const struct letter stranger = {.text = "mine", .n = 0};
  struct letter *kept;
  seen_at[seen++ % 2] = m;
  snprintf(seen_text, sizeof seen_text, "%s", m->text);
  switch (p->how) {
  case HOLD:
  case PASS_LATER:
    weir_free(p->held);
    p->held = weir_keep(letter, m);
    return WEIR_OK;
  case FREE:
    weir_free(weir_keep(letter, m));
    return WEIR_OK;
  case PASS:
    kept = weir_keep(letter, m);
    kept->n++; /* it is ours to change */
    passed = weir_pass(p->to, kept);
    return WEIR_OK;
  case KEEP_TWICE:
    kept = weir_keep(letter, m);
    note_second(weir_keep(letter, m));
    weir_free(kept);
    return WEIR_OK;
  default:
    note_second(weir_keep(letter, &stranger));
    return WEIR_OK;
  }
}
static int post_hand_over(struct post *p, struct number *reply)
{
  reply->n = p->held ? p->held->n : -1;
  if (p->how == PASS_LATER && p->held) passed = weir_pass(p->to, p->held), p->held = NULL;
  return WEIR_OK;
}
static int post_get(struct post *p, struct number *reply)
{
  (void)p;
  reply->n = seen;
  return WEIR_OK;
}
WEIR_ACTOR(post, WEIR_ON(take, post_take) WEIR_ON(letter, post_letter) WEIR_ON(hand_over, post_hand_over)
                     WEIR_ON(get, post_get));

static weir_ref spawn_post(int32_t how, weir_ref to)
{
  weir_ref p = weir_spawn(&post);
  seen = 0;
  passed = 1;
  weir_send(p, take, .how = how, .to = to);
  return p;
}

static const weir_ref nobody = {0};

static int64_t held_by(weir_ref p)
{
  struct number *n;
  assert_int_equal(weir_ask(p, WEIR_SECONDS(20), &n, hand_over), WEIR_OK);
  int64_t held = n->n;
  weir_free(n);
  return held;
}

static void a_kept_message_outlives_its_handler(void **state)
{
  (void)state;
  weir_ref p = spawn_post(HOLD, nobody);
  for (int i = 1; i <= 10; i++) weir_send(p, letter, .text = "keep me", .n = i);
  assert_int_equal(held_by(p), 10);
}

static void what_an_actor_holds_ends_with_it(void **state)
{
  (void)state;
  weir_accounts before, after;
  weir_accounts_read(&before);
  weir_ref p = spawn_post(HOLD, nobody);
  weir_send(p, letter, .text = "keep me", .n = 5);
  assert_int_equal(held_by(p), 5);
  weir_stop(p);
  wait_until_gone(p);
  weir_accounts_read(&after);
  assert_int_equal(after.dead, before.dead); /* it was received: the sanitizers see that it was freed */
}

static void a_kept_message_may_be_freed_at_once(void **state)
{
  (void)state;
  weir_ref p = spawn_post(FREE, nobody);
  for (int i = 0; i < 10; i++) weir_send(p, letter, .text = "free me");
  assert_int_equal(get_from(p), 10);
}

static void a_message_is_passed_on_without_a_copy(void **state)
{
  (void)state;
  weir_ref last = spawn_post(HOLD, nobody), first = spawn_post(PASS, last);
  weir_send(first, letter, .text = "pass me", .n = 1);
  assert_int_equal(held_by(first), -1); /* first it is passed on … */
  assert_int_equal(held_by(last), 2);   /* … then it arrives */
  assert_int_equal(seen, 2);
  assert_ptr_equal(seen_at[0], seen_at[1]);
  assert_int_equal(passed, WEIR_OK);
  assert_string_equal(seen_text, "pass me");
}

static void what_is_passed_to_nobody_is_freed(void **state)
{
  (void)state;
  weir_ref gone = weir_spawn(&post);
  weir_stop(gone);
  wait_until_gone(gone);
  weir_ref p = spawn_post(PASS, gone);
  weir_send(p, letter, .text = "pass me");
  assert_int_equal(get_from(p), 1);
  assert_int_equal(passed, WEIR_EDEAD);
  p = spawn_post(PASS, weir_spawn(NULL)); /* a ref with an error */
  weir_send(p, letter, .text = "pass me");
  assert_int_equal(get_from(p), 1);
  assert_int_equal(passed, WEIR_EINVAL);
}

static void what_was_held_is_passed_on_later(void **state)
{
  (void)state;
  weir_ref last = spawn_post(HOLD, nobody), first = spawn_post(PASS_LATER, last);
  weir_send(first, letter, .text = "hold me", .n = 7);
  assert_int_equal(held_by(first), 7);
  assert_int_equal(held_by(first), -1);
  assert_int_equal(held_by(last), 7);
}

static void only_the_message_in_hand_can_be_kept(void **state)
{
  (void)state;
  weir_ref twice = spawn_post(KEEP_TWICE, nobody);
  weir_send(twice, letter, .text = "x");
  assert_int_equal(get_from(twice), 1);
  assert_true(second_was_null);
  weir_ref stranger = spawn_post(KEEP_STRANGER, nobody);
  weir_send(stranger, letter, .text = "x");
  assert_int_equal(get_from(stranger), 1);
  assert_true(second_was_null);
  assert_non_null(strstr(second_text, "in hand"));
  const struct letter here = {.text = "x"};
  assert_null(weir_keep(letter, &here)); /* outside of a handler nothing is in hand */
}

static void an_asked_message_that_is_kept_is_answered(void **state)
{
  (void)state;
  weir_ref p = spawn_post(HOLD, nobody);
  assert_int_equal(weir_ask(p, WEIR_SECONDS(20), NULL, letter, .text = "answer me", .n = 3), WEIR_OK);
  assert_int_equal(held_by(p), 3);
}

static void an_answer_is_passed_on(void **state)
{
  (void)state;
  struct number *n;
  weir_ref p = spawn_post(HOLD, nobody);
  assert_int_equal(weir_ask(p, WEIR_SECONDS(20), &n, hand_over), WEIR_OK);
  weir_accounts before, after;
  weir_accounts_read(&before);
  assert_int_equal(weir_pass(p, n), WEIR_OK); /* it has no clause for it */
  assert_int_equal(get_from(p), 0);
  weir_accounts_read(&after);
  assert_int_equal(after.dead - before.dead, 1);
}

static void nothing_can_not_be_passed(void **state)
{
  (void)state;
  assert_int_equal(weir_pass(nobody, NULL), WEIR_EINVAL);
  weir_free(NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_kept_message_outlives_its_handler),
      ON_RUNTIME(what_an_actor_holds_ends_with_it),
      ON_RUNTIME(a_kept_message_may_be_freed_at_once),
      ON_RUNTIME(a_message_is_passed_on_without_a_copy),
      ON_RUNTIME(what_is_passed_to_nobody_is_freed),
      ON_RUNTIME(what_was_held_is_passed_on_later),
      ON_RUNTIME(only_the_message_in_hand_can_be_kept),
      ON_RUNTIME(an_asked_message_that_is_kept_is_answered),
      ON_RUNTIME(an_answer_is_passed_on),
      ON_RUNTIME(nothing_can_not_be_passed),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
