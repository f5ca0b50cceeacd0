# Who asked to be called is not told of the end of the mailbox.
# rule: M10, N2 of notice.h
# file: src/channel/mpsc.c
# scenario: notice_closed
# finds: all wait
/^static (void|bool) turn_away\(/,/^}/ s/  finish\(w, code\);/  weir__wait_finish(w, code, NULL, NULL);/
