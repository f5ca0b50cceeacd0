# Who hands over does not ask whether the wait has ended otherwise.
# rule: M3
# file: src/channel/mpsc.c
# scenario: mpsc_time
# finds: thread
/^static bool hand_over\(/,/^}/ {
  s/if \(asks \? !weir__wait_move\(name, WEIR__IN_LINE, WEIR__QUEUED\) : !weir__wait_claim\(name, WEIR__IN_LINE\)\) return false;/weir__wait_claim(name, WEIR__IN_LINE);/
}
