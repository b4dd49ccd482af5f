find_package(GTest REQUIRED)
include(GoogleTest)

# RapidCheck comes without a CMake package in Debian.
find_library(RAPIDCHECK_LIBRARY rapidcheck REQUIRED)
find_path(RAPIDCHECK_INCLUDE rapidcheck.h REQUIRED)
add_library(rapidcheck INTERFACE)
target_link_libraries(rapidcheck INTERFACE "${RAPIDCHECK_LIBRARY}")
target_include_directories(rapidcheck SYSTEM INTERFACE "${RAPIDCHECK_INCLUDE}")

# telekv_test(NAME SOURCES file... LIBRARIES target...): one test program, one ctest entry a case.
function(telekv_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  # Optimising the tests themselves costs a third of their compile time and shows nothing.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  target_link_libraries(${name} PRIVATE telekv_settings ${arg_LIBRARIES} rapidcheck
                                        GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 300)
endfunction()
