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
    return a.range == b.range && a.access == b.access && a.caching == b.caching;
}

template<class Addr>
void PrintTo(const Range<Addr>& range, std::ostream* out) {
    *out << std::hex << range.base.value << " + " << range.bytes;
}
inline void PrintTo(const PageRun& run, std::ostream* out) {
    PrintTo(run.pages, out);
    *out << " access " << static_cast<int>(run.access);
}
inline void PrintTo(const DirectMapping& mapping, std::ostream* out) {
    PrintTo(mapping.range, out);
    *out << " access " << static_cast<int>(mapping.access) << " caching "
         << static_cast<int>(mapping.caching);
}

} // namespace baton
