# SPDX-License-Identifier: MIT
# The tests: unit programs of the host, the test images of the machine, and what runs them.

ktf-cflags := -Itests/ktf
ktf-srcs   := tests/ktf/ktf.c tests/ktf/ktf_check.c

# --- on the host -----------------------------------------------------------------------------
#
# tests/unit/X.c becomes the program $(O)/unit/X. It includes the real .c files it tests;
# tests/unit/fakes comes first in the include path, so machine instructions become fakes.

sanitize    := -fsanitize=address,undefined -fno-sanitize-recover=all
host-cflags = -std=c11 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer $(WARNINGS) $(sanitize)
unit-cflags = $(host-cflags) -Itests/unit/fakes -Ihv -Itests/unit -Ilibhypercall/src $(LIB_CFLAGS) $(ktf-cflags) \
	-include $(O)/config/autoconf.h
unit-srcs   := $(wildcard tests/unit/*.c)
unit-common := $(ktf-srcs) tests/ktf/ktf_host.c tests/unit/fakes/fakes.c
# The harness's own test fails on purpose; tests/ktf/selftest/check looks at how.
unit-selftest := tests/ktf/selftest/selftest.c

unit-object = $(call host_objects,unit/obj,$(1))
unit-tests  := $(patsubst tests/unit/%.c,$(O)/unit/%,$(unit-srcs))
unit-objs   := $(call unit-object,$(unit-srcs) $(unit-common) $(unit-selftest))
$(eval $(call host_rules,unit/obj,unit-cflags,HOST_CC))
unit-link    = $(HOST_CC) $(host-cflags) $(filter %.o,$^) -lfdt -lconfig -o $@

$(unit-tests): $(O)/unit/%: $(O)/unit/obj/tests/unit/%.o
$(O)/unit/ktf-selftest: $(call unit-object,$(unit-selftest))
$(unit-tests) $(O)/unit/ktf-selftest: $(call unit-object,$(unit-common))
	$(call say,HOSTLD,$@)
	$(Q)$(unit-link)
	$(call keep,$(unit-link))
$(unit-tests) $(O)/unit/ktf-selftest: $$(call changed,$$(unit-link))

# --- libhypercall on the host ------------------------------------------------------------------
#
# tests/lib/unit/X.c becomes $(O)/lib-unit/X, with the library and the fake hypervisor; so does
# tests/lib/threads/X.c in $(O)/lib-threads, but under ThreadSanitizer.

lib-ktf := $(ktf-srcs) tests/ktf/ktf_host.c

lib-unit-cflags = $(host-lib-flags) $(sanitize) -O1 -g -fno-omit-frame-pointer $(ktf-cflags) \
	$(both-cflags)
# It knows no fences, and gcc says so of each. What they order here is atomic, every access of it.
lib-threads-quiet := $(if $(filter 1,$(LLVM)),,-Wno-tsan)
lib-threads-cflags = $(host-lib-flags) -fsanitize=thread $(lib-threads-quiet) -O1 -g \
	-fno-omit-frame-pointer $(ktf-cflags)
lib-unit-ldflags := $(sanitize)
lib-threads-ldflags := -fsanitize=thread

# $(call lib_link,flags): the command that makes $@
lib_link = $(HOST_CC) $(1) -pthread $(filter %.o,$^) -o $@

# These suites are the guest's, too: see tests/lib/both/both.h.
$(O)/lib-unit/both: $(call host_objects,lib-unit/obj,$(both-srcs))

# $(call lib_tests,folder): the programs of tests/lib/folder
define lib_tests
lib-$(1)-objs := $$(call host_objects,lib-$(1)/obj,$$(wildcard tests/lib/$(1)/*.c))
lib-$(1)-common := $$(call host_objects,lib-$(1)/obj,$$(lib-ktf) $$(host-lib-srcs))
lib-$(1)-tests := $$(lib-$(1)-objs:$(O)/lib-$(1)/obj/tests/lib/$(1)/%.o=$(O)/lib-$(1)/%)
lib-tests += $$(lib-$(1)-tests)
$(call host_rules,lib-$(1)/obj,lib-$(1)-cflags,HOST_CC)
$$(lib-$(1)-tests): $(O)/lib-$(1)/%: $(O)/lib-$(1)/obj/tests/lib/$(1)/%.o $$(lib-$(1)-common)
	$$(call say,HOSTLD,$$@)
	$(Q)$$(call lib_link,$$(lib-$(1)-ldflags))
	$$(call keep,$$(call lib_link,$$(lib-$(1)-ldflags)))
$$(lib-$(1)-tests): $$$$(call changed,$$$$(call lib_link,$$$$(lib-$(1)-ldflags)))
endef
lib-tests :=
$(eval $(call lib_tests,unit))
$(eval $(call lib_tests,threads))

# Both ends of virtio by messages: the library and the fake on one side, tools/backend on the other.
backend-tested := $(addprefix tools/backend/,blk.c bus.c buses.c device.c msg.c queue.c queue_packed.c \
	queue_split.c say.c) \
	$(wildcard tests/lib/backend/*.c)
$(O)/lib-threads/virtio: $(call host_objects,lib-threads/obj,$(backend-tested))

include tests/fuzz/build.mk
include tests/compare/build.mk
include tests/linux/build.mk
include tests/served/build.mk
include tests/model/build.mk
include tests/rust/build.mk

# --- running them ----------------------------------------------------------------------------

# Which cases: patterns of their names, no file names. They are not for the shell.
T ?=
# What hands the hypervisor a device tree of its own.
$(O)/shim.elf: tests/machine/shim.S | $(O)/.deps-build
	$(call say,LD,$@)
	$(Q)$(TARGET_CC) -nostdlib -static -Wl,--build-id=none -Wl,-Ttext=0 $(TARGET_LDFLAGS) -o $@ $<

# A guest that is no Image: flat.img is its bytes, for 0x40280000.
$(O)/flat.elf: tests/machine/flat.S | $(O)/.deps-build
	$(call say,LD,$@)
	$(Q)$(TARGET_CC) -nostdlib -static -Wl,--build-id=none -Wl,-n,-Ttext=0x40280000 $(TARGET_LDFLAGS) -o $@ $<

test-images := $(O)/shim.img $(O)/flat.img $(O)/stile.img $(O)/stile-test.img $(O)/guest.img $(O)/guest-test.img

.PHONY: test test-images test-kunit test-linux stress fuzz differential model compare bench bench-record bench-debian bench-io bench-linux

test-images: ## build what the tests run, but for the fuzzer, Rust and Debian
test-images: $(test-images) $(unit-tests) $(O)/unit/ktf-selftest $(lib-tests) $(O)/libhypercall.a \
		$(O)/libhypercall-host.a

# Have make build what the chosen cases need, no more, then run them; words are for tests/run. A case
# fails if make could not build what it needs: what was built before is not for it.
#
# $(call build_for_cases,words) and $(call run_cases,words)
build_for_cases = @goals=$$(tests/run --build $(O) $(1) --needs $(call quoted,$(T))) || exit 1; \
	$(MAKE) $(if $(V),,--silent) --no-print-directory --keep-going $$goals || \
	for goal in $$goals; do \
		$(MAKE) --question $$goal >/dev/null 2>&1 || echo $$goal >>$(O)/unbuilt; \
	done
run_cases = @tests/run --build $(O) --unbuilt $(O)/unbuilt $(1) $(call quoted,$(T))

test: | $(O)/.deps-build ## run all tests, or those that fit: T='abi/* unit/list' (tests/run --list lists them)
	@rm -f $(O)/unbuilt
	+$(call build_for_cases)
	$(call run_cases,--junit $(O)/test.xml --ktap $(O)/test.ktap)

stress: | $(O)/.deps-build ## work Debian hard for 10^10 instructions, some minutes
	@rm -f $(O)/unbuilt
	+$(call build_for_cases,--cases tests/stress.toml)
	$(call run_cases,--cases tests/stress.toml)

test-linux: | $(O)/.deps-build ## try patched Linux under sanitizers, with others' tests and at length; hours (T: which)
	@rm -f $(O)/unbuilt
	+$(call build_for_cases,--cases tests/linux.toml)
	$(call run_cases,--cases tests/linux.toml -j1)

fuzz: $(O)/fuzz/hypercalls ## make up hostile calls until one is found that does harm, or for ever
	@echo '  FUZZ    Ctrl-C ends; inputs are kept in $(O)/fuzz/corpus, what does harm in $(O)/fuzz/found'
	@mkdir -p $(O)/fuzz/corpus $(O)/fuzz/found
	@$(O)/fuzz/hypercalls -max_len=8192 -use_cmp=0 -timeout=60 -print_final_stats=1 \
		-artifact_prefix=$(O)/fuzz/found/ $(O)/fuzz/corpus

# SEED, COUNT, GIC, CPU: as tests/differential/run has them.
differential: $(O)/stile.img $(O)/guest-test.img | $(O)/.deps-test ## run made-up programs bare and in VMs, and compare: SEED=n COUNT=n GIC=2|3 CPU=name
	@tests/differential/run $(O)/stile.img $(O)/guest-test.img $(if $(SEED),--seed $(SEED)) \
		$(if $(COUNT),--count $(COUNT)) $(if $(GIC),--gic $(GIC)) $(if $(CPU),--cpu $(CPU))

# SEED, COUNT: as tests/model/play.c has them.
model: $(O)/model/vgic ## compare the virtual GIC with a model: SEED=n COUNT=n actions
	@$(O)/model/vgic $(or $(SEED),1) $(or $(COUNT),10000000)

# SEED, COUNT: as tests/compare/compare.c has them.
compare: $(O)/compare/calls ## compare what the hypervisor and the fake answer: SEED=n COUNT=n calls
	@$(O)/compare/calls $(or $(SEED),1) $(or $(COUNT),1000000)

# KUnit's own parser, from Debian's Linux sources (140 MB), reads what the tests print.
kunit := $(O)/deps/kunit/tools/testing/kunit/kunit.py
$(kunit): scripts/fetch-debian | $(O)/.deps-build
	@scripts/fetch-debian $(O)/deps/apt $(O)/deps/linux linux-source-6.1
	@mkdir -p $(O)/deps/kunit
	@tar -C $(O)/deps/kunit --strip-components=1 --wildcards -xf \
		$(O)/deps/linux/usr/src/linux-source-6.1.tar.xz '*/tools/testing/kunit/*'
	@rm -r $(O)/deps/linux
	@touch $@

test-kunit: test $(kunit) ## have KUnit's kunit.py read the results of test (fetches Linux's sources)
	@python3 $(kunit) parse $(abspath $(O)/test.ktap)

# What measures its own longest time at EL2 is slower: another build, tests/configs/timed.config.
timed := $(O)/configs/timed

.PHONY: config-timed-images
config-timed-images: config-folder-timed
	@$(MAKE) --no-print-directory O=$(timed) $(timed)/stile.img $(timed)/guest-test.img

bench: $(O)/stile.img $(O)/guest.img config-timed-images ## measure every operation in instructions, compare with budgets
	@tests/bench/run --build $(O) --timed $(timed)

bench-record: $(O)/stile.img $(O)/guest.img config-timed-images ## record what bench measures as budgets
	@tests/bench/run --build $(O) --timed $(timed) --record

bench-debian: $(O)/stile.img linux-guest ## record the exits of Debian's boot in tests/bench/debian-exits.csv
	@tests/bench/debian-exits --build $(O)

# What QEMU loads to count instructions.
count-link = $(HOST_CC) -std=c11 -D_GNU_SOURCE -O2 $(WARNINGS) -fPIC -fvisibility=hidden -shared $(filter %.c,$^) -o $@
$(O)/bench/count.so: $(wildcard tests/bench/count/*)
	$(call say,HOSTLD,$@)
	@mkdir -p $(@D)
	$(Q)$(count-link)
	$(call keep,$(count-link))
$(O)/bench/count.so: $$(call changed,$$(count-link))

bench-io: $(O)/stile.img $(O)/guest-test.img $(O)/bench/count.so $(O)/linux/initrd-driver $(linux-root)/io/Image ## measure a disk and a network that another VM serves
	@tests/bench/io --build $(O)

bench-linux: $(O)/stile.img $(O)/bench/count.so $(O)/linux/initrd $(linux-root)/stock/Image $(linux-root)/pv/Image | $(O)/.deps-plot ## measure what the patches of guest-kernel/linux save; hours, WAY=NAME: one way
	@tests/bench/linux --build $(O) $(if $(GIC),--gic $(GIC)) $(if $(WAY),--way $(call quoted,$(WAY)))

# --- other configurations --------------------------------------------------------------------
#
# Each of tests/configs is a .config that may leave options out; all is built, the cases that its
# line "try:" names are run, with what these need, and the hypervisor's code has as many KiB as its line "text:" says
# at most.

configs        := $(patsubst tests/configs/%.config,config-%,$(wildcard tests/configs/*.config))
config-folders := $(configs:config-%=config-folder-%)

.PHONY: test-configs $(configs) $(config-folders)

test-configs: $(configs) ## build and try the configurations of tests/configs (config-NAME: one of them)

$(config-folders): config-folder-%: $(O)/deps/libfdt/.done | $(O)/.deps-test
	@mkdir -p $(O)/configs/$*/deps
	@cp -a $(O)/deps/libfdt $(O)/configs/$*/deps
	@cp -a $(O)/.deps-* $(O)/configs/$*
	@cmp -s tests/configs/$*.config $(O)/configs/$*/given.config || \
		cp tests/configs/$*.config $(O)/configs/$*/given.config
	@cp -u $(O)/configs/$*/given.config $(O)/configs/$*/.config

$(configs): config-%: config-folder-%
	@$(MAKE) --no-print-directory O=$(O)/configs/$* all
	@$(MAKE) --no-print-directory O=$(O)/configs/$* test T="$$(sed -n 's/^# try: //p' tests/configs/$*.config)"
	@tests/build/text $(O)/configs/$*/stile.elf $$(sed -n 's/^# text: //p' tests/configs/$*.config)

# --- the ABI ---------------------------------------------------------------------------------

.PHONY: abi-check abi-update

abi-check: | $(O)/.deps-test ## refuse a change to the ABI that breaks guests
	@scripts/abi-lines .
	@scripts/abi-dump abi $(O)/abi
	@scripts/abi-check abi/golden $(O)/abi

abi-update: | $(O)/.deps-test ## record what is new in the ABI; refuses what abi-check refuses
	@scripts/abi-dump abi $(O)/abi
	@[ ! -e abi/golden/calls.txt ] || scripts/abi-check abi/golden $(O)/abi
	@mkdir -p abi/golden
	@cp $(O)/abi/calls.txt $(O)/abi/layout.abi abi/golden
