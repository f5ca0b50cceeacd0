/* task.h: what the actors need of the tasks. */
#ifndef WEIR__TASK_INTERNAL_H
#define WEIR__TASK_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct weir_runtime;
struct weir__permit;
struct weir__work;

/* Ends the task that runs here with that result, and does not return; false: no task runs here. */
bool weir__task_fail(int code);
/* Cancels the tasks that an actor started. */
void weir__stop_tasks_of(struct weir_runtime *rt, uint64_t owner);
/* The bits of the ref of the actor that runs here, which is noted as one that has tasks; 0: none. */
uint64_t weir__owner_of_tasks(void);

/* The permits of the task that runs here; NULL: none does. */
struct weir__permit **weir__task_permits(void);

/* ---- for who looks for deadlocks ---- */

/* While it is locked no task ends, and no wait for one is closed. Taken before a bucket's lock. */
void weir__tasks_lock(void);
void weir__tasks_unlock(void);
/* Lock held, or a permit of the task seen under its bucket's lock: where it publishes its wait. */
const _Atomic(uint64_t) *weir__task_waiting(const struct weir__work *task);
/* Lock held. Calls f for each child that has not ended. */
void weir__task_children(const struct weir__work *task, void (*f)(struct weir__work *child, void *arg), void *arg);
/* Lock held. Likewise, for each task that an actor started. */
void weir__tasks_of_each(const struct weir_runtime *rt, uint64_t owner, void (*f)(struct weir__work *task, void *arg),
                         void *arg);

#endif
