# SPDX-License-Identifier: MIT
# Programs that run beside a guest's kernel, for arm64. They bring their C library with them.

tools-uapi := $(O)/tools/include/linux/stile.h
$(tools-uapi): $(linux-root)/.source
	@mkdir -p $(@D)
	@cp $(linux-root)/source/include/uapi/linux/stile.h $@

tools-cflags = -std=c11 -D_GNU_SOURCE -O2 -g $(WARNINGS) $(LIB_CFLAGS) -I$(O)/tools/include

# The back end of other VMs' virtio devices.
backend := $(O)/tools/stile-backend
backend-srcs := $(wildcard tools/backend/*.c) libhypercall/src/channel_rings.c libhypercall/src/message_ring.c
backend-compile = $(CROSS_COMPILE)gcc $(tools-cflags) -static -pthread $(backend-srcs) -o $@
$(backend): $(backend-srcs) $(wildcard tools/backend/*.h abi/stile/*.h libhypercall/include/stile/*.h) $(tools-uapi) $$(call changed,$$(backend-compile))
	$(call say,TOOL,$@)
	@mkdir -p $(@D)
	$(Q)$(backend-compile)
	$(call keep,$(backend-compile))

# libconfig for arm64, to link into programs.
libconfig := $(O)/deps/libconfig
$(libconfig)/.done: scripts/fetch-debian | $(O)/.deps-build
	@scripts/fetch-debian --only './usr/include/* ./usr/lib/*' $(O)/deps/apt $(O)/deps/root libconfig-dev
	@mkdir -p $(@D)/include
	@cp $(O)/deps/root/usr/include/libconfig.h $(@D)/include
	@cp $(O)/deps/root/usr/lib/aarch64-linux-gnu/libconfig.a $(@D)
	@touch $@

# The VMs of the machine, for people. Its man page and its completion for bash are beside its source.
stilectl := $(O)/tools/stilectl
stilectl-srcs := $(wildcard tools/stilectl/*.c) libhypercall/src/names.c
stilectl-libs := $(libconfig) $(O)/deps/libfdt
stilectl-compile = $(CROSS_COMPILE)gcc $(tools-cflags) $(stilectl-libs:%=-isystem %/include) -static $(stilectl-srcs) \
	$(libconfig)/libconfig.a $(O)/deps/libfdt/libfdt.a -o $@
$(stilectl): $(stilectl-srcs) $(wildcard tools/stilectl/*.h abi/stile/*.h abi/stile/calls/*.h libhypercall/include/stile/*.h) $(tools-uapi) \
		$(stilectl-libs:%=%/.done) $$(call changed,$$(stilectl-compile))
	$(call say,TOOL,$@)
	@mkdir -p $(@D)
	$(Q)$(stilectl-compile)
	$(call keep,$(stilectl-compile))

tools: $(backend) $(stilectl) ## build the programs that run in a VM beside our Linux: stile-backend, stilectl

.PHONY: tools
