/* libuv handles that belong to an actor: an echo over UDP, a timer, their callbacks and their end. */
#include <uv.h>
#include <weir/uv.h>

#include "unit/actor_fixture.h"

/* ---- an actor that echoes datagrams ---- */

struct datagram {
  weir_bytes bytes;
  int64_t from_port;
};
WEIR_MESSAGE(datagram, WEIR_FIELD(bytes), WEIR_FIELD(from_port));
struct watch {
  uint64_t ended;
};
WEIR_MESSAGE(watch, WEIR_FIELD(ended));

enum { ROOM = 2048 };
static _Atomic(int) waited;  /* what waiting in a callback returned */
static _Atomic(int) foreign; /* callbacks on another worker than the actor's */

struct echo {
  char room[ROOM]; /* the kernel writes here: it outlives the close callback (T3) */
  uv_udp_t *socket;
  uv_loop_t *loop;
  uint64_t ended;
  int64_t port, echoed;
};

static void on_room(uv_handle_t *socket, size_t suggested, uv_buf_t *buf)
{
  (void)suggested;
  struct echo *e = socket->data;
  *buf = uv_buf_init(e->room, ROOM);
}

static void on_datagram(uv_udp_t *socket, ssize_t size, const uv_buf_t *buf, const struct sockaddr *from,
                        unsigned flags)
{
  (void)flags;
  if (size < 0 || !from) return;
  if (weir_loop()) atomic_fetch_add(&foreign, 1); /* a callback is no handler */
  atomic_store(&waited, weir_sleep(WEIR_MILLIS(1)));
  int rc = weir_try_send(weir_uv_owner(socket), datagram, .bytes = {buf->base, (size_t)size, NULL},
                         .from_port = ntohs(((const struct sockaddr_in *)(const void *)from)->sin_port));
  (void)rc; /* full: as the network does, it drops */
}

static int echo_start(struct echo *e, const struct watch *w)
{
  struct sockaddr_in any;
  int length = sizeof any;
  e->ended = w ? w->ended : 0;
  e->loop = weir_loop();
  e->socket = weir_uv_new(uv_udp_t);
  if (!e->loop || !e->socket) return WEIR_ENOMEM;
  e->socket->data = e;
  uv_ip4_addr("127.0.0.1", 0, &any);
  int rc = uv_udp_init(e->loop, e->socket);
  if (!rc) rc = uv_udp_bind(e->socket, (const struct sockaddr *)&any, 0);
  if (!rc) rc = uv_udp_getsockname(e->socket, (struct sockaddr *)&any, &length);
  e->port = ntohs(any.sin_port);
  return rc ? rc : uv_udp_recv_start(e->socket, on_room, on_datagram);
}
static int echo_datagram(struct echo *e, const struct datagram *m)
{
  struct sockaddr_in to;
  if (weir_loop() != e->loop) atomic_fetch_add(&foreign, 1);
  uv_ip4_addr("127.0.0.1", (int)m->from_port, &to);
  uv_buf_t buf = uv_buf_init((char *)(uintptr_t)m->bytes.data, (unsigned)m->bytes.size);
  e->echoed++;
  int sent = uv_udp_try_send(e->socket, &buf, 1, (const struct sockaddr *)&to);
  return sent < 0 ? sent : WEIR_OK;
}
static int echo_get(struct echo *e, struct number *reply)
{
  weir_yield(); /* pinned: it comes back to the same worker */
  if (weir_loop() != e->loop) atomic_fetch_add(&foreign, 1);
  reply->n = e->port;
  return WEIR_OK;
}
static void echo_end(struct echo *e)
{
  if (e->ended) news_tell(e->ended, e->echoed);
}
WEIR_ACTOR(echo, WEIR_ON_START(watch, echo_start) WEIR_ON(datagram, echo_datagram) WEIR_ON(get, echo_get)
                     WEIR_ON_END(echo_end));

/* ---- an actor that sends datagrams, and counts what comes back ---- */

struct shout {
  int64_t port, count;
  uint64_t done; /* told when as many have come back */
};
WEIR_MESSAGE(shout, WEIR_FIELD(port), WEIR_FIELD(count), WEIR_FIELD(done));

