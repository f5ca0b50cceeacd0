/* uv.c: the little of libuv that the sources call. A loop sleeps at a gate that uv_async_send() opens; nothing else comes
 * from outside. */
#include <string.h>
#include <uv.h>

#include "engine/engine.h"

int uv_loop_init(uv_loop_t *loop)
{
  memset(loop, 0, sizeof *loop);
  return 0;
}
int uv_loop_close(uv_loop_t *loop) { return (void)loop, 0; }
void uv_walk(uv_loop_t *loop, uv_walk_cb f, void *arg) { (void)loop, (void)f, (void)arg; }
void uv_update_time(uv_loop_t *loop) { (void)loop; }
void uv_stop(uv_loop_t *loop) { loop->stop_flag = 1; }
void uv_ref(uv_handle_t *h) { (void)h; }
void uv_unref(uv_handle_t *h) { (void)h; }
int uv_is_closing(const uv_handle_t *h) { return (void)h, 0; }
void uv_close(uv_handle_t *h, uv_close_cb f)
{
  if (f) f(h);
}

int uv_async_init(uv_loop_t *loop, uv_async_t *h, uv_async_cb f)
{
  memset(h, 0, sizeof *h);
  h->loop = loop;
  h->async_cb = f;
  loop->data = h; /* one for each loop: its doorbell */
  return 0;
}
int uv_async_send(uv_async_t *h)
{
  model_gate_open(h->loop);
  return 0;
}

/* Wakes once. */
int uv_run(uv_loop_t *loop, uv_run_mode mode)
{
  uv_async_t *bell = loop->data;
  bool stops = loop->stop_flag;
  loop->stop_flag = 0;
  if (mode == UV_RUN_NOWAIT || stops) {
    if (model_gate_wait_timed(loop) && bell) bell->async_cb(bell);
    return 0;
  }
  model_gate_wait(loop);
  if (bell) bell->async_cb(bell);
  return 0;
}

int uv_timer_init(uv_loop_t *loop, uv_timer_t *h)
{
  memset(h, 0, sizeof *h);
  h->loop = loop;
  return 0;
}
int uv_timer_start(uv_timer_t *h, uv_timer_cb f, uint64_t timeout, uint64_t repeat)
{
  (void)h, (void)f, (void)timeout, (void)repeat;
  return 0;
}
int uv_timer_stop(uv_timer_t *h) { return (void)h, 0; }
int uv_idle_init(uv_loop_t *loop, uv_idle_t *h)
{
  memset(h, 0, sizeof *h);
  h->loop = loop;
  return 0;
}
int uv_idle_start(uv_idle_t *h, uv_idle_cb f) { return (void)h, (void)f, 0; }
int uv_idle_stop(uv_idle_t *h) { return (void)h, 0; }
int uv_prepare_init(uv_loop_t *loop, uv_prepare_t *h)
{
  memset(h, 0, sizeof *h);
  h->loop = loop;
  return 0;
}
int uv_prepare_start(uv_prepare_t *h, uv_prepare_cb f) { return (void)h, (void)f, 0; }
unsigned uv_available_parallelism(void) { return 2; }

struct started {
  uv_thread_cb f;
  void *arg;
};
static void *start(void *arg)
{
  struct started *s = arg;
  s->f(s->arg);
  return NULL;
}
int uv_thread_create(uv_thread_t *thread, uv_thread_cb f, void *arg)
{
  struct started *s = scratch(sizeof *s);
  *s = (struct started){f, arg};
  *thread = thread_make(start, s);
  return 0;
}
int uv_thread_join(uv_thread_t *thread)
{
  thread_join((unsigned)*thread, __builtin_return_address(0));
  return 0;
}

const char *uv_strerror(int code) { return (void)code, "an error"; }
const char *uv_err_name(int code) { return (void)code, "AN_ERROR"; }
