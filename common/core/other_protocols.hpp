// SPDX-License-Identifier: BSD-2-Clause
//
// Boot protocols that a kernel's file can be recognised by, and that Baton doesn't have. One that
// it learns leaves this table.
#pragma once

#include <cstdint>
#include <string_view>

namespace baton {

//  X(name, text): text follows "this kernel speaks".
#define BATON_OTHER_PROTOCOLS(X)                                                                   \
    X(linux_boot, "Linux's boot protocol")                                                         \
    X(multiboot1, "Multiboot1, which enters 32-bit code")                                          \
    X(multiboot2, "Multiboot2, which enters 32-bit code")                                          \
    X(pvh, "PVH, which enters 32-bit code")

enum class OtherProtocol : uint8_t {
#define BATON_OTHER_PROTOCOL(name, text) name,
    BATON_OTHER_PROTOCOLS(BATON_OTHER_PROTOCOL)
#undef BATON_OTHER_PROTOCOL
};

inline constexpr std::string_view kOtherProtocolTexts[] = {
#define BATON_OTHER_PROTOCOL(name, text) text,
    BATON_OTHER_PROTOCOLS(BATON_OTHER_PROTOCOL)
#undef BATON_OTHER_PROTOCOL
};

/// Those that one file speaks.
class OtherProtocols {
  public:
    constexpr OtherProtocols() = default;

    constexpr bool empty() const { return bits_ == 0; }
    constexpr bool contains(OtherProtocol protocol) const { return (bits_ & bit(protocol)) != 0; }
    constexpr void add(OtherProtocol protocol) { bits_ |= bit(protocol); }
    constexpr void add(OtherProtocols others) { bits_ |= others.bits_; }
    constexpr bool operator==(const OtherProtocols&) const = default;

  private:
    static constexpr uint8_t bit(OtherProtocol protocol) {
        return static_cast<uint8_t>(1u << static_cast<unsigned>(protocol));
    }
    uint8_t bits_ = 0;
};

class TextWriter;
/// "this kernel speaks PVH, which enters 32-bit code: Baton doesn't have that yet". Not empty.
void describe(OtherProtocols protocols, TextWriter& text);

} // namespace baton
