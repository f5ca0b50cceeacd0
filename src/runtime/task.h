/* task.h: what the actors need of the tasks. */
#ifndef WEIR__TASK_INTERNAL_H
#define WEIR__TASK_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

struct weir_runtime;
struct weir__permit;

/* Ends the task that runs here with that result, and does not return; false: no task runs here. */
bool weir__task_fail(int code);
/* Cancels the tasks that an actor started. */
void weir__stop_tasks_of(struct weir_runtime *rt, uint64_t owner);
/* The bits of the ref of the actor that runs here, which is noted as one that has tasks; 0: none. */
uint64_t weir__owner_of_tasks(void);

/* The permits of the task that runs here; NULL: none does. */
struct weir__permit **weir__task_permits(void);

#endif
