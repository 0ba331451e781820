/* SPDX-License-Identifier: MIT */
/*
 * What these headers need of the language: fixed-width integers, size_t, bool, offsetof, a static
 * assertion; from C99 and C++11 on, in gcc and clang.
 *
 * They come from the compiler's own headers where those are found. A kernel that is built with
 * -nostdinc and has none of its own of these names gets them from here; one that has the same
 * types under another name of header (Linux's linux/types.h) includes that first and defines
 * STILE_HAVE_TYPES. Either way macros that are not there yet are added.
 */
#ifndef STILE_BASE_H
#define STILE_BASE_H

#ifndef STILE_HAVE_TYPES
#ifndef __has_include
#define STILE_HAS_HEADERS 1
#else
#if __has_include(<stdint.h>) && __has_include(<stddef.h>) && __has_include(<stdbool.h>)
#define STILE_HAS_HEADERS 1
#endif
#endif

#ifdef STILE_HAS_HEADERS
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#else
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __INT64_TYPE__ int64_t;
typedef __SIZE_TYPE__ size_t;
#if !defined(__cplusplus) && !(defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
#define bool _Bool
#define true 1
#define false 0
#endif
#endif
#endif

#ifndef UINT64_C
#ifdef __LP64__
#define UINT64_C(number) number##UL
#else
#define UINT64_C(number) number##ULL
#endif
#endif
#ifndef UINT64_MAX
#define UINT64_MAX (~UINT64_C(0))
#endif
#ifndef NULL
#ifdef __cplusplus
#define NULL nullptr
#else
#define NULL ((void *)0)
#endif
#endif
#ifndef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif

/* C and C++ spell the static assertion differently, and C99 has none but that of the compilers. */
#ifdef __cplusplus
#define STILE_STATIC_ASSERT(cond, text) static_assert(cond, text)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define STILE_STATIC_ASSERT(cond, text) _Static_assert(cond, text)
#else
#define STILE_STATIC_ASSERT(cond, text) __extension__ _Static_assert(cond, text)
#endif

#endif
