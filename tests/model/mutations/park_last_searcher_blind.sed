# The last one that searched does not look at the queues of the others before it sleeps.
# rule: U3
# file: src/runtime/worker.c
# scenario: park_queued
# finds: all wait
s/return last_searcher && queues_need_help\(w\);/return false;/
