# Who has taken something of another's does not look whether there was more.
# rule: U3
# file: src/runtime/worker.c
# scenario: park_search_goes_on
# finds: all wait
s/> 0 \|\| queues_need_help\(w\);/> 0 || weir__run_queue_length(\&w->queue) > 0;/
