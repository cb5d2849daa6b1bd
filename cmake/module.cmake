# starcast_module(NAME m HEADERS ... PRIVATE ... SOURCES ... TESTING ... TESTS ... DEPENDS ... LIBRARIES ...)
#
# One folder of src/ as one static library and one test program. This list is the only place that says what a module
# consists of and which lower modules it may include; tools/tidy compares it with every #include and draws
# docs/architecture.md from it.
#
#   HEADERS    public headers: what other modules may include
#   PRIVATE    headers that only this module includes
#   SOURCES    translation units (explicit, no globs)
#   TESTING    fakes for other modules' tests, under NAME/testing/; linked into test programs only
#   TESTS      *_test.cc files, linked into NAME_test and run as the ctest unit.NAME
#   DEPENDS    lower modules, by name
#   LIBRARIES  outside libraries, used by this module's own files only
function(starcast_module)
  cmake_parse_arguments(M "" "NAME" "HEADERS;PRIVATE;SOURCES;TESTING;TESTS;DEPENDS;LIBRARIES" ${ARGN})
  if(M_UNPARSED_ARGUMENTS OR NOT M_NAME)
    message(FATAL_ERROR "starcast_module: do not know what to do with '${M_UNPARSED_ARGUMENTS}'")
  endif()
  set(target starcast_${M_NAME})
  add_library(${target} STATIC ${M_SOURCES} ${M_HEADERS} ${M_PRIVATE})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PUBLIC starcast_options PRIVATE starcast_warnings)
  foreach(dependency ${M_DEPENDS})
    target_link_libraries(${target} PUBLIC starcast_${dependency})
  endforeach()
  target_link_libraries(${target} PUBLIC ${M_LIBRARIES})

  if(M_TESTING)
    add_library(${target}_testing STATIC ${M_TESTING})
    target_link_libraries(${target}_testing PUBLIC ${target} PRIVATE starcast_warnings)
  endif()

  if(M_TESTS)
    add_executable(${M_NAME}_test ${M_TESTS})
    target_link_libraries(${M_NAME}_test PRIVATE ${target} starcast_warnings GTest::gmock GTest::gtest_main)
    foreach(with_fakes ${M_NAME} ${M_DEPENDS})
      if(TARGET starcast_${with_fakes}_testing)
        target_link_libraries(${M_NAME}_test PRIVATE starcast_${with_fakes}_testing)
      endif()
    endforeach()
    add_test(NAME unit.${M_NAME} COMMAND ${M_NAME}_test WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(unit.${M_NAME} PROPERTIES LABELS unit TIMEOUT 300)
  endif()
endfunction()
