/* SPDX-License-Identifier: MIT */
/*
 * Branch predictors, and what of them is forgotten when a CPU goes from one VM to another: what one
 * VM trained must not steer what EL2 and the next speculate (CVE-2017-5715, CVE-2022-23960).
 *
 * Branch history is cleared by an instruction, by a loop, or by firmware (DEN 0028, section 7.4:
 * SMCCC_ARCH_WORKAROUND_1 and 3); the CPUs that say so by CSV2 or ECBHB need none.
 */
#ifndef DEV_PREDICTOR_H
#define DEV_PREDICTOR_H

#include <stdint.h>

struct pcpu;

/** predictor_init_pcpu() - find out what the calling CPU needs */
void predictor_init_pcpu(void);

/** predictor_clean() - the calling CPU, which is @self, goes to another VM */
void predictor_clean(const struct pcpu *self);

/**
 * predictor_features() - what the firmware says of a workaround, on the calling CPU
 * @function: SMCCC_ARCH_WORKAROUND_1 or SMCCC_ARCH_WORKAROUND_3
 *
 * Returns 0: it is to be called; 1: this CPU needs none; negative: there is none.
 */
int32_t predictor_features(uint32_t function);

/** predictor_call() - call a workaround for a guest; predictor_features() has said 0 or 1 */
void predictor_call(uint32_t function);

#endif
