/* SPDX-License-Identifier: MIT */
/*
 * life/serror.c: which VM is stopped for an SError that comes late, with FEAT_RAS and without.
 */
#include "life/serror.c"

#include "vm/vcpu.h"

#include "ktf.h"

#define RAS (1u << BASELINE_SWITCHED_vdisr)

static struct pcpu self;
static struct vcpu one, two;
static const struct vcpu *stopped;
static unsigned nr_stopped;

void vm_crash(struct vcpu *vcpu, const char *why)
{
    (void)why;
    stopped = vcpu;
    nr_stopped++;
}

static void setup(void)
{
    self = (struct pcpu){0};
    stopped = NULL;
    nr_stopped = 0;
    fake_sysreg_write("tpidr_el2", (uint64_t)(uintptr_t)&self);
    fake_sysreg_write("isr_el1", 0);
    fake_sysreg_write("s3_0_c12_c1_1", 0);
}

KTF_SUITE(serror, .setup = setup);

KTF_TEST(serror, nobody_is_stopped_for_nothing)
{
    serror_blame(&self, &one);
    self.switched = RAS;
    serror_blame(&self, &two);
    EXPECT_EQ(nr_stopped, 0);
    EXPECT_FALSE(serror_was_blamed());
}

KTF_TEST(serror, who_leaves_one_behind_is_stopped)
{
    self.switched = RAS;
    fake_sysreg_write("s3_0_c12_c1_1", DISR_A);
    serror_blame(&self, &one);
    EXPECT_EQ(stopped, &one);
    EXPECT_EQ(read_sysreg(s3_0_c12_c1_1), 0); /* which has taken it */
    serror_blame(&self, &two);
    EXPECT_EQ(nr_stopped, 1);
    EXPECT_FALSE(serror_was_blamed());
}

KTF_TEST(serror, without_ras_it_is_taken_from_the_next_who_goes_on)
{
    fake_sysreg_write("isr_el1", ISR_A);
    serror_blame(&self, &one);
    EXPECT_EQ(stopped, &one);
    EXPECT_TRUE(serror_was_blamed());
    fake_sysreg_write("isr_el1", 0);
    EXPECT_FALSE(serror_was_blamed()); /* another one is another's */
    serror_blame(&self, &two);
    EXPECT_EQ(nr_stopped, 1);
}

KTF_TEST(serror, while_one_waits_to_be_taken_nobody_else_is_stopped)
{
    fake_sysreg_write("isr_el1", ISR_A);
    serror_blame(&self, &one);
    serror_blame(&self, &two);
    EXPECT_EQ(nr_stopped, 1);
    EXPECT_EQ(stopped, &one);
}
