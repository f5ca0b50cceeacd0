/* weir/group.h: groups: what is published goes to all that have joined.
 *
 *   weir_join("lobby");                                     in a handler
 *   weir_publish("lobby", said, .from = "eve", .text = "…"); from anywhere
 *
 * A group is a name within a runtime. It is there while somebody is in it, and need not be made. Guide:
 * docs/guide/groups.md. */
#ifndef WEIR_GROUP_H
#define WEIR_GROUP_H

#include <weir/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * In a handler: from now on its actor gets what is published to the group, its own included. An actor leaves all groups
 * when it ends.
 *
 * @param group  Not empty; copied.
 *
 * Waiting  No.
 * Errors   WEIR_EINVAL  not in a handler, or no name;  WEIR_EEXIST  it has joined before;  WEIR_ENOMEM
 *          WEIR_EDEAD   the actor ends
 */
WEIR_API int weir_join(const char *group);
/** In a handler: its actor leaves the group. What was published before is still in its mailbox.
 *
 * Waiting  No.
 * Errors   WEIR_EINVAL  not in a handler, or not in that group */
WEIR_API int weir_leave(const char *group);
/** How many are in that group of weir_runtime_here(). Threads: any. Does not wait. */
WEIR_API size_t weir_group_size(const char *group);

/** weir_publish("lobby", said, .text = "…"): the group, the type, then its fields. */
#define weir_publish(group, ...) weir_publish_value((group), WEIR_VALUE(__VA_ARGS__))
/** weir_publish_counted("lobby", &got, said, .text = "…"): `got` receives how many got it. */
#define weir_publish_counted(group, got, ...) weir_publish_counted_value((group), (got), WEIR_VALUE(__VA_ARGS__))

/**
 * Queues a copy of `value` for each member of a group of weir_runtime_here(), in the order in which they joined.
 *
 * It never waits: a member whose mailbox is full, or can never hold so large a message, misses this one, which is
 * counted (weir_accounts.refused_full). An empty group is fine. Who joins or leaves meanwhile may get it or not.
 *
 * @param value  Borrowed until the call returns.
 * @param got    Receives in how many mailboxes it was queued; NULL is fine.
 *
 * Threads   Any: actors, tasks, plain threads, libuv callbacks.
 * Ordering  What one sender publishes and sends to a member comes in that order.
 * Errors    WEIR_EINVAL  no name, no runtime, or the value can't be copied: nobody got it
 *           WEIR_ENOMEM  not all got it
 */
WEIR_API int weir_publish_value(const char *group, weir_value value);
WEIR_API int weir_publish_counted_value(const char *group, size_t *got, weir_value value);

#ifdef __cplusplus
}
#endif
#endif
