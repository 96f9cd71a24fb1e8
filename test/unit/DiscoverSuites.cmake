# cmake -DTESTS=program -DFILE=file -P DiscoverSuites.cmake
# Writes a file for ctest to include: a test for each of the program's suites. (A process for each
# single test takes longer than the tests.)
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${TESTS} --gtest_list_tests OUTPUT_VARIABLE listed COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "\n[^ \n]+\\." suites "${listed}")
if(NOT suites)
    message(FATAL_ERROR "${TESTS} lists no tests")
endif()
set(text "")
foreach(suite IN LISTS suites)
    string(REGEX REPLACE "\n(.*)\\.$" "\\1" suite "${suite}")
    string(APPEND text
        "add_test([[${suite}]] [[${TESTS}]] --gtest_brief=1 [[--gtest_filter=${suite}.*]])\n"
        "set_tests_properties([[${suite}]] PROPERTIES LABELS unit TIMEOUT 120 "
        "SKIP_REGULAR_EXPRESSION [[PASSED  . 0 tests[.].*SKIPPED]] ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)\n")
endforeach()
file(WRITE ${FILE} "${text}")
