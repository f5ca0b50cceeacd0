# A worker that has said that it sleeps does not look again for work.
# rule: M4, U3
# file: src/runtime/worker.c
# scenario: runtime_wakes
# finds: sum == 12
s/if \(!has_reason_to_stay\(w, last\)\) \{/if (true) {/
