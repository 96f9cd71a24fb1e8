// SPDX-License-Identifier: BSD-2-Clause
//
// How the parts of a plan compare and print in a failed expectation.
#pragma once

#include "plan/address_space.hpp"
#include "plan/load_plan.hpp"

#include <ostream>

namespace baton {

inline bool operator==(const PageRun& a, const PageRun& b) {
    return a.pages == b.pages && a.access == b.access;
}
inline bool operator==(const DirectMapping& a, const DirectMapping& b) {
    return a.range == b.range && a.caching == b.caching;
}

template<class Addr>
std::ostream& operator<<(std::ostream& out, const Range<Addr>& range) {
    return out << std::hex << range.base.value << " + " << range.bytes;
}
inline std::ostream& operator<<(std::ostream& out, const PageRun& run) {
    return out << run.pages << " access " << static_cast<int>(run.access);
}
inline std::ostream& operator<<(std::ostream& out, const DirectMapping& mapping) {
    return out << mapping.range << " caching " << static_cast<int>(mapping.caching);
}

} // namespace baton
