/* Shared names: one type in the program and in two plugins that are really loaded; private names stay apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <unistd.h>
#include <weir/record.h>
#include <weir/weir.h>

#include "integration/plugins/shared_names.h"

struct note { /* not the plugins' */
  int64_t n;
};
WEIR_MESSAGE(note, WEIR_FIELD(n));

static const struct plugin *plugins[2];

/* Beside the test's own program. */
static const struct plugin *load(const char *name)
{
  char self[4096], path[4200];
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  if (n < 0) return NULL;
  self[n] = 0;
  *strrchr(self, '/') = 0;
  snprintf(path, sizeof path, "%s/%s", self, name);
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    print_error("%s\n", dlerror());
    return NULL;
  }
  const struct plugin *(*get)(void);
  *(void **)&get = dlsym(handle, "weir_test_plugin");
  return get ? get() : NULL;
}

static int load_both(void **state)
{
  (void)state;
  plugins[0] = load("shared_names_one.so");
  plugins[1] = load("shared_names_two.so");
  return plugins[0] && plugins[1] ? 0 : -1;
}

static void a_shared_name_is_one_type_in_the_program_and_its_plugins(void **state)
{
  (void)state;
  assert_ptr_not_equal(plugins[0]->record(), weir_message_record());
  assert_ptr_not_equal(plugins[0]->record(), plugins[1]->record());
  assert_true(weir_message_same(plugins[0]->record(), plugins[1]->record()));
  assert_true(weir_message_same(plugins[1]->record(), weir_message_record()));
}

static void a_record_of_a_plugin_is_received_as_one_of_the_program(void **state)
{
  (void)state;
  weir_sender tx;
  weir_receiver rx;
  assert_int_equal(weir_mpsc(4, &tx, &rx), WEIR_OK);
  for (int i = 0; i < 2; i++) {
    struct record *r;
    assert_int_equal(weir_channel_send_value(tx, plugins[i]->make()), WEIR_OK);
    assert_int_equal(weir_receive(rx, &r, record), WEIR_OK);
    assert_string_equal(r->key, i ? "from two" : "from one");
    assert_memory_equal(r->payload.data, i ? "\0two" : "\0one", 4);
    weir_free(r);
  }
  weir_sender_drop(tx);
  weir_receiver_drop(rx);
}

static void a_private_name_is_another_type_in_each(void **state)
{
  (void)state;
  assert_string_equal(plugins[0]->private_()->name, plugins[1]->private_()->name);
  assert_false(weir_message_same(plugins[0]->private_(), plugins[1]->private_()));
  assert_false(weir_message_same(plugins[0]->private_(), weir_message_note()));
}

static int send_clash(const weir_message *(*type)(void))
{
  static const int64_t value[2];
  weir_sender tx;
  weir_receiver rx;
  int rc = weir_mpsc(4, &tx, &rx);
  if (!rc) rc = weir_channel_send_value(tx, (weir_value){type, value});
  weir_sender_drop(tx);
  weir_receiver_drop(rx);
  return rc;
}

static void another_layout_of_a_shared_name_is_refused_naming_both(void **state)
{
  (void)state;
  assert_int_equal(send_clash(plugins[0]->clash), WEIR_OK);
  for (int again = 0; again < 2; again++) {
    assert_int_equal(send_clash(plugins[1]->clash), WEIR_EINVAL);
    assert_non_null(strstr(weir_error_text(), "test.clash is declared with two layouts"));
    assert_non_null(strstr(weir_error_text(), "shared_names_one.c:"));
    assert_non_null(strstr(weir_error_text(), "shared_names_two.c:"));
  }
  assert_int_equal(send_clash(plugins[0]->clash), WEIR_OK);
  assert_false(weir_message_same(plugins[0]->clash(), plugins[1]->clash()));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_shared_name_is_one_type_in_the_program_and_its_plugins),
      cmocka_unit_test(a_record_of_a_plugin_is_received_as_one_of_the_program),
      cmocka_unit_test(a_private_name_is_another_type_in_each),
      cmocka_unit_test(another_layout_of_a_shared_name_is_refused_naming_both),
  };
  return cmocka_run_group_tests(tests, load_both, NULL);
}
