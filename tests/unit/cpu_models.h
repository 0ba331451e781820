/* SPDX-License-Identifier: MIT */
/*
 * The identification registers of CPU models, as read at EL2 of QEMU 7.2's virt with a GICv3. Those
 * for AArch32 are left out.
 */
#ifndef UNIT_CPU_MODELS_H
#define UNIT_CPU_MODELS_H

#include "arch/id.h"

struct cpu_model {
    const char *name;
    struct {
        uint8_t index;
        uint64_t value;
    } registers[16]; /* the others are 0 */
};

static const struct cpu_model cpu_models[] = {
    {"cortex-a35",
     {
         {ID_INDEX(4, 0), UINT64_C(0x0000000001000222)},
         {ID_INDEX(5, 0), UINT64_C(0x0000000010305106)},
         {ID_INDEX(6, 0), UINT64_C(0x0000000000011120)},
         {ID_INDEX(7, 0), UINT64_C(0x0000000000101122)},
     }},
    {"cortex-a53",
     {
         {ID_INDEX(4, 0), UINT64_C(0x0000000001000222)},
         {ID_INDEX(5, 0), UINT64_C(0x0000000010305106)},
         {ID_INDEX(6, 0), UINT64_C(0x0000000000011120)},
         {ID_INDEX(7, 0), UINT64_C(0x0000000000001122)},
     }},
    {"cortex-a57",
     {
         {ID_INDEX(4, 0), UINT64_C(0x0000000001000222)},
         {ID_INDEX(5, 0), UINT64_C(0x0000000010305106)},
         {ID_INDEX(6, 0), UINT64_C(0x0000000000011120)},
         {ID_INDEX(7, 0), UINT64_C(0x0000000000001124)},
     }},
    {"cortex-a72",
     {
         {ID_INDEX(4, 0), UINT64_C(0x0000000001000222)},
         {ID_INDEX(5, 0), UINT64_C(0x0000000010305106)},
         {ID_INDEX(6, 0), UINT64_C(0x0000000000011120)},
         {ID_INDEX(7, 0), UINT64_C(0x0000000000001124)},
     }},
    {"cortex-a76",
     {
         {ID_INDEX(4, 0), UINT64_C(0x1100000011110112)},
         {ID_INDEX(4, 1), UINT64_C(0x0000000000000010)},
         {ID_INDEX(5, 0), UINT64_C(0x0000000010305408)},
         {ID_INDEX(6, 0), UINT64_C(0x0000100010211120)},
         {ID_INDEX(6, 1), UINT64_C(0x0000000000100001)},
         {ID_INDEX(7, 0), UINT64_C(0x0000000000101122)},
         {ID_INDEX(7, 1), UINT64_C(0x0000000010212122)},
         {ID_INDEX(7, 2), UINT64_C(0x0000000000001011)},
     }},
    {"neoverse-n1",
     {
         {ID_INDEX(4, 0), UINT64_C(0x1100000011110112)},
         {ID_INDEX(4, 1), UINT64_C(0x0000000000000020)},
         {ID_INDEX(5, 0), UINT64_C(0x0000000010305408)},
         {ID_INDEX(6, 0), UINT64_C(0x0000100010211120)},
         {ID_INDEX(6, 1), UINT64_C(0x0000000000100001)},
         {ID_INDEX(7, 0), UINT64_C(0x0000000000101125)},
         {ID_INDEX(7, 1), UINT64_C(0x0000000010212122)},
         {ID_INDEX(7, 2), UINT64_C(0x0000000000001011)},
     }},
    {"a64fx",
     {
         {ID_INDEX(4, 0), UINT64_C(0x0000000101110111)},
         {ID_INDEX(5, 0), UINT64_C(0x0000000010305408)},
         {ID_INDEX(6, 0), UINT64_C(0x0000000010211120)},
         {ID_INDEX(6, 1), UINT64_C(0x0000000000010001)},
         {ID_INDEX(7, 0), UINT64_C(0x0000000000001122)},
         {ID_INDEX(7, 1), UINT64_C(0x0000000011212100)},
         {ID_INDEX(7, 2), UINT64_C(0x0000000000001011)},
     }},
    {"max",
     {
         {ID_INDEX(4, 0), UINT64_C(0x1201001121110222)},
         {ID_INDEX(4, 1), UINT64_C(0x0000000001000021)},
         {ID_INDEX(4, 4), UINT64_C(0x0110110100110021)},
         {ID_INDEX(4, 5), UINT64_C(0x80F100FD00000000)},
         {ID_INDEX(5, 0), UINT64_C(0x0000000010305609)},
         {ID_INDEX(6, 0), UINT64_C(0x1221111110212120)},
         {ID_INDEX(6, 1), UINT64_C(0x0011111101211012)},
         {ID_INDEX(7, 0), UINT64_C(0x0000032310201126)},
         {ID_INDEX(7, 1), UINT64_C(0x0000011010211122)},
         {ID_INDEX(7, 2), UINT64_C(0x1021011010011011)},
     }},

};

#endif
