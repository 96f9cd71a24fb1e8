// SPDX-License-Identifier: BSD-2-Clause
//
// Every request of Limine's protocol, and one that nobody knows.
#pragma once

#include "protocols/limine/format.hpp"

namespace requests {

extern volatile limine::RevisionTag tag;
/// By limine::Feature; those with more fields are elsewhere.
extern volatile limine::Request all[limine::kFeatures];
extern volatile limine::Request unknown;
extern volatile limine::StackSizeRequest stack_size;
extern volatile limine::PagingModeRequest paging_mode;
extern volatile limine::ProcessorsRequest processors;

inline constexpr uint64_t kUntouched = 0x1122'3344'5566'7788;
inline constexpr uint64_t kStackBytes = 0x2'1000;
inline constexpr bool kKeepsIommu = LIMINE_TEST_REVISION % 2 == 0;

/// The response to a request; null: it was left as it was.
uint64_t response_to(limine::Feature feature);

} // namespace requests
