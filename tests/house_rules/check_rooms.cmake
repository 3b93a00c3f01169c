# Configures tiny trees that break the rules of cmake/Rooms.cmake and expects the message that names the breach.
# cmake -DSOURCE_DIR=<checkout> -DWORK_DIR=<empty folder> -P check_rooms.cmake

function(expect_error name rooms message)
  set(dir "${WORK_DIR}/${name}")
  file(REMOVE_RECURSE "${dir}")
  foreach(file common/low/low.h common/low/low.cc edge/high/high.cc api/other/other.cc)
    file(WRITE "${dir}/${file}" "int ${name}_unused;\n")
  endforeach()
  file(WRITE "${dir}/CMakeLists.txt"
    "cmake_minimum_required(VERSION 3.25)\nproject(tiny CXX)\ninclude(${SOURCE_DIR}/cmake/Rooms.cmake)\n${rooms}\n")
  execute_process(COMMAND "${CMAKE_COMMAND}" -S "${dir}" -B "${dir}/build" -G Ninja
                          "-DCMAKE_CXX_COMPILER=clang++-16"
                  RESULT_VARIABLE result ERROR_VARIABLE error OUTPUT_QUIET)
  string(REGEX REPLACE "[ \n]+" " " error "${error}")
  if(message STREQUAL "")
    if(NOT result EQUAL 0)
      message(FATAL_ERROR "${name}: should configure, but: ${error}")
    endif()
  elseif(result EQUAL 0 OR NOT error MATCHES "${message}")
    message(FATAL_ERROR "${name}: expected \"${message}\", got (${result}): ${error}")
  endif()
endfunction()

set(low "lectern_room(common/low FLOOR 2 SOURCES low.cc)\n")
set(other "lectern_room(api/other FLOOR 3 SOURCES other.cc)\n")
expect_error(good "${low}lectern_room(edge/high FLOOR 3 SOURCES high.cc USES common_low)" "")
expect_error(upward "${low}lectern_room(edge/high FLOOR 2 SOURCES high.cc USES common_low)" "may not use common_low")
expect_error(sideways "${other}lectern_room(edge/high FLOOR 4 SOURCES high.cc USES api_other)" "buildings meet only through")
expect_error(undeclared "lectern_room(edge/high FLOOR 3 SOURCES high.cc USES common_low)" "which is not declared")
