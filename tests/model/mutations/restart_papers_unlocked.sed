# Who ends looks for its papers while its supervisor brings new ones.
# rule: L1, H1 of child.h
# file: src/actor/child.c
# scenario: restart_or_end
# finds: a data race
s/if \(\(flags & WEIR__FOR_GOOD\) \|\| !weir__is_child\(cell\)\) return false;/if (!weir__is_child(cell) || (flags \& WEIR__FOR_GOOD)) return false;/
