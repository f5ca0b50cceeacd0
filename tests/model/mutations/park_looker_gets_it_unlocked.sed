# What is handed to who looks around goes into its own line.
# rule: U3
# file: src/runtime/worker.c
# scenario: park_looks
# finds: steps in a run
/^static bool hand_over\(/,/^}/ s/weir__worker_post\(&w->rt->workers\[number - 1\], work\);/weir__work_append(\&w->rt->workers[number - 1].ready, work);/
