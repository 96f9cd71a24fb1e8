// SPDX-License-Identifier: BSD-2-Clause
//
// What a kernel's file asks for in Limine's boot protocol.
#pragma once

#include "loading/kernel_file.hpp"
#include "plan/requests.hpp"
#include "protocols/limine/format.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace baton {

/// Where a file's requests are. Addresses as linked; 0: there is none.
struct LimineRequests {
    uint64_t revision = 0; // the base revision
    uint64_t tag = 0;      // limine::RevisionTag
    std::array<uint64_t, limine::kFeatures> at{};
    uint32_t unknown_count = 0;
    std::optional<uint64_t> entry = {}; // instead of e_entry

    bool is_empty() const {
        return tag == 0 && unknown_count == 0 &&
               std::ranges::all_of(at, [](uint64_t address) { return address == 0; });
    }
    uint64_t address(limine::Feature feature) const {
        return at[static_cast<std::size_t>(feature)];
    }
};

/// The requests in the file bytes of all segments, in `arena`; null: the file has none, or can't be
/// Limine's. What is read is kept for loading. Errors: limine_*, requested_modules_too_many,
/// request_not_met, file_*, out_of_memory.
Result<const LimineRequests*> find_limine_requests(const KernelFile& file, Arena& arena,
                                                   Requests& requests);

} // namespace baton
