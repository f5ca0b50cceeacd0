/* symbols.c: see symbols.h. libdw is looked for at the first crash, so that nobody needs it who has none. */
#define _GNU_SOURCE /* dladdr() */
#include "platform/symbols.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<elfutils/libdwfl.h>)
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#define HAS_LIBDW 1
#endif
#endif

static const char *base_of(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static void by_dladdr(uintptr_t pc, char *text, size_t size)
{
  Dl_info info;
  /* What was noted as a number is an address to the linker. */
  if (!dladdr((void *)pc, &info) || !info.dli_fname) /* NOLINT(performance-no-int-to-ptr) */
    snprintf(text, size, "%#zx", (size_t)pc);
  else if (info.dli_sname)
    snprintf(text, size, "%s+%#zx (%s)", info.dli_sname, (size_t)(pc - (uintptr_t)info.dli_saddr), info.dli_fname);
  else
    snprintf(text, size, "%s+%#zx", info.dli_fname, (size_t)(pc - (uintptr_t)info.dli_fbase));
}

#ifdef HAS_LIBDW

/* Of libdw, by their own names. */
#define FUNCTIONS(X)                                                                                                   \
  X(dwfl_begin)                                                                                                        \
  X(dwfl_report_begin)                                                                                                 \
  X(dwfl_linux_proc_report)                                                                                            \
  X(dwfl_report_end)                                                                                                   \
  X(dwfl_linux_proc_find_elf)                                                                                          \
  X(dwfl_addrmodule)                                                                                                   \
  X(dwfl_module_info)                                                                                                  \
  X(dwfl_module_addrname)                                                                                              \
  X(dwfl_module_addrdie)                                                                                               \
  X(dwfl_module_nextcu)                                                                                                \
  X(dwarf_haspc)                                                                                                       \
  X(dwarf_getsrc_die)                                                                                                  \
  X(dwarf_linesrc)                                                                                                     \
  X(dwarf_lineno)

/* Only what the file itself has: nothing is looked for elsewhere, least of all on the network. */
static int no_other_file(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, const char *file,
                         const char *link, GElf_Word crc, char **found)
{
  (void)module, (void)data, (void)name, (void)base, (void)file, (void)link, (void)crc, (void)found;
  return -1;
}

static struct {
  pthread_mutex_t lock; /* guards all of it: libdw is not for several threads */
  bool looked;
  Dwfl_Callbacks callbacks;
  Dwfl *dwfl; /* NULL: there is no libdw. Kept: what it has read serves the next crash */
#define DECLARE(f) __typeof__(f) *f;
  FUNCTIONS(DECLARE)
} dw = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Lock held. What the process has in its memory now: a library may have come since. */
static void list_modules(void)
{
  dw.dwfl_report_begin(dw.dwfl);
  dw.dwfl_linux_proc_report(dw.dwfl, getpid());
  dw.dwfl_report_end(dw.dwfl, NULL, NULL);
}

/* Lock held. */
static void look_for_libdw(void)
{
  dw.looked = true;
  void *library = dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  bool all = true;
  /* POSIX wants functions to be had this way. */
#define FIND(f) all &= (*(void **)&dw.f = dlsym(library, #f)) != NULL;
  FUNCTIONS(FIND)
  if (!all) return;
  dw.callbacks = (Dwfl_Callbacks){.find_elf = dw.dwfl_linux_proc_find_elf, .find_debuginfo = no_other_file};
  dw.dwfl = dw.dwfl_begin(&dw.callbacks);
  if (dw.dwfl) list_modules();
}

static Dwfl_Module *module_of(uintptr_t pc)
{
  Dwfl_Module *module = dw.dwfl_addrmodule(dw.dwfl, pc);
  if (module) return module;
  list_modules();
  return dw.dwfl_addrmodule(dw.dwfl, pc);
}

/* The unit that was compiled to this address. By a table of the file's, or, where its compiler writes none, by all units. */
static Dwarf_Die *unit_of(Dwfl_Module *module, uintptr_t pc, Dwarf_Addr *bias)
{
  Dwarf_Die *unit = dw.dwfl_module_addrdie(module, pc, bias);
  if (unit) return unit;
  while ((unit = dw.dwfl_module_nextcu(module, unit, bias)))
    if (dw.dwarf_haspc(unit, pc - *bias) == 1) return unit;
  return NULL;
}

/* False: no more is known than dladdr() knows. */
static bool by_libdw(uintptr_t pc, char *text, size_t size)
{
  const char *file = NULL, *function = NULL, *source = NULL;
  int line = 0;
  if (!dw.looked) look_for_libdw();
  Dwfl_Module *module = dw.dwfl ? module_of(pc) : NULL;
  if (!module) return false;
  Dwarf_Addr bias = 0;
  Dwarf_Die *unit = unit_of(module, pc, &bias);
  Dwarf_Line *at = unit ? dw.dwarf_getsrc_die(unit, pc - bias) : NULL;
  if (at) source = dw.dwarf_linesrc(at, NULL, NULL);
  if (!source || dw.dwarf_lineno(at, &line)) source = NULL;
  function = dw.dwfl_module_addrname(module, pc);
  dw.dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, &file, NULL); /* known by now */
  if (!function) return false;
  if (source)
    snprintf(text, size, "%s at %s:%d (%s)", function, base_of(source), line, file ? file : "?");
  else
    snprintf(text, size, "%s (%s)", function, file ? file : "?");
  return true;
}

/* What was named before: who crashes often does so at few places, and a look into tables of debugging information takes
 * longer than all else of a crash. Under the lock. */
enum { NAMED = 128, NAME = 256 };
static struct {
  uintptr_t pc;
  char text[NAME]; /* "": nothing has been named here */
} named[NAMED];

void weir__symbol(uintptr_t pc, char *text, size_t size)
{
  size_t at = (pc ^ pc >> 7 ^ pc >> 14) % NAMED;
  pthread_mutex_lock(&dw.lock);
  if (named[at].pc != pc || !*named[at].text) {
    named[at].pc = pc;
    if (!by_libdw(pc, named[at].text, NAME)) by_dladdr(pc, named[at].text, NAME);
  }
  snprintf(text, size, "%s", named[at].text);
  pthread_mutex_unlock(&dw.lock);
}

#else

void weir__symbol(uintptr_t pc, char *text, size_t size) { by_dladdr(pc, text, size); }

#endif
