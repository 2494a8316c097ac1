# Mercury's build. `make help` lists the targets.
#
# The rooms of mercury/ in the order in which a statement passes them, and the
# files of the C core in the order of the sections of mercury.h. A test holds
# both lists against the header's drawing, the folders and the twin's modules.
ROOMS = capture core findings suppression report segment telemetry export testing django commands
SOURCES = abi error alloc sql_lexer sql_split sql_normalize sql_summary sql_advice loop_proof trace histogram segment compare platform

PYTHON ?= python3
VENV ?= .venv
VENV_PYTHON = $(VENV)/bin/python
DEMO_VENV = .venvs/demo
OUT ?= build/native

# WERROR is empty when a user's pip builds from source: an unknown compiler's new
# warning must not fail an install.
WERROR ?=
STRICT = OUT=build/werror WERROR=-Werror
NATIVE = mercury_native
WARNINGS = -Wall -Wextra -Wconversion -Wshadow $(WERROR)
# Without errno a square root is an instruction, and the library needs no libm.
BASE_CFLAGS = -std=c11 -O2 -g0 -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno $(WARNINGS)
ALL_CFLAGS = $(BASE_CFLAGS) $(MACHINE_CFLAGS) -I$(NATIVE) -isystem $(NATIVE)/vendor -DMERCURY_BUILD $(CPPFLAGS) $(CFLAGS)
TEST_CFLAGS = $(ALL_CFLAGS) -DMERCURY_STATIC

TARGET_SYSTEM ?= $(if $(filter Windows_NT,$(OS)),Windows,$(shell uname -s))
ifeq ($(TARGET_SYSTEM),Windows)
LIBRARY = libmercury.dll
LINK = -shared -s
else ifeq ($(TARGET_SYSTEM),Darwin)
LIBRARY = libmercury.dylib
LINK = -dynamiclib -Wl,-x -install_name @rpath/libmercury.dylib
MACHINE_CFLAGS = $(ARCHFLAGS)
else
LIBRARY = libmercury.so
LINK = -shared -s -Wl,-soname,libmercury.so -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
endif

# Apple's ar knows no D, which leaves dates out.
ARCHIVE = $(AR) $(if $(filter Darwin,$(TARGET_SYSTEM)),rcs,rcsD)

# The x87 unit rounds differently from every other machine. zig calls the machine x86.
ifneq ($(filter i%86-% x86-%,$(shell $(CC) -dumpmachine 2>/dev/null)),)
MACHINE_CFLAGS = -msse2 -mfpmath=sse
endif

OBJECTS = $(SOURCES:%=$(OUT)/%.o)
HEADERS = $(wildcard $(NATIVE)/*.h $(NATIVE)/vendor/*.h)
C_TESTS = $(patsubst $(NATIVE)/tests/%.c,$(OUT)/%,$(wildcard $(NATIVE)/tests/test_*.c))
PYTEST_FLAGS ?= -rs
# A file's tests stay in one process, because they share what they build.
PYTEST_PARALLEL ?= -n auto --dist loadfile
BENCHMARKS = build/benchmarks
DRIVERS = $(patsubst %,$(BENCHMARKS)/%_driver,mercury memory instructions histogram)
ROUNDS ?= 21
C_FILES = $(wildcard $(NATIVE)/*.[ch] $(NATIVE)/tests/*.[ch] benchmarks/sql/*.[ch] benchmarks/metrics/*.[ch]) $(wildcard fuzz/*.[ch])
CLANG ?= clang-19
CLANG_FORMAT ?= clang-format-19
EXITS ?= 500
CORE_TESTS = $(wildcard $(SOURCES:%=tests/test_%.py))
ASAN_TESTS ?= tests --ignore=tests/test_build.py --ignore=tests/test_loader.py
DJANGO_TESTS = $(addprefix tests/test_,$(addsuffix .py,capture eager_loads findings growing remembered gevent graphql middleware monitor settings suppression development \
                 rest_framework metrics_page examples labelled labelled_run orm_expressions checks doctor run units hostile_host telemetry telemetry_sampling endpoints causes database_cache framework_caches rest_framework_case budgeted_case))
DJANGO_VERSIONS ?= 4.2 5.2 6.0 6.1
# The one Python that all of these versions run on.
DJANGO_PYTHON ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.12.*/bin/python) python3.12)
SANITIZERS = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g

