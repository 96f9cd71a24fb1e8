// SPDX-License-Identifier: BSD-2-Clause
//
// Writes PE files: adds sections of data, as objcopy does, and makes one without a program. Source:
// Microsoft's PE Format.
#pragma once

#include "core/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace baton::tool {

struct NewSection {
    std::string name; // at most 8 bytes
    std::string content;
};

/// How many sections can be added to an image. Throws a Failure: it isn't a PE file for x86-64.
std::size_t room_for_sections(Bytes image);

/// The image with read-only data in these sections after its own, each in pages of its own. An
/// empty one has no bytes in the file. Equal to what objcopy -p makes, empty sections apart, which
/// it leaves out. Throws a Failure: it isn't a PE file for x86-64 without a signature, or its
/// headers can't grow so much.
std::string add_sections(Bytes image, const std::vector<NewSection>& sections);

/// An image whose program does nothing: it returns EFI_UNSUPPORTED.
std::string empty_program();

/// What Authenticode hashes of an image: all but the check sum, the place of the certificate table,
/// and that table. Throws a Failure: it isn't a PE file for x86-64, or is damaged.
std::string authenticode_content(Bytes image);

/// The bytes of an image's certificate table. 0: it isn't signed. Throws a Failure in the same way.
uint64_t certificate_bytes(Bytes image);

} // namespace baton::tool
