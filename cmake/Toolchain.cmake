# Compiler checks, warnings, sanitizers, linker and compiler cache for every target of the project.

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  message(FATAL_ERROR "Lectern needs clang 16 or newer: Debian's g++ 12 destroys objects twice in C++20 coroutines. "
                      "Configure with: cmake --preset release")
endif()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

set(LECTERN_SANITIZE "" CACHE STRING "Comma-separated sanitizers (address,undefined or thread)")
option(LECTERN_ANALYZE "Run clang's thread-safety analysis and clang-tidy while compiling" OFF)

find_program(CCACHE ccache)
if(CCACHE)
  # Two build folders at the same depth share objects: paths below the source tree are rewritten to relative ones.
  set(launcher "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=time_macros "${CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

add_compile_options(-Wall -Wextra -Werror -Wno-unused-parameter -Wno-deprecated-declarations
                    "-fdebug-prefix-map=${PROJECT_SOURCE_DIR}=.")
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -gline-tables-only")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -gline-tables-only -fno-omit-frame-pointer")
add_link_options(-fuse-ld=mold)

if(LECTERN_SANITIZE)
  add_compile_options(-fsanitize=${LECTERN_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LECTERN_SANITIZE})
endif()
if(LECTERN_ANALYZE)
  add_compile_options(-Wthread-safety)
  set(CMAKE_CXX_CLANG_TIDY clang-tidy-16 --quiet)
endif()
