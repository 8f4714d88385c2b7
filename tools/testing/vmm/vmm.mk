# SPDX-License-Identifier: GPL-2.0-only
#
# `make check-vmm`: real clients on our modules, in a guest.  T=PATTERN runs those that match.
# Included after scripts/userspace.mk.

VMM := tools/testing/vmm
vmm-programs := build/vmm/vmm-qmp build/vmm/vmm-account build/vmm/vmm-associate

build/vmm/vmm-qmp build/vmm/vmm-account: LDFLAGS += -static
build/vmm/vmm-%: build/obj/$(VMM)/%/main.o $(lib)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) -pthread $(LDFLAGS) -o $@ $^ $(LDLIBS)

check-vmm: modules tests $(vmm-programs) | setup-vmm
	@$(VMM)/check-vmm --modules build/$(KVER) $(RUN) $(if $(T),--match '$(T)')

.PHONY: check-vmm
