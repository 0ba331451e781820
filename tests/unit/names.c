/* SPDX-License-Identifier: MIT */
/*
 * watch/names.c against the services themselves: whatever is answered has a name in a trace.
 */
#include "watch/names.c"
#include "hypercall/standard.c"
#include "hypercall/vpsci.c"
#define has has_trng
#include "virt/vtrng.c"
#undef has
#define has has_pvtime
#include "virt/pvtime.c"
#undef has

#include "ktf.h"

struct machine machine;

static struct pvtime_stolen stolen;
static struct stile_vcpu_page vcpu_page;
static struct vm vm = {.stolen = &stolen};
static struct vcpu vcpu = {.vm = &vm, .page = &vcpu_page};

/* --- what the services call: nothing here depends on what it does --- */

uint64_t vid_read(const struct vm *of, uint32_t index)
{
    (void)of;
    (void)index;
    return UINT64_MAX;
}

int32_t predictor_features(uint32_t function)
{
    (void)function;
    return -1;
}

void predictor_call(uint32_t function)
{
    (void)function;
}

enum vcpu_start_result vcpu_start(struct vcpu *of, uint64_t entry, uint64_t context)
{
    (void)of;
    (void)entry;
    (void)context;
    return VCPU_STARTED;
}

enum vcpu_power vcpu_power(struct vcpu *of)
{
    (void)of;
    return VCPU_POWER_ON;
}

bool vcpu_stop_self(struct vcpu *of)
{
    (void)of;
    return false;
}

void vcpu_reset_self(struct vcpu *of, uint64_t entry)
{
    (void)of;
    (void)entry;
}

void sleep_block(struct vcpu *of)
{
    (void)of;
}

void vm_stop(struct vcpu *of, enum vm_end end)
{
    (void)of;
    (void)end;
}

bool random_is_seeded(void)
{
    return true;
}

void random_fill(void *out, size_t bytes)
{
    (void)out;
    (void)bytes;
}

void *page_alloc(uint32_t owner, unsigned order)
{
    (void)owner;
    (void)order;
    return NULL;
}

void page_free(void *start, unsigned order)
{
    (void)start;
    (void)order;
}

enum stile_error stage2_map_pool(struct stage2 *stage2, ipa_t ipa, const void *page,
                                 uint32_t rights)
{
    (void)stage2;
    (void)ipa;
    (void)page;
    (void)rights;
    return STILE_SUCCESS;
}

KTF_SUITE(names);

/* Queries answer only if they are asked for what is there. */
static bool is_answered(uint32_t function)
{
    static const uint64_t questions[] = {0, 32, STILE_SMCCC_VERSION, STILE_TRNG_VERSION,
                                         STILE_PV_TIME_ST};

    for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
        struct hcall_result result =
            hypercall_standard(&vcpu, questions[i], 0, 0, 0, 0, 0, function);
        if ((int32_t)result.status != -1)
            return true;
    }
    return false;
}

/* All 16 bits of numbers, of every owner, in both conventions. */
KTF_TEST(names, every_service_that_is_answered_has_one)
{
    uint32_t nr_answered = 0;

    for (uint32_t owner = 0; owner < 0x80; owner++) {
        for (uint32_t number = 0; number < 0x10000; number++) {
            uint32_t function = 0x80000000 | owner << 24 | number;
            if (!is_answered(function))
                continue;
            nr_answered++;
            if (!names_call(function))
                EXPECT_FAIL("%08x is answered and has no name", function);
        }
    }
    EXPECT_EQ(nr_answered, 26); /* those of stile/smccc.h */
}

/* The numbers of stile/calls.h are the dispatcher's, not the standard services'. */
KTF_TEST(names, every_call_has_one)
{
#define STILE_CALL(nr, since, group, name, args, rets, errs)                                       \
    EXPECT_STREQ(names_call(STILE_FID(nr)), #group "_" #name);
#include "stile/calls.h"
}

KTF_TEST(names, what_nobody_answers_has_none)
{
    EXPECT_NULL(names_call(0x8400001F));
    EXPECT_NULL(names_call(0xC5000022));
    EXPECT_NULL(names_argument(0x8400001F, 0));
    EXPECT_NULL(names_argument(STILE_PSCI_CPU_ON_64, 3));
    EXPECT_NULL(names_argument(STILE_FID(STILE_NR_console_write), MAX_ARGUMENTS));
}
