/* weir/weir.h: the runtime, channels, tasks and actors. Beside it stand weir/uv.h (libuv handles), weir/json.h
 * (messages from and to JSON), weir/record.h, weir/edge.h and weir/topology.h (actors wired by a JSON file). */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

#include <weir/actor.h>
#include <weir/arena.h>
#include <weir/ask.h>
#include <weir/base.h>
#include <weir/become.h>
#include <weir/blocking.h>
#include <weir/bytes.h>
#include <weir/dead_letter.h>
#include <weir/group.h>
#include <weir/link.h>
#include <weir/mailbox.h>
#include <weir/message.h>
#include <weir/mpsc.h>
#include <weir/notify.h>
#include <weir/oneshot.h>
#include <weir/permit.h>
#include <weir/registry.h>
#include <weir/runtime.h>
#include <weir/serve.h>
#include <weir/stash.h>
#include <weir/supervisor.h>
#include <weir/task.h>
#include <weir/timer.h>

#endif
