// SPDX-License-Identifier: BSD-2-Clause
//
// What a kernel requests in its ELF notes: boot_info.h, enum BatonRequestType.
#pragma once

#include "core/error.hpp"
#include "elf/notes.hpp"
#include "plan/requests.hpp"

namespace baton {

/// Takes one note into account; those of other owners have no effect, but for the build id. Values
/// that can't be met anywhere are an error where the request is required, and are left out
/// otherwise. `requests.modules` has kMaxRequestedModules entries. Errors: request_unknown,
/// request_malformed, request_not_met, requested_modules_too_many.
Result<void> take_note(const elf::Note& note, Requests& requests);

/// Takes all notes that `reader` has into account. Errors: note_malformed, and those of
/// take_note().
Result<void> take_notes(elf::NoteReader reader, Requests& requests);

} // namespace baton
