find_program(RUSTC rustc REQUIRED)
file(GLOB sources CONFIGURE_DEPENDS *.rs)
add_custom_command(
    OUTPUT ${KERNEL}
    COMMAND ${CMAKE_COMMAND} -E env BATON_INCLUDE=${BATON_INCLUDE_DIR} ${RUSTC} --edition=2021 -O -g
            -Cpanic=abort -Crelocation-model=static -Ccode-model=kernel -Cno-redzone
            -Clinker=ld -Clinker-flavor=ld "-Clink-args=-T kernel.ld" -o ${KERNEL} kernel.rs
    DEPENDS ${sources} kernel.ld
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} VERBATIM)
add_custom_target(kernel ALL DEPENDS ${KERNEL})
