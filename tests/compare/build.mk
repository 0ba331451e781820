# SPDX-License-Identifier: MIT
# The hypervisor and the fake, asked the same: docs/fuzzing.md. The hypervisor and what is beneath it
# are the fuzzer's, without the fuzzer.

compare-dir := tests/compare
compare-hv-objs := $(call host_objects,fuzz/obj,$(fuzz-dir)/begin.c $(fuzz-hv-srcs) $(fuzz-dir)/end.c \
	$(addprefix $(fuzz-dir)/,assembly.c cpu.c image.c locks.c machine.c world.c) tests/unit/fakes/no_its.c \
	$(wildcard $(compare-dir)/*.c))
compare-fake-objs := $(call host_objects,compare/obj,$(wildcard libhypercall/fake/*.c))
compare-fake-cflags = $(host-lib-flags) $(fuzz-sanitize) -O1 -g -fno-omit-frame-pointer \
	-include $(O)/config/autoconf.h -DFAKE_NR_VMS=CONFIG_NR_VMS

$(eval $(call host_rules,compare/obj,compare-fake-cflags,FUZZ_CC))

# Each machine is "fake" to those who made it: of libhypercall's, only its interface is seen.
compare-fake = $(FUZZ_CC) -r -nostdlib -o $@ $(filter %.o,$^) && \
	objcopy --wildcard --keep-global-symbol='stile_*' $@
$(O)/compare/fake.o: $(compare-fake-objs)
	$(call say,HOSTLD,$@)
	$(Q)$(compare-fake)
	$(call keep,$(compare-fake))
$(O)/compare/fake.o: $$(call changed,$$(compare-fake))

compare-link = $(FUZZ_CC) $(fuzz-sanitize) -pthread $(filter %.o,$^) -lfdt -o $@
$(O)/compare/calls: $(compare-hv-objs) $(O)/compare/fake.o
	$(call say,HOSTLD,$@)
	$(Q)$(compare-link)
	$(call keep,$(compare-link))
$(O)/compare/calls: $$(call changed,$$(compare-link))
