/* scope.h: what ends with an actor or a task: memory, and calls that were deferred. Made on first use; its owner's, who
 * runs on one thread at a time. */
#ifndef WEIR__SCOPE_H
#define WEIR__SCOPE_H

#include <stdbool.h>

#include "runtime/work.h"

struct weir__scope;

/* Makes the call that was deferred last, which is forgotten before: if it fails, those before it are still to be made.
 * False: none is left. `scope` may be NULL. */
bool weir__scope_run_one(struct weir__scope *scope);
void weir__scope_free(struct weir__scope *scope);

/* Where an actor or task keeps its scope. NULL (with a text): no memory for an actor's extras. Implemented by actors
 * and tasks. */
struct weir__scope **weir__actor_scope(struct weir__work *self);
struct weir__scope **weir__task_scope(struct weir__work *self);

/* How much was asked for, rounded up. `scope` may be NULL. */
size_t weir__scope_used(const struct weir__scope *scope);
/* An actor's scope is to hold so much: fails the actor if that is more than it may. Implemented by actors. */
void weir__actor_may_hold(struct weir__work *self, size_t bytes);

#endif
