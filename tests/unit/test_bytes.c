/* Bytes with an owner: shared, never copied, on every path that a message can take; freed with the last that holds
 * them. */
#include <stdint.h>

#include "unit/actor_fixture.h"

struct blob {
  weir_bytes bytes;
};
WEIR_MESSAGE(blob, WEIR_FIELD(bytes));
struct album {
  const weir_bytes *pages;
  size_t page_count;
  struct blob cover, backs[2];
  const struct blob *more;
};
WEIR_MESSAGE(album, WEIR_LIST(pages, page_count), WEIR_NESTED(cover, blob), WEIR_NESTED(backs, blob),
             WEIR_OPTIONAL(more, blob));
struct hand_back {
  weir_bytes bytes;
};
WEIR_REQUEST(hand_back, blob, WEIR_FIELD(bytes));
struct make {
  uint32_t size;
};
WEIR_REQUEST(make, blob, WEIR_FIELD(size));
struct pass_to {
  weir_ref to;
};
WEIR_MESSAGE(pass_to, WEIR_FIELD(to));

static uint64_t buffers(void)
{
  weir_accounts a;
  weir_accounts_read(&a);
  return a.buffers;
}

static int all_is_freed(void **state)
{
  int rc = runtime_down(state);
  if (buffers()) print_error("%llu buffers live\n", (unsigned long long)buffers());
  return rc || buffers() != 0;
}
#define WITH_BUFFERS(test) cmocka_unit_test_setup_teardown(test, runtime_up, all_is_freed)

static weir_bytes page_of(const char *text)
{
  weir_bytes b = weir_bytes_copy(text, strlen(text));
  assert_non_null(b.owner);
  return b;
}

/* ---- by hand ---- */

static void a_buffer_lives_until_its_last_share_is_dropped(void **state)
{
  (void)state;
  void *room;
  weir_bytes b = weir_bytes_make(5, &room);
  assert_int_equal((uintptr_t)room % 16, 0);
  memcpy(room, "river", 5);
  weir_bytes c = weir_bytes_share(b);
  assert_ptr_equal(c.data, b.data);
  weir_bytes_drop(b);
  assert_int_equal(buffers(), 1);
  assert_memory_equal(c.data, "river", 5);
  weir_bytes_drop(c);
  assert_int_equal(buffers(), 0);
}

static void bytes_without_an_owner_are_shared_by_copying_them(void **state)
{
  (void)state;
  char text[] = "abc";
  weir_bytes b = weir_bytes_share((weir_bytes){text, 3, NULL});
  text[0] = 'x';
  assert_non_null(b.owner);
  assert_memory_equal(b.data, "abc", 3);
  weir_bytes_drop(b);
  weir_bytes none = weir_bytes_share((weir_bytes){NULL, 0, NULL});
  assert_null(none.owner);
  weir_bytes_drop(none);
}

static void a_part_begins_and_ends_inside_the_whole(void **state)
{
  (void)state;
  weir_bytes b = page_of("0123456789");
  weir_bytes part = weir_bytes_part(b, 3, 4), rest = weir_bytes_part(b, 8, SIZE_MAX), none = weir_bytes_part(b, 99, 1);
  assert_memory_equal(part.data, "3456", 4);
  assert_int_equal(part.size, 4);
  assert_int_equal(rest.size, 2);
  assert_int_equal(none.size, 0);
  weir_bytes_drop(b);
}

static void what_can_not_be_allocated_is_an_error(void **state)
{
  (void)state;
  void *room = &room;
  weir_bytes b = weir_bytes_make(SIZE_MAX, &room);
  assert_true(!b.owner && !room && !b.size);
  assert_int_equal(buffers(), 0);
}

/* ---- on their way ---- */

