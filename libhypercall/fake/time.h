/* SPDX-License-Identifier: MIT */
/*
 * The clock.
 */
#ifndef FAKE_TIME_H
#define FAKE_TIME_H

#include "fake.h"

/** Moves the time on to @ticks, unless that is past, and fires the timers that are due. */
void fake_time_advance(uint64_t ticks);

#endif
