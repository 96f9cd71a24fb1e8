// SPDX-License-Identifier: BSD-2-Clause
//
// Interrupt controllers and IOMMUs as the kernel finds them: promises L25 to L28.
#pragma once

#include "page_tables.hpp"

/// What the command line says of an IOMMU that was on before.
enum class Iommu { none, intel, amd };

void check_devices(const PageTables& tables, unsigned revision, Iommu iommu, bool keeps_iommu);
