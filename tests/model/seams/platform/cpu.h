/* cpu.h, for the model: as src/platform/cpu.h, but for what depends on the processor. A model has none, so that a fence is
 * one for every processor. */
#ifndef MODEL_SEAMS_CPU_H
#define MODEL_SEAMS_CPU_H

#define weir__cpu_pause weir__cpu_pause_of_processor
#define weir__fence_after_change weir__fence_of_processor
#include_next "platform/cpu.h"
#undef weir__cpu_pause
#undef weir__fence_after_change

void model_pause(void);
static inline void weir__cpu_pause(void) { model_pause(); }
static inline void weir__fence_after_change(void) { atomic_thread_fence(memory_order_seq_cst); }

#endif
