/* SPDX-License-Identifier: MIT */
/*
 * Finding the hypervisor, wherever this runs: on bare metal nothing faults and nothing is found.
 */
#include "ktf.h"
#include "machine/machine.h"
#include "support.h"

KTF_SUITE(handshake);

struct attempt {
    enum stile_conduit conduit;
    enum stile_error result;
    uint32_t agreed;
};

static void attempt(void *argument)
{
    struct attempt *this = argument;

    this->result = stile_handshake(this->conduit, &this->agreed);
}

static enum stile_conduit conduit(void)
{
    return machine.psci == PSCI_METHOD_HVC ? STILE_CONDUIT_HVC : STILE_CONDUIT_SMC;
}

KTF_TEST(handshake, never_faults)
{
    struct attempt this = {conduit(), STILE_BUSY, 0};
    struct fault fault;

    EXPECT_FALSE(exception_try(attempt, &this, &fault));
    if (sensitive_is_paravirtual())
        EXPECT_EQ(this.result, STILE_SUCCESS);
    if (this.result == STILE_SUCCESS) { /* there may be one that the kernel was told not to use */
        EXPECT_EQ(this.agreed, STILE_VERSION_CURRENT);
    } else {
        EXPECT_EQ(this.result, STILE_NOT_SUPPORTED);
        EXPECT_EQ(this.agreed, 0);
    }
}

KTF_TEST(handshake, without_hvc_there_is_no_stile)
{
    struct attempt this = {STILE_CONDUIT_NONE, STILE_BUSY, 0};
    struct fault fault;

    EXPECT_FALSE(exception_try(attempt, &this, &fault));
    EXPECT_EQ(this.result, STILE_NOT_SUPPORTED);
    this.conduit = STILE_CONDUIT_SMC;
    EXPECT_FALSE(exception_try(attempt, &this, &fault));
    EXPECT_EQ(this.result, STILE_NOT_SUPPORTED);
    EXPECT_EQ(this.agreed, 0);
}

KTF_TEST(handshake, names_and_texts_of_the_tables)
{
    EXPECT_STREQ(stile_error_name(STILE_INVALID_ARGUMENT), "INVALID_ARGUMENT");
    EXPECT_STREQ(stile_error_name(-999), "UNKNOWN");
    EXPECT_STREQ(stile_error_text(STILE_SUCCESS), "success");
    EXPECT_NOT_NULL(stile_error_text(-999));
    EXPECT_STREQ(stile_call_name(STILE_NR_core_null), "core_null");
    EXPECT_NULL(stile_call_name(STILE_NR_CALLS_MAX));
}
