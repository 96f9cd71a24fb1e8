# How Baton's artefacts are made: rooms of common/, UEFI applications, flat binaries, kernels.

# A room refuses an include of a room that it has no arrow to: a stamp file that its library needs
# is made only when every #include "room/…" below `directory` names one of `allowed`.
function(baton_check_includes target directory)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS
         ${directory}/*.h ${directory}/*.hpp ${directory}/*.c ${directory}/*.cpp)
    set(stamp ${CMAKE_CURRENT_BINARY_DIR}/${target}.includes)
    list(JOIN ARGN "|" allowed)
    add_custom_command(
        OUTPUT ${stamp}
        COMMAND ${CMAKE_COMMAND} -DDIRECTORY=${directory} -DALLOWED=${allowed} -DSTAMP=${stamp}
                -P ${CMAKE_SOURCE_DIR}/cmake/CheckIncludes.cmake
        DEPENDS ${sources} ${CMAKE_SOURCE_DIR}/cmake/CheckIncludes.cmake
        COMMENT "Checking the includes of ${target}" VERBATIM)
    add_custom_target(${target}_includes DEPENDS ${stamp})
    add_dependencies(${target} ${target}_includes)
endfunction()

# Fails the build of `target` if an object or archive has a relocation that a UEFI image can't have.
function(baton_check_relocations target objects)
    add_custom_command(TARGET ${target} POST_BUILD
        COMMAND ${CMAKE_COMMAND} "-DOBJECTS=${objects}" -DREADELF=${CMAKE_READELF}
                -P ${CMAKE_SOURCE_DIR}/cmake/CheckRelocations.cmake VERBATIM)
endfunction()

# A room of common/, from the sources in this folder: library `name` for the target, `name_host` for
# the host's tests, and `name_tool` for the programs that people run. NEEDS names the rooms that it
# may use.
function(baton_add_room name)
    cmake_parse_arguments(ARG "TARGET_ONLY" "" "SOURCES;NEEDS" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE baton_position_independent PUBLIC ${ARG_NEEDS})
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/common)
    baton_check_includes(${name} ${CMAKE_CURRENT_SOURCE_DIR} ${name} ${ARG_NEEDS})
    baton_check_relocations(${name} $<TARGET_FILE:${name}>)
    if(ARG_TARGET_ONLY)
        return()
    endif()
    foreach(flavour host tool)
        set(needs ${ARG_NEEDS})
        list(TRANSFORM needs APPEND _${flavour})
        add_library(${name}_${flavour} STATIC ${ARG_SOURCES})
        target_link_libraries(${name}_${flavour} PRIVATE baton_${flavour} PUBLIC ${needs})
        target_include_directories(${name}_${flavour} PUBLIC ${CMAKE_SOURCE_DIR}/common)
    endforeach()
    set_target_properties(${name}_tool PROPERTIES EXCLUDE_FROM_ALL ON)
endfunction()

# Links twice, to give <TARGET> a build id that doesn't depend on where it is built: DWARF holds paths,
# and a build id of the linker's is a hash of DWARF too. This one is a hash of the stripped file.
function(baton_link_rule result inputs)
    set(${result}
        "${CMAKE_LINKER} <LINK_FLAGS> --strip-all --build-id=0x${BATON_NO_BUILD_ID} ${inputs} -o <TARGET>.stripped"
        "${CMAKE_COMMAND} -DFILE=<TARGET>.stripped -P \"${CMAKE_SOURCE_DIR}/cmake/BuildId.cmake\""
        "${CMAKE_LINKER} <LINK_FLAGS> @<TARGET>.stripped.id ${inputs} -o <TARGET>" PARENT_SCOPE)
endfunction()
string(REPEAT 0 40 BATON_NO_BUILD_ID)

# Links the executables of this directory by calling the linker itself: the compiler driver would
# add options that a flat binary or a UEFI image must not have. The linker itself doesn't know the
# option by which CMake asks the driver for a list of what was linked. With BUILD_ID, they have one.
macro(baton_link_with_ld)
    set(CMAKE_LINK_DEPENDS_USE_LINKER OFF)
    set(inputs "<OBJECTS> --start-group <LINK_LIBRARIES> --end-group")
    if("${ARGV0}" STREQUAL BUILD_ID)
        baton_link_rule(CMAKE_C_LINK_EXECUTABLE "${inputs}")
    else()
        set(CMAKE_C_LINK_EXECUTABLE
            "${CMAKE_LINKER} <LINK_FLAGS> --build-id=none ${inputs} -o <TARGET>")
    endif()
    set(CMAKE_CXX_LINK_EXECUTABLE ${CMAKE_C_LINK_EXECUTABLE})
    set(CMAKE_ASM_NASM_LINK_EXECUTABLE ${CMAKE_C_LINK_EXECUTABLE})
endmacro()

# The same for UEFI applications: first all that efi_main needs becomes one object, which is then
# linked as PE. For that the linker neither searches ELF archives nor leaves a section out.
macro(baton_link_efi_with_ld)
    set(CMAKE_LINK_DEPENDS_USE_LINKER OFF)
    baton_link_rule(CMAKE_CXX_LINK_EXECUTABLE <TARGET>.o)
    list(PREPEND CMAKE_CXX_LINK_EXECUTABLE
        "${CMAKE_LINKER} -r --gc-sections -z noexecstack --entry efi_main <OBJECTS> --start-group <LINK_LIBRARIES> --end-group -o <TARGET>.o")
endmacro()

# A UEFI application `output`, stripped, and `output`.debug beside it, the same image with its DWARF.
# ELF objects are linked straight to PE: base relocations for the firmware to apply, page-aligned
# sections of which none is writable and executable, and NX_COMPAT. Call baton_link_efi_with_ld()
# first.
function(add_efi_application name output)
    set(coff ${CMAKE_CURRENT_BINARY_DIR}/${output}.coff.obj)
    add_custom_command(OUTPUT ${coff} DEPENDS ${CMAKE_SOURCE_DIR}/cmake/efi_object.asm
        COMMAND ${CMAKE_ASM_NASM_COMPILER} -f win64 ${CMAKE_SOURCE_DIR}/cmake/efi_object.asm -o ${coff}
        VERBATIM)
    set_source_files_properties(${coff} PROPERTIES GENERATED YES HEADER_FILE_ONLY YES) # linked below
    add_executable(${name} ${ARGN} ${coff})
    set(script ${CMAKE_SOURCE_DIR}/cmake/efi_application.ld)
    set_target_properties(${name} PROPERTIES
        OUTPUT_NAME ${output}.debug LINK_DEPENDS "${script};${coff}")
    target_link_libraries(${name} PRIVATE baton_uefi)
    target_link_options(${name} PRIVATE
        "SHELL:-m i386pep" "SHELL:--subsystem 10" "SHELL:--image-base 0"
        --dynamicbase --nxcompat --high-entropy-va --enable-reloc-section --no-insert-timestamp
        "SHELL:--entry efi_main" "SHELL:-T \"${script}\"" ${coff})
    baton_check_relocations(${name} $<TARGET_OBJECTS:${name}>)
    add_custom_command(TARGET ${name} POST_BUILD
        # Without --preserve-dates, the time of day would be in the image's header.
        COMMAND ${CMAKE_OBJCOPY} --strip-all --preserve-dates ${output}.debug ${output}
        WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR} BYPRODUCTS ${output} VERBATIM)
endfunction()

# A flat binary `name`.bin and `name`.elf beside it, its ELF with DWARF. The linker script refuses
# what needs a relocation at run time. Call baton_link_with_ld() first.
function(add_flat_binary name script)
    add_executable(${name} ${ARGN})
    set_target_properties(${name} PROPERTIES OUTPUT_NAME ${name}.elf LINK_DEPENDS ${script})
    target_link_libraries(${name} PRIVATE baton_position_independent)
    target_link_options(${name} PRIVATE
        -pie --no-dynamic-linker "SHELL:-z norelro" "SHELL:-z defs" "SHELL:-z noexecstack"
        --gc-sections -X "SHELL:-T \"${script}\"")
    add_custom_command(TARGET ${name} POST_BUILD
        COMMAND ${CMAKE_OBJCOPY} -O binary --remove-section=.dynamic ${name}.elf ${name}.bin
        WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR} BYPRODUCTS ${name}.bin VERBATIM)
endfunction()

# The public headers under their installed names: <baton/boot_info.h>, <baton/handoff.h>.
foreach(header boot_info.h boot_info.hpp handoff.h)
    configure_file(${CMAKE_SOURCE_DIR}/common/abi/${header}
                   ${CMAKE_BINARY_DIR}/include/baton/${header} COPYONLY)
endforeach()
add_library(baton_public_headers INTERFACE)
target_include_directories(baton_public_headers INTERFACE ${CMAKE_BINARY_DIR}/include)
add_library(Baton::boot_info ALIAS baton_public_headers)

# The headers in the other languages that kernels and first stages are written in: boot_info.inc for
# NASM, boot_info.s for GNU as, boot_info.rs, boot_info.zig; handoff.inc, handoff.s. Who links Baton::boot_info finds them made.
# Debian's Python comes first: the tests need it for its pytest.
find_program(BATON_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(BATON_PYTHON NAMES python3 REQUIRED)
set(bindings ${CMAKE_BINARY_DIR}/include/baton)
file(GLOB bindings_sources CONFIGURE_DEPENDS
     ${CMAKE_SOURCE_DIR}/tools/bindings/*.py ${CMAKE_SOURCE_DIR}/tools/bindings/*.in)
function(baton_generate_bindings header)
    list(TRANSFORM ARGN PREPEND ${bindings}/ OUTPUT_VARIABLE outputs)
    add_custom_command(
        OUTPUT ${outputs}
        COMMAND ${BATON_PYTHON} ${CMAKE_SOURCE_DIR}/tools/bindings/generate.py
                ${CMAKE_SOURCE_DIR}/common/abi/${header} --output ${bindings}
        DEPENDS ${CMAKE_SOURCE_DIR}/common/abi/${header} ${bindings_sources}
        COMMENT "Generating what ${header} is in other languages" VERBATIM)
    add_custom_target(baton_bindings_of_${header} ALL DEPENDS ${outputs})
    add_dependencies(baton_public_headers baton_bindings_of_${header})
endfunction()
baton_generate_bindings(boot_info.h boot_info.inc boot_info.s boot_info.rs boot_info.zig)
baton_generate_bindings(handoff.h handoff.inc handoff.s)
