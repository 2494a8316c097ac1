# Wheels on real interpreters and machines; part of the Makefile. docs/platforms.md tells of them.
#
# Debian's trees, interpreters built from source and the like are made once and kept in build/trees, or in the folder
# that MERCURY_TREES names. The wheels are those of the folder TRIAL_WHEELS, or built first.

INTERPRETERS ?=
TRIAL_WHEELS ?=
TRIED = $(or $(TRIAL_WHEELS),build/trials/wheels)

.PHONY: trial-wheels interpreters

trial-wheels: $(WHEELS_VENV)/ready
	$(if $(TRIAL_WHEELS),,$(WITH_TOOLS) tools.wheels.build --output $(TRIED) --work build/trials/wheels.work $(TRIAL_NAMES))

interpreters: TRIAL_NAMES = manylinux-x86_64
interpreters: trial-wheels ## one wheel on every interpreter that can be had, or on INTERPRETERS="3.8 3.13 pypy3"
	$(WHEELS_PYTHON) -m tools.trials.interpreters $(TRIED)/*-manylinux2014_x86_64.*.whl $(INTERPRETERS) $(PYTHONS)
