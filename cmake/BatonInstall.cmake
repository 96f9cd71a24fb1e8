# What `cmake --install` and packages hold, and where.
include(GNUInstallDirs)

set(data ${CMAKE_INSTALL_DATADIR}/baton)
set(artefacts stage1-efi/BOOTX64.EFI stage2-stub/stage2.bin stage2-stub/stage2.elf
              kernel/kernel.elf)
if(TARGET stage1-pvh)
    list(APPEND artefacts stage1-pvh/baton-pvh.elf)
endif()
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/${data})
foreach(artefact IN LISTS artefacts)
    install(FILES ${CMAKE_BINARY_DIR}/${artefact} DESTINATION ${data})
    # The same place in the build tree, for the tool that is run from there.
    cmake_path(GET artefact FILENAME name)
    file(CREATE_LINK ${CMAKE_BINARY_DIR}/${artefact} ${CMAKE_BINARY_DIR}/${data}/${name} SYMBOLIC)
endforeach()
