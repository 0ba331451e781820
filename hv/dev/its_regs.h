/* SPDX-License-Identifier: MIT */
/*
 * An ITS, physical and emulated alike (IHI 0069, 12.19 and 5.3): its registers, its commands, and
 * what of a redistributor is about LPIs.
 */
#ifndef DEV_ITS_REGS_H
#define DEV_ITS_REGS_H

#include <stdint.h>

#define GITS_CTLR     0x0000u
#define GITS_IIDR     0x0004u
#define GITS_TYPER    0x0008u
#define GITS_CBASER   0x0080u
#define GITS_CWRITER  0x0088u
#define GITS_CREADR   0x0090u
#define GITS_BASER    0x0100u /* 8 bytes each */
#define GITS_NR_BASER 8u
#define GITS_DOORBELL 0x10000u /* the page with GITS_TRANSLATER */
#define GITS_BYTES    0x20000u

#define GITS_CTLR_ENABLED   (1u << 0)
#define GITS_CTLR_QUIESCENT (1u << 31)

#define GITS_TYPER_PHYSICAL         (UINT64_C(1) << 0)
#define GITS_TYPER_ITT_BYTES_SHIFT  4 /* less 1, as are the next two */
#define GITS_TYPER_ITT_BYTES(typer) (((uint32_t)((typer) >> 4) & 15) + 1)
#define GITS_TYPER_EVENTS_SHIFT     8
#define GITS_TYPER_EVENTS(typer)    (((uint32_t)((typer) >> 8) & 31) + 1) /* bits */
#define GITS_TYPER_DEVICES_SHIFT    13
#define GITS_TYPER_DEVICES(typer)   (((uint32_t)((typer) >> 13) & 31) + 1) /* bits */
#define GITS_TYPER_PTA              (UINT64_C(1) << 19)
#define GITS_TYPER_HCC_SHIFT        24

/* What bases of tables and of the queue share. */
#define ITS_BASE_VALID    (UINT64_C(1) << 63)
#define ITS_BASE_INNER_WB (UINT64_C(7) << 59)
#define ITS_BASE_SHARED   (UINT64_C(1) << 10)
#define ITS_BASE_ADDRESS  UINT64_C(0x000FFFFFFFFFF000)
#define ITS_BASE_PAGES    0xFFu /* less 1 */

#define GITS_BASER_TYPE(baser)        ((uint32_t)((baser) >> 56) & 7)
#define GITS_BASER_DEVICES            1u
#define GITS_BASER_COLLECTIONS        4u
#define GITS_BASER_ENTRY_BYTES(baser) (((uint32_t)((baser) >> 48) & 31) + 1)
#define GITS_BASER_PAGE_SIZE_SHIFT    8
#define GITS_BASER_PAGE_SIZE(baser)   ((uint32_t)((baser) >> 8) & 3)
#define GITS_BASER_64K                2u

#define GITS_CREADR_STALLED 1u

/* Word 0 of a command; what is in the others is said where they are made and read. */
#define ITS_MOVI         0x01u
#define ITS_INT          0x03u
#define ITS_CLEAR        0x04u
#define ITS_SYNC         0x05u
#define ITS_MAPD         0x08u
#define ITS_MAPC         0x09u
#define ITS_MAPTI        0x0Au
#define ITS_MAPI         0x0Bu
#define ITS_INV          0x0Cu
#define ITS_INVALL       0x0Du
#define ITS_MOVALL       0x0Eu
#define ITS_DISCARD      0x0Fu
#define ITS_DEVICE_SHIFT 32                  /* word 0 */
#define ITS_LPI_SHIFT    32                  /* word 1 of MAPTI */
#define ITS_RDBASE_SHIFT 16                  /* word 2, and word 3 of MOVALL */
#define ITS_VALID        (UINT64_C(1) << 63) /* word 2 */

#define ITS_COMMAND_WORDS 4u
#define ITS_COMMAND_BYTES 32u

/* Of a distributor and of redistributors. */
#define GICD_TYPER_LPIS          (1u << 17)
#define GICD_TYPER_NR_LPIS_SHIFT 11 /* log2, less 1 */
#define GICD_TYPER_IDBITS(typer) (((typer) >> 19 & 31) + 1)
#define GICR_TYPER_PLPIS         (UINT64_C(1) << 0)
#define GICR_CTLR_ENABLE_LPIS    (1u << 0)
#define GICR_PROPBASER           0x0070u
#define GICR_PENDBASER           0x0078u
#define GICR_BASE_INNER_WB       (UINT64_C(7) << 7)
#define GICR_BASE_SHARED         (UINT64_C(1) << 10)
#define GICR_PROPBASER_ADDRESS   UINT64_C(0x000FFFFFFFFFF000)
#define GICR_PENDBASER_ZEROED    (UINT64_C(1) << 62)

/* What the table at GICR_PROPBASER has for an LPI. */
#define LPI_PRIORITY 0xFCu
#define LPI_ENABLED  1u

/** The first INTID that is an LPI. */
#define GIC_FIRST_LPI 8192u

#endif
