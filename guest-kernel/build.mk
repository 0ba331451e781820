# SPDX-License-Identifier: MIT
# The guest kernel: every source of its folders. Two images from the same objects: guest has a
# shell and the bench, guest-test also the suites of tests/guest. What differs is which file of
# guest-kernel/test is linked.

guest-cflags = $(TARGET_CFLAGS) -D_DEFAULT_SOURCE -Iguest-kernel $(RT_CFLAGS) $(ABI_CFLAGS) \
	-isystem $(O)/deps/libfdt/include
# Only the folder of the sensitive operations sees the library.
sensitive-cflags = $(guest-cflags) $(LIB_CFLAGS)
guest-user-cflags = $(TARGET_CFLAGS) -Iguest-kernel
# Suites that run over the fake hypervisor, too.
both-srcs := $(wildcard tests/lib/both/*.c)
both-cflags := -Itests/lib/both
guest-test-cflags = $(guest-cflags) $(LIB_CFLAGS) -Itests/ktf -Itests $(both-cflags)

$(eval $(call compile_rules,guest,guest-cflags))
$(eval $(call compile_rules,guest-sensitive,sensitive-cflags))
$(eval $(call compile_rules,guest-user,guest-user-cflags))
$(eval $(call compile_rules,guest-test,guest-test-cflags))

guest-folders := entry shell bench measure process threads dev mm lib machine arch
guest-srcs := $(foreach dir,$(guest-folders),$(wildcard guest-kernel/$(dir)/*.c guest-kernel/$(dir)/*.S))
guest-srcs += guest-kernel/user/programs.S
guest-objs := $(call objects,guest,$(guest-srcs)) \
	$(call objects,guest-sensitive,$(wildcard guest-kernel/sensitive/*.c guest-kernel/sensitive/*/*.c))
guest-none := $(call objects,guest,guest-kernel/test/none.c)
guest-test-srcs := $(filter-out %/none.c,$(wildcard guest-kernel/test/*.c))
guest-test-objs := $(call objects,guest-test,$(guest-test-srcs) $(wildcard tests/guest/*.c tests/guest/*.S) \
	$(both-srcs) \
	tests/ktf/ktf.c tests/ktf/ktf_check.c)
$(guest-objs) $(guest-none) $(guest-test-objs): | $(O)/deps/libfdt/.done

# Programs for EL0, each linked on its own and then taken into the kernel's image. That copies them: in the file their
# pages need no room between them.
guest-programs := fault hello probe spin
guest-user-start := $(call objects,guest-user,guest-kernel/user/start.S)
guest-user-objs := $(guest-user-start) $(call objects,guest-user,$(guest-programs:%=guest-kernel/user/%.c))
.SECONDARY: $(guest-user-objs)
guest-user-ldflags = -nostdlib -static -Wl,--build-id=none -Wl,-T,guest-kernel/user/user.lds \
	-Wl,-z,max-page-size=16 -Wl,--strip-all $(TARGET_LDFLAGS)

guest-user-link = $(TARGET_CC) $(guest-user-ldflags) -o $@ \
	$(O)/guest-user/guest-kernel/user/$*.c.o $(guest-user-start)
$(O)/guest-user/%.elf: $(O)/guest-user/guest-kernel/user/%.c.o $(guest-user-start) \
		guest-kernel/user/user.lds $$(call changed,$$(guest-user-link))
	$(call say,LD,$@)
	$(Q)$(guest-user-link)
	$(call keep,$(guest-user-link))

# All of this folder's, for compile_commands.json.
guest-all-objs := $(guest-objs) $(guest-none) $(guest-user-objs) \
	$(call objects,guest-test,$(guest-test-srcs))

guest-programs-obj := $(O)/guest/guest-kernel/user/programs.S.o
$(guest-programs-obj): $(guest-programs:%=$(O)/guest-user/%.elf)
$(guest-programs-obj): private guest-cflags += -Wa,-I$(O)/guest-user

guest-ldflags = -nostdlib -static -Wl,--build-id=none -Wl,-T,guest-kernel/arch/kernel.lds \
	-Wl,-z,max-page-size=4096 -Wl,-z,noexecstack $(TARGET_LDFLAGS)
guest-libs = $(O)/libhypercall.a $(O)/deps/libfdt/libfdt.a $(O)/rt.a
guest-link = $(TARGET_CC) $(guest-ldflags) -o $@ $(filter %.o,$^) $(guest-libs)

$(O)/guest.elf: $(guest-objs) $(guest-none)
$(O)/guest-test.elf: $(guest-objs) $(guest-test-objs)
$(O)/guest.elf $(O)/guest-test.elf: $(O)/libhypercall.a $(O)/rt.a $(O)/deps/libfdt/.done \
		guest-kernel/arch/kernel.lds
	$(call say,LD,$@)
	$(Q)$(guest-link)
	$(call keep,$(guest-link))
$(O)/guest.elf $(O)/guest-test.elf: $$(call changed,$$(guest-link))
