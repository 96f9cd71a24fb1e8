# cmake -DDIRECTORY=… -DALLOWED=room|room|… -DSTAMP=file -P CheckIncludes.cmake
# Fails on an #include "room/…" of a room that is not allowed; makes STAMP otherwise.
cmake_minimum_required(VERSION 3.25)
string(REPLACE "|" ";" ALLOWED "${ALLOWED}")
file(GLOB_RECURSE files ${DIRECTORY}/*.h ${DIRECTORY}/*.hpp ${DIRECTORY}/*.c ${DIRECTORY}/*.cpp)
foreach(file IN LISTS files)
    file(STRINGS ${file} includes REGEX "^#include \"[^\"]*/")
    foreach(include IN LISTS includes)
        string(REGEX REPLACE "^#include \"([^\"]*)/.*$" "\\1" folder "${include}")
        string(REGEX REPLACE "/.*" "" room "${folder}") # of a folder in a room
        if(NOT room IN_LIST ALLOWED AND NOT folder IN_LIST ALLOWED)
            string(JOIN ", " allowed_text ${ALLOWED})
            message(FATAL_ERROR "${file}: ${include}: against the arrows; it may use ${allowed_text}")
        endif()
    endforeach()
endforeach()
file(TOUCH ${STAMP})
