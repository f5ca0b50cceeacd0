/* runtime.h: functions of src/runtime/runtime.h, which are inline, as ones that a mutant can replace. */
#ifndef MODEL_REAL_RUNTIME_H
#define MODEL_REAL_RUNTIME_H

#include <stdbool.h>

struct weir_runtime;

bool real_runtime_enter(struct weir_runtime *rt);
void real_runtime_leave(struct weir_runtime *rt);

#endif
