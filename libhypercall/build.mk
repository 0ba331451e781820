# SPDX-License-Identifier: MIT
# libhypercall.a, and rt.a: the part of the C library that freestanding C lacks.

ABI_CFLAGS := -Iabi
LIB_CFLAGS := $(ABI_CFLAGS) -Ilibhypercall/include
RT_CFLAGS  := -Ilibhypercall/rt

lib-cflags = $(TARGET_CFLAGS) -pedantic $(LIB_CFLAGS)
rt-cflags  = $(TARGET_CFLAGS) $(RT_CFLAGS) -fno-builtin

$(eval $(call compile_rules,lib,lib-cflags))
$(eval $(call compile_rules,rt,rt-cflags))

lib-objs := $(call objects,lib,$(wildcard libhypercall/src/*.c))
rt-objs  := $(call objects,rt,$(wildcard libhypercall/rt/*.c))

$(O)/libhypercall.a: $(lib-objs)
$(O)/rt.a: $(rt-objs)
$(O)/libhypercall.a $(O)/rt.a:
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(TARGET_AR) rcD $@ $^

-include $(lib-objs:.o=.d) $(rt-objs:.o=.d)
