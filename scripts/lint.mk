# SPDX-License-Identifier: MIT
# Reading the code with other eyes: format, clang-tidy, cppcheck, shell and Python checks.

lint-c      = $(shell git ls-files -co --exclude-standard '*.c' '*.h' 2>/dev/null)
lint-tidy   = $(filter-out libhypercall/rt/%,$(filter hv/%.c guest-kernel/%.c libhypercall/%.c tests/ktf/ktf.c tests/ktf/ktf_check.c,$(lint-c)))
lint-shell  = $(shell git grep -lE --untracked '^\#!/bin/(ba)?sh' -- scripts tests tools .ci 2>/dev/null)
lint-python = $(shell git grep -lE --untracked '^\#!/usr/bin/env python3' -- scripts tests 2>/dev/null) \
	$(wildcard tests/runner/*.py scripts/*.py scripts/reference/*.py scripts/rust/*.py)

# Trees whose includes point down, each with the page that states the order of its folders.
lint-trees = hv=docs/architecture.md guest-kernel=docs/guest-kernel.md libhypercall/fake=docs/porting.md

.PHONY: lint lint-format lint-layers lint-shell lint-python lint-rust lint-cppcheck lint-tidy lint-tools format

lint: lint-format lint-layers lint-shell lint-python lint-rust lint-cppcheck lint-tidy lint-tools ## look for faults without running anything
	@echo '  LINT    nothing found'

lint-format: | $(O)/.deps-test ## lint: whether clang-format would change something
	$(call say,FORMAT,'$(words $(lint-c)) files')
	@clang-format --dry-run -Werror $(lint-c)

lint-layers: ## lint: whether includes point down
	$(call say,LAYERS,'$(words $(lint-trees)) trees')
	@wrong=0; for tree in $(lint-trees); do \
		scripts/layers $${tree%=*} $${tree#*=} || wrong=1; done; exit $$wrong

lint-shell: | $(O)/.deps-test ## lint: shellcheck
	$(call say,SHELL,'$(words $(lint-shell)) scripts')
	@shellcheck -S warning $(lint-shell)

# Compiling finds what does not parse, and what Python itself warns of.
lint-python: | $(O)/.deps-test ## lint: what Python itself warns of
	$(call say,PYTHON,'$(words $(lint-python)) files')
	@python3 -W error -c 'import pathlib, sys; \
		[compile(pathlib.Path(f).read_text(), f, "exec") for f in sys.argv[1:]]' $(lint-python)

# The crate's root leads to all of its files, those that are made included.
lint-rust: $(O)/rust/stile/.done | $(O)/.deps-test ## lint: whether rustfmt would change something
	$(call say,RUSTFMT,'$(O)/rust/stile tests/rust')
	@/usr/bin/rustfmt --check --config-path .rustfmt.toml $(O)/rust/stile/src/lib.rs tests/rust/kernel.rs

lint-cppcheck: $(O)/compile_commands.json | $(O)/.deps-test ## lint: cppcheck
	$(call say,CPPCHECK,$(O)/compile_commands.json)
	@mkdir -p $(O)/cppcheck
	@cppcheck --quiet --error-exitcode=1 -j $(shell nproc) --cppcheck-build-dir=$(O)/cppcheck \
		--enable=warning,portability --inline-suppr --suppressions-list=scripts/cppcheck.txt \
		'-D__attribute__(x)=' --project=$(O)/compile_commands.json

lint-tidy: $(O)/compile_commands.json | $(O)/.deps-test ## lint: clang-tidy
	$(call say,TIDY,'$(words $(lint-tidy)) files')
	@printf '%s\n' $(lint-tidy) | xargs -P $(shell nproc) -n 8 clang-tidy --quiet --extra-arg=-Wno-ignored-optimization-argument -p $(O) 2> $(O)/tidy.log || \
		{ grep -v 'warnings generated' $(O)/tidy.log; exit 1; }

# Programs beside a guest's kernel are in no compilation database.
lint-tools: $(tools-uapi) | $(O)/.deps-test ## lint: cppcheck and clang-tidy, of tools/
	$(call say,TOOLS,'$(words $(wildcard tools/*/*.c)) files')
	@cppcheck --quiet --error-exitcode=1 --enable=warning,portability --inline-suppr --suppressions-list=scripts/cppcheck.txt \
		'-D__attribute__(x)=' $(filter -I%,$(tools-cflags)) $(wildcard tools/*/*.c)
	@clang-tidy --quiet $(wildcard tools/*/*.c) -- $(tools-cflags) 2> $(O)/tidy.log || \
		{ grep -v 'warnings generated' $(O)/tidy.log; exit 1; }

format: ## format all C files with clang-format
	$(call say,FORMAT,'$(words $(lint-c)) files')
	@clang-format -i $(lint-c)
