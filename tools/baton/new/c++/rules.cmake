if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
file(GLOB sources CONFIGURE_DEPENDS *.cpp)
set(script ${CMAKE_SOURCE_DIR}/kernel.ld)
set(CMAKE_LINK_DEPENDS_USE_LINKER OFF) # GNU ld doesn't quote `&` in its list for make
add_executable(kernel ${sources})
set_target_properties(kernel PROPERTIES
    OUTPUT_NAME @NAME@.elf CXX_STANDARD 20 LINK_DEPENDS ${script})
target_link_libraries(kernel PRIVATE Baton::boot_info)
target_compile_options(kernel PRIVATE -Wall -Wextra -ffreestanding -fno-pie -mcmodel=kernel
    -mno-red-zone -mgeneral-regs-only -fno-stack-protector -fno-exceptions -fno-rtti
    -fno-threadsafe-statics)
target_link_options(kernel PRIVATE -nostdlib -static -T ${script})
