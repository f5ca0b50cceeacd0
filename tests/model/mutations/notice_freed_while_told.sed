# A notice that is taken back is free at once, whether it is about to be called or not.
# rule: M10, N2 of notice.h
# file: src/channel/notice.c
# scenario: notice_cancelled
# finds: assertion w == weir__worker_here()
s/^  n->cancelled = true;/  free_record(n);/
