# Rooms: one leaf folder = one static library, with an include directory of its own.
#
#   lectern_room(api/store FLOOR 6 SOURCES job_store.cc EXPOSES common_base USES common_pg EXTERNAL PostgreSQL::PostgreSQL)
#
# EXPOSES rooms appear in the room's headers, USES only in its sources. A room may use rooms of a lower floor, of its own
# building, of common/ or of proto/; anything else stops the configuration. Includes are written from the root
# ("api/store/job_store.h"), but no target sees the root: each room is reached through a symlink tree ("door") in the build
# folder, so that an undeclared include does not compile.

# The door of a folder: a directory that holds nothing but a link to that folder.
function(lectern_door dir out)
  string(REPLACE "/" "_" room "${dir}")
  set(door "${PROJECT_BINARY_DIR}/rooms/${room}")
  get_filename_component(parent "${door}/${dir}" DIRECTORY)
  file(MAKE_DIRECTORY "${parent}")
  file(CREATE_LINK "${PROJECT_SOURCE_DIR}/${dir}" "${door}/${dir}" SYMBOLIC)
  set(${out} "${door}" PARENT_SCOPE)
endfunction()

function(lectern_check_uses user floor building)
  foreach(dep IN LISTS ARGN)
    if(NOT TARGET ${dep})
      message(FATAL_ERROR "${user} uses ${dep}, which is not declared (yet): order the rooms from low to high floors")
    endif()
    get_target_property(dep_floor ${dep} LECTERN_FLOOR)
    get_target_property(dep_building ${dep} LECTERN_BUILDING)
    if(NOT dep_floor LESS floor)
      message(FATAL_ERROR "${user} (floor ${floor}) may not use ${dep} (floor ${dep_floor})")
    elseif(NOT dep_building MATCHES "^(common|proto|${building})$")
      message(FATAL_ERROR "${user} may not use ${dep}: buildings meet only through proto/ and HTTP")
    endif()
  endforeach()
endfunction()

function(lectern_room dir)
  cmake_parse_arguments(R "" "FLOOR" "SOURCES;EXPOSES;USES;EXTERNAL" ${ARGN})
  string(REPLACE "/" "_" room "${dir}")
  string(REGEX MATCH "^[^/]+" building "${dir}")
  lectern_check_uses(${dir} ${R_FLOOR} ${building} ${R_EXPOSES} ${R_USES})
  lectern_door(${dir} door)
  if(R_SOURCES)
    list(TRANSFORM R_SOURCES PREPEND "${PROJECT_SOURCE_DIR}/${dir}/")
    add_library(${room} STATIC ${R_SOURCES})
    target_include_directories(${room} PUBLIC "${door}")
    target_link_libraries(${room} PUBLIC ${R_EXPOSES} ${R_EXTERNAL} PRIVATE ${R_USES})
  else()
    add_library(${room} INTERFACE)
    target_include_directories(${room} INTERFACE "${door}")
    target_link_libraries(${room} INTERFACE ${R_EXPOSES} ${R_EXTERNAL})
  endif()
  set_target_properties(${room} PROPERTIES LECTERN_FLOOR ${R_FLOOR} LECTERN_BUILDING ${building})
endfunction()

# lectern_program(lectern-edge DIR edge SOURCES main.cc USES edge_http common_app)
function(lectern_program name)
  cmake_parse_arguments(P "" "DIR" "SOURCES;USES;EXTERNAL" ${ARGN})
  string(REGEX MATCH "^[^/]+" building "${P_DIR}")
  lectern_check_uses(${name} 99 ${building} ${P_USES})
  list(TRANSFORM P_SOURCES PREPEND "${PROJECT_SOURCE_DIR}/${P_DIR}/")
  add_executable(${name} ${P_SOURCES})
  target_link_libraries(${name} PRIVATE ${P_USES} ${P_EXTERNAL})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
endfunction()

# lectern_test(common/base/text_test.cc LABEL unit USES common_base)
# The source is below tests/; the executable is named after it; every case becomes one ctest test with the label.
# RESOURCE_LOCK serialises tests that share something; TIMEOUT is in seconds per case.
function(lectern_test source)
  cmake_parse_arguments(T "" "LABEL;TIMEOUT" "USES;EXTERNAL;RESOURCE_LOCK" ${ARGN})
  string(REGEX REPLACE "\\.cc$" "" name "${source}")
  string(REPLACE "/" "_" name "${name}")
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 60)
  endif()
  add_executable(${name} "${PROJECT_SOURCE_DIR}/tests/${source}")
  target_link_libraries(${name} PRIVATE ${T_USES} ${T_EXTERNAL} tests_support GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  set(environment "LECTERN_SOURCE_DIR=${PROJECT_SOURCE_DIR}\\;LECTERN_BINARY_DIR=${PROJECT_BINARY_DIR}")
  set(lock "")
  if(T_RESOURCE_LOCK)   # an empty value would swallow the property after it
    set(lock RESOURCE_LOCK "${T_RESOURCE_LOCK}")
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS "${T_LABEL}" TIMEOUT ${T_TIMEOUT} ENVIRONMENT "${environment}" ${lock})
endfunction()
