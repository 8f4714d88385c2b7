# SPDX-License-Identifier: GPL-2.0-only
#
# `make check-peer`: mainline's own test program for iommufd, as the kernel's
# source package has it, built unchanged against our headers and run on the mock
# IOMMU.  Documentation/peer.md lists what it can't pass, and why; so does, for the
# test runner, the file expected.  `make check-debug` runs it too, and besides the one
# that lets each allocation fail in turn, which needs that kernel.
#
# The programs include headers by paths relative to their own in the kernel's
# tree, so they get a tree of their own with our test header in mainline's place.

PEER := build/peer
peer-program := $(PEER)/iommufd
peer-debug-program := $(PEER)/iommufd_fail_nth
peer-timeout := build/obj/tools/testing/selftests/lib/test_timeout.o

$(PEER)/tree: include/uapi/linux/iommufd_test.h | setup-tests
	@rm -rf $(PEER)
	@mkdir -p $(PEER)/tree/drivers/iommu/iommufd
	@cp -r $(CACHE)/source/tree/tools $(PEER)/tree/
	@cp include/uapi/linux/iommufd_test.h $(PEER)/tree/drivers/iommu/iommufd/

$(peer-program) $(peer-debug-program): include/uapi/linux/iommufd.h $(peer-timeout) | $(PEER)/tree
	@echo "  CC      mainline's tools/testing/selftests/iommu/$(@F).c"
	@$(CC) -O2 -D_GNU_SOURCE= -Wall -Wno-unused-function -pthread -Iinclude/uapi -static -Wl,--wrap=alarm -o $@ \
		$(PEER)/tree/tools/testing/selftests/iommu/$(@F).c $(peer-timeout)

check-peer: modules $(peer-program) tests | setup-guest
	@$(VM)/check --modules build/$(KVER) --load iommufd_mock --expect tools/testing/peer/expected \
		$(RUN) $(if $(T),--match '$(T)') -- $(peer-program)

.PHONY: check-peer

# `make check-peer-vfio`: the vfio selftests of the newest kernel whose source Debian has for
# Debian 13, built likewise, and run on devices of the guest that vfio-pci has, as their own
# scripts run them: each program on each device.

vfio-peer-tree = $(CACHE)/newer_source/tools
vfio-peer-dir = $(vfio-peer-tree)/testing/selftests/vfio
vfio-peer-programs = $(patsubst $(vfio-peer-dir)/%.c,$(PEER)/%,$(wildcard $(vfio-peer-dir)/*_test.c))
vfio-peer-cflags = -O2 -D_GNU_SOURCE= -Wall -Wno-unused -Wno-attributes -Wno-packed-not-aligned \
	-Iinclude/uapi -I$(vfio-peer-tree)/include -I$(vfio-peer-tree)/arch/x86/include \
	-I$(vfio-peer-tree)/testing/selftests -I$(vfio-peer-dir)/lib/include

setup-peer-programs: setup-peer
	@mkdir -p $(PEER)
	@for program in $$(cd $(vfio-peer-dir) && ls *_test.c); do \
		[ $(PEER)/$${program%.c} -nt $(vfio-peer-dir)/$$program ] && continue; \
		echo "  CC      mainline's tools/testing/selftests/vfio/$$program"; \
		$(CC) $(vfio-peer-cflags) -static -pthread -o $(PEER)/$${program%.c} \
			$(vfio-peer-dir)/$$program \
			$$(find $(vfio-peer-dir)/lib -name '*.c') -luuid || exit 1; \
	done

check-peer-vfio: modules | setup-peer-programs setup-guest
	@$(VM)/run --modules build/$(KVER) --memory 4G --timeout 1500 $(RUN) \
		--add tools/testing/peer/vfio-guest $(foreach p,$(wildcard $(PEER)/*_test),--add $(p)) \
		-- sh ./vfio-guest $(T)

.PHONY: check-peer-vfio setup-peer-programs
