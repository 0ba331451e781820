# SPDX-License-Identifier: MIT
# A kernel that is made of the crate of 'make rust', by Debian's compiler.

# Not whichever rustc is found first: core is Debian's, and for the compiler of its version alone.
RUSTC ?= /usr/bin/rustc

# Debian has no core for a machine without an operating system. Linux's needs none either, but for
# what start.S and mem.rs do.
rust-target := aarch64-unknown-linux-gnu
rust-flags = --edition 2021 --target $(rust-target) --sysroot $(O)/deps/rust/usr -C opt-level=2 \
	-C panic=abort --remap-path-prefix $(CURDIR)=. -D warnings

# core, and what it calls of the compiler's.
$(O)/deps/rust/.done: scripts/fetch-debian | $(O)/.deps-test
	@scripts/fetch-debian --only './usr/lib/rustlib/*/lib/lib*co[mr][ep]*' $(O)/deps/apt $(O)/deps/rust \
		libstd-rust-dev
	@touch $@

crate-compile = $(RUSTC) $(rust-flags) --crate-type rlib --crate-name stile -o $@ $(O)/rust/stile/src/lib.rs
$(O)/rust/libstile.rlib: $(O)/rust/stile/.done $(O)/deps/rust/.done $$(call changed,$$(crate-compile))
	$(call say,RUSTC,$(O)/rust/stile)
	$(Q)$(crate-compile)
	$(call keep,$(crate-compile))

# --extern alone is where the crate comes from: the kernel has nothing else of Stile's.
rust-compile = $(RUSTC) $(rust-flags) --crate-type staticlib --crate-name kernel \
	--extern stile=$(O)/rust/libstile.rlib -o $@ tests/rust/kernel.rs
$(O)/rust/libkernel.a: $(wildcard tests/rust/*.rs) tests/rust/start.S $(O)/rust/libstile.rlib \
		$$(call changed,$$(rust-compile))
	$(call say,RUSTC,tests/rust)
	$(Q)$(rust-compile)
	$(call keep,$(rust-compile))

rust-ldflags = -nostdlib -static -Wl,--build-id=none -Wl,--gc-sections -Wl,-z,max-page-size=4096 \
	-Wl,-z,noexecstack -Wl,-T,tests/rust/kernel.lds $(TARGET_LDFLAGS)
rust-link = $(TARGET_CC) $(rust-ldflags) -o $@ $(O)/rust/libkernel.a
$(O)/rust.elf: $(O)/rust/libkernel.a tests/rust/kernel.lds $$(call changed,$$(rust-link))
	$(call say,LD,$@)
	$(Q)$(rust-link)
	$(call keep,$(rust-link))
