/* An actor that owns a UDP socket: libuv's callback turns datagrams into messages, a handler looks at them.
 *
 *   listener ADDRESS PORT      (port 0: any that is free) prints what comes, until SIGINT or SIGTERM
 *
 * A callback never waits: what finds the mailbox full is lost, as UDP is free to lose it, and counted. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <weir/uv.h>
#include <weir/weir.h>

struct datagram {
  char from[64];
  weir_bytes data;
};
struct listen_at {
  const char *address;
  int32_t port;
};
struct place {
  char name[64];
  int32_t port;
};
struct where {
  WEIR_EMPTY;
};
WEIR_MESSAGE(datagram, WEIR_FIELD(from), WEIR_FIELD(data));
WEIR_MESSAGE(listen_at, WEIR_FIELD(address, .def = "\"127.0.0.1\""), WEIR_FIELD(port, .min = 0, .max = 65535));
WEIR_MESSAGE(place, WEIR_FIELD(name), WEIR_FIELD(port));
WEIR_REQUEST(where, place);

struct listener {
  uv_udp_t *udp;
  int64_t bytes, datagrams;
};

/* ---- libuv's callbacks: on the actor's worker, between its handlers ---- */

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
  static __thread char room[65536]; /* one per worker: used up before the next one is asked for */
  (void)handle, (void)wanted;
  *buf = uv_buf_init(room, sizeof room);
}

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
  struct datagram d = {{0}, {buf->base, (size_t)n, NULL}};
  if (n < 0 || !from || (flags & UV_UDP_PARTIAL)) return;
  uv_ip4_name((const struct sockaddr_in *)(const void *)from, d.from, sizeof d.from);
  if (weir_try_send_value(weir_uv_owner(udp), WEIR_AT(datagram, &d))) return; /* weir_accounts_read() shows how many */
}

/* ---- the actor ---- */

static int listener_open(struct listener *l, const struct listen_at *c)
{
  struct sockaddr_in a;
  int rc = uv_ip4_addr(c->address, c->port, &a);
  l->udp = weir_uv_new(uv_udp_t); /* closed and freed by the runtime, however we end */
  if (!rc) rc = l->udp ? uv_udp_init(weir_loop(), l->udp) : WEIR_ENOMEM;
  if (!rc) rc = uv_udp_bind(l->udp, (const struct sockaddr *)&a, 0);
  if (!rc) rc = uv_udp_recv_start(l->udp, on_alloc, on_datagram);
  return rc ? weir_error(rc, "%s:%d", c->address, (int)c->port) : WEIR_OK;
}

static int listener_where(struct listener *l, struct place *reply)
{
  struct sockaddr_in bound;
  int size = sizeof bound, rc = uv_udp_getsockname(l->udp, (struct sockaddr *)&bound, &size);
  reply->port = ntohs(bound.sin_port);
  return rc ? rc : uv_ip4_name(&bound, reply->name, sizeof reply->name);
}

static int listener_got(struct listener *l, const struct datagram *m)
{
  l->datagrams++;
  l->bytes += (int64_t)m->data.size;
  printf("%s sent %zu bytes: %.*s\n", m->from, m->data.size, (int)m->data.size, (const char *)m->data.data);
  return WEIR_OK;
}

static void listener_close(struct listener *l)
{
  printf("%lld datagrams, %lld bytes\n", (long long)l->datagrams, (long long)l->bytes);
}

WEIR_ACTOR(listener,
           WEIR_ON_START(listen_at, listener_open) WEIR_ON(where, listener_where) WEIR_ON(datagram, listener_got)
               WEIR_ON_END(listener_close),
           .capacity = 1024, .runs = WEIR_PINNED);

static void wait_for_signal(sigset_t *signals)
{
  int which;
  sigwait(signals, &which);
}

int main(int argc, char **argv)
{
  if (argc != 3) return fprintf(stderr, "usage: listener ADDRESS PORT\n"), 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, NULL); /* for sigwait(); the runtime's threads take no signals */

  weir_runtime *rt;
  int rc = weir_runtime_start(NULL, &rt);
  if (rc) return weir_die(rc, "cannot start");
  weir_ref l = weir_spawn(&listener, .name = "listener",
                          .config = WEIR_VALUE(listen_at, .address = argv[1], .port = atoi(argv[2])));
  struct place *p;
  rc = weir_ask(l, WEIR_SECONDS(5), &p, where);
  if (rc) return weir_die(rc, "cannot listen");
  printf("listening at %s:%d\n", p->name, (int)p->port);
  weir_free(p);
  wait_for_signal(&signals);
  return weir_exit_status(weir_runtime_stop(rt, WEIR_SECONDS(5)));
}
