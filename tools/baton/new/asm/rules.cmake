file(GLOB sources CONFIGURE_DEPENDS *.asm)
set(script ${CMAKE_SOURCE_DIR}/kernel.ld)
set(CMAKE_LINK_DEPENDS_USE_LINKER OFF) # GNU ld doesn't quote `&` in its list for make
add_executable(kernel ${sources})
set_target_properties(kernel PROPERTIES
    OUTPUT_NAME @NAME@.elf LINKER_LANGUAGE C LINK_DEPENDS ${script})
target_link_libraries(kernel PRIVATE Baton::boot_info)
target_compile_options(kernel PRIVATE -g)
target_link_options(kernel PRIVATE -nostdlib -static -z noexecstack -T ${script})
