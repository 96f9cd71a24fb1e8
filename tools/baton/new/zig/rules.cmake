find_program(ZIG zig REQUIRED)
configure_file(${BATON_INCLUDE_DIR}/baton/boot_info.zig baton.zig COPYONLY)
file(RELATIVE_PATH here ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})
file(GLOB sources CONFIGURE_DEPENDS *.zig)
add_custom_command(
    OUTPUT ${KERNEL}
    COMMAND ${ZIG} build-exe -target x86_64-freestanding -mcmodel=kernel -mno-red-zone
            -O ReleaseSafe --dep baton -Mroot=${here}/kernel.zig -Mbaton=baton.zig
            --script ${here}/kernel.ld --cache-dir cache -femit-bin=@NAME@.elf
    DEPENDS ${sources} kernel.ld
    VERBATIM)
add_custom_target(kernel ALL DEPENDS ${KERNEL})
