/* supervisor.h: what a supervisor is to do from now on, in its later incarnations, too: for who changes a topology while it
 * runs. The supervisor does it between two messages. Not of WEIR_DYNAMIC ones.
 *
 * Threads: any. They wait, as weir_ask(), with its errors. */
#ifndef WEIR__SUPERVISOR_H
#define WEIR__SUPERVISOR_H

#include <weir/supervisor.h>

/* As weir_start_child(), for a child with a name. It is forgotten if it does not start. */
int weir__plan_child(weir_ref tree, weir_duration within, const weir_child *child);
/* Ends a child as weir_stop_child() does, and forgets it. WEIR_EDEAD: there is none of that name. */
int weir__remove_child(weir_ref tree, weir_duration within, const char *name);
/* Its strategy, how many restarts are too many, and in what time. */
int weir__change_supervisor(weir_ref tree, weir_duration within, const weir_supervisor_options *options);

#endif
