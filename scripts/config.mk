# SPDX-License-Identifier: MIT
# The configuration: $(O)/.config by kconfig-frontends, and the headers made from it.
#
# A .config nobody touched (equal to $(O)/config/defaults) follows when a default in Kconfig changes.

KCONFIG_ENV = KCONFIG_CONFIG=$(abspath $(O))/.config \
	KCONFIG_AUTOHEADER=$(abspath $(O))/config/autoconf.h.new \
	KCONFIG_AUTOCONFIG=$(abspath $(O))/config/auto.conf \
	KCONFIG_TRISTATE=$(abspath $(O))/config/tristate.conf
# kconfig-conf fails without include/config where it runs, so it runs in the build folder.
kconfig = mkdir -p $(O)/config/include/config && cd $(O)/config && $(KCONFIG_ENV) $(1) $(abspath Kconfig)
config-defaults = ($(call kconfig,kconfig-conf --alldefconfig) >/dev/null) && \
	cp $(O)/.config $(O)/config/defaults

$(O)/.config: | $(O)/.deps-build
	$(call say,CONFIG,$@)
	@$(config-defaults)

# The header's time changes only with its content: an option's new help text rebuilds nothing.
$(O)/config/auto.conf: $(O)/.config Kconfig $(if $(wildcard $(O)/config/autoconf.h),,FORCE)
	@if cmp -s $(O)/.config $(O)/config/defaults; then $(config-defaults); fi
	@($(call kconfig,kconfig-conf --olddefconfig) >/dev/null)
	@($(call kconfig,kconfig-conf --silentoldconfig) </dev/null >/dev/null)
	@cd $(O)/config && { cmp -s autoconf.h.new autoconf.h || cp autoconf.h.new autoconf.h; }
	@touch $@
# It is made with auto.conf, which make reads first of all; which of both is older tells nothing.
$(O)/config/autoconf.h: | $(O)/config/auto.conf ;

# Only goals that compile need a configuration.
ifneq ($(filter-out help clean deps format defconfig menuconfig,$(or $(MAKECMDGOALS),all)),)
-include $(O)/config/auto.conf
endif

.PHONY: defconfig menuconfig

defconfig: | $(O)/.deps-build ## reset the configuration to the defaults
	$(call say,CONFIG,$(O)/.config)
	@$(config-defaults)

menuconfig: | $(O)/.config ## change the configuration
	@$(call kconfig,kconfig-mconf)
