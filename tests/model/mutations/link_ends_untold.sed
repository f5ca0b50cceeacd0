# Who ends does not say that it has told of that.
# rule: M5, L2 of link.c
# file: src/actor/link.c
# scenario: link_watched_at_the_end
# finds: got_count == 2
/^static bool is_gone_now/,/^}/ s/  atomic_fetch_or_explicit\(&cell->work.flags, WEIR__TOLD_END, memory_order_relaxed\);//
