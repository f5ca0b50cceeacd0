/* A rate-limited pool of fetchers: asks pass through it, wait in it, and are cancelled with their askers.
 *
 *   pool SECONDS URL...      fetches each within that time; after the first failure the rest is cancelled
 *
 *   main --ask--> pool --forward--> the least busy of 8 fetchers --weir_run_blocking--> libcurl
 *
 * The pool takes no answer through its hands: message, deadline and the duty to answer move on together. Without a
 * token it sets a request aside, which keeps its place: so no more than 64 are ever here, whoever asks. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/weir.h>

struct page {
  int32_t status;
  weir_bytes body;
};
struct fetch {
  const char *url;
};
struct limits {
  int32_t at_once, per_second;
};
struct refill {
  WEIR_EMPTY;
};
WEIR_MESSAGE(page, WEIR_FIELD(status), WEIR_FIELD(body));
WEIR_REQUEST(fetch, page, WEIR_FIELD(url));
WEIR_MESSAGE(limits, WEIR_FIELD(at_once), WEIR_FIELD(per_second));
WEIR_MESSAGE(refill);

enum { POOL_CURL = WEIR_EUSER(1), POOL_STATUS = WEIR_EUSER(2) };

/* ---- HTTP, by a library that blocks ---- */

struct get {
  const char *url;
  long status;
  char *body;
  size_t size;
};

static size_t take_some(char *data, size_t one, size_t size, void *arg)
{
  struct get *g = (struct get *)arg;
  char *more = (char *)realloc(g->body, g->size + one * size + 1);
  if (!more) return 0;
  memcpy(more + g->size, data, one * size);
  g->body = more;
  g->size += one * size;
  return one * size;
}

/* libcurl asks now and then: does anybody still want it? */
static int give_up(void *arg, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal, curl_off_t ulnow)
{
  (void)arg, (void)dltotal, (void)dlnow, (void)ultotal, (void)ulnow;
  return weir_cancelled() || !weir_wanted();
}

/* On a thread of the blocking pool; the handler waits, its worker does not. */
static int get_it(struct get *g)
{
  CURL *curl = curl_easy_init();
  if (!curl) return WEIR_ENOMEM;
  curl_easy_setopt(curl, CURLOPT_URL, g->url);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_some);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, g);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, give_up);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  CURLcode code = curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &g->status);
  curl_easy_cleanup(curl);
  if (code == CURLE_ABORTED_BY_CALLBACK) return WEIR_ECANCELED;
  return code ? weir_error(POOL_CURL, "%s: %s", g->url, curl_easy_strerror(code)) : WEIR_OK;
}

/* ---- a fetcher ---- */

struct fetcher {
  int64_t begun;
};

static int fetch_now(struct fetcher *f, const struct fetch *m, struct page *reply)
{
  struct get g = {m->url, 0, NULL, 0};
  f->begun++;
  int rc = weir_run_blocking(get_it, &g);
  if (!rc && g.status >= 400) rc = weir_error(POOL_STATUS, "%s: status %ld", m->url, g.status);
  if (!rc) reply->body = weir_bytes_leave(weir_bytes_copy(g.body, g.size));
  reply->status = (int32_t)g.status;
  free(g.body);
  return rc; /* code and text go to the asker; this actor goes on */
}

WEIR_ACTOR(fetcher, WEIR_ON(fetch, fetch_now), .capacity = 1);

/* ---- the pool ---- */

struct pool {
  weir_ref fetchers;
  int32_t tokens, most;
};

static int pool_start(struct pool *p, const struct limits *c)
{
  p->tokens = p->most = c->per_second;
  p->fetchers = weir_spawn(&fetcher, .instances = (size_t)c->at_once, .route = WEIR_LEAST_BUSY); /* end with us */
  if (weir_ref_error(p->fetchers)) return weir_ref_error(p->fetchers);
  return weir_send_every(weir_self(), WEIR_SECONDS(1.0 / c->per_second), refill).error; /* ends with us, too */
}

static int pool_fetch(struct pool *p)
{
  if (p->tokens == 0) return weir_stash(); /* keeps its place; never the last one: then the asker gets WEIR_EFULL */
  p->tokens--;
  return weir_forward(p->fetchers);
}

static int pool_refill(struct pool *p)
{
  p->tokens += p->tokens < p->most;
  return weir_unstash(1);
}

WEIR_ACTOR(pool, WEIR_ON_START(limits, pool_start) WEIR_ON(fetch, pool_fetch) WEIR_ON(refill, pool_refill),
           .capacity = 64, .keeps_places = true);

static int fetch_all(weir_ref p, weir_duration within, char **urls, int n)
{
  weir_pending asked[32];
  struct page *pg;
  int rc = WEIR_OK;
  for (int i = 0; i < n; i++) asked[i] = weir_ask_begin(p, within, fetch, .url = urls[i]); /* errors wait for await */
  for (int i = 0; i < n && !(rc = weir_await(asked[i], &pg, fetch)); i++) {
    printf("%s: %zu bytes\n", urls[i], pg->body.size);
    weir_free(pg);
  }
  if (rc) weir_die(rc, "fetching");
  weir_cancel(asked, (size_t)n); /* what is still in flight after the first failure */
  return rc;
}

int main(int argc, char **argv)
{
  if (argc < 2 || argc > 34) return fprintf(stderr, "usage: pool SECONDS URL... (32 at most)\n"), 2;
  weir_runtime *rt;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  int rc = weir_runtime_start(NULL, &rt);
  if (rc) return weir_die(rc, "cannot start");
  weir_ref p = weir_spawn(&pool, .name = "pool", .config = WEIR_VALUE(limits, .at_once = 8, .per_second = 50));
  rc = fetch_all(p, WEIR_SECONDS(atof(argv[1])), argv + 2, argc - 2);
  int stopped = weir_runtime_stop(rt, WEIR_SECONDS(30));
  curl_global_cleanup();
  return weir_exit_status(rc ? rc : stopped);
}
