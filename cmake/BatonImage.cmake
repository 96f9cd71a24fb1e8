# SPDX-License-Identifier: BSD-2-Clause

# baton_add_image(NAME KERNEL kernel [MODULES module…] [OPTIONS text…]
#                 [SETTINGS KEY=VALUE…] [ISO] [COMPRESS | BUNDLE [SIGN_KEY key SIGN_CERT certificate]])
#
# Target NAME, which is part of `all`, makes an image that boots the kernel: NAME.img, a disk, or with
# ISO NAME.iso, for a CD, a DVD or a USB stick. A kernel that Baton would not boot fails the build,
# with the fix. Target run-NAME boots the same in QEMU.
#   KERNEL   an executable's target, or a file
#   MODULES  files for the kernel to find in memory, each with a string for it if it likes,
#            FILE[=STRING]; relative to the source folder. A file that the build makes has no `=` in
#            its path.
#   OPTIONS  the kernel's command line; the texts are joined by blanks
#   SETTINGS settings of the boot entry, such as kaslr=on
#   COMPRESS compresses the kernel and the modules where that gets them into memory sooner
#   BUNDLE   makes the bundle NAME.efi of all that, and an image with nothing but the bundle
#   SIGN_KEY, SIGN_CERT  files (PEM) to sign the bundle with
function(baton_add_image name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "ISO;COMPRESS;BUNDLE" "KERNEL;SIGN_KEY;SIGN_CERT" "MODULES;OPTIONS;SETTINGS")
    if(NOT arg_KERNEL OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "baton_add_image(NAME KERNEL kernel [MODULES module…] [OPTIONS text…] "
                            "[SETTINGS KEY=VALUE…] [ISO] [COMPRESS | BUNDLE [SIGN_KEY key SIGN_CERT "
                            "certificate]]), not with: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    if((arg_COMPRESS AND arg_BUNDLE) OR ((arg_SIGN_KEY OR arg_SIGN_CERT) AND NOT
                                         (arg_BUNDLE AND arg_SIGN_KEY AND arg_SIGN_CERT)))
        message(FATAL_ERROR "baton_add_image: SIGN_KEY and SIGN_CERT belong together and to BUNDLE, "
                            "which takes no COMPRESS")
    endif()
    if(TARGET ${arg_KERNEL})
        set(kernel $<TARGET_FILE:${arg_KERNEL}>)
    else()
        cmake_path(ABSOLUTE_PATH arg_KERNEL OUTPUT_VARIABLE kernel)
    endif()

    set(files ${kernel})
    set(options "")
    foreach(module IN LISTS arg_MODULES)
        cmake_path(ABSOLUTE_PATH module)
        set(file "${module}") # a folder can have `=` in its name, and so can the string
        while(NOT EXISTS "${file}" AND file MATCHES "=")
            string(REGEX REPLACE "=[^=]*$" "" file "${file}")
        endwhile()
        list(APPEND files "${file}")
        list(APPEND options --module "${module}")
    endforeach()
    foreach(text IN LISTS arg_OPTIONS)
        list(APPEND options --append "${text}")
    endforeach()
    foreach(setting IN LISTS arg_SETTINGS)
        list(APPEND options --set "${setting}")
    endforeach()

    set(image ${CMAKE_CURRENT_BINARY_DIR}/${name}.img)
    set(medium "")
    if(arg_ISO)
        set(image ${CMAKE_CURRENT_BINARY_DIR}/${name}.iso)
        set(medium --iso)
    endif()
    if(arg_COMPRESS)
        list(APPEND medium --compress)
    endif()
    if(arg_BUNDLE)
        set(bundle ${CMAKE_CURRENT_BINARY_DIR}/${name}.efi)
        set(signing "")
        if(arg_SIGN_KEY)
            cmake_path(ABSOLUTE_PATH arg_SIGN_KEY)
            cmake_path(ABSOLUTE_PATH arg_SIGN_CERT)
            set(signing --key ${arg_SIGN_KEY} --cert ${arg_SIGN_CERT})
            list(APPEND files ${arg_SIGN_KEY} ${arg_SIGN_CERT})
        endif()
        add_custom_command(
            OUTPUT ${bundle}
            COMMAND Baton::baton bundle ${kernel} -o ${bundle} ${options} ${signing}
            DEPENDS ${arg_KERNEL} ${files} Baton::baton
            COMMENT "Making ${name}.efi, a bundle" VERBATIM)
        set(make COMMAND Baton::baton image --bundle ${bundle} -o ${image} ${medium})
        list(APPEND files ${bundle})
    else()
        set(make COMMAND Baton::baton check --quiet ${kernel} ${options}
                 COMMAND Baton::baton image ${kernel} -o ${image} ${medium} ${options})
    endif()
    add_custom_command(
        OUTPUT ${image}
        ${make}
        DEPENDS ${arg_KERNEL} ${files} Baton::baton
        COMMENT "Making ${name}, an image that boots" VERBATIM)
    add_custom_target(${name} ALL DEPENDS ${image})
    add_custom_target(run-${name}
        COMMAND Baton::baton run ${kernel} ${options}
        DEPENDS ${arg_KERNEL} ${files} USES_TERMINAL VERBATIM)
endfunction()
