# cmake -DFILE=file -P BuildId.cmake
# Makes FILE.id, the linker's option for a build id that is the hash of FILE.
cmake_minimum_required(VERSION 3.25)
file(SHA1 ${FILE} id)
file(WRITE ${FILE}.id "--build-id=0x${id}\n")
