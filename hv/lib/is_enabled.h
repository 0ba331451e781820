/* SPDX-License-Identifier: MIT */
/*
 * Options of Kconfig as constants, so that code left out is compiled all the same.
 */
#ifndef LIB_IS_ENABLED_H
#define LIB_IS_ENABLED_H

/** 1 if the option @config is set (#defined to 1), else 0. */
#define IS_ENABLED(config)           IS_ENABLED_EXPAND(config)
#define IS_ENABLED_EXPAND(value)     IS_ENABLED_PICK(IS_ENABLED_COMMA_##value 1, 0)
#define IS_ENABLED_COMMA_1           0,
#define IS_ENABLED_PICK(one, ...)    IS_ENABLED_SECOND(one, __VA_ARGS__, 0)
#define IS_ENABLED_SECOND(a, b, ...) (b)

#endif
