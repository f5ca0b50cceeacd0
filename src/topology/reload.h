/* reload.h: a topology is changed while it runs: its file is read anew, and what differs is done.
 *
 *   read, check ---> plan (plan.h) ---> make, wire and start what is new ---> change what stays ---> in force ---> what was removed
 *        |              |                        '--- fails: all of it is taken back ---'                          ends, or is killed
 *     refused        refused
 *
 * An actor does it, the reloader: so there is one at a time, and who asks meanwhile waits.
 *
 * D1  Until it is in force nothing is touched but configurations that actors have taken and settings of supervisors, and those
 *     are given back. Putting it in force can't fail, and waits for nobody (actor/rewire.h).
 * D2  What is new is held until then: it has started, and so has opened what it needs, but handles nothing.
 * D3  Who sends to whom, and so when an input has ended, is told to the receivers before (V2 of actor/rewire.h): so a run does
 *     not end because all its sources were replaced. Until it is let go a new actor counts the reloader as its sender.
 * D4  What is removed ends as it would with its input, its sources as by a signal; what has not ended in time is killed, and
 *     what it had not handled becomes dead letters.
 * D5  A new supervisor is one more child of one that is there, and starts all that is below it; one that was removed ends when all
 *     that was below it has. Supervisors keep both in their plans (actor/supervisor.h), for their later incarnations. */
#ifndef WEIR_TOPOLOGY_RELOAD_H
#define WEIR_TOPOLOGY_RELOAD_H

#include <weir/reload.h>

struct weir__run;
/* Starts the reloader, and tells that everything is beginning: its first reload waits for that. */
int weir__reloader_start(struct weir__run *run);

#endif
