# Who hands a place over does not ask whether the wait has ended otherwise.
# rule: M3
# file: src/channel/mpsc.c
# scenario: permit_time
# finds: thread
/^static bool hand_over_place\(/,/^}/ s/if \(!weir__wait_claim\(weir__wait_name\(w\), WEIR__IN_LINE\)\) return false;/weir__wait_claim(weir__wait_name(w), WEIR__IN_LINE);/
