# That a timer has come is forgotten after the look, not before.
# rule: M5
# file: src/actor/turn.c
# scenario: timer_goes_ahead
# finds: ticks_got == 2
/^static void collect_timers/,/^}/ {
  s/^  weir__mpsc_collect\(cell\);//
  s/^  atomic_fetch_and/  weir__mpsc_collect(cell);\n&/
}