struct caller {
  struct echo line;
  struct sockaddr_in to;
  int64_t left;
  uint64_t done;
};
static int caller_start(struct caller *c) { return echo_start(&c->line, NULL); }
static int call(struct caller *c)
{
  uv_buf_t buf = uv_buf_init((char[]){"hello, datagram"}, 15);
  int sent = uv_udp_try_send(c->line.socket, &buf, 1, (const struct sockaddr *)&c->to);
  return sent < 0 ? sent : WEIR_OK;
}
static int caller_shout(struct caller *c, const struct shout *m)
{
  uv_ip4_addr("127.0.0.1", (int)m->port, &c->to);
  c->left = m->count;
  c->done = m->done;
  return call(c);
}
static int caller_datagram(struct caller *c, const struct datagram *m)
{
  if (m->bytes.size != 15 || memcmp(m->bytes.data, "hello, datagram", 15) != 0) return WEIR_EINVAL;
  if (--c->left) return call(c);
  news_tell(c->done, 1);
  return WEIR_OK;
}
WEIR_ACTOR(caller,
           WEIR_ON_START(weir_none, caller_start) WEIR_ON(shout, caller_shout) WEIR_ON(datagram, caller_datagram),
           .runs = WEIR_PINNED);

static void datagrams_go_there_and_back(void **state)
{
  (void)state;
  weir_promise done;
  weir_future is_done;
  int64_t count = count_or(300, 50);
  atomic_store(&foreign, 0);
  atomic_store(&waited, 0);
  assert_int_equal(weir_oneshot(&done, &is_done), WEIR_OK);
  weir_ref e = weir_spawn(&echo), c = weir_spawn(&caller);
  weir_send(c, shout, .port = get_from(e), .count = count, .done = done.bits);
  assert_int_equal(news_wait(is_done), 1);
  assert_int_equal(atomic_load(&foreign), 0);
  assert_int_equal(atomic_load(&waited), WEIR_EWOULDBLOCK);
}

static void handles_are_closed_at_the_end_of_their_actor(void **state)
{
  (void)state;
  for (int64_t i = 0; i < count_or(100, 10); i++) {
    weir_promise ended;
    weir_future is_ended;
    assert_int_equal(weir_oneshot(&ended, &is_ended), WEIR_OK);
    weir_ref e = weir_spawn(&echo, .config = WEIR_VALUE(watch, .ended = ended.bits));
    assert_true(get_from(e) > 0);
    weir_stop(e);
    assert_int_equal(news_wait(is_ended), 0);
    wait_until_gone(e);
  }
}

/* ---- timers and handles of all kinds of life ---- */

enum { NEVER_INITIALISED = 1, CLOSED_EARLY, CLOSED_IN_CALLBACK, CLOSED_BY_USER, CLOSED_TWICE, LEFT_OPEN };

static _Atomic(int) owners_wrong, full;

