/* SPDX-License-Identifier: MIT */
/*
 * Finding the hypervisor: from a firmware that is known to answer, step by step to Stile.
 */
#include "stile/hypercall.h"

#define PSCI_VERSION_1_0  0x10000
#define SMCCC_VERSION_1_1 0x10001

static struct stile_result query(uint32_t fid, uint64_t argument)
{
    return stile_hvc(fid, argument, 0, 0, 0, 0, 0);
}

/* Standard services answer 32-bit values in w0; the upper half is not theirs. */
static int32_t query_status(uint32_t fid, uint64_t argument)
{
    return (int32_t)query(fid, argument).status;
}

/* PSCI_FEATURES came with PSCI 1.0, and is how SMCCC 1.1 says that it is there (DEN 0028, 6.3). */
static bool has_smccc_1_1(void)
{
    return query_status(STILE_PSCI_VERSION, 0) >= PSCI_VERSION_1_0 &&
           query_status(STILE_PSCI_FEATURES, STILE_SMCCC_VERSION) >= 0 &&
           query_status(STILE_SMCCC_VERSION, 0) >= SMCCC_VERSION_1_1;
}

static bool is_stile(void)
{
    struct stile_result uid = query(STILE_FID_UID, 0);

    return (uint32_t)uid.status == STILE_UID_WORD0 && (uint32_t)uid.value[0] == STILE_UID_WORD1 &&
           (uint32_t)uid.value[1] == STILE_UID_WORD2 && (uint32_t)uid.value[2] == STILE_UID_WORD3;
}

enum stile_error stile_handshake(enum stile_conduit conduit, uint32_t *agreed)
{
    if (conduit != STILE_CONDUIT_HVC || !has_smccc_1_1() || !is_stile())
        return STILE_NOT_SUPPORTED;

    struct stile_result result = stile_core_version(STILE_VERSION_CURRENT);
    if (result.status != STILE_SUCCESS)
        return STILE_BAD_VERSION;
    *agreed = stile_core_version_agreed(result);
    return STILE_SUCCESS;
}

bool stile_has_call(enum stile_nr nr)
{
    uint32_t number = (uint32_t)nr;
    struct stile_result result = stile_core_features(number / STILE_CALLS_PER_GROUP);

    return result.status == STILE_SUCCESS &&
           (stile_core_features_calls(result) >> (number % STILE_CALLS_PER_GROUP) & 1) != 0;
}
