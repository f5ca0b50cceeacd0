/* symbols.h: what stands at an address of this process's code, in words. */
#ifndef WEIR__SYMBOLS_H
#define WEIR__SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

/* "parse at parser.c:41 (/usr/bin/shop)", or as much of it as is known. The function's name where the file has a table of
 * symbols, its line where it has debugging information and elfutils' libdw.so.1 is on this machine: else of functions that
 * their file exports the name alone. Not in a signal handler: it reads files and allocates. */
void weir__symbol(uintptr_t pc, char *text, size_t size);

#endif
