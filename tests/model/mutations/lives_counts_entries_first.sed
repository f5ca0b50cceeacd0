# Entries are read before leaves.
# rule: R1
# file: src/runtime/runtime.c
# scenario: lives_never_missed
# finds: race
/^bool weir__runtime_lives\(/,/^}/ {
  s/\bleft\b/swapped/g
  s/\bentered\b/left/g
  s/\bswapped\b/entered/g
}
