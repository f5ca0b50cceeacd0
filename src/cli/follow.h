/* follow.h: weir run --follow-one: each step of a record as a line on standard error. */
#ifndef WEIR_CLI_FOLLOW_H
#define WEIR_CLI_FOLLOW_H

#include <weir/topology.h>

/* Indented as records come of each other. On any worker. */
void weir__follow_say(const weir_step *step);

#endif
