/* SPDX-License-Identifier: MIT */
/*
 * What checks that the unit tests have too find of ktf.h here: an expectation that fails ends the
 * program, which is how the fuzzer learns of it.
 */
#ifndef FUZZ_KTF_H
#define FUZZ_KTF_H

#include "lib/printk.h"

#define EXPECT_FAIL(...) panic(__VA_ARGS__)

#define EXPECT_COMPARED(a, operator, b)                                                            \
    do {                                                                                           \
        unsigned long left_ = (unsigned long)(a), right_ = (unsigned long)(b);                     \
        if (!(left_ operator right_))                                                              \
            panic("%s:%d: expected %s " #operator" %s, have 0x%lx and 0x%lx", __FILE__, __LINE__,  \
                  #a, #b, left_, right_);                                                          \
    } while (0)

#define EXPECT_EQ(a, b) EXPECT_COMPARED(a, ==, b)
#define EXPECT_LE(a, b) EXPECT_COMPARED(a, <=, b)
#define EXPECT_TRUE(a)  EXPECT_COMPARED((a) != 0, ==, 1)
#define EXPECT_NULL(a)  EXPECT_COMPARED(a, ==, NULL)

#endif
