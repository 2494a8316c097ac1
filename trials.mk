# Wheels on real interpreters and machines; part of the Makefile. docs/platforms.md tells of them.
#
# Debian's trees, interpreters built from source and the like are made once and kept in build/trees, or in the folder
# that MERCURY_TREES names. The wheels are those of the folder TRIAL_WHEELS, or built first.

INTERPRETERS ?=
INTERPRETERS_FLAGS ?=
PLATFORMS ?=
PLATFORMS_FLAGS ?=
TRIAL_WHEELS ?=
TRIED = $(or $(TRIAL_WHEELS),build/trials/wheels)

.PHONY: trial-wheels interpreters platforms

trial-wheels: $(WHEELS_VENV)/ready
	$(if $(TRIAL_WHEELS),,$(WITH_TOOLS) tools.wheels.build --output $(TRIED) --work build/trials/wheels.work $(TRIAL_NAMES))

interpreters: TRIAL_NAMES = manylinux-x86_64
interpreters: trial-wheels ## one wheel on every interpreter that can be had, or on INTERPRETERS="3.8 3.13 pypy3"
	$(WHEELS_PYTHON) -m tools.trials.interpreters $(INTERPRETERS_FLAGS) $(TRIED)/*-manylinux2014_x86_64.*.whl $(INTERPRETERS) $(PYTHONS)

platforms: TRIAL_NAMES = $(PLATFORMS)
platforms: trial-wheels ## each platform's wheel and the C tests on its machine: natively, under qemu, under wine; or on PLATFORMS="manylinux-s390x"
	$(WHEELS_PYTHON) -m tools.trials.platforms $(PLATFORMS_FLAGS) $(TRIED) $(PLATFORMS)
