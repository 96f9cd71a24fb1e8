# cmake -DFILE=… -DLIMIT=bytes -P ReportSize.cmake
cmake_minimum_required(VERSION 3.25)
file(SIZE ${FILE} size)
message(STATUS "${FILE}: ${size} bytes of ${LIMIT}")
if(size GREATER LIMIT)
    message(FATAL_ERROR "${FILE} is larger than ${LIMIT} bytes")
endif()
