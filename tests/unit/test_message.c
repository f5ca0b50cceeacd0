/* Messages: what is sent is a copy, in one piece, of every kind of field; what can't be copied is refused with a
 * text. */
#include <stdint.h>

#include "unit/copy_fixture.h"

#include "channel/message.h"

struct everything {
  const char *text;
  char chars[6];
  bool yes;
  int32_t i32;
  uint32_t u32;
  int64_t i64;
  uint64_t u64;
  double f64;
  weir_ref ref;
  weir_duration duration;
  weir_bytes bytes;
  const char *const *names;
  size_t name_count;
  const bool *flags;
  size_t flag_count;
  const int64_t *numbers;
  size_t number_count;
};
WEIR_MESSAGE(everything, WEIR_FIELD(text), WEIR_FIELD(chars), WEIR_FIELD(yes), WEIR_FIELD(i32), WEIR_FIELD(u32),
             WEIR_FIELD(i64), WEIR_FIELD(u64), WEIR_FIELD(f64), WEIR_FIELD(ref), WEIR_FIELD(duration),
             WEIR_FIELD(bytes), WEIR_LIST(names, name_count), WEIR_LIST(flags, flag_count),
             WEIR_LIST(numbers, number_count));

COPY_OF(everything)

static void each_kind_of_field_is_copied(void **state)
{
  (void)state;
  char text[] = "river", first[] = "one", bytes[] = {1, 0, 2};
  const char *names[] = {first, NULL, ""};
  bool flags[] = {true, false, true};
  int64_t numbers[] = {INT64_MIN, 7, INT64_MAX};
  struct everything value = {.text = text,
                             .chars = "dam",
                             .yes = true,
                             .i32 = INT32_MIN,
                             .u32 = UINT32_MAX,
                             .i64 = INT64_MIN,
                             .u64 = UINT64_MAX,
                             .f64 = 0.1,
                             .ref = {5},
                             .duration = WEIR_MILLIS(3),
                             .bytes = {bytes, sizeof bytes, NULL},
                             .names = names,
                             .name_count = 3,
                             .flags = flags,
                             .flag_count = 3,
                             .numbers = numbers,
                             .number_count = 3};
  WEIR_AUTO struct everything *e = there(&value);
  memset(text, 'x', sizeof text - 1);
  memset(first, 'x', sizeof first - 1);
  memset(bytes, 'x', sizeof bytes);
  memset(flags, 0, sizeof flags);
  memset(numbers, 0, sizeof numbers);
  memset(names, 0, sizeof names);
  assert_string_equal(e->text, "river");
  assert_string_equal(e->chars, "dam");
  assert_true(e->yes && e->i32 == INT32_MIN && e->u32 == UINT32_MAX && e->i64 == INT64_MIN && e->u64 == UINT64_MAX);
  assert_true(e->f64 == 0.1 && e->ref.bits == 5 && e->duration.ns == 3000000);
  assert_int_equal(e->bytes.size, 3);
  assert_memory_equal(e->bytes.data, ((char[]){1, 0, 2}), 3);
  assert_string_equal(e->names[0], "one");
  assert_null(e->names[1]);
  assert_string_equal(e->names[2], "");
  assert_true(e->flags[0] && !e->flags[1] && e->flags[2]);
  assert_true(e->numbers[0] == INT64_MIN && e->numbers[1] == 7 && e->numbers[2] == INT64_MAX);
  assert_int_equal((uintptr_t)e->numbers % 8, 0);
}

static void nothing_stays_nothing(void **state)
{
  (void)state;
  WEIR_AUTO struct everything *e = there(&(struct everything){.text = NULL});
  assert_null(e->text);
  assert_int_equal(e->bytes.size, 0);
  assert_int_equal(e->name_count, 0);
}

/* Of each size class, and beyond them. */
static void texts_of_any_length_arrive_whole(void **state)
{
  (void)state;
  static char text[3 << 20];
  memset(text, 'w', sizeof text);
  for (size_t n = 0; n < sizeof text; n += n / 3 + 1) {
    text[n] = 0;
    WEIR_AUTO struct everything *e = there(&(struct everything){.text = text});
    assert_int_equal(strlen(e->text), n);
    text[n] = 'w';
  }
}

/* ---- what is refused ---- */

