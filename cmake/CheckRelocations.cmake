# Refuses OBJECTS (a list) with relocations through a global offset table: linked to PE there is none,
# and the linker makes a load of the symbol's own bytes from it, without a word. GCC takes the address
# of a function that another file defines that way: take it in that file.
execute_process(COMMAND ${READELF} --relocs --wide ${OBJECTS} OUTPUT_VARIABLE relocations
                COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCH "[^\n]*GOTP[^\n]*" found "${relocations}")
if(found)
    message(FATAL_ERROR "a relocation through a global offset table: ${found}")
endif()