.DEFAULT_GOAL := library
.DELETE_ON_ERROR:
.PHONY: help library static build-ext c-tests strict-c-tests run-c-tests ffi bounds words header-hash develop demo test test-build test-native test-pure test-suites verdicts regressions \
        test-postgresql test-django detection receivers applications orm-expressions differential properties benchmark \
        benchmark-drivers bench-sql bench-sql-peers instructions instructions-update instructions-trial profile-sql \
        bench-detection bench-gunicorn bench-linear bench-overhead bench-suite bench-metrics lint format asan exits wheel verify test-all sdist clean FORCE

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  %-17s %s\n", $$1, $$2}'

library: build-ext ## build the C library and put it beside the package
	cp $(OUT)/$(LIBRARY) mercury/$(LIBRARY).new && mv mercury/$(LIBRARY).new mercury/$(LIBRARY)

static: $(OUT)/libmercury.a ## build libmercury.a, to link Mercury into a program

build-ext: $(OUT)/$(LIBRARY) ## build the C library in OUT=<folder>; setup.py calls this

$(OUT)/$(LIBRARY): $(OBJECTS)
	$(CC) $(ALL_CFLAGS) $(LINK) $(LDFLAGS) -o $@ $(OBJECTS) $(LDLIBS)

$(OUT)/libmercury.a: $(OBJECTS)
	rm -f $@
	$(ARCHIVE) $@ $(OBJECTS)

