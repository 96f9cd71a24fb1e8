# What `cmake --install` and packages hold, and where: the SDK, for people who write kernels. All of
# it can be moved: nothing in it knows where it was built, or where it is to be.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(data ${CMAKE_INSTALL_DATADIR}/baton)
set(artefacts stage1-efi/BOOTX64.EFI stage1-efi/BOOTX64.EFI.debug stage1-pvh/baton-pvh.elf
              stage1-pvh/baton-pvh.elf.debug stage1-pvh/baton.bzimage stage2-stub/stage2.bin stage2-stub/stage2.elf
              kernel/kernel.elf)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/${data})
foreach(artefact IN LISTS artefacts)
    install(FILES ${CMAKE_BINARY_DIR}/${artefact} DESTINATION ${data})
    # The same place in the build tree, for the tool that is run from there.
    cmake_path(GET artefact FILENAME name)
    file(CREATE_LINK ${CMAKE_BINARY_DIR}/${artefact} ${CMAKE_BINARY_DIR}/${data}/${name} SYMBOLIC)
endforeach()

# What GDB loads.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/tools/gdb DESTINATION ${data} PATTERN __pycache__ EXCLUDE)
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/tools/gdb ${CMAKE_BINARY_DIR}/${data}/gdb SYMBOLIC)

# What `baton new` writes.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/tools/baton/new DESTINATION ${data})
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/tools/baton/new ${CMAKE_BINARY_DIR}/${data}/new SYMBOLIC)

install(TARGETS baton RUNTIME)
install(FILES ${CMAKE_BINARY_DIR}/tools/baton/baton.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_BINARY_DIR}/tools/baton/baton.bash
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME baton)
foreach(header boot_info.h boot_info.hpp boot_info.inc boot_info.s boot_info.rs boot_info.zig
               handoff.h handoff.inc handoff.s)
    install(FILES ${CMAKE_BINARY_DIR}/include/baton/${header}
            DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/baton)
endforeach()
file(GLOB documents CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/*.md)
install(FILES ${CMAKE_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
set(licence_of_zstd libzstd/LICENSE)
set(licence_of_lz4 lz4/lib/LICENSE)
foreach(decoder IN LISTS BATON_DECODERS)
    install(FILES ${BATON_UPSTREAM_SOURCES}/${licence_of_${decoder}}
            DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright.${decoder})
endforeach()
install(FILES ${documents} DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)
install(FILES ${CMAKE_SOURCE_DIR}/docs/pictures/boot.svg DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs/pictures)

# find_package(Baton), and pkg-config baton.
set(package ${CMAKE_INSTALL_DATADIR}/cmake/Baton)
# In the build tree they are where they are installed: a project finds Baton in both.
configure_package_config_file(
    ${CMAKE_SOURCE_DIR}/cmake/BatonConfig.cmake.in ${CMAKE_BINARY_DIR}/${package}/BatonConfig.cmake
    INSTALL_DESTINATION ${package}
    PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_BINDIR CMAKE_INSTALL_DATADIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/${package}/BatonConfigVersion.cmake
    COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/cmake/BatonImage.cmake
                 ${CMAKE_BINARY_DIR}/${package}/BatonImage.cmake SYMBOLIC)
install(FILES ${CMAKE_BINARY_DIR}/${package}/BatonConfig.cmake
              ${CMAKE_BINARY_DIR}/${package}/BatonConfigVersion.cmake
              ${CMAKE_SOURCE_DIR}/cmake/BatonImage.cmake
        DESTINATION ${package})
file(RELATIVE_PATH prefix_from_pkgconfig ${CMAKE_INSTALL_FULL_DATADIR}/pkgconfig
     ${CMAKE_INSTALL_PREFIX})
configure_file(${CMAKE_SOURCE_DIR}/cmake/baton.pc.in ${CMAKE_BINARY_DIR}/baton.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/baton.pc DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig)

# What has to be built before it is installed or packed, without the tests.
add_custom_target(baton_sdk)
add_dependencies(baton_sdk stage1-efi stage1-pvh stage2 kernel
                           baton baton_manual baton_bindings_of_boot_info.h baton_bindings_of_handoff.h)

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_VENDOR "Baton")
set(CPACK_PACKAGE_CONTACT "The authors of Baton")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "boot loader for x86-64 kernels, with its SDK")
set(CPACK_PACKAGE_DESCRIPTION
    "Baton takes any ELF64 executable and enters it on an x86-64 machine, in a state that is
documented promise by promise. This package has the loader, the headers of the boot protocol for C,
C++, NASM, GNU as, Rust and Zig, and the tool `baton`, which checks kernels, shows what a boot makes of
them, makes and boots images, and explains faults.")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "fdisk, gdb, mtools, ovmf, qemu-system-x86")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "cmake, gcc, lz4, make, nasm, osslsigncode, pkg-config, sbsigntool, xorriso, zstd")
include(CPack)
