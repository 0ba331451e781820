/* SPDX-License-Identifier: MIT */
/*
 * Function identifiers: Stile's own, and the standard ones it answers.
 *
 * SMC Calling Convention: DEN 0028, section 2.5 (encoding), section 6 (general queries).
 * PSCI: DEN 0022. TRNG: DEN 0098. Stolen time: DEN 0057. Usable from C, C++ and assembly.
 */
#ifndef STILE_SMCCC_H
#define STILE_SMCCC_H

/*
 * Vendor-specific hypervisor service, fast, 64-bit convention: call nr of stile/calls.h. The
 * numbers from 0x5300 on ("S") are nobody else's: KVM and pKVM have those below 0x100, Gunyah those
 * from 0x8000 on, Hyper-V number 1, and Xen makes its calls by another immediate.
 */
#define STILE_FID_BASE 0xC6005300
#define STILE_FID(nr)  (STILE_FID_BASE + (nr))

/* The service's UID and revision (DEN 0028, section 6.2). */
#define STILE_FID_UID      0x8600FF01
#define STILE_FID_REVISION 0x8600FF03

/* 17d0fe83-13cf-4cc8-a53a-2c287cb0f1a3, as the UID query returns it in w0 to w3. */
#define STILE_UID_WORD0 0x83FED017
#define STILE_UID_WORD1 0xC84CCF13
#define STILE_UID_WORD2 0x282C3AA5
#define STILE_UID_WORD3 0xA3F1B07C

#define STILE_SMCCC_VERSION           0x80000000
#define STILE_SMCCC_ARCH_FEATURES     0x80000001
#define STILE_SMCCC_ARCH_SOC_ID       0x80000002
#define STILE_SMCCC_ARCH_WORKAROUND_3 0x80003FFF
#define STILE_SMCCC_ARCH_WORKAROUND_2 0x80007FFF
#define STILE_SMCCC_ARCH_WORKAROUND_1 0x80008000
#define STILE_SMCCC_VERSION_1_2       0x10002

/* What ARCH_FEATURES answers of a workaround that this CPU does not need (DEN 0028, section 7). */
#define STILE_SMCCC_WORKAROUND_NOT_REQUIRED 1

#define STILE_PSCI_VERSION           0x84000000
#define STILE_PSCI_CPU_SUSPEND_32    0x84000001
#define STILE_PSCI_CPU_SUSPEND_64    0xC4000001
#define STILE_PSCI_CPU_OFF           0x84000002
#define STILE_PSCI_CPU_ON_32         0x84000003
#define STILE_PSCI_CPU_ON_64         0xC4000003
#define STILE_PSCI_AFFINITY_INFO_32  0x84000004
#define STILE_PSCI_AFFINITY_INFO_64  0xC4000004
#define STILE_PSCI_MIGRATE_INFO_TYPE 0x84000006
#define STILE_PSCI_SYSTEM_OFF        0x84000008
#define STILE_PSCI_SYSTEM_RESET      0x84000009
#define STILE_PSCI_FEATURES          0x8400000A
#define STILE_PSCI_SYSTEM_RESET2_32  0x84000012
#define STILE_PSCI_SYSTEM_RESET2_64  0xC4000012
#define STILE_PSCI_VERSION_1_1       0x10001

/* PSCI return codes (DEN 0022, section 5.2.2). */
#define STILE_PSCI_NOT_SUPPORTED      (-1)
#define STILE_PSCI_INVALID_PARAMETERS (-2)
#define STILE_PSCI_DENIED             (-3)
#define STILE_PSCI_ALREADY_ON         (-4)
#define STILE_PSCI_ON_PENDING         (-5)
#define STILE_PSCI_INTERNAL_FAILURE   (-6)
#define STILE_PSCI_INVALID_ADDRESS    (-9)

#define STILE_TRNG_VERSION     0x84000050
#define STILE_TRNG_FEATURES    0x84000051
#define STILE_TRNG_GET_UUID    0x84000052
#define STILE_TRNG_RND32       0x84000053
#define STILE_TRNG_RND64       0xC4000053
#define STILE_TRNG_VERSION_1_0 0x10000

/* TRNG return codes (DEN 0098, section 2.1). */
#define STILE_TRNG_NOT_SUPPORTED      (-1)
#define STILE_TRNG_INVALID_PARAMETERS (-2)
#define STILE_TRNG_NO_ENTROPY         (-3)

#define STILE_PV_TIME_FEATURES 0xC5000020
#define STILE_PV_TIME_ST       0xC5000021

#endif
