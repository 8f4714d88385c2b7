# SPDX-License-Identifier: GPL-2.0-only
#
# `make bench`: our modules against the stock ones, in a guest.  SIZES, REPEAT
# and ONLY make it quicker: make bench SIZES=64 ONLY=map-anon.  Included after
# scripts/userspace.mk.

BENCH := tools/testing/bench
bench-program := build/tests/bench
bench-objects := $(call objects,$(BENCH))

$(bench-program): $(bench-objects) $(device-lib) $(lib)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) -pthread $(LDFLAGS) -o $@ $^ $(LDLIBS)

bench: modules $(bench-program) | setup-guest
	@$(BENCH)/run-bench --modules build/$(KVER) --bench $(bench-program) \
		$(if $(SIZES),--sizes $(SIZES)) $(if $(REPEAT),--repeat $(REPEAT)) \
		$(if $(ONLY),--only $(ONLY))

.PHONY: bench
