# cmake -D PACKAGE=libzstd|lz4 -D FILE=file -P FetchRelease.cmake
# Upstream's release archive into FILE, if it has the SHA-256 that is written here. (LZ4's is that of
# Debian's lz4_1.10.0.orig.tar.gz, too.) To change to another release, change both lines.
cmake_minimum_required(VERSION 3.25)
set(url_of_libzstd https://github.com/facebook/zstd/releases/download/v1.5.7/zstd-1.5.7.tar.gz)
set(sha256_of_libzstd eb33e51f49a15e023950cd7825ca74a4a2b43db8354825ac24fc1b7ee09e6fa3)
set(url_of_lz4 https://github.com/lz4/lz4/releases/download/v1.10.0/lz4-1.10.0.tar.gz)
set(sha256_of_lz4 537512904744b35e232912055ccf8ec66d768639ff3abe5788d90d792ec5f48b)

if(NOT DEFINED url_of_${PACKAGE})
    message(FATAL_ERROR " there is none of ${PACKAGE} that Baton knows")
endif()
file(DOWNLOAD ${url_of_${PACKAGE}} ${FILE} TIMEOUT 120 INACTIVITY_TIMEOUT 20
     TLS_VERIFY OFF STATUS status) # the SHA-256 decides, and a small system may have no certificates
list(POP_FRONT status code text)
if(code)
    message(FATAL_ERROR " ${url_of_${PACKAGE}}: ${text}")
endif()
file(SHA256 ${FILE} sha256)
if(NOT sha256 STREQUAL sha256_of_${PACKAGE})
    message(FATAL_ERROR " ${url_of_${PACKAGE}}: its SHA-256 is ${sha256}, not ${sha256_of_${PACKAGE}}")
endif()
