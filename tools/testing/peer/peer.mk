# SPDX-License-Identifier: GPL-2.0-only
#
# `make check-peer`: mainline's own test program for iommufd, as the kernel's
# source package has it, built unchanged against our headers and run on the mock
# IOMMU.  Documentation/peer.md lists what it can't pass, and why.
#
# The program includes headers by paths relative to its own in the kernel's
# tree, so it gets a tree of its own with our test header in mainline's place.

PEER := build/peer
peer-program := $(PEER)/iommufd

$(peer-program): include/uapi/linux/iommufd.h include/uapi/linux/iommufd_test.h | setup-tests
	@rm -rf $(PEER)
	@mkdir -p $(PEER)/tree/drivers/iommu/iommufd
	@cp -r $(CACHE)/source/tree/tools $(PEER)/tree/
	@cp include/uapi/linux/iommufd_test.h $(PEER)/tree/drivers/iommu/iommufd/
	@echo "  CC      mainline's tools/testing/selftests/iommu/iommufd.c"
	@$(CC) -O2 -Wall -Wno-unused-function -pthread -Iinclude/uapi -o $@ \
		$(PEER)/tree/tools/testing/selftests/iommu/iommufd.c

check-peer: modules $(peer-program) | setup-guest
	@$(VM)/check --modules build/$(KVER) --load iommufd_mock $(RUN) \
		$(if $(T),--match '$(T)') -- $(peer-program)

.PHONY: check-peer
