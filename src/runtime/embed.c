/* embed.c: see embed.h. */
#include <weir/uv.h>

#include "runtime/embed.h"

#include "platform/clock.h"
#include "runtime/runtime.h"
#include "runtime/wait.h"

int weir_runtime_embed(uv_loop_t *loop, const weir_runtime_options *options, weir_runtime **rt)
{
  weir_runtime_options o = {.flavor = WEIR_CURRENT_THREAD};
  *rt = NULL;
  if (!loop) return weir_error(WEIR_EINVAL, "no loop was given");
  if (options) o = *options;
  if (o.flavor != WEIR_CURRENT_THREAD && o.flavor != WEIR_MULTI_THREAD)
    return weir_error(WEIR_EINVAL, "flavor is %d: an embedded runtime is WEIR_CURRENT_THREAD", o.flavor);
  o.flavor = WEIR_CURRENT_THREAD; /* the only one that can be embedded: 0 stands for it here */
  return weir__runtime_begin(&o, loop, rt);
}

void weir__embedded_lives(struct weir_runtime *rt)
{
  struct weir__worker *w = &rt->workers[0];
  if (weir__worker_here() == w)
    weir__worker_keep_alive(w);
  else
    uv_async_send(&w->doorbell);
}

/* ---- stopping: E3 ---- */

static int check_stop(struct weir_runtime *rt)
{
  if (!rt->workers[0].embedded) return weir_error(WEIR_EINVAL, "it is not embedded: weir_runtime_stop() stops it");
  if (weir__thread_here != rt->owner)
    return weir__misuse(WEIR_EINVAL, "an embedded runtime is stopped on the thread of its loop");
  if (weir__strand_here()) return weir__misuse(WEIR_EINVAL, "a runtime is not stopped from a handler or a task");
  return rt->stopping.begun ? weir_error(WEIR_EBUSY, "it is being stopped") : WEIR_OK;
}

static void at_deadline(struct weir__worker *w, struct weir__alarm *alarm)
{
  (void)alarm;
  weir__worker_rouse(w); /* the end of the slice looks at the clock */
}

int weir_runtime_stop_then(weir_runtime *rt, weir_duration drain, void (*then)(int rc, void *arg), void *arg)
{
  if (!rt) return weir_error(WEIR_EINVAL, "no runtime was given");
  int rc = check_stop(rt);
  if (rc) return rc;
  struct weir__worker *w = &rt->workers[0];
  rt->stopping = (struct weir__embedded_stop){.begun = true,
                                              .drained = true,
                                              .deadline_ns = weir__deadline(drain),
                                              .alarm = {.ring = at_deadline},
                                              .then = then,
                                              .arg = arg};
  if (drain.ns > 0) {
    atomic_store_explicit(&rt->state, WEIR__DRAINS, memory_order_seq_cst);
    if (rt->stopping.deadline_ns != INT64_MAX) weir__worker_arm(w, &rt->stopping.alarm, rt->stopping.deadline_ns);
  } else {
    weir__runtime_tell_all(rt);
  }
  weir__worker_keep_alive(w);
  weir__worker_rouse(w);
  return WEIR_OK;
}

static void drain(struct weir_runtime *rt)
{
  struct weir__embedded_stop *stop = &rt->stopping;
  bool quiet = weir__runtime_is_quiet(rt);
  if (!quiet && weir__now_ns() < stop->deadline_ns) return;
  stop->drained = quiet;
  if (stop->deadline_ns != INT64_MAX) weir__worker_disarm(&rt->workers[0], &stop->alarm);
  weir__runtime_tell_all(rt);
  weir__worker_rouse(&rt->workers[0]);
}

/* Its handles are closed: nothing of it is left in the loop. */
static void over(struct weir__worker *w)
{
  struct weir_runtime *rt = w->rt;
  struct weir__embedded_stop stop = rt->stopping;
  weir__runtime_free(rt);
  int rc = weir__runtime_verdict(stop.last, stop.drained);
  if (stop.then) stop.then(rc, stop.arg);
}

void weir__embedded_goes_on(struct weir_runtime *rt)
{
  if (!rt->stopping.begun) return;
  int state = atomic_load_explicit(&rt->state, memory_order_seq_cst);
  if (state == WEIR__DRAINS) {
    drain(rt);
  } else if (state == WEIR__STOPS && !weir__runtime_lives(rt)) {
    weir__worker_timers_end(&rt->workers[0]);  /* whoever cancels one later does not ring here any more */
    weir__worker_notices_end(&rt->workers[0]); /* nor does who frees a place */
    rt->stopping.last = weir__runtime_detach(rt);
    weir__worker_let_go(&rt->workers[0], over);
  }
}
