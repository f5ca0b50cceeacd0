/* A plugin with a type whose configuration holds secrets: it does what the lines that it takes say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/plugin.h>
#include <weir/records.h>
#include <weir/weir.h>

struct account {
  const char *user, *password;
};
WEIR_MESSAGE(account, WEIR_FIELD(user, .help = "who"), WEIR_FIELD(password, .secret = true, .help = "and how"));
struct vault_config {
  const char *key;
  struct account account;
};
WEIR_MESSAGE(vault_config, WEIR_FIELD(key, .secret = true, .help = "opens it"), WEIR_NESTED(account, account));

struct vault {
  const struct vault_config *config;
  int *nowhere;
};
static int vault_start(struct vault *v, const struct vault_config *c)
{
  v->config = c;
  return getenv("VAULT_SHUT") ? weir_error(WEIR_EUSER(1), "the vault is shut") : WEIR_OK;
}

static void show(const struct vault_config *c)
{
  char text[256];
  const char *expected = getenv("VAULT_KEY");
  weir_print(vault_config, c, text, sizeof text);
  fprintf(stderr, "%s\n%s\n", text,
          expected && strcmp(c->key, expected) == 0 ? "the key fits" : "the key does not fit");
}

static bool is(const struct line *m, const char *word)
{
  return m->text.size == strlen(word) && memcmp(m->text.data, word, m->text.size) == 0;
}
static int vault_line(struct vault *v, const struct line *m)
{
  if (is(m, "show")) show(v->config);
  if (is(m, "refuse")) return weir_error(WEIR_EUSER(2), "not this one");
  if (is(m, "fail")) weir_fail(WEIR_EUSER(3), "broken");
  if (is(m, "crash")) *(volatile int *)v->nowhere = 1;
  return WEIR_OK;
}
WEIR_ACTOR(vault, WEIR_ON_START(vault_config, vault_start) WEIR_ON(line, vault_line), .help = "holds secrets");
WEIR_PLUGIN("vault", "1.0.0", &vault);
