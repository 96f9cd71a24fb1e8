// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "page_tables.hpp"

#include <cstdint>

/// Judges the response to the request MP, and starts each of its processors.
void check_processors(const PageTables& tables, uint64_t direct_map);
