// SPDX-License-Identifier: BSD-2-Clause
//
// What a kernel's requests of Limine's protocol say, for people.
#pragma once

#include "protocols/limine/requests.hpp"
#include "tools/baton/spoken.hpp"

#include <string>
#include <vector>

namespace baton::tool {

/// "base revision 3, 5 requests".
std::string limine_mark(const LimineRequests& found);

/// Met are those that the rehearsal has answered.
std::vector<KernelRequest> limine_requests(const LimineRequests& found);

} // namespace baton::tool
