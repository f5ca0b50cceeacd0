# A place goes back when its message is popped, whether it is to be kept or not.
# rule: M6
# file: src/channel/mpsc.c
# scenario: keep_until_the_end
# finds: all wait
s/if \(WEIR__LIKELY\(!weir__keeps_places\(cell\)\)\) weir__mpsc_places_back/if (true) weir__mpsc_places_back/
