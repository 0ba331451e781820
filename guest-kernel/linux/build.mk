# SPDX-License-Identifier: MIT
# Linux as a paravirtual guest: Debian's source, the patches that guest-kernel/linux/series names, and
# Stile's own headers and library, which no patch has. Each kind of kernel below is built in a folder of its own.

# Whose source: the first of these that Debian offers, and which of its versions; the newest if there is none.
LINUX ?= 6.1 6.12
LINUX_VERSION ?=

linux-root    := $(O)/linux-patched
linux-folder  := guest-kernel/linux
linux-series  := $(linux-folder)/series $(wildcard $(linux-folder)/*.patch $(linux-folder)/*/*.patch)
linux-installed := $(wildcard abi/stile/*.h abi/stile/calls/*.h libhypercall/include/stile/*.h libhypercall/src/*)

linux-sources := $(addsuffix $(addprefix =,$(LINUX_VERSION)),$(LINUX))
linux-archive := $(O)/deps/linux-source
$(linux-archive)/.done: scripts/fetch-linux scripts/fetch-debian $$(call changed,$(linux-sources)) | $(O)/.deps-linux
	@scripts/fetch-linux $(O)/deps/apt $(@D) $(linux-sources)
	$(call keep,$(linux-sources))
	@touch $@

# The tree is made once; later only what another series or header changes is written, and compiled.
linux-make-tree = scripts/linux-tree -o $(linux-root)/source $(linux-archive)/*.tar.xz $(linux-folder)
linux-tree-commands = $(linux-series) $(linux-installed) $(linux-make-tree)
$(linux-root)/.source: $(linux-archive)/.done $(linux-series) $(linux-installed) scripts/linux-tree \
		$$(call changed,$$(linux-tree-commands))
	@mkdir -p $(@D)
	@$(linux-make-tree)
	$(call keep,$(linux-tree-commands))
	@touch $@

# What makes a kernel the same wherever it is built.
linux-env := KBUILD_BUILD_TIMESTAMP=2024-01-01 KBUILD_BUILD_USER=stile KBUILD_BUILD_HOST=stile KBUILD_BUILD_VERSION=1
linux-cc := $(if $(shell command -v ccache),ccache )$(CROSS_COMPILE)gcc
# $(call linux-make,kind): Linux's own make, which is to know nothing of this one's variables
linux-make = env -u MAKEFLAGS -u MFLAGS $(linux-env) $(MAKE) -s -j$(shell nproc) -C $(linux-root)/source \
	O=$(abspath $(linux-root)/$(1)) ARCH=arm64 CROSS_COMPILE=$(CROSS_COMPILE) CC="$(linux-cc)"

# The kinds, and the parts of their configurations: guest-kernel/linux/PART.config.
linux-kinds := stock pv io debug kasan kcsan wide
linux-parts-stock := small
linux-parts-pv := small stile
linux-parts-io := small stile io
linux-parts-debug := small stile debug
linux-parts-kasan := small stile debug kasan
linux-parts-kcsan := small stile debug kcsan
linux-parts-wide := small stile wide

# $(call linux_kind_rule,kind)
define linux_kind_rule
linux-config-$(1) := $(patsubst %,$(linux-folder)/%.config,$(linux-parts-$(1)))
$(linux-root)/$(1)/.config: $(linux-root)/.source $$(linux-config-$(1)) $(linux-folder)/configure
	$$(call say,CONFIG,$$@)
	@mkdir -p $$(@D)
	@$(linux-folder)/configure $(linux-root)/source $$(@D) $(CROSS_COMPILE) $$(linux-config-$(1))
	@touch $$@
$(linux-root)/$(1)/Image: $(linux-root)/.source $(linux-root)/$(1)/.config
	@echo '  LINUX   $$@: some minutes if it is the first time, seconds afterwards'
	$(Q)$$(call linux-make,$(1)) Image
	@cp $$(@D)/arch/arm64/boot/Image $$@
endef
$(foreach kind,$(linux-kinds),$(eval $(call linux_kind_rule,$(kind))))

.PHONY: linux
linux: $(linux-root)/pv/Image ## build Linux with the patches of guest-kernel/linux (LINUX, LINUX_VERSION)
	@echo '  LINUX   $<'
