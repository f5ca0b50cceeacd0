# Who has slept takes the lock as if nobody else slept.
# rule: C2 (O2 of lock.h)
# file: src/platform/lock.c
# compile: tests/model/real/lock.c
# scenario: lock_three
# finds: all wait
s/^#include <errno.h>/#include <errno.h>\n#include <stdbool.h>/
s/while \(atomic_exchange_explicit\(&lock->word, WEIR__LOCK_CONTENDED, memory_order_acquire\) != WEIR__LOCK_FREE\)/bool slept = false;\n  for (uint32_t f = 0; !(slept \&\& (f = 0, atomic_compare_exchange_strong(\&lock->word, \&f, WEIR__LOCK_TAKEN))) \&\& atomic_exchange(\&lock->word, WEIR__LOCK_CONTENDED) != WEIR__LOCK_FREE; slept = true)/
