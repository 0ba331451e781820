# SPDX-License-Identifier: MIT
# libhypercall.a, and rt.a: the part of the C library that freestanding C lacks. For the host,
# libhypercall-host.a: the library with the fake hypervisor below it.

ABI_CFLAGS := -Iabi
LIB_CFLAGS := $(ABI_CFLAGS) -Ilibhypercall/include
RT_CFLAGS  := -Ilibhypercall/rt

lib-cflags = $(TARGET_CFLAGS) -pedantic $(LIB_CFLAGS)
rt-cflags  = $(TARGET_CFLAGS) $(RT_CFLAGS) -fno-builtin

$(eval $(call compile_rules,lib,lib-cflags))
$(eval $(call compile_rules,rt,rt-cflags))

lib-objs := $(call objects,lib,$(wildcard libhypercall/src/*.c))
rt-objs  := $(call objects,rt,$(wildcard libhypercall/rt/*.c))

lib-archive = $(TARGET_AR) rcD $@ $(filter %.o,$^)

$(O)/libhypercall.a: $(lib-objs)
$(O)/rt.a: $(rt-objs)
$(O)/libhypercall.a $(O)/rt.a:
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(lib-archive)
	$(call keep,$(lib-archive))
$(O)/libhypercall.a $(O)/rt.a: $$(call changed,$$(lib-archive))

host-lib-srcs   := $(wildcard libhypercall/src/*.c libhypercall/fake/*.c)
host-lib-flags  := -std=c11 -D_GNU_SOURCE -DSTILE_FAKE -pthread $(WARNINGS) -pedantic $(LIB_CFLAGS)
host-lib-cflags := $(host-lib-flags) -O2 -g
host-lib-objs   := $(call host_objects,host-lib,$(host-lib-srcs))
fake-objs       := $(filter $(O)/host-lib/libhypercall/fake/%,$(host-lib-objs))
$(eval $(call host_rules,host-lib,host-lib-cflags,HOST_CC))

# The fake is one object: a call it lacks is a weak reference, which would fetch no member.
fake-link = $(HOST_CC) -r -nostdlib -o $@ $(filter %.o,$^)
host-archive = ar rcD $@ $(filter %.o,$^)

$(O)/host-lib/fake.o: $(fake-objs)
	$(call say,HOSTLD,$@)
	$(Q)$(fake-link)
	$(call keep,$(fake-link))
$(O)/host-lib/fake.o: $$(call changed,$$(fake-link))

$(O)/libhypercall-host.a: $(filter-out $(fake-objs),$(host-lib-objs)) $(O)/host-lib/fake.o
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(host-archive)
	$(call keep,$(host-archive))
$(O)/libhypercall-host.a: $$(call changed,$$(host-archive))
