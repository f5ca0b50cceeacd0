# A place that a callback has left does not go back.
# rule: M10
# file: src/channel/notice.c
# scenario: notice_unused
# finds: all wait
/^static void call_with/,/^}/ s/  weir_permit_give_back\(&permit\);//
