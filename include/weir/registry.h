/* weir/registry.h: actors by name. A name is given at weir_spawn() and is free again when the actor has ended. */
#ifndef WEIR_REGISTRY_H
#define WEIR_REGISTRY_H

#include <weir/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The actor of that name in weir_runtime_here(). Nobody (WEIR_EDEAD) where there is none. Threads: any. Does not wait
 * for anything but a short lock. */
WEIR_API weir_ref weir_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
