# The files of a release, from one Linux machine; part of the Makefile. docs/wheels.md tells of them.

WHEELS_VENV = .venvs/wheels
WHEELS_PYTHON = $(WHEELS_VENV)/bin/python
WHEELS ?=

WITH_TOOLS = PATH=$(abspath $(WHEELS_VENV))/bin:$$PATH $(WHEELS_PYTHON) -m

.PHONY: wheels check-wheels test-wheels wheels-again wheels-table check-cffi-wheels

wheels: $(WHEELS_VENV)/ready ## the sdist and every platform's wheel into dist/, or those of WHEELS="manylinux-x86_64 any"
	$(WITH_TOOLS) tools.wheels.build $(WHEELS)

check-wheels: $(WHEELS_VENV)/ready ## what is in dist/ against its tags, with the tools of others (needs llvm-19); fails where a file of a release is missing
	$(WITH_TOOLS) tools.wheels.check $(if $(WHEELS),,--complete)

test-wheels: $(WHEELS_VENV)/ready ## what check-wheels must refuse, from wheels in dist/ that are tampered with
	$(WITH_TOOLS) pytest -q --noconftest -p no:cacheprovider tests/wheels/refusals.py

wheels-again: $(WHEELS_VENV)/ready ## what is in dist/ built a second time with an empty compiler cache; fails where a file differs
	$(WITH_TOOLS) tools.wheels.again

wheels-table: $(WHEELS_VENV)/ready ## the table of docs/wheels.md from what is in dist/
	$(WITH_TOOLS) tools.wheels.check --complete --table docs/wheels.md

check-cffi-wheels: $(WHEELS_VENV)/ready ## PyPI against cffi_wheels.py: where cffi has wheels, for each platform and Python
	$(WITH_TOOLS) tools.wheels.cffi_table

$(WHEELS_VENV)/ready: tools/wheels/requirements.txt
	$(PYTHON) -m venv $(WHEELS_VENV)
	$(WHEELS_PYTHON) -m pip install -q -r $<
	touch $@
