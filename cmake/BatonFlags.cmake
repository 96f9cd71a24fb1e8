# Every compiler flag of the project, as INTERFACE targets to link against.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)

add_library(baton_warnings INTERFACE)
target_compile_options(baton_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:C,CXX>:-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef>
    $<$<COMPILE_LANGUAGE:C,CXX>:-Wimplicit-fallthrough -Wcast-align -Wformat=2>
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
    $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual>)

# Code without an operating system under it. General registers only: firmware may hand over with
# SSE off (CR4.OSFXSR = 0), and there is no one to save vector registers in an exception. A frame's
# unwind information goes to .debug_frame, which debuggers read and nothing loads.
add_library(baton_freestanding INTERFACE)
target_link_libraries(baton_freestanding INTERFACE baton_warnings)
target_compile_options(baton_freestanding INTERFACE
    $<$<COMPILE_LANGUAGE:C,CXX>:-ffreestanding -Oz>
    # g++ aligns constants to cache lines, also where it optimises for size.
    $<$<COMPILE_LANG_AND_ID:C,GNU>:-malign-data=abi>
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-malign-data=abi>
    $<$<COMPILE_LANGUAGE:C,CXX>:-g -mgeneral-regs-only -mno-red-zone>
    $<$<COMPILE_LANGUAGE:C,CXX>:-fno-stack-protector -fno-asynchronous-unwind-tables>
    $<$<COMPILE_LANGUAGE:C,CXX>:-U_FORTIFY_SOURCE -fno-stack-clash-protection> # Ubuntu's defaults
    $<$<COMPILE_LANGUAGE:C,CXX>:-fcf-protection=none -fno-strict-aliasing -ffunction-sections>
    $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti -fno-threadsafe-statics>
    # memcpy of a number is a move, as in a program of an operating system.
    $<$<COMPILE_LANGUAGE:CXX>:-fbuiltin>
    $<$<COMPILE_LANGUAGE:ASM_NASM>:-g -Fdwarf>)

# The loader's own code runs wherever it was loaded: position independent, and all symbols hidden so
# that no access goes through a GOT. A unique symbol, as of an inline variable, is one that the PE
# linker doesn't resolve.
add_library(baton_position_independent INTERFACE)
target_link_libraries(baton_position_independent INTERFACE baton_freestanding)
target_compile_options(baton_position_independent INTERFACE
    $<$<COMPILE_LANGUAGE:C,CXX>:-fpie -fvisibility=hidden>
    $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)

# What calls a UEFI firmware, through gnu-efi's headers. In some versions of them CHAR16 is wchar_t,
# which has 4 bytes by default.
find_path(GNU_EFI_INCLUDE efi.h PATH_SUFFIXES efi REQUIRED DOC "gnu-efi's headers")
add_library(baton_uefi INTERFACE)
target_link_libraries(baton_uefi INTERFACE baton_position_independent)
target_include_directories(baton_uefi SYSTEM INTERFACE ${GNU_EFI_INCLUDE} ${GNU_EFI_INCLUDE}/x86_64)
target_compile_definitions(baton_uefi INTERFACE GNU_EFI_USE_MS_ABI)
target_compile_options(baton_uefi INTERFACE $<$<COMPILE_LANGUAGE:C,CXX>:-fshort-wchar>)

# The same sources on the host, for tests. A target with the property BATON_IS_TEST_CODE is compiled
# to compile fast: with sanitizers and GoogleTest's macros, -O1 and full debug information take three
# times as long. Its debug information has lines, which is what a sanitizer's report shows.
add_library(baton_host INTERFACE)
target_link_libraries(baton_host INTERFACE baton_warnings)
set(test_code $<BOOL:$<TARGET_PROPERTY:BATON_IS_TEST_CODE>>)
target_compile_options(baton_host INTERFACE
    -g$<${test_code}:1> -O$<IF:${test_code},0,1> -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all)
target_compile_definitions(baton_host INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(baton_host INTERFACE -fsanitize=address,undefined)

# And in programs that people run.
add_library(baton_tool INTERFACE)
target_link_libraries(baton_tool INTERFACE baton_warnings)
target_compile_definitions(baton_tool INTERFACE _GLIBCXX_ASSERTIONS)

# With libFuzzer watching which way they take, for the fuzz targets, which link with baton_fuzzer.
add_library(baton_fuzzer INTERFACE)
target_link_libraries(baton_fuzzer INTERFACE baton_host)
target_link_options(baton_fuzzer INTERFACE -fsanitize=fuzzer)
if(BATON_FUZZ)
    target_compile_options(baton_host INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(BATON_FUZZ_COVERAGE)
    target_compile_options(baton_host INTERFACE -fprofile-instr-generate -fcoverage-mapping)
    target_link_options(baton_host INTERFACE -fprofile-instr-generate)
endif()
