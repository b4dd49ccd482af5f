# Language level, warnings, sanitizers and the compiler cache, for every target of the project.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

add_library(telekv_settings INTERFACE)
target_include_directories(telekv_settings INTERFACE "${PROJECT_SOURCE_DIR}/src")
target_compile_options(telekv_settings INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<BOOL:${TELEKV_WERROR}>:-Werror>)
# GCC 12 sees overlapping copies in libstdc++'s own string concatenation (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(telekv_settings INTERFACE -Wno-restrict)
endif()
if(TELEKV_SANITIZE)
  target_compile_options(telekv_settings INTERFACE
    -fsanitize=${TELEKV_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    # GCC 12 sees both in sanitized Asio coroutines, where neither is.
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete;-Wno-maybe-uninitialized>")
  target_link_options(telekv_settings INTERFACE -fsanitize=${TELEKV_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # Clang 14 cannot emit this check beside a coroutine.
    target_compile_options(telekv_settings INTERFACE -fno-sanitize=function)
  endif()
endif()
