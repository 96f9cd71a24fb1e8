// SPDX-License-Identifier: BSD-2-Clause
//
// Physical memory of a few islands, each a block of just its size.
#pragma once

#include "acpi/tables.hpp"
#include "support/bytes.hpp"

#include <iterator>
#include <map>
#include <string_view>

namespace baton::test {

class Islands final : public acpi::PhysicalMemory {
  public:
    Bytes at(PhysAddr address, uint64_t bytes) const override {
        const auto above = islands_.upper_bound(address.value);
        if (above == islands_.begin())
            return {};
        const auto& [base, contents] = *std::prev(above);
        const uint64_t offset = address.value - base;
        if (!fits(offset, bytes, contents.size()))
            return {};
        return Bytes(contents).subspan(offset, bytes);
    }
    void put(uint64_t address, Buffer contents) { islands_[address] = std::move(contents); }
    void put_text(uint64_t address, std::string_view text) {
        const auto bytes = std::as_bytes(std::span(text));
        Buffer contents(bytes.begin(), bytes.end());
        contents.push_back(std::byte{0});
        put(address, std::move(contents));
    }
    Buffer& operator[](uint64_t address) { return islands_.at(address); }

  private:
    std::map<uint64_t, Buffer> islands_;
};

} // namespace baton::test
