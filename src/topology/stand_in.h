/* stand_in.h: actors of a test that stand in for others: they play a script.
 *
 * A source gives all its records, output by output, when it is told to begin, and ends when it is told to finish. Any other
 * one passes on what it takes; or gives, for each record that it takes, the next one of each output, and what is left when its
 * inputs have ended; a sink gives nothing. */
#ifndef WEIR_TOPOLOGY_STAND_IN_H
#define WEIR_TOPOLOGY_STAND_IN_H

#include "actors/stock.h"
#include "runtime/arena.h"
#include "topology/graph.h"

struct weir__stand_in {
  struct weir__stock row; /* the type that it is */
  weir_actor type;
  const struct weir__output *outputs;
  size_t output_count;
  const struct weir__test_records *gives; /* by output; NULL: it passes on what it takes */
  size_t *next; /* of each output: its next record; a run's, which goes on there if it is started again */
};

/* For an actor. `gives`: by its outputs; NULL: it passes on what it takes. NULL: no memory. */
struct weir__stand_in *weir__stand_in_make(struct weir__arena *arena, const struct weir__graph_actor *actor,
                                           const struct weir__test_records *gives);
/* The type of a source with one output, "out", whose records a script gives. */
extern const weir_actor weir__feeder;
/* The configuration of its actor: of row.config(). NULL: no memory. */
void *weir__stand_in_config(struct weir__arena *arena, struct weir__stand_in *script);
/* Another run begins. */
void weir__stand_in_rewind(struct weir__stand_in *script);

/* What a source is told, in this order. */
struct weir__begin {
  WEIR_EMPTY;
};
struct weir__finish {
  WEIR_EMPTY;
};
WEIR_SHARED(weir__begin, "weir.begin");
WEIR_SHARED(weir__finish, "weir.finish");

#endif