$(OUT)/%.o: $(NATIVE)/%.c $(HEADERS) $(OUT)/flags
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(OUT)/test_%: $(NATIVE)/tests/test_%.c $(OBJECTS) $(wildcard $(NATIVE)/tests/*.h)
	$(CC) $(TEST_CFLAGS) -I$(NATIVE)/tests $(LDFLAGS) -o $@ $< $(C_TEST_EXTRA) $(OBJECTS) $(LDLIBS) -lm -pthread

# Rebuilds the objects when the compiler or its flags change.
$(OUT)/flags: FORCE
	@mkdir -p $(OUT)
	@echo '$(CC) $(ALL_CFLAGS)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS)' > $@

c-tests: $(C_TESTS)

strict-c-tests:
	$(MAKE) $(STRICT) c-tests

run-c-tests: c-tests ## build and run the C unit tests
	@status=0; for program in $(C_TESTS); do $(C_TEST_RUNNER) $$program || status=1; done; exit $$status

header-hash: ## print the hash of the header's canonical tokens
	@CC='$(CC)' $(PYTHON) build_ffi.py --hash

ffi: ## make the generated files again after a change of mercury.h (needs cffi)
	CC='$(CC)' $(PYTHON) build_ffi.py

bounds: ## make exponential_bounds.h again after a change of the twin's exponential_buckets.py
	$(PYTHON) tools/exponential_bounds.py

words: ## make sql_words.h again after a change of the frozen list in the twin's sql_lexer.py
	$(PYTHON) tools/sql_words.py

develop: $(VENV)/ready ## an editable install with every test tool in .venv
	$(VENV_PYTHON) -m pip install -q -e .

$(VENV)/ready: pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(VENV_PYTHON) -m pip install -q -e '.[test]'
	touch $@

demo: ## run the bookshop demo in a fresh environment
	$(PYTHON) -m venv $(DEMO_VENV)
	$(DEMO_VENV)/bin/python -m pip install -q -e '.[django]'
	$(DEMO_VENV)/bin/python examples/bookshop/demo.py

test: ## C unit tests, then the suite over the library, then over the twin
	$(MAKE) -j2 $(VENV)/ready strict-c-tests
	$(MAKE) $(STRICT) library run-c-tests
	$(MAKE) test-native test-pure

test-native: $(VENV)/ready ## the suite over the C library
	MERCURY_TEST_BACKEND=native $(VENV_PYTHON) -m pytest $(PYTEST_FLAGS) $(PYTEST_PARALLEL) --ignore=tests/test_build.py --ignore-glob='tests/test_suites_*' --ignore=tests/test_compare_command.py

test-build: $(VENV)/ready ## the tests that build wheels, with and without a compiler
	MERCURY_TEST_BACKEND=native $(VENV_PYTHON) -m pytest $(PYTEST_FLAGS) tests/test_build.py

# What chooses its backend in processes of its own, compares both, or raises instead of reaching one, and what is about
# units, settings and pages and no figure of the core: once is enough.
test-suites: $(VENV)/ready library ## the tests that run whole suites and commands: a small project's by pytest and manage.py, mercury compare
	$(VENV_PYTHON) -m pytest $(PYTEST_FLAGS) -n auto tests/test_suites_pytest.py tests/test_suites_runner.py tests/test_suites_growth.py tests/test_compare_command.py

verdicts: library $(DJANGO_VERSIONS:%=.venvs/bookshop-%/ready) ## the bookshop's tests in every way to run them: one verdict; VERDICTS_FLAGS=--short for one of each
	@set -e; for version in $(DJANGO_VERSIONS); do \
	    echo "Django $$version"; .venvs/bookshop-$$version/bin/python -m tests.verdicts.run $(VERDICTS_FLAGS); \
	done

REGRESSIONS_DJANGO ?= 5.2

# Further versions are those of the changes that are another Django.
regressions: library $(addprefix .venvs/bookshop-,$(addsuffix /ready,$(sort $(REGRESSIONS_DJANGO) $(if $(REGRESSIONS_FLAGS),,4.2 6.1)))) ## pull requests with regressions, which must be caught, and harmless ones; REGRESSIONS_FLAGS=--short for a few
	.venvs/bookshop-$(REGRESSIONS_DJANGO)/bin/python -m tests.regressions.run --django $(REGRESSIONS_DJANGO) $(REGRESSIONS_FLAGS)

test-pure: $(VENV)/ready ## the suite over the twin
	MERCURY_TEST_BACKEND=pure DJANGO_MERCURY_PURE_PYTHON=1 $(VENV_PYTHON) -m pytest $(PYTEST_FLAGS) $(PYTEST_PARALLEL) \
	    --ignore=tests/test_build.py --ignore=tests/test_loader.py --ignore=tests/test_run.py --ignore=tests/test_doctor.py \
	    --ignore=tests/test_chaos.py --ignore=tests/test_fuzz_corpus.py --ignore=tests/test_units.py --ignore=tests/test_gevent.py \
	    --ignore=tests/test_development.py --ignore=tests/test_checks.py --ignore=tests/test_settings.py --ignore=tests/test_examples.py \
    --ignore=tests/test_telemetry_segment.py --ignore=tests/test_switch_command.py --ignore=tests/test_hints.py --ignore=tests/test_library_cache.py \
    --ignore=tests/test_growing.py --ignore=tests/test_comparison.py --ignore=tests/test_history.py --ignore=tests/test_compare_command.py \
    --ignore=tests/test_baseline.py --ignore=tests/test_budgets.py --ignore=tests/test_endpoints.py --ignore=tests/test_causes.py --ignore=tests/test_view_growth.py \
    --ignore-glob='tests/test_export_*' --ignore-glob='tests/test_suites_*' --ignore-glob='tests/test_suite_outputs*'

test-postgresql: $(VENV)/ready library ## the Django tests over a PostgreSQL server of their own
	$(VENV_PYTHON) -m pip install -q 'psycopg[binary]'
	MERCURY_TEST_DATABASE=postgresql tools/with_postgresql.sh $(VENV_PYTHON) -m pytest $(PYTEST_FLAGS) $(DJANGO_TESTS) tests/test_chaos.py tests/test_export_otlp_spans.py

test-django: library $(DJANGO_VERSIONS:%=.venvs/django-%/ready) ## the Django tests under each of DJANGO_VERSIONS, on DJANGO_PYTHON
	@set -e; for version in $(DJANGO_VERSIONS); do \
	    echo "Django $$version"; \
	    MERCURY_TEST_BACKEND=native .venvs/django-$$version/bin/python -m pytest $(PYTEST_FLAGS) $(DJANGO_TESTS); \
	done

detection: $(VENV)/ready library ## what Mercury finds, misses and invents in both sets of labelled cases
	$(VENV_PYTHON) -m tests.labelled.run

receivers: $(VENV)/ready library ## a real Prometheus scrapes the endpoint and answers what was recorded (Debian's package prometheus)
	$(VENV_PYTHON) -m tests.receivers.prometheus

applications: library .venvs/pretix/ready .venvs/cms/ready ## pretix and django CMS under Mercury, their pages at two sizes
	$(PYTHON) -m tests.applications.run $(APPLICATIONS_FLAGS)

.venvs/pretix/ready: PACKAGES = pretix==2026.8.0
.venvs/cms/ready: PACKAGES = django-cms==5.1.3 djangocms-alias==3.2.0 djangocms-text==1.0.2 djangocms-versioning==2.8.0
.venvs/pretix/ready .venvs/cms/ready:
	$(DJANGO_PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install -q cffi $(PACKAGES)
	touch $@

bench-detection: library .venvs/peers/ready ## the labelled cases with Mercury and its peers, which it downloads into .venvs/
	.venvs/peers/bin/python -m tests.labelled.compare

orm-expressions: library $(DJANGO_VERSIONS:%=.venvs/django-%/ready) ## the ids of ORM expressions under each of DJANGO_VERSIONS, on SQLite and PostgreSQL
	tools/with_postgresql.sh $(PYTHON) -m tests.orm_expressions.run $(DJANGO_VERSIONS)

.venvs/peers/ready: tests/labelled/peers.txt
	$(DJANGO_PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install -q -r $<
	touch $@

.venvs/bookshop-%/ready:
	$(DJANGO_PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install -q "Django~=$*.0" cffi pytest pytest-django pytest-randomly pytest-xdist tblib
	touch $@

.venvs/django-%/ready:
	$(DJANGO_PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install -q "Django~=$*.0" cffi gevent greenlet hypothesis pytest celery djangorestframework graphene-django gunicorn jinja2 'psycopg[binary]'
	touch $@

differential: $(VENV)/ready library ## compare library and twin on the corpus, 200,000 generated statements and 100,000 histograms; buckets with those of peers on a million numbers
	MERCURY_DIFFERENTIAL=full MERCURY_TEST_BACKEND=native $(VENV_PYTHON) -m pytest $(PYTEST_FLAGS) tests/test_twin_sql.py tests/test_fuzz_corpus.py tests/test_twin_histogram.py tests/test_histogram_peers.py tests/test_twin_compare.py

properties: $(VENV)/ready library ## a million changes of the corpus, 1,000 planted secrets, a gigabyte of SQL, 1,000 requests with faults, 2,000 verdicts in each form
	MERCURY_PROPERTIES=full MERCURY_TEST_BACKEND=native $(VENV_PYTHON) -m pytest $(PYTEST_FLAGS) \
	    tests/test_sql_metamorphic.py tests/test_sql_secrets.py tests/test_sql_hostile.py tests/test_chaos.py tests/test_suite_outputs*.py

benchmark: $(VENV)/ready library ## C against twin on this machine, and the cost of watching a query
	$(VENV_PYTHON) benchmarks/backends.py

bench-sql: $(VENV)/ready library benchmark-drivers ## normalizing against memcpy and re.sub, threads, heap and stack
	$(VENV_PYTHON) benchmarks/sql/run.py --rounds $(ROUNDS) --json $(BENCHMARKS)/sql.json

bench-sql-peers: $(VENV)/ready library benchmark-drivers ## the same and its peers, which it downloads into build/
	$(VENV_PYTHON) benchmarks/sql/run.py --peers --rounds $(ROUNDS) --json $(BENCHMARKS)/sql-peers.json

instructions: $(BENCHMARKS)/instructions_driver ## fail where normalizing takes 5 % more instructions than recorded (needs valgrind)
	$(PYTHON) benchmarks/sql/instructions.py --driver $< $(INSTRUCTIONS_FLAGS)

instructions-update: ## record the instructions that normalizing takes now as this compiler's baseline
	$(MAKE) instructions INSTRUCTIONS_FLAGS=--update

# A slower library, for which the guard must fail with 1.
instructions-trial: ## prove that the guard over instructions can fail
	$(MAKE) OUT=build/trial BENCHMARKS=build/trial CFLAGS=-O1 build/trial/instructions_driver
	$(PYTHON) benchmarks/sql/instructions.py --driver build/trial/instructions_driver; test $$? -eq 1

profile-sql: ## where the instructions of normalizing go, function by function (needs valgrind and addr2line)
	$(MAKE) OUT=build/profile BENCHMARKS=build/profile CFLAGS=-g LDFLAGS=-no-pie build/profile/instructions_driver
	$(PYTHON) benchmarks/sql/profile.py --driver build/profile/instructions_driver

OVERHEAD_VENV = .venvs/overhead
PYPY ?= $(shell command -v pypy3)

bench-overhead: library $(OVERHEAD_VENV)/ready $(if $(PYPY),$(OVERHEAD_VENV)-pypy/ready) ## what watching costs a Django application, beside zeal and CaptureQueriesContext
	$(OVERHEAD_VENV)/bin/python benchmarks/overhead/run.py --json $(BENCHMARKS)/overhead.json \
	    $(if $(PYPY),--pypy $(abspath $(OVERHEAD_VENV)-pypy/bin/python)) $(OVERHEAD_FLAGS)

SUITE_VENV = .venvs/suite
SUITE_APPLICATION = pretix-2026.8.0

bench-suite: library $(SUITE_VENV)/ready ## what watching costs the tests of pretix, beside zeal and query-doctor; SUITE_FLAGS="--rounds 1" for a short form
	$(SUITE_VENV)/bin/python benchmarks/suite/run.py build/$(SUITE_APPLICATION)/src --json $(BENCHMARKS)/suite.json $(SUITE_FLAGS)

# Tests are in the source distribution alone. Building it would take npm: nothing is built, and its wheel is installed.
$(SUITE_VENV)/ready: benchmarks/suite/packages.txt
	$(DJANGO_PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install -q -r $<
	$(@D)/bin/python -m pip download -q --no-deps --no-build-isolation --no-binary pretix -d build $(subst -,==,$(SUITE_APPLICATION))
	tar -xzf build/$(SUITE_APPLICATION).tar.gz -C build
	touch $@

bench-gunicorn: $(VENV)/ready library ## throughput under gunicorn with always-on metrics and without (needs wrk); 3: undecided; GUNICORN_FLAGS="--sets 6" for a short form
	$(VENV_PYTHON) benchmarks/production/run.py --json $(BENCHMARKS)/gunicorn.json $(GUNICORN_FLAGS)

$(OVERHEAD_VENV)/ready:
	$(DJANGO_PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install -q 'Django~=5.2.0' cffi djangorestframework django-zeal
	touch $@

# PyPy is at Python 3.9 in Debian, for which Django 4.2 is the last.
$(OVERHEAD_VENV)-pypy/ready:
	$(PYPY) -m venv $(@D)
	$(@D)/bin/python -m pip install -q 'Django>=4.2' djangorestframework
	touch $@

METRICS_VENV = .venvs/metrics
METRICS_DRIVERS = $(patsubst %,$(BENCHMARKS)/%_driver,histogram segment)

bench-metrics: library $(METRICS_VENV)/ready $(METRICS_DRIVERS) ## what histograms and segments cost, in C and from Python, beside prometheus_client and opentelemetry-sdk
	$(METRICS_VENV)/bin/python benchmarks/metrics/run.py --driver $(BENCHMARKS)/histogram_driver \
	    --segment-driver $(BENCHMARKS)/segment_driver --rounds $(ROUNDS) --json $(BENCHMARKS)/metrics.json

$(METRICS_VENV)/ready:
	$(DJANGO_PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install -q 'Django~=5.2.0' cffi numpy prometheus-client opentelemetry-sdk
	touch $@

$(METRICS_DRIVERS): $(BENCHMARKS)/%: benchmarks/metrics/%.c $(OUT)/libmercury.a
	@mkdir -p $(BENCHMARKS)
	$(CC) $(TEST_CFLAGS) $(LDFLAGS) -o $@ $< $(OUT)/libmercury.a $(LDLIBS)

benchmark-drivers: $(DRIVERS)

# Bound at once: the loader's resolver would be counted as stack of the first call.
$(BENCHMARKS)/%_driver: benchmarks/sql/%_driver.c benchmarks/sql/driver.c benchmarks/sql/driver.h $(OUT)/libmercury.a
	@mkdir -p $(BENCHMARKS)
	$(CC) $(TEST_CFLAGS) -Wl,-z,now $(LDFLAGS) -o $@ $< benchmarks/sql/driver.c $(OUT)/libmercury.a $(LDLIBS)

bench-linear: $(VENV)/ready library ## fail where twice the text takes over 2.3 times as long, over every hostile shape
	$(VENV_PYTHON) benchmarks/linear.py

lint: $(VENV)/lint-ready ## formatters, linters, type checker, all compilers with -Werror, generated files
	@for tool in gcc $(CLANG) $(CLANG_FORMAT) cppcheck; do command -v $$tool >/dev/null || \
	    { echo "$$tool is missing: apt-get install gcc clang-19 clang-format-19 cppcheck"; exit 1; }; done
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(CLANG_FORMAT) --dry-run -Werror $(C_FILES)
	$(MAKE) OUT=build/gcc BENCHMARKS=build/gcc CC=gcc WERROR=-Werror build-ext c-tests benchmark-drivers
	$(MAKE) OUT=build/clang BENCHMARKS=build/clang CC=$(CLANG) WERROR=-Werror build-ext c-tests benchmark-drivers
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	    --suppress='*:$(NATIVE)/vendor/*' --suppress=missingIncludeSystem -U__APPLE__ -U_WIN32 -I$(NATIVE) $(NATIVE)/*.c
	CC=gcc $(VENV_PYTHON) build_ffi.py --check
	CC=$(CLANG) $(VENV_PYTHON) build_ffi.py --check
	$(VENV_PYTHON) tools/sql_words.py --check
	$(VENV_PYTHON) tools/exponential_bounds.py --check
	$(VENV_PYTHON) -m pytest -q -W ignore::RuntimeWarning tests/test_layout.py

$(VENV)/lint-ready: $(VENV)/ready
	$(VENV_PYTHON) -m pip install -q -e '.[lint]'
	touch $@

format: $(VENV)/lint-ready ## rewrite the sources as the formatters want them
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
	$(CLANG_FORMAT) -i $(C_FILES)

asan: $(VENV)/ready ## C tests and ASAN_TESTS under the address and undefined-behaviour sanitizers
	$(MAKE) OUT=build/asan CC=gcc CFLAGS='$(SANITIZERS)' build-ext run-c-tests
	rm -rf build/asan/tree && mkdir -p build/asan/tree
	tar cf - --exclude=./build --exclude=./dist --exclude='./.[!c]*' --exclude='*.so' . | tar xf - -C build/asan/tree
	cp build/asan/$(LIBRARY) build/asan/tree/mercury/
	cd build/asan/tree && MERCURY_TEST_BACKEND=native PYTHONMALLOC=malloc ASAN_OPTIONS=detect_leaks=0:halt_on_error=1 \
	    LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
	    $(abspath $(VENV_PYTHON)) -m pytest $(PYTEST_FLAGS) -p no:cacheprovider $(ASAN_TESTS)

exits: $(VENV)/ready library ## EXITS=500 interpreter starts and exits with live handles: no signal may end one
	$(VENV_PYTHON) tools/exits.py --count $(EXITS) $(VENV_PYTHON) $(shell command -v pypy3)

wheel: $(VENV)/ready ## build the platform wheel into dist/; fails without the library
	rm -f dist/*.whl
	MERCURY_NATIVE=require $(VENV_PYTHON) -m build --wheel --no-isolation --outdir dist

verify: wheel ## install the wheel that was just built into a fresh environment, and prove both backends there
	rm -rf build/verify
	$(PYTHON) -m venv build/verify
	build/verify/bin/python -m pip install -q dist/*.whl "Django>=4.2"
	build/verify/bin/python -I tools/verify.py

test-all: test benchmark ## the C tests, the suite over the library, the suite over the twin, then the benchmark

sdist: $(VENV)/ready ## build the source distribution into dist/
	$(VENV_PYTHON) -m build --sdist --no-isolation --outdir dist

include checks.mk
include wheels.mk
include trials.mk
include install.mk

clean: ## remove what the build made
	rm -rf build dist *.egg-info .venvs
	rm -f mercury/libmercury.so mercury/libmercury.dylib mercury/libmercury.dll
