/* SPDX-License-Identifier: MIT */
/*
 * Stands in for dev/smmu.c: whether there is one, and how often it was told to forget what it
 * knows.
 */
#ifndef FAKES_SMMU_H
#define FAKES_SMMU_H

#include "dev/smmu.h"

static struct {
    bool is_there;
    bool has_stage2;
    uint32_t nr_streams;
    unsigned nr_flushes;
    void (*on_flush)(void);
} fake_smmu;

bool smmu_is_there(void)
{
    return fake_smmu.is_there;
}

bool smmu_has_stage2(void)
{
    return fake_smmu.has_stage2;
}

uint32_t smmu_nr_streams(void)
{
    return fake_smmu.nr_streams;
}

void smmu_flush(uint32_t vm_id)
{
    (void)vm_id;
    fake_smmu.nr_flushes++;
    if (fake_smmu.on_flush)
        fake_smmu.on_flush();
}

#endif
