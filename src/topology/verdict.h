/* verdict.h: what a test was expected to come to, compared with what it came to, in words. */
#ifndef WEIR_TOPOLOGY_VERDICT_H
#define WEIR_TOPOLOGY_VERDICT_H

#include "topology/trial.h"
#include "json/draft.h"

struct weir__verdict {
  bool passed;
  struct weir__draft text; /* what is wrong, for people: lines; owned, as the next */
  struct weir__draft json; /* likewise, for programs: members of an object: "error", "failures" */
};

/* The document is that of the test. WEIR_ENOMEM. The verdict is to be freed in any case. */
int weir__verdict_make(struct weir__verdict *verdict, const struct weir__document *document,
                       const struct weir__graph_test *test, struct weir__outcome *outcome);
void weir__verdict_free(struct weir__verdict *verdict);

#endif
