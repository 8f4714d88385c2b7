# SPDX-License-Identifier: GPL-2.0-only
#
# `make check-boot`: what is installed, on a Debian that boots.  Included after
# scripts/userspace.mk.

BOOT := tools/testing/boot

# Installed as users do; DESTDIR is the new machine's root.
check-boot: modules tools | setup-boot
	@rm -rf build/boot
	@DESTDIR=build/boot/installed scripts/install $(KVER) $(MODULES)
	@$(BOOT)/check-boot build/boot

.PHONY: check-boot
