# SPDX-License-Identifier: GPL-2.0-only
#
# The programs.  Each .c file under tools/testing/selftests/{iommu,vfio} is one
# test program; samples/demo and tools/iommufd-ctl are a program each; all are
# linked with tools/libiommufd, and those but the tool with tools/lib.
# Our uAPI headers come before the system's.

HARNESS := $(CACHE)/source/tree/tools/testing/selftests
CFLAGS ?= -O2 -g
VERSION := $(shell cat VERSION)
user-cflags = -std=gnu11 -Wall -Wextra -Werror -pthread -D_GNU_SOURCE -MMD -MP \
	-Iinclude/uapi -Itools/libiommufd -Itools/lib -DIOMMUFD_VFIO_VERSION='"$(VERSION)"' $(CFLAGS)
test-cflags = -Itools/testing/selftests/lib -Isamples/vfio/adi -Isamples/vfio/mblk -isystem $(HARNESS)

include tools/libiommufd/libiommufd.mk

objects = $(patsubst %.c,build/obj/%.o,$(wildcard $(1)/*.c))
device-objects := $(call objects,tools/lib)
device-lib := build/lib/libdevices.a
test-lib-objects := $(call objects,tools/testing/selftests/lib)
test-lib := build/lib/libtest.a
# Twice: libnl needs a part of it.
test-libs := $(lib-libs) $(test-lib)
demo-objects := $(call objects,samples/demo)
ctl-objects := $(call objects,tools/iommufd-ctl)
test-sources := $(wildcard tools/testing/selftests/iommu/*.c tools/testing/selftests/vfio/*.c)
test-programs := $(patsubst tools/testing/selftests/%.c,build/tests/%,$(test-sources))
tool-programs := build/tools/iommufd-vfio-demo build/tools/iommufd-ctl

# What runs the tests in the guest; static, which starts faster.
runner-objects := $(call objects,tools/testing/vm/runner)
runner := build/vm/run-tests
$(runner): own-objects := $(runner-objects)
$(runner): LDFLAGS += -static
$(runner): $(runner-objects)

# Archives, so that programs get only what they use.
$(lib): $(lib-objects)
$(device-lib): $(device-objects)
$(test-lib): $(test-lib-objects)
$(lib) $(device-lib) $(test-lib):
	@mkdir -p $(@D)
	@echo "  AR      $@"
	@rm -f $@
	@$(AR) rcs $@ $^

# What tells a guest how fast its clock ticks.
tsc-objects := build/obj/tools/testing/vm/host/tsc-khz.o
tsc-program := build/vm/tsc-khz
$(tsc-program): own-objects := $(tsc-objects)
$(tsc-program): $(tsc-objects)

tests: $(test-programs) $(runner) $(tsc-program)
	@[ -n "$(test-programs)" ] || \
		{ echo "no test programs are in tools/testing/selftests/iommu and vfio" >&2; exit 1; }
tools: $(tool-programs) $(tsc-program)

build/obj/tools/testing/selftests/%.o: user-cflags += $(test-cflags)
# Only the tests need the harness, which is fetched.
$(test-lib-objects) $(patsubst build/tests/%,build/obj/tools/testing/selftests/%.o,$(test-programs)): | setup-tests
# All are told the version.
build/obj/%.o: %.c VERSION
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(user-cflags) -c -o $@ $<

$(test-programs): build/tests/%: build/obj/tools/testing/selftests/%.o $(test-lib) $(device-lib) $(lib)
build/tools/iommufd-vfio-demo: $(demo-objects) $(device-lib) $(lib)

build/tools/iommufd-vfio-demo: own-objects := $(demo-objects)

build/tools/iommufd-ctl: $(ctl-objects) $(lib)
build/tools/iommufd-ctl: own-objects := $(ctl-objects)
build/tools/iommufd-ctl: LDLIBS += -lsmartcols
# What it says of itself makes the completion of shells.
completions := build/completion/iommufd-ctl build/completion/_iommufd-ctl
tools: $(completions)
build/completion/iommufd-ctl: completed-shell := bash
build/completion/_iommufd-ctl: completed-shell := zsh
$(completions): build/tools/iommufd-ctl scripts/completion
	@mkdir -p $(@D)
	@echo "  GEN     $@"
	@$< help --json | scripts/completion $(completed-shell) >$@.new
	@mv $@.new $@
# It has headers of a library that a machine may lack.
$(ctl-objects): | setup-tools
$(test-programs): own-objects := some
# Static, which starts in half the time on an emulated machine; and each test is started by itself.
$(test-programs): LDFLAGS += -static -s -Wl,--wrap=alarm
$(test-programs): LDLIBS += $(test-libs)

build/tools/iommufd-ctl: LDLIBS += $(lib-libs)
$(test-programs) $(tool-programs) $(runner) $(tsc-program):
	@mkdir -p $(@D)
	@[ -n "$(own-objects)" ] || { echo "$@: it has no source files" >&2; exit 1; }
	@echo "  LD      $@"
	@$(CC) -pthread $(LDFLAGS) -o $@ $^ $(LDLIBS)

-include $(shell find build/obj -name '*.d' 2>/dev/null)

.PHONY: tests tools
.PRECIOUS: build/obj/%.o
