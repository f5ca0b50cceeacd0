# The asker of a request that is evicted is not told.
# rule: M7
# file: src/channel/overflow.c
# scenario: overflow_evicted_ask
# finds: all wait
s/if \(m->asker && weir__wait_claim\(m->asker, WEIR__QUEUED\)\)/if (m->asker \&\& false)/
