/* SPDX-License-Identifier: MIT */
/*
 * What may differ between the sides, each with its reason: all that is not compared is here.
 */
#ifndef COMPARE_ANSWERS_H
#define COMPARE_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "calls/words.h"
#include "sides.h"

/** answers_leave_out() - whether a call is never made */
bool answers_leave_out(uint32_t nr);

/** answers_fit() - a value of an argument, or another in its place */
uint64_t answers_fit(uint32_t line, enum call_kind kind, uint64_t value);

/** answers_normalise() - the result of a call on one side, without what may differ */
struct stile_result answers_normalise(enum side side, uint32_t nr, const uint64_t x[6],
                                      struct stile_result result);

/** answers_fits_multicall() - whether the call does the same in a core_multicall on both sides */
bool answers_fits_multicall(uint32_t line, const uint64_t x[6]);

/** Which two arguments of a call, from 0, are the range of which it may do a part. */
struct answers_part {
    bool is_one;     /* it may */
    uint8_t base;    /* argument */
    uint8_t count;   /* argument */
    uint8_t done;    /* result */
    uint32_t stride; /* from one of the count to the next */
};

/** answers_part() - so of a call */
struct answers_part answers_part(uint32_t nr);

#endif
