/* weir/cpp.h: what the macros of the other headers need in C++; nothing for programs to call.
 *
 * An exception never leaves the function that the library has called (F7): it fails the actor or task that runs there,
 * with what() as its text. The library itself is C, so the code that stops it comes from here, into the program's own
 * objects; where exceptions are switched off, and in C, there is none.
 *
 * Counts as a system header: g++ -Wextra complains of each field that is left out of `.name = "river"` else, as if that
 * were a mistake. It still checks what the program wrote. */
#ifndef WEIR_CPP_H
#define WEIR_CPP_H

#include <weir/base.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { WEIR__THREW = 0x57454901 };
typedef int (*weir__guard)(int (*f)(void *), void *arg);
/* Notes the text; returns WEIR__THREW. NULL: it was no std::exception. */
WEIR_API int weir__threw(const char *what);

#ifdef __cplusplus
}
#endif

#if defined(__cplusplus) && defined(__cpp_exceptions)
#include <exception>
#define WEIR__TRY try {
#define WEIR__CATCH                                                                                                    \
  }                                                                                                                    \
  catch (const std::exception &weir__thrown) { return weir__threw(weir__thrown.what()); }                              \
  catch (...) { return weir__threw(nullptr); }
inline int weir__guarded(int (*f)(void *), void *arg)
{
  WEIR__TRY return f(arg);
  WEIR__CATCH
}
#define WEIR__GUARD weir__guarded
#else
#define WEIR__TRY
#define WEIR__CATCH
#define WEIR__GUARD NULL
#endif

#ifdef __cplusplus
#pragma GCC system_header
template <class T> inline const T *weir__at(const T &v) { return &v; }
#define WEIR__VALUE_1(T)                                                                                               \
  weir_value { weir_message_##T, weir__at(weir_struct_##T{}) }
#define WEIR__VALUE_M(T, ...)                                                                                          \
  weir_value { weir_message_##T, weir__at(weir_struct_##T{__VA_ARGS__}) }
#define WEIR__OPTIONS(O, ...) weir__at(O{__VA_ARGS__})
#endif
#endif
