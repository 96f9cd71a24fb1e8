// SPDX-License-Identifier: BSD-2-Clause
//
// ACPI tables with good checksums, and memory that they are in.
#pragma once

#include "acpi/tables.hpp"
#include "support/bytes.hpp"

#include <map>
#include <numeric>
#include <string>
#include <string_view>

namespace baton::test {

/// A few islands of memory.
class AcpiMemory final : public acpi::PhysicalMemory {
  public:
    std::map<uint64_t, Buffer> islands;

    Bytes at(PhysAddr address, uint64_t bytes) const override {
        const auto found = islands.find(address.value);
        if (found == islands.end() || found->second.size() < bytes)
            return {};
        return Bytes(found->second).first(bytes);
    }
};

namespace acpi_tables {

inline std::byte sum(Bytes bytes) {
    return static_cast<std::byte>(
        std::accumulate(bytes.begin(), bytes.end(), 0u, [](unsigned total, std::byte byte) {
            return total + static_cast<unsigned>(byte);
        }));
}

/// Makes the sum of the first `count` bytes 0.
inline void set_checksum(Buffer& bytes, std::size_t at, std::size_t count) {
    bytes[at] = std::byte{0};
    bytes[at] = static_cast<std::byte>(-static_cast<int>(sum(Bytes(bytes).first(count))));
}

inline Buffer text(std::string_view characters) {
    const auto bytes = std::as_bytes(std::span(characters));
    return {bytes.begin(), bytes.end()};
}

inline Buffer table(std::string_view signature, const Buffer& body) {
    Buffer bytes = text(signature);
    append(bytes, static_cast<uint32_t>(36 + body.size()));
    bytes.resize(36);
    bytes.insert(bytes.end(), body.begin(), body.end());
    set_checksum(bytes, 9, bytes.size());
    return bytes;
}

inline Buffer root_pointer(uint8_t revision, uint32_t rsdt, uint64_t xsdt) {
    Buffer bytes = text("RSD PTR ");
    bytes.resize(15);
    append(bytes, revision);
    append(bytes, rsdt);
    append(bytes, uint32_t{36});
    append(bytes, xsdt);
    bytes.resize(36);
    set_checksum(bytes, 8, 20);
    set_checksum(bytes, 32, 36);
    return bytes;
}

} // namespace acpi_tables

/// A machine's tables.
class FakeAcpi {
  public:
    /// With this body, which replaces that of an earlier one.
    void add(std::string_view signature, const Buffer& body) {
        tables_[std::string(signature)] = acpi_tables::table(signature, body);
        Buffer list;
        uint64_t address = kFirst;
        for (const auto& [name, table] : tables_) {
            memory_.islands[address] = table;
            append(list, address);
            address += 0x1000'0000;
        }
        memory_.islands[kList] = acpi_tables::table("XSDT", list);
        memory_.islands[kRoot] = acpi_tables::root_pointer(2, 0, kList);
    }
    const AcpiMemory& memory() const { return memory_; }
    PhysAddr root() const { return {kRoot}; }

  private:
    static constexpr uint64_t kRoot = 0xf'0000, kList = 0x10'0000, kFirst = 0x20'0000;
    std::map<std::string, Buffer> tables_;
    AcpiMemory memory_;
};

} // namespace baton::test
