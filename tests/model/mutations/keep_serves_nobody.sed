# A place that was kept goes back, and nobody that waits is served.
# rule: M6, M3
# file: src/actor/stash.c
# scenario: keep_until_the_end
# finds: all wait
s/  if \(places\) weir__mpsc_places_back\(cell, places\);/  if (places) weir__mpsc_raise_popped(cell, places);/