struct juggler {
  int64_t ticks;
};
static void on_tick(uv_timer_t *timer)
{
  weir_ref owner = weir_uv_owner(timer);
  if (weir_ref_error(owner) || weir_self().bits == owner.bits) atomic_fetch_add(&owners_wrong, 1);
  if (weir_try_send(owner, signal) == WEIR_EFULL) atomic_fetch_add(&full, 1);
  if (weir_send(owner, signal) == WEIR_EWOULDBLOCK) atomic_fetch_add(&full, 1);
  if (timer->data) weir_uv_close(timer);
}
static void on_close_by_user(uv_handle_t *timer)
{
  if (weir_ref_error(weir_uv_owner(timer))) atomic_fetch_add(&owners_wrong, 1);
}
static int juggler_number(struct juggler *j, const struct number *m)
{
  (void)j;
  uv_timer_t *timer = weir_uv_new(uv_timer_t);
  if (!timer) return WEIR_ENOMEM;
  if (weir_uv_owner(timer).bits != weir_self().bits) atomic_fetch_add(&owners_wrong, 1);
  if (m->n == NEVER_INITIALISED) return WEIR_OK;
  uv_timer_init(weir_loop(), timer);
  if (m->n == CLOSED_IN_CALLBACK) timer->data = j;
  uv_timer_start(timer, on_tick, 0, m->n == LEFT_OPEN ? 1 : 0);
  if (m->n == CLOSED_BY_USER || m->n == CLOSED_TWICE) uv_close((uv_handle_t *)timer, on_close_by_user);
  if (m->n == CLOSED_EARLY || m->n == CLOSED_TWICE) weir_uv_close(timer);
  return WEIR_OK;
}
static int juggler_signal(struct juggler *j)
{
  j->ticks++;
  return WEIR_OK;
}
static int juggler_hold(struct juggler *j, const struct hold *h)
{
  (void)j;
  return gate_stand(h);
}
static int juggler_get(struct juggler *j, struct number *reply)
{
  reply->n = j->ticks;
  return WEIR_OK;
}
WEIR_ACTOR(juggler,
           WEIR_ON(number, juggler_number) WEIR_ON(signal, juggler_signal) WEIR_ON(hold, juggler_hold)
               WEIR_ON(get, juggler_get),
           .capacity = 2);

static int juggle(weir_ref j, int64_t life) { return weir_ask(j, WEIR_SECONDS(20), NULL, number, .n = life); }

static void handles_may_end_at_any_time(void **state)
{
  (void)state;
  weir_ref j = weir_spawn(&juggler);
  atomic_store(&owners_wrong, 0);
  for (int64_t life = NEVER_INITIALISED; life <= LEFT_OPEN; life++) assert_int_equal(juggle(j, life), WEIR_OK);
  while (get_from(j) < 10) continue;
  assert_int_equal(atomic_load(&owners_wrong), 0);
  weir_stop(j);
  wait_until_gone(j);
}

static void a_callback_finds_the_mailbox_full_and_does_not_wait(void **state)
{
  (void)state;
  struct gate g;
  weir_ref j = weir_spawn(&juggler);
  assert_int_equal(juggle(j, LEFT_OPEN), WEIR_OK);
  gate_enter(&g, j);
  atomic_store(&full, 0); /* from here on nothing but ticks is queued, so it is they that fill it */
  while (atomic_load(&full) < 2) weir_sleep(WEIR_MILLIS(0.2));
  gate_open(&g);
  assert_true(get_from(j) >= 2);
}

static void a_runtime_that_stops_closes_all_handles(void **state)
{
  (void)state;
  for (int i = 0; i < 20; i++) {
    weir_ref j = weir_spawn(&juggler);
    for (int64_t life = NEVER_INITIALISED; life <= LEFT_OPEN; life++) assert_int_equal(juggle(j, life), WEIR_OK);
    assert_true(get_from(weir_spawn(&echo)) > 0);
  }
  assert_int_equal(runtime_stopped(WEIR_MILLIS(0)), WEIR_OK);
}

/* ---- where there is no actor ---- */

static int look_around(uv_loop_t **loop)
{
  *loop = weir_loop();
  return weir_uv_new(uv_timer_t) ? WEIR_EINVAL : WEIR_OK;
}

static void only_actors_own_handles(void **state)
{
  (void)state;
  uv_loop_t *loop = NULL;
  int rc;
  assert_null(weir_uv_new(uv_timer_t));
  assert_null(weir_loop());
  weir_task *task = weir_task_start(NULL, look_around, &loop);
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), &rc), WEIR_OK);
  assert_int_equal(rc, WEIR_OK);
  assert_non_null(loop);
  assert_int_equal(weir_ref_error(weir_uv_owner(NULL)), WEIR_EINVAL);
  weir_uv_close(NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(datagrams_go_there_and_back),
      ON_RUNTIME(handles_are_closed_at_the_end_of_their_actor),
      ON_RUNTIME(handles_may_end_at_any_time),
      ON_RUNTIME(a_callback_finds_the_mailbox_full_and_does_not_wait),
      ON_RUNTIME(a_runtime_that_stops_closes_all_handles),
      ON_RUNTIME(only_actors_own_handles),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
