/* stock.h: the table of the actor types that come with weir and can be named in a topology.
 *
 * One file for each type; it defines the type's row, stock.c lists them. */
#ifndef WEIR_ACTORS_STOCK_H
#define WEIR_ACTORS_STOCK_H

#include <weir/actor.h>

/** A stock type: what JSON calls it and its line of help stand in `actor`. */
struct weir__stock {
  const weir_actor *actor;
  const weir_message *(*config)(void); /* of its configuration; NULL: it takes none */
  const weir_message *(*takes)(void);  /* the records of its inputs; NULL: it is a source */
  const weir_message *(*gives)(void);  /* the records of its outputs; NULL: it is a sink */
  const struct weir__plugin *plugin;   /* where it is from; NULL: from weir */
};

/** All of them, in the order in which people are shown them; ends with NULL. */
extern const struct weir__stock *const weir__stock_types[];

extern const struct weir__stock weir__stock_file_lines;
extern const struct weir__stock weir__stock_split;
extern const struct weir__stock weir__stock_count;
extern const struct weir__stock weir__stock_top;
extern const struct weir__stock weir__stock_print;

#endif
