# SPDX-License-Identifier: GPL-2.0-only
#
# The few commands that people type; `make help` lists them.  The modules are
# built by the kernel's own build (Kbuild), the programs by scripts/userspace.mk.

CACHE := $(or $(IOMMUFD_VFIO_CACHE),$(or $(XDG_CACHE_HOME),$(or $(HOME),/root)/.cache)/iommufd-vfio)
CACHED_KDIR := $(CACHE)/kernel/headers
RUNNING_KDIR := /lib/modules/$(shell uname -r)/build
running-release := $(shell cat $(RUNNING_KDIR)/include/config/kernel.release 2>/dev/null)

# The running kernel's headers where that is a kernel we support, else the ones
# that set-up unpacked, which are also those of the guest's kernel.
guest-goal := $(filter check check-noiommu check-peer check-peer-vfio check-vmm check-boot demo fuzz shell bench,$(MAKECMDGOALS))
KDIR ?= $(if $(guest-goal),$(CACHED_KDIR),$(if $(filter 6.12.%,$(running-release)),$(RUNNING_KDIR),$(CACHED_KDIR)))

# Known only once set-up is done: for use in recipes.
KVER = $(or $(shell cat $(KDIR)/include/config/kernel.release 2>/dev/null),unknown)
VM := tools/testing/vm
MODULES = build/$(KVER)$(if $(COVERAGE),-coverage)
export IOMMUFD_VFIO_CACHE = $(CACHE)

all: modules tools tests

modules: $(if $(filter $(CACHED_KDIR),$(KDIR)),setup-build)
	+@scripts/build-modules $(KDIR) $(MODULES) $(if $(COVERAGE),GCOV_PROFILE=y)

include scripts/userspace.mk
include tools/testing/bench/bench.mk
include tools/testing/fuzz/fuzz.mk
include tools/testing/peer/peer.mk
include tools/testing/vmm/vmm.mk
include tools/testing/boot/boot.mk

setup-%:
	@$(VM)/setup $(if $(guest-goal),build tests tools guest $(filter-out build tests tools guest,$*),$*)

setup:
	@$(VM)/setup build tests tools guest

check: modules tests tools check-ctl check-install $(if $(DEBUG_KERNEL),$(peer-program) $(peer-debug-program)) | setup-guest
	@$(VM)/check --modules $(MODULES) --load iommufd_mock $(check-options) $(RUN) \
		--add build/tools/iommufd-ctl:/usr/bin/iommufd-ctl \
		--add $(lib-shared):/usr/lib/$(notdir $(lib-shared)) \
		--add $(lib-example):/usr/bin/libiommufd-example \
		--add build/tools/iommufd-vfio-demo:/usr/bin/iommufd-vfio-demo \
		$(if $(T),--match '$(T)') -- $(check-programs)

# What iommufd-ctl writes; needs no kernel.
check-ctl: build/tools/iommufd-ctl
	@tools/testing/ctl/golden $<

# Where things are installed, and that they are taken away.
check-install: tools
	@scripts/check-install

# What needs a machine whose IOMMU is off.
check-noiommu: modules tests | setup-guest
	@$(VM)/check --modules $(MODULES) --jobs 1 --append intel_iommu=off $(RUN) \
		-- build/tests/vfio/group_noiommu

# The same and mainline's own tests, on a kernel that watches for mistakes.
check-debug: | setup-debug
	@dir=$$($(VM)/setup --where debug) && \
		$(MAKE) --no-print-directory check KDIR="$$dir/headers" DEBUG_KERNEL="$$dir"

# A part of it that takes a few minutes, for continuous integration: something of every subject,
# and what has found most.
debug-short := fuzz/fuzz_check iommu/concurrency iommu/hwpt_attach iommu/ioas_backing \
	iommu/ioas_map_attached iommu/mock_fault_attach iommu/pasid_attach iommu/vfio_compat \
	vfio/cdev_bind vfio/cdev_parking vfio/cdev_race vfio/group_container vfio/mdev_race \
	vfio/mig_states vfio/netlink_device vfio/pci_irq vfio/pci_unbind
check-debug-short:
	+@$(MAKE) --no-print-directory check-debug DEBUG_SHORT=1

# Which lines of the modules that run executes.
coverage:
	@rm -rf build/coverage
	@status=0; $(MAKE) --no-print-directory check-debug COVERAGE=1 || status=$$?; \
		release=$$(cat "$$($(VM)/setup --where debug)/release") && \
		scripts/coverage "build/$$release-coverage" build/coverage && exit $$status

# Plants mistakes to see that the lane finds them.
check-lane: tests | setup-debug
	@dir=$$($(VM)/setup --where debug) && \
		$(MAKE) --no-print-directory modules KDIR="$$dir/headers" && $(VM)/check-lane "$$dir"

ifdef DEBUG_KERNEL
check-options = --debug $(DEBUG_KERNEL) --expect tools/testing/peer/expected \
	$(if $(COVERAGE),--coverage build/coverage/guests)
# Mainline's come first: they want the mock to be there, and many of ours unload it at their end.
check-programs = $(if $(DEBUG_SHORT),$(debug-short:%=build/tests/%),\
	$(peer-program) $(peer-debug-program) $(sort $(test-programs) $(fuzz-check-program)))
else
check-programs = $(sort $(test-programs) $(fuzz-check-program))
endif

demo: modules tools | setup-guest
	@$(VM)/run --modules build/$(KVER) $(RUN) --add build/tools/iommufd-vfio-demo:/usr/bin/iommufd-vfio-demo \
		-- /usr/bin/iommufd-vfio-demo $(DEMO_ARGS)

shell: modules tools tests | setup-guest
	@$(VM)/run --modules build/$(KVER) $(RUN) --add build/tools:/usr/bin --add build/tests:/root/tests --shell

style: $(lib-man) | setup-style
	@scripts/style $(KDIR) $(CACHE)/source/tree

install: modules tools
	@DESTDIR='$(DESTDIR)' scripts/install $(KVER) $(MODULES)

uninstall:
	@DESTDIR='$(DESTDIR)' scripts/install --remove

clean:
	rm -rf build/obj build/lib build/man build/completion build/tests build/tools build/vm build/peer build/lane build/boot build/coverage
	@for dir in build/*/; do [ ! -e "$$dir/Kbuild" ] || (set -x; rm -rf "$$dir"); done

distclean:
	rm -rf build

help:
	@sed '1d; s/^/  /' scripts/help.txt

.PHONY: all modules setup check check-ctl check-install check-noiommu check-debug check-debug-short check-lane coverage demo shell style install uninstall clean distclean help
