/* topology_fixture.h: for the tests of topologies: actor types like the stock ones, and a listener that collects. */
#ifndef WEIR_TESTS_TOPOLOGY_FIXTURE_H
#define WEIR_TESTS_TOPOLOGY_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "topology/topology.h"

struct line {
  weir_bytes text;
};
WEIR_MESSAGE(line, WEIR_FIELD(text));
struct word {
  const char *word;
};
WEIR_MESSAGE(word, WEIR_FIELD(word));
struct tally {
  const char *word;
  int64_t count;
};
WEIR_MESSAGE(tally, WEIR_FIELD(word), WEIR_FIELD(count));

struct paths_config {
  const char *const *paths;
  size_t path_count;
};
WEIR_MESSAGE(paths_config, WEIR_LIST(paths, path_count));
struct split_config {
  const char *on;
  bool fold_case;
};
WEIR_MESSAGE(split_config, WEIR_FIELD(on, .def = "\"non-letters\""), WEIR_FIELD(fold_case, .def = "false"));
struct top_config {
  int32_t k;
};
WEIR_MESSAGE(top_config, WEIR_FIELD(k, .def = "10", .min = 1, .max = 1000000));

static const weir_actor file_lines_type = {.name = "file_lines"};
static const weir_actor split_type = {.name = "split"};
static const weir_actor count_type = {.name = "count"};
static const weir_actor top_type = {.name = "top"};
static const weir_actor print_type = {.name = "print"};
static const weir_actor pass_type = {.name = "pass"};

static const struct weir__stock *const test_types[] = {
    &(struct weir__stock){.actor = &file_lines_type, .config = weir_message_paths_config, .gives = weir_message_line},
    &(struct weir__stock){.actor = &split_type,
                          .config = weir_message_split_config,
                          .takes = weir_message_line,
                          .gives = weir_message_word},
    &(struct weir__stock){.actor = &count_type, .takes = weir_message_word, .gives = weir_message_tally},
    &(struct weir__stock){.actor = &top_type,
                          .config = weir_message_top_config,
                          .takes = weir_message_tally,
                          .gives = weir_message_tally},
    &(struct weir__stock){.actor = &print_type, .takes = weir_message_tally},
    &(struct weir__stock){.actor = &pass_type, .takes = weir_message_word, .gives = weir_message_word},
    NULL,
};

/* What a listener heard: "line:column: text\n" for each problem. */
struct heard {
  char text[4096];
  size_t size;
  size_t count;
  char last[128]; /* text */
};

static inline void hear(void *arg, const weir_problem *problem)
{
  struct heard *heard = arg;
  heard->count++;
  snprintf(heard->last, sizeof heard->last, "%s", problem->text);
  if (heard->size < sizeof heard->text)
    heard->size += (size_t)snprintf(heard->text + heard->size, sizeof heard->text - heard->size, "%d:%d: %s\n",
                                    problem->line, problem->column, problem->text);
}

static inline int parse_text(const char *text, size_t size, struct heard *heard, weir_topology **topology)
{
  *heard = (struct heard){.size = 0};
  weir_listener listener = {.problem = hear, .arg = heard};
  return weir__topology_parse(test_types, "t.json", text, size, &listener, topology);
}

#endif
