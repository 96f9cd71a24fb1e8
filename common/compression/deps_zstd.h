// SPDX-License-Identifier: BSD-2-Clause
//
// Instead of the C library's headers for zstd's decoder (its common/zstd_deps.h says which macros
// these are). It works in memory that it is given.
#pragma once

#include <stddef.h>
#include <string.h>

#define ZSTD_DEPS_COMMON
#define ZSTD_memcpy(to, from, bytes) __builtin_memcpy((to), (from), (bytes))
#define ZSTD_memmove(to, from, bytes) __builtin_memmove((to), (from), (bytes))
#define ZSTD_memset(to, value, bytes) __builtin_memset((to), (value), (bytes))

#define ZSTD_DEPS_MALLOC
#define ZSTD_malloc(bytes) ((void)(bytes), (void*)0)
#define ZSTD_calloc(count, bytes) ((void)(count), (void)(bytes), (void*)0)
#define ZSTD_free(memory) ((void)(memory))