static void a_channel_shares_every_field_that_holds_them(void **state)
{
  (void)state;
  weir_sender tx;
  weir_receiver rx;
  assert_int_equal(weir_mpsc(4, &tx, &rx), WEIR_OK);
  weir_bytes b = page_of("0123456789"), pages[] = {b, {"own", 3, NULL}, weir_bytes_part(b, 2, 3)};
  struct blob more = {b};
  struct album a = {.pages = pages, .page_count = 3, .cover = {b}, .backs = {{b}, {b}}, .more = &more};
  assert_int_equal(weir_channel_send_value(tx, WEIR_AT(album, &a)), WEIR_OK);
  weir_bytes_drop(b);
  assert_int_equal(buffers(), 1);
  struct album *got;
  assert_int_equal(weir_receive(rx, &got, album), WEIR_OK);
  assert_ptr_equal(got->pages[0].data, b.data);
  assert_memory_equal(got->pages[1].data, "own", 3);
  assert_memory_equal(got->pages[2].data, "234", 3);
  assert_ptr_equal(got->more->bytes.data, b.data);
  weir_bytes kept = weir_bytes_share(got->backs[1].bytes);
  weir_free(got);
  assert_int_equal(buffers(), 1);
  assert_memory_equal(kept.data, "0123456789", 10);
  weir_bytes_drop(kept);
  assert_int_equal(buffers(), 0);
  b = page_of("left in the channel");
  assert_int_equal(weir_channel_send(tx, blob, .bytes = b), WEIR_OK);
  weir_bytes_drop(b);
  weir_sender_drop(tx);
  weir_receiver_drop(rx);
  assert_int_equal(buffers(), 0);
}

static void a_send_that_fails_takes_no_share(void **state)
{
  (void)state;
  weir_bytes b = page_of("x");
  weir_sender tx;
  weir_receiver rx;
  assert_int_equal(weir_mpsc(1, &tx, &rx), WEIR_OK);
  assert_int_equal(weir_channel_send(tx, blob, .bytes = b), WEIR_OK);
  assert_int_equal(weir_channel_try_send(tx, blob, .bytes = b), WEIR_EFULL);
  assert_int_equal(weir_channel_send_within(tx, WEIR_MILLIS(1), blob, .bytes = b), WEIR_ETIMEDOUT);
  weir_receiver_drop(rx);
  assert_int_equal(weir_channel_send(tx, blob, .bytes = b), WEIR_ECLOSED);
  weir_sender_drop(tx);
  assert_int_equal(buffers(), 1);
  weir_bytes_drop(b);
  assert_int_equal(buffers(), 0);
}

/* ---- actors ---- */

struct keeper {
  struct blob *kept;
  weir_bytes held;
};
static int keep_it(struct keeper *k, const struct blob *m)
{
  weir_bytes_drop(k->held);
  k->held = weir_bytes_share(m->bytes);
  weir_free(k->kept);
  k->kept = weir_keep(blob, m);
  return k->kept ? WEIR_OK : WEIR_EINVAL;
}
static int pass_it(struct keeper *k, const struct pass_to *m)
{
  struct blob *out = k->kept;
  k->kept = NULL;
  return weir_pass(m->to, out);
}
static int hand_it_back(struct keeper *k, const struct hand_back *m, struct blob *reply)
{
  (void)k;
  reply->bytes = m->bytes;
  return WEIR_OK;
}
static int make_it(struct keeper *k, const struct make *m, struct blob *reply)
{
  (void)k;
  void *room;
  reply->bytes = weir_bytes_leave(weir_bytes_make(m->size, &room));
  if (!room) return WEIR_ENOMEM;
  memset(room, 'm', m->size);
  return WEIR_OK;
}
static void let_go(struct keeper *k) { weir_bytes_drop(k->held); }
WEIR_ACTOR(keeper, WEIR_ON(blob, keep_it) WEIR_ON(pass_to, pass_it) WEIR_ON(hand_back, hand_it_back)
                       WEIR_ON(make, make_it) WEIR_ON_END(let_go));

struct forwarder {
  weir_ref to;
};
static int forward_it(struct forwarder *f, const struct hand_back *m)
{
  (void)m;
  return weir_forward(f->to);
}
static int set_it(struct forwarder *f, const struct pass_to *m)
{
  f->to = m->to;
  return WEIR_OK;
}
WEIR_ACTOR(forwarder, WEIR_ON(hand_back, forward_it) WEIR_ON(pass_to, set_it));

