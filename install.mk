# Installing for distributions, and the proof that every install works; part of the Makefile.

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
INSTALL ?= install
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' mercury/_version.py)
MATRIX_FLAGS ?=

.PHONY: install-library install-matrix bench-import debian-packages

install-library: build-ext static ## library, header and pkg-config file below DESTDIR and PREFIX, for distributions
	$(INSTALL) -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)
	$(INSTALL) -m 644 $(OUT)/$(LIBRARY) $(OUT)/libmercury.a $(DESTDIR)$(LIBDIR)
	$(INSTALL) -m 644 $(NATIVE)/mercury.h $(DESTDIR)$(INCLUDEDIR)
	printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(LIBDIR)' 'includedir=$(INCLUDEDIR)' '' 'Name: mercury' 'Version: $(VERSION)' \
	    'Description: SQL fingerprints, traces and histograms' 'Libs: -L$${libdir} -lmercury' 'Cflags: -I$${includedir}' \
	    >$(DESTDIR)$(LIBDIR)/pkgconfig/mercury.pc

install-matrix: $(VENV)/ready library ## Mercury installed in every way that users may, which backend serves and what is said; MATRIX_FLAGS=--short
	$(VENV_PYTHON) -W ignore -m tests.installation.run $(MATRIX_FLAGS)

bench-import: $(VENV)/ready library ## what `import mercury` and the first native use take, beside `import json`
	$(VENV_PYTHON) benchmarks/imports.py $(BENCH_IMPORT_FLAGS)

debian-packages: sdist ## Debian's packages from the source distribution, built and tried in a tree of their own (root, debootstrap)
	tools/debian/build.sh $$(ls -t dist/mercury_native-*.tar.gz | head -1)
