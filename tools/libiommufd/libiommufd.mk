# SPDX-License-Identifier: GPL-2.0-only
#
# libiommufd, as an archive and as a shared library, from the same objects.
# The tests, the demo and iommufd-ctl are linked with the archive: they are
# then of the version that they were built with, and run where nothing is
# installed.  Included by scripts/userspace.mk.

LIBIOMMUFD := tools/libiommufd
lib-version := $(VERSION)
lib-soname := libiommufd.so.0
# Where Debian has the headers of libnl
lib-cflags := -isystem /usr/include/libnl3
lib-libs := -lnl-genl-3 -lnl-3

lib-objects := $(patsubst %.c,build/obj/%.o,$(wildcard $(LIBIOMMUFD)/*.c))
lib := build/lib/libiommufd.a
lib-shared := build/lib/$(lib-soname)
lib-pc := build/lib/libiommufd.pc

# The pages of section 3 are made of the sources' comments.
lib-overview := Documentation/man/libiommufd.7.in
lib-example-source := samples/libiommufd/example.c
lib-man := build/man/libiommufd.7

tools: $(lib) $(lib-shared) $(lib-pc) $(lib-man)

$(lib-man): $(wildcard $(LIBIOMMUFD)/iv_*) $(lib-overview) $(lib-example-source) scripts/man-pages
	@echo "  MAN     $(@D)"
	@rm -rf $(@D)
	@mkdir -p $(@D)
	@for header in $(wildcard $(LIBIOMMUFD)/iv_*.h); do \
		scripts/man-pages "$$header" $(@D) || exit 1; \
	done
	@scripts/man-pages --overview $(lib-overview) $(lib-example-source) >$@.new
	@mv $@.new $@

build/obj/$(LIBIOMMUFD)/%.o: user-cflags += -fPIC $(lib-cflags)
# They include headers that a machine may lack.
$(lib-objects): | setup-tools

$(lib-shared): $(lib-objects) $(LIBIOMMUFD)/libiommufd.map
	@echo "  LD      $@"
	@$(CC) -shared -pthread $(LDFLAGS) -Wl,-soname,$(lib-soname) -Wl,--no-undefined \
		-Wl,--no-undefined-version -Wl,--version-script=$(LIBIOMMUFD)/libiommufd.map \
		-o $@ $(lib-objects) $(lib-libs)
	@ln -sf $(lib-soname) build/lib/libiommufd.so

# Installed into a folder of its own, and used from there.
lib-example := build/tests/libiommufd-example
lib-stage := build/lib/stage
$(lib-example): $(lib) $(lib-shared) $(lib-pc) $(lib-man) $(wildcard $(LIBIOMMUFD)/* include/uapi/linux/*.h) \
		$(lib-example-source) scripts/check-library scripts/install
	@mkdir -p $(@D)
	@rm -rf $(lib-stage)
	@DESTDIR=$(lib-stage) scripts/install --library
	@scripts/check-library $(lib-stage) $@

tests: $(lib-example)

$(lib-pc): $(LIBIOMMUFD)/libiommufd.pc.in $(LIBIOMMUFD)/libiommufd.mk VERSION
	@mkdir -p $(@D)
	@sed 's/@multiarch@/'"$$($(CC) -print-multiarch)"'/; s/@version@/$(lib-version)/' $< >$@
