# SPDX-License-Identifier: MIT
# The virtual GIC's own files beside a model of the architecture: docs/model.md.

model-dir := tests/model
model-srcs := $(filter-out hv/vgic/controller.c hv/vgic/mailbox.c,$(wildcard hv/vgic/*.c)) \
	hv/virt/vtimer.c tests/unit/fakes/no_its.c $(wildcard $(model-dir)/*.c)
model-objs := $(call host_objects,model/obj,$(model-srcs))
model-cflags = -std=c11 -D_GNU_SOURCE -O2 -g $(WARNINGS) $(sanitize) \
	-I$(model-dir) -Itests/unit/fakes -Ihv $(LIB_CFLAGS) -include $(O)/config/autoconf.h

$(eval $(call host_rules,model/obj,model-cflags,HOST_CC))

model-link = $(HOST_CC) $(sanitize) $(filter %.o,$^) -o $@
$(O)/model/vgic: $(model-objs)
	$(call say,HOSTLD,$@)
	$(Q)$(model-link)
	$(call keep,$(model-link))
$(O)/model/vgic: $$(call changed,$$(model-link))
