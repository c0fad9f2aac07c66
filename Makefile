# SPDX-License-Identifier: GPL-2.0-or-later
# The verbs that people try first. CMake does the work: see CMakeLists.txt and CMakePresets.json.
JOBS ?= $(shell nproc)

.PHONY: all build demo test kernel test-vm fuzz bench coverage install install-user format clean help
.PHONY: packages-build packages-demo packages-test packages-kernel packages-bench packages-coverage

all: build

help:
	@echo "make demo      follow an option through a clean and a stripping path, on this machine"
	@echo "make test      build and pass all tests, also under AddressSanitizer and UBSan"
	@echo "make build     build/bin/optrail and build/plugins/VERSION/epan/optrail.so"
	@echo "make kernel    build the test kernel with our patches (15 minutes, then cached)"
	@echo "make test-vm   boot it in QEMU, without KVM, and pass the tests that need it"
	@echo "make fuzz      mutate input for an hour, or for FUZZ_SECONDS a target (TARGET=all)"
	@echo "make bench     measure what recording, dissecting and analysing cost"
	@echo "make coverage  which lines of wire/ and analyze/ the tests reach"
	@echo "make mutants   break the analyzer's rules one by one: a unit test must notice each"
	@echo "make install   install both (PREFIX, DESTDIR)"
	@echo "make install-user   the plugin and its profile for your own Wireshark, without root"
	@echo "make format    clang-format over the sources"

packages-build packages-demo packages-test packages-kernel packages-bench packages-coverage: packages-%:
	@cmake/install-packages build $*

build: packages-build
	@$(MAKE) --no-print-directory compile

.PHONY: compile
compile:
	@cmake/build default $(JOBS)

demo: packages-demo
	@$(MAKE) --no-print-directory compile
	@lab/demo

test: packages-test
	@tests/run

kernel: packages-kernel
	@kernel/build

test-vm: packages-test packages-kernel
	@$(MAKE) --no-print-directory compile
	@tests/vm/run

fuzz: packages-build packages-test
	@tests/fuzz/run $(or $(TARGET),all) $(or $(FUZZ_SECONDS),360)

bench: packages-test packages-bench
	@$(MAKE) --no-print-directory compile
	@tests/bench/run

.PHONY: mutants
mutants: packages-test
	@$(MAKE) --no-print-directory compile
	@tests/tools/mutants

coverage: packages-test packages-coverage
	@tests/coverage

install: build
	@cmake --install build --prefix $(or $(PREFIX),/usr/local)

install-user: build
	@dissector/install-user build

format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

clean:
	rm -rf build build-asan build-fuzz build-coverage
