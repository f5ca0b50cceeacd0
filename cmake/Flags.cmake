# Flags of all that is compiled in this project. What users of the installed library must compile with, too, is in
# weir_stack_options; what only the library itself must pass, in weir_library_warnings.
include(CheckCCompilerFlag)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON) # gnu11: libuv's header needs more than plain C11 shows
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_C_FLAGS_RELEASE "-O2 -g -DNDEBUG")
set(CMAKE_C_FLAGS_DEBUG "-Og -g -fno-omit-frame-pointer -DWEIR_DEBUG=1")
set(CMAKE_ASM_FLAGS_RELEASE "-g")
set(CMAKE_ASM_FLAGS_DEBUG "-g")

# clang knows this flag only for some processors, and warns on the others.
set(CMAKE_REQUIRED_FLAGS -Werror)
check_c_compiler_flag(-fstack-clash-protection WEIR_HAS_STACK_CLASH_PROTECTION)
unset(CMAKE_REQUIRED_FLAGS)
set(weir_stack_options "")
if(WEIR_HAS_STACK_CLASH_PROTECTION)
  set(weir_stack_options -fstack-clash-protection)
endif()

set(weir_c_options ${weir_stack_options}
  -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes)
if(WEIR_WERROR)
  list(APPEND weir_c_options -Werror)
endif()
set(weir_library_warnings $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes> $<$<COMPILE_LANGUAGE:C>:-Wvla>)

if(WEIR_SANITIZE)
  set(weir_sanitizer_options -fsanitize=${WEIR_SANITIZE} -fno-sanitize-recover=all)
  if(CMAKE_C_COMPILER_ID MATCHES "Clang" AND WEIR_SANITIZE MATCHES "undefined")
    # A task is called through a pointer to int(void *), whatever struct its function takes.
    list(APPEND weir_sanitizer_options -fno-sanitize=function)
  endif()
  list(APPEND weir_c_options ${weir_sanitizer_options})
  add_link_options(${weir_sanitizer_options})
endif()
if(WEIR_FUZZ) # libFuzzer sees which code an input reaches; tests/fuzz has the programs
  list(APPEND weir_c_options -fsanitize=fuzzer-no-link)
endif()

foreach(weir_option ${weir_c_options})
  add_compile_options($<$<COMPILE_LANGUAGE:C>:${weir_option}>)
endforeach()
