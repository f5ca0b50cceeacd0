# Who asked to be called is given a place, and not called.
# rule: M10, N2 of notice.h
# file: src/channel/mpsc.c
# scenario: notice_called
# finds: all wait
/^static bool hand_over_place/,/^}/ s/  finish\(w, WEIR_OK\);/  weir__wait_finish(w, WEIR_OK, NULL, NULL);/
