# SPDX-License-Identifier: GPL-2.0-only
#
# The fuzzer: `make fuzz` runs it in a guest, for as long as one likes (OPS=,
# SEED=, THREADS=, FUZZ= for other options), `make check` for a minute.
# Included after scripts/userspace.mk.

FUZZ_DIR := tools/testing/fuzz
fuzz-program := build/tests/fuzz/fuzz
fuzz-check-program := build/tests/fuzz/fuzz_check
fuzz-mains := $(FUZZ_DIR)/main.c $(FUZZ_DIR)/fuzz_check.c
fuzz-objects := $(patsubst %.c,build/obj/%.o,$(filter-out $(fuzz-mains),$(wildcard $(FUZZ_DIR)/*.c)))

build/obj/$(FUZZ_DIR)/%.o: user-cflags += $(test-cflags)
build/obj/$(FUZZ_DIR)/fuzz_check.o: | setup-tests
$(fuzz-program): build/obj/$(FUZZ_DIR)/main.o
$(fuzz-check-program): build/obj/$(FUZZ_DIR)/fuzz_check.o
$(fuzz-program) $(fuzz-check-program): LDFLAGS += -static -Wl,--wrap=alarm
$(fuzz-program) $(fuzz-check-program): LDLIBS += $(test-libs)
$(fuzz-program) $(fuzz-check-program): $(fuzz-objects) $(test-lib) $(device-lib) $(lib)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) -pthread $(LDFLAGS) -o $@ $^ $(LDLIBS)

tests: $(fuzz-program) $(fuzz-check-program)

fuzz: modules $(fuzz-program) | setup-guest
	@$(VM)/run --modules build/$(KVER) --memory 4G --timeout 86400 $(RUN) --add $(fuzz-program) \
		-- sh -c 'modprobe -a vfio-pci iommufd_mock && echo 64 >/proc/sys/vm/nr_hugepages && \
			exec ./fuzz $(if $(SEED),--seed $(SEED)) --ops $(or $(OPS),2000000) \
			--threads $(or $(THREADS),2) $(FUZZ)'

.PHONY: fuzz
