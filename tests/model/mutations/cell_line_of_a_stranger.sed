# Who joins a line does not look whose it is by now.
# rule: C2
# file: src/channel/mpsc.c
# scenario: cell_line_and_reuse
# finds: told == WEIR_EDEAD
/^static enum weir__reserve reserve_or_wait/,/^}/ s/weir__generation_in\(places\) != generation \|\| //