static void refused(const struct everything *value, int code, const char *text)
{
  uint64_t before = accounts_created();
  assert_int_equal(weir_channel_send_value(channel.tx, WEIR_AT(everything, value)), code);
  if (!strstr(weir_error_text(), text)) fail_msg("\"%s\" is not in \"%s\"", text, weir_error_text());
  assert_non_null(strstr(weir_error_text(), "test_message.c:"));
  assert_int_equal(accounts_created(), before);
}

static void what_can_not_be_copied_is_refused(void **state)
{
  (void)state;
  struct everything no_items = {.name_count = 1}, no_data = {.bytes = {NULL, 1, NULL}};

  struct everything long_list = {.numbers = (int64_t[]){0}, .number_count = SIZE_MAX / 8};
  struct everything many_bytes = {.bytes = {"x", (size_t)2 << 30, NULL}};
  refused(&no_items, WEIR_EINVAL, "everything.names: the list has a count, and no items");
  refused(&no_data, WEIR_EINVAL, "everything.bytes: the bytes have a size, and no data");

  refused(&long_list, WEIR_ERANGE, "everything.numbers: the list is too long");
  refused(&many_bytes, WEIR_ERANGE, "everything.bytes: more than 1 GiB");
  assert_int_equal(weir_channel_send_value(channel.tx, (weir_value){0}), WEIR_EINVAL);
  assert_int_equal(weir_receiver_length(channel.rx), 0);
}

/* ---- copying into a room of limited size, as batches do ---- */

struct pair {
  const char *key, *value;
  weir_bytes more;
};
WEIR_MESSAGE(pair, WEIR_FIELD(key), WEIR_FIELD(value), WEIR_FIELD(more));

static void a_copy_goes_into_a_room_only_if_it_fits(void **state)
{
  (void)state;
  struct pair p = {"left", NULL, {"\0\1\2", 3, NULL}};
  const weir_message *type = weir_message_pair();
  size_t bytes;
  _Alignas(16) char room[128];
  assert_int_equal(weir__measure(type, &p, &bytes), WEIR_OK);
  for (size_t left = 0; left < bytes; left++) {
    memset(room, 0x55, sizeof room);
    assert_int_equal(weir__copy_if_fits(type, &p, room, left), 0);
    for (size_t i = left; i < sizeof room; i++) assert_int_equal(room[i], 0x55);
  }
  assert_int_equal(weir__copy_if_fits(type, &p, room, bytes), bytes);
  const struct pair *copy = (const struct pair *)(const void *)room;
  assert_string_equal(copy->key, "left");
  assert_true(copy->key != p.key && !copy->value);
  assert_memory_equal(copy->more.data, "\0\1\2", 3);
}

/* ---- the same type, seen from two places ---- */

static void a_declaration_is_one_type_wherever_it_is_seen(void **state)
{
  (void)state;
  const weir_message *type = weir_message_pair();
  struct weir__known_type note = {.known = NULL};
  weir_message twin = *type, stranger = *type;
  twin.note = &note;
  stranger.note = NULL;
  stranger.line++;
  assert_true(weir_message_same(type, &twin));
  assert_true(weir_message_same(&twin, type));
  assert_false(weir_message_same(type, &stranger));
  assert_false(weir_message_same(type, weir_message_everything()));
  assert_false(weir_message_same(type, NULL));
}

/* ---- whose it is ---- */

static void only_what_is_ones_own_can_be_freed(void **state)
{
  (void)state;
  weir_free(NULL);
  struct pair *p = NULL;
  assert_int_equal(weir_channel_send(channel.tx, pair, .key = "k"), WEIR_OK);
  assert_int_equal(weir_receive(channel.rx, &p, pair), WEIR_OK);
  weir_free_at(&p);
  assert_null(p);
}

#define ON_CHANNEL(test) cmocka_unit_test_setup_teardown(test, channel_up, channel_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_CHANNEL(each_kind_of_field_is_copied),
      ON_CHANNEL(nothing_stays_nothing),
      ON_CHANNEL(texts_of_any_length_arrive_whole),
      ON_CHANNEL(what_can_not_be_copied_is_refused),
      ON_CHANNEL(a_copy_goes_into_a_room_only_if_it_fits),
      ON_CHANNEL(a_declaration_is_one_type_wherever_it_is_seen),
      ON_CHANNEL(only_what_is_ones_own_can_be_freed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
