/* spread.h: threads that are to run at the same time begin on CPUs of their own. */
#ifndef WEIR__SPREAD_H
#define WEIR__SPREAD_H

/* The CPU that this thread runs on, 0 where nobody knows. */
unsigned weir__cpu_here(void);

/* Puts this thread on the nth CPU behind that one, of those that it may use, counted around, and leaves it to the system
 * from there. Systems tend to wake a thread where it ran last: two that began on the same CPU, and had nothing to do at
 * first, are woken there both, and stay for tens of milliseconds. */
void weir__spread(unsigned behind, unsigned nth);

#endif
