// SPDX-License-Identifier: BSD-2-Clause
#include "boot/leave.hpp"

#include <algorithm>

namespace baton {

Result<std::span<TypedRange>> read_memory_map(Platform& platform,
                                              std::span<const TypedRange> also_there,
                                              std::span<TypedRange> buffer) {
    auto map = platform.read_memory_map(buffer.first(buffer.size() - also_there.size()));
    const std::size_t count = TRY(map).size();
    std::ranges::copy(also_there, buffer.begin() + static_cast<std::ptrdiff_t>(count));
    return buffer.first(count + also_there.size());
}

Result<void> leave_firmware(Platform& platform, KernelRecord& record,
                            std::span<const TypedRange> also_there, std::span<TypedRange> buffer) {
    constexpr unsigned kTries = 8;
    uint64_t status = 0;
    for (unsigned tries = 0; tries < kTries; ++tries) {
        const auto map = read_memory_map(platform, also_there, buffer);
        if (!map && tries == 0)
            return std::unexpected(map.error());
        if (!map) // the firmware is half gone
            return fail(ErrorCode::exit_boot_services_failed, {map.error().numbers()[0], tries});
        // Sorting it takes longer than all that is left to do once the firmware is gone.
        record.set_memory_map(*map);
        status = platform.exit();
        if (status == 0)
            return {};
    }
    return fail(ErrorCode::exit_boot_services_failed, {status, kTries});
}

} // namespace baton