static void bytes_go_uncopied_through_many_hands(void **state)
{
  (void)state;
  weir_bytes b = page_of("through many hands");
  weir_ref k = weir_spawn(&keeper), last = weir_spawn(&keeper), f = weir_spawn(&forwarder);
  assert_int_equal(weir_send(f, pass_to, .to = k), WEIR_OK);
  assert_int_equal(weir_send(k, blob, .bytes = b), WEIR_OK);
  assert_int_equal(weir_send(k, pass_to, .to = last), WEIR_OK);
  struct blob *answer;
  assert_int_equal(weir_ask(f, WEIR_SECONDS(20), &answer, hand_back, .bytes = b), WEIR_OK);
  assert_ptr_equal(answer->bytes.data, b.data);
  weir_free(answer);
  assert_int_equal(weir_ask(k, WEIR_SECONDS(20), NULL, hand_back, .bytes = b), WEIR_OK); /* nobody takes the answer */
  weir_bytes_drop(b);
  assert_int_equal(buffers(), 1);
}

static void an_answer_may_be_made_of_a_new_buffer(void **state)
{
  (void)state;
  weir_ref k = weir_spawn(&keeper);
  for (uint32_t n = 1; n < 100000; n *= 10) {
    struct blob *answer;
    assert_int_equal(weir_ask(k, WEIR_SECONDS(20), &answer, make, .size = n), WEIR_OK);
    assert_int_equal(answer->bytes.size, n);
    assert_non_null(answer->bytes.owner);
    assert_int_equal(((const char *)answer->bytes.data)[n - 1], 'm');
    weir_free(answer);
  }
}

static void timers_send_shares(void **state)
{
  (void)state;
  weir_bytes b = page_of("tick");
  weir_ref k = weir_spawn(&keeper);
  weir_timer t = weir_send_every(k, WEIR_MILLIS(1), blob, .bytes = b);
  assert_int_equal(t.error, WEIR_OK);
  uint64_t before = accounts_created();
  wait_until_created(before + 3);
  weir_timer_cancel(t);
  weir_bytes_drop(b);
}

static void what_never_is_handled_gives_its_shares_back(void **state)
{
  (void)state;
  weir_bytes b = page_of("dead letter");
  weir_ref dead = weir_spawn(&keeper);
  assert_int_equal(weir_send(dead, blob, .bytes = b), WEIR_OK);
  weir_stop(dead);
  wait_until_gone(dead);
  assert_int_equal(weir_send(dead, blob, .bytes = b), WEIR_EDEAD);
  weir_bytes_drop(b);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(buffers(), 0);
}

static void an_oneshot_shares(void **state)
{
  (void)state;
  weir_bytes b = page_of("once");
  weir_promise p;
  weir_future f;
  assert_int_equal(weir_oneshot(&p, &f), WEIR_OK);
  assert_int_equal(weir_promise_send(p, blob, .bytes = b), WEIR_OK);
  weir_bytes_drop(b);
  assert_int_equal(buffers(), 1);
  weir_future_drop(f);
  assert_int_equal(buffers(), 0);
}

/* ---- left by a handler that is tested by itself ---- */

static void a_plain_thread_gives_back_what_was_left_long_ago(void **state)
{
  (void)state;
  struct keeper k = {0};
  for (int i = 0; i < 100; i++) {
    struct blob reply = {{NULL, 0, NULL}};
    assert_int_equal(make_it(&k, &(struct make){8}, &reply), WEIR_OK);
    assert_memory_equal(reply.bytes.data, "mmmmmmmm", 8);
  }
  assert_true(buffers() <= 16);
  for (int i = 0; i < 16; i++) weir_format("%d", i);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_BUFFERS(a_buffer_lives_until_its_last_share_is_dropped),
      WITH_BUFFERS(bytes_without_an_owner_are_shared_by_copying_them),
      WITH_BUFFERS(a_part_begins_and_ends_inside_the_whole),
      WITH_BUFFERS(what_can_not_be_allocated_is_an_error),
      WITH_BUFFERS(a_channel_shares_every_field_that_holds_them),
      WITH_BUFFERS(a_send_that_fails_takes_no_share),
      WITH_BUFFERS(bytes_go_uncopied_through_many_hands),
      WITH_BUFFERS(an_answer_may_be_made_of_a_new_buffer),
      WITH_BUFFERS(timers_send_shares),
      WITH_BUFFERS(what_never_is_handled_gives_its_shares_back),
      WITH_BUFFERS(an_oneshot_shares),
      WITH_BUFFERS(a_plain_thread_gives_back_what_was_left_long_ago),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
