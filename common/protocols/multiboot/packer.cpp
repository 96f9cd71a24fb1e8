// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/multiboot/packer.hpp"

#include <algorithm>

namespace baton {

uint32_t Packer::start() {
    for (; used_ % 8 != 0; ++used_)
        if (memory_ != nullptr)
            memory_[used_] = {};
    return base_ + static_cast<uint32_t>(used_);
}

void Packer::append(Bytes bytes) {
    if (memory_ != nullptr)
        std::ranges::copy(bytes, memory_ + used_);
    used_ += bytes.size();
}

uint32_t Packer::put(std::initializer_list<Bytes> parts) {
    const uint32_t address = start();
    for (const Bytes part : parts)
        append(part);
    return address;
}

uint64_t Packer::reserve(uint64_t bytes) {
    start();
    const uint64_t place = used_;
    used_ += bytes;
    return place;
}

} // namespace baton
