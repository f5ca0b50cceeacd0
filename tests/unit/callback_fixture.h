/* callback_fixture.h: runs a function in a callback of libuv, on a worker. */
#ifndef WEIR_TESTS_CALLBACK_FIXTURE_H
#define WEIR_TESTS_CALLBACK_FIXTURE_H

#include <uv.h>
#include <weir/uv.h>

#include "unit/actor_fixture.h"

static struct {
  void (*f)(void);
  uint64_t done;
} callback;

static inline void on_callback_time(uv_timer_t *timer)
{
  callback.f();
  news_tell(callback.done, 0);
  weir_uv_close(timer);
}

struct caller {
  WEIR_EMPTY;
};
static inline int caller_signal(struct caller *c)
{
  (void)c;
  uv_timer_t *timer = weir_uv_new(uv_timer_t);
  int rc = timer ? uv_timer_init(weir_loop(), timer) : WEIR_ENOMEM;
  return rc ? rc : uv_timer_start(timer, on_callback_time, 0, 0);
}
WEIR_ACTOR(caller, WEIR_ON(signal, caller_signal));

static inline void run_in_callback(void (*f)(void))
{
  weir_promise done;
  weir_future is_done;
  assert_int_equal(weir_oneshot(&done, &is_done), WEIR_OK);
  callback.f = f;
  callback.done = done.bits;
  weir_send(weir_spawn(&caller), signal);
  assert_int_equal(news_wait(is_done), 0);
}

#endif
