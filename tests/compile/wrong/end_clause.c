/* gcc: initialization of 'void (*)(weir__state *)' {aka 'void (*)(struct sink *)'} from incompatible pointer type 'int (*)(struct sink *)' */
/* clang: incompatible function pointer types initializing 'void (*)(weir__state *)' (aka 'void (*)(struct sink *)') with an expression of type 'int (struct sink *)' */
/* g++: invalid conversion from 'int (*)(sink*)' to 'void (*)(weir__state*)' */
/* clang++: different return type ('void' vs 'int') */
#include "messages.h"

static int finish(struct sink *s) { return s->taken; }

WEIR_ACTOR(sink, WEIR_ON_END(finish));

const weir_actor *used = &sink;
