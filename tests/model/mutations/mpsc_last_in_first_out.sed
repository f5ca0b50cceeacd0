# Who joins a line stands at its front.
# rule: M3 (I1 of line.h)
# file: src/channel/line.c
# scenario: mpsc_line_in_order
# finds: next() == 1
/^void weir__line_join\(/,/^}/ {
  s/w->line_next = NULL;/w->line_next = bucket->first;/
  s/w->line_previous = bucket->last;/w->line_previous = NULL;/
  s/if \(bucket->last\)/if (bucket->first)/
  s/bucket->last->line_next = w;/bucket->first->line_previous = w;/
  s/bucket->first = w;/bucket->last = w;/
  s/bucket->last = w;$/bucket->last = w;/
  s/^  bucket->last = w;/  bucket->first = w;/
}
