/* The JSON Schema says what the stock actor types' tables say: editors and the command agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "topology/topology.h"

static json_t *schema;

/* The file stands in the source tree, as this one does. */
static int load_schema(void **state)
{
  (void)state;
  char path[4096];
  snprintf(path, sizeof path, "%s/config/topology.schema.json", WEIR_SOURCE_DIR);
  schema = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
  return schema ? 0 : -1;
}

static int free_schema(void **state)
{
  (void)state;
  json_decref(schema);
  return 0;
}

/* A value below a value, by keys; ends with NULL. */
static const json_t *at(const json_t *value, const char *const *keys)
{
  for (; *keys; keys++) value = json_object_get(value, *keys);
  return value;
}
#define AT(value, ...) at((value), (const char *const[]){__VA_ARGS__, NULL})

static const json_t *definition_of(const struct weir__stock *stock)
{
  return AT(schema, "$defs", stock->actor->name, "then");
}

static const char *schema_type(const weir_field *field)
{
  if (field->unit) return "string";
  switch (field->kind) {
  case WEIR_KIND_BOOL:
    return "boolean";
  case WEIR_KIND_LIST:
    return "array";
  case WEIR_KIND_F64:
    return "number";
  case WEIR_KIND_TEXT:
  case WEIR_KIND_CHARS:
  case WEIR_KIND_DURATION:
  case WEIR_KIND_RATE:
    return "string";
  default:
    return "integer";
  }
}

static void expect_field(const json_t *described, const weir_field *field)
{
  assert_non_null(described);
  assert_string_equal(json_string_value(AT(described, "type")), schema_type(field));
  assert_string_equal(json_string_value(AT(described, "description")), field->help);
  json_t *def = field->def ? json_loads(field->def, JSON_DECODE_ANY, NULL) : NULL;
  assert_true(field->def ? json_equal(AT(described, "default"), def) : !AT(described, "default"));
  json_decref(def);
  if (!(field->min < field->max) || field->unit) return;
  assert_true(json_number_value(AT(described, "minimum")) == field->min);
  assert_true(json_number_value(AT(described, "maximum")) == field->max);
}

static void the_schema_lists_all_stock_types(void **state)
{
  (void)state;
  const json_t *types = AT(schema, "$defs", "actor", "properties", "type", "enum");
  size_t count = 0;
  for (; weir__stock_types[count]; count++) {
    assert_string_equal(json_string_value(json_array_get(types, count)), weir__stock_types[count]->actor->name);
    assert_non_null(definition_of(weir__stock_types[count]));
  }
  assert_int_equal(json_array_size(types), count);
}

static void the_schema_has_each_field_of_each_configuration(void **state)
{
  (void)state;
  for (size_t i = 0; weir__stock_types[i]; i++) {
    const struct weir__stock *stock = weir__stock_types[i];
    const json_t *described = AT(definition_of(stock), "properties", "config", "properties");
    const weir_message *config = stock->config ? stock->config() : NULL;
    size_t count = config ? config->count : 0;
    assert_int_equal(json_object_size(described), count);
    for (size_t f = 0; f < count; f++)
      expect_field(json_object_get(described, config->fields[f].name), &config->fields[f]);
  }
}

static void the_schema_knows_who_must_send_on(void **state)
{
  (void)state;
  for (size_t i = 0; weir__stock_types[i]; i++) {
    const json_t *required = json_array_get(AT(definition_of(weir__stock_types[i]), "required"), 0);
    assert_int_equal(required != NULL, weir__stock_types[i]->gives != NULL);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_schema_lists_all_stock_types),
      cmocka_unit_test(the_schema_has_each_field_of_each_configuration),
      cmocka_unit_test(the_schema_knows_who_must_send_on),
  };
  return cmocka_run_group_tests(tests, load_schema, free_schema);
}
