/* SPDX-License-Identifier: MIT */
/*
 * The GICv3 driver; the GICv3's system registers, and what the bench needs to know to do without
 * the driver.
 */
#ifndef DEV_GICV3_H
#define DEV_GICV3_H

#include <stdint.h>

#include "arch/cpu.h"
#include "dev/gic.h"

extern const struct gic gicv3;

/* Encodings, because not every assembler has the names (IHI 0069 §12.2). */
#define ICC_PMR_EL1     S3_0_C4_C6_0
#define ICC_IAR1_EL1    S3_0_C12_C12_0
#define ICC_EOIR1_EL1   S3_0_C12_C12_1
#define ICC_CTLR_EL1    S3_0_C12_C12_4
#define ICC_SRE_EL1     S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define ICC_SGI1R_EL1   S3_0_C12_C11_5

/* The names above are macros: expand them before read_sysreg() makes a text of its argument. */
#define read_icc(name)         read_sysreg(name)
#define write_icc(name, value) write_sysreg(name, value)

/** gicv3_sgi_word() - what to write to ICC_SGI1R_EL1 to send SGI @sgi to cpus[@target] */
uint64_t gicv3_sgi_word(uint32_t target, uint32_t sgi);

/** gicv3_redistributor() - the virtual address of the redistributor of cpus[@index] */
uint64_t gicv3_redistributor(uint32_t index);

#endif
