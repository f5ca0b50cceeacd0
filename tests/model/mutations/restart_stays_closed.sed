# What was closed by a stop stays closed after the restart.
# rule: L1
# file: src/actor/child.c
# scenario: restart_or_stop
# finds: WEIR__CLOSED
/^static bool begin_anew/,/^}/ s/^    weir__mpsc_reopen\(cell\);//
