// SPDX-License-Identifier: BSD-2-Clause
//
// Instead of the C library, for LZ4's decoder. It allocates by the functions that it is given;
// where it would fall back on the C library's there is no memory.
#pragma once

#include <stddef.h>
#include <stdlib.h> // before the macros below rename what it declares
#include <string.h>

#define LZ4_memcpy(to, from, bytes) __builtin_memcpy((to), (from), (bytes))
#define LZ4_memmove(to, from, bytes) __builtin_memmove((to), (from), (bytes))
#define LZ4_memset(to, value, bytes) __builtin_memset((to), (value), (bytes))

#define malloc(bytes) ((void)(bytes), (void*)0)
#define calloc(count, bytes) ((void)(count), (void)(bytes), (void*)0)
#define free(memory) ((void)(memory))
