# Who forwards a request does not look whether that closes a circle.
# rule: W2
# file: src/actor/debt.c
# scenario: deadlock_forwarded
# finds: all wait
s/^    weir__deadlock_look\(asker\);.*/    (void)asker;/
