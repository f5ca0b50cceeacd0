/* An actor that owns a SQLite database: its handlers may block, so it runs on the blocking pool.
 *
 *   store FILE KEY=VALUE...      puts each pair into the table kv
 *
 * One message at a time is all the locking that the handle needs. An asker whose answer is WEIR_OK knows that its pair
 * is in the file; what SQLite refuses comes back as its code and text. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <weir/weir.h>

struct store_config {
  const char *path;
};
struct put {
  const char *key;
  weir_bytes value;
};
WEIR_MESSAGE(store_config, WEIR_FIELD(path, .help = "file of the database"));
WEIR_MESSAGE(put, WEIR_FIELD(key), WEIR_FIELD(value));

struct store {
  sqlite3 *db;
  sqlite3_stmt *insert;
};

static int store_error(const struct store *s)
{
  return weir_error(WEIR_EUSER(sqlite3_extended_errcode(s->db)), "%s", sqlite3_errmsg(s->db));
}

static int store_open(struct store *s, const struct store_config *c)
{
  if (sqlite3_open(c->path, &s->db)) return store_error(s);
  sqlite3_busy_timeout(s->db, 5000);
  if (sqlite3_exec(s->db, "CREATE TABLE IF NOT EXISTS kv(k TEXT PRIMARY KEY, v BLOB)", NULL, NULL, NULL))
    return store_error(s);
  int rc = sqlite3_prepare_v2(s->db, "INSERT OR REPLACE INTO kv VALUES(?,?)", -1, &s->insert, NULL);
  return rc ? store_error(s) : WEIR_OK;
}

/* Also after a start that failed half-way. */
static void store_close(struct store *s)
{
  sqlite3_finalize(s->insert);
  sqlite3_close(s->db);
}

static int store_put(struct store *s, const struct put *m)
{
  sqlite3_bind_text(s->insert, 1, m->key, -1, SQLITE_STATIC); /* borrowed until we return, and so is the value */
  sqlite3_bind_blob(s->insert, 2, m->value.data, (int)m->value.size, SQLITE_STATIC);
  int stepped = sqlite3_step(s->insert);
  int rc = stepped == SQLITE_DONE ? WEIR_OK : store_error(s);
  sqlite3_reset(s->insert);
  return rc;
}

WEIR_ACTOR(store, WEIR_ON_START(store_config, store_open) WEIR_ON(put, store_put) WEIR_ON_END(store_close),
           .runs = WEIR_ON_BLOCKING_POOL);

static int put_pair(weir_ref s, char *pair)
{
  char *equals = strchr(pair, '=');
  if (!equals) return weir_error(WEIR_EINVAL, "not KEY=VALUE: %s", pair);
  *equals = 0;
  weir_bytes value = {equals + 1, strlen(equals + 1), NULL};
  return weir_ask(s, WEIR_SECONDS(10), NULL, put, .key = pair, .value = value);
}

int main(int argc, char **argv)
{
  if (argc < 2) return fprintf(stderr, "usage: store FILE KEY=VALUE...\n"), 2;
  weir_runtime *rt;
  int rc = weir_runtime_start(NULL, &rt);
  if (rc) return weir_die(rc, "cannot start");
  weir_ref s = weir_spawn(&store, .name = "store", .config = WEIR_VALUE(store_config, .path = argv[1]));
  for (int i = 2; i < argc && !rc; i++) rc = put_pair(s, argv[i]);
  if (rc) weir_die(rc, "putting");
  int stopped = weir_runtime_stop(rt, WEIR_SECONDS(5));
  return weir_exit_status(rc ? rc : stopped);
}
