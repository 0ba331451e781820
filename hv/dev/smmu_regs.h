/* SPDX-License-Identifier: MIT */
/*
 * The SMMUv3's registers and structures in memory (IHI 0070, chapters 3 to 7), as far as
 * dev/smmu.c uses them.
 */
#ifndef DEV_SMMU_REGS_H
#define DEV_SMMU_REGS_H

#include <stdint.h>

/* --- 6.3: registers -------------------------------------------------------------------------- */

#define SMMU_BYTES         0x20000u
#define IDR0               0x00u
#define IDR0_S2P           (1u << 0)
#define IDR0_S1P           (1u << 1)
#define IDR0_TTF_AARCH64   (1u << 3) /* of a field of two bits: 2, or 3 for AArch32 too */
#define IDR0_COHACC        (1u << 4)
#define IDR0_ATS           (1u << 10)
#define IDR0_MSI           (1u << 13)
#define IDR0_STALL_FORCED  (1u << 25)
#define IDR0_ST_LEVEL_2    (1u << 27)
#define IDR1               0x04u
#define IDR1_SIDSIZE       0x3Fu
#define IDR1_EVENTQS(idr1) ((idr1) >> 16 & 0x1Fu) /* log2 of the most that a queue holds */
#define IDR1_CMDQS(idr1)   ((idr1) >> 21 & 0x1Fu)
#define IDR1_QUEUES_PRESET (1u << 29)
#define IDR1_TABLES_PRESET (1u << 30)
#define IDR5               0x14u
#define IDR5_OAS           0x7u
#define IDR5_GRAN4K        (1u << 4)
#define CR0                0x20u
#define CR0_SMMUEN         (1u << 0)
#define CR0_EVENTQEN       (1u << 2)
#define CR0_CMDQEN         (1u << 3)
#define CR0_ATSCHK         (1u << 4) /* what a device says it has translated is not believed */
#define CR0ACK             0x24u
#define CR1                0x28u
#define CR1_ALL_INNER_WB   0xD75u /* tables and queues: inner shareable, write-back */
#define CR2                0x2Cu
#define CR2_NO_BROADCAST   (1u << 2) /* PTM: the CPUs' TLB maintenance is not for it */
#define IRQ_CTRL           0x50u
#define IRQ_GERROR         (1u << 0)
#define IRQ_EVENTQ         (1u << 2)
#define IRQ_CTRLACK        0x54u
#define GERROR             0x60u
#define GERROR_EVENTQ_ABT  (1u << 2)
#define GERRORN            0x64u
#define GERROR_IRQ_CFG0    0x68u /* where an MSI goes; 0: there is none, as of the next */
#define STRTAB_BASE        0x80u
#define STRTAB_BASE_CFG    0x88u
#define STRTAB_2LEVEL      (1u << 16)
#define STRTAB_SPLIT_SHIFT 6u
#define CMDQ_BASE          0x90u
#define CMDQ_PROD          0x98u
#define CMDQ_CONS          0x9Cu
#define CMDQ_CONS_ERR      0x7F000000u
#define EVENTQ_BASE        0xA0u
#define EVENTQ_IRQ_CFG0    0xB0u
#define EVENTQ_PROD        0x100A8u
#define EVENTQ_CONS        0x100ACu
#define EVENTQ_OVERFLOW    (1u << 31)
#define BASE_ALLOCATE      (UINT64_C(1) << 62)

/* --- 5.1: the stream table -------------------------------------------------------------------- */

#define STREAM_BITS 16u /* all that PCI has */
#define BUS_BITS    8u  /* of those below a first-level descriptor */

#define L1STD_SPAN_MASK UINT64_C(0x1F)
#define L1STD_SPAN      (UINT64_C(1) + BUS_BITS)

#define STREAM_BYTES       64u
#define STE_VALID          (UINT64_C(1) << 0)
#define STE_ABORT          (UINT64_C(0) << 1)
#define STE_STAGE1         (UINT64_C(5) << 1)
#define STE_STAGE2         (UINT64_C(6) << 1)
#define STE_S1_WALKS       UINT64_C(0xD4) /* word 1: inner shareable, write-back */
#define STE_SHCFG_INCOMING (UINT64_C(1) << 44)
#define STE_S2_39_BITS     (UINT64_C(25) << 32 | UINT64_C(1) << 38) /* word 2: T0SZ; from level 1 */
#define STE_S2_WALKS       (UINT64_C(1) << 40 | UINT64_C(1) << 42 | UINT64_C(3) << 44)
#define STE_S2PS_SHIFT     48u
#define STE_S2_AA64        (UINT64_C(1) << 51)
#define STE_S2_RECORD      (UINT64_C(1) << 58)

/* --- 5.4: the context descriptor ------------------------------------------------------------ */

#define CD_T0SZ_39    UINT64_C(25)
#define CD_IRGN0_WB   (UINT64_C(1) << 8)
#define CD_ORGN0_WB   (UINT64_C(1) << 10)
#define CD_SH0_INNER  (UINT64_C(3) << 12)
#define CD_EPD1       (UINT64_C(1) << 30)
#define CD_VALID      (UINT64_C(1) << 31)
#define CD_IPS_SHIFT  32u
#define CD_AA64       (UINT64_C(1) << 41)
#define CD_RECORD     (UINT64_C(1) << 45)
#define CD_ABORT      (UINT64_C(1) << 46) /* the device is told */
#define CD_ASET       (UINT64_C(1) << 47) /* the ASID is not one of the CPUs' */
#define CD_ASID_SHIFT 48u
#define CD_MAIR       UINT64_C(0x04FF) /* word 3: attribute 0 is write-back, 1 Device-nGnRE */

/* --- 4: commands ---------------------------------------------------------------------------- */

#define COMMAND_BYTES      16u
#define CMD_CFGI_ALL       UINT64_C(0x04)
#define CFGI_ALL_RANGE     UINT64_C(31) /* word 1 */
#define CMD_TLBI_NH_ASID   UINT64_C(0x11)
#define CMD_TLBI_S12_VMALL UINT64_C(0x28)
#define CMD_TLBI_NSNH_ALL  UINT64_C(0x30)
#define CMD_SYNC           UINT64_C(0x46)
#define CMD_VMID_SHIFT     32u
#define CMD_ASID_SHIFT     48u

/* --- 7.2 and 7.3: events -------------------------------------------------------------------- */

#define EVENT_BYTES        32u
#define EVENT_TYPE         UINT64_C(0xFF)
#define EVENT_STREAM_SHIFT 32u
#define EVENT_READ         (UINT64_C(1) << 35) /* word 1: RnW */

#endif
