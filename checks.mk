# What is run to find faults in the C library beyond its tests; part of the Makefile.
# docs/testing.md says what each of these proves.

CLANG_TIDY ?= clang-tidy-19
SCAN_BUILD ?= scan-build-19
SOURCE_FILES = $(SOURCES:%=$(NATIVE)/%.c)
VALGRIND = valgrind --quiet --error-exitcode=1 --leak-check=full --show-leak-kinds=all --track-origins=yes
FAILURES_OUT = build/alloc-failures

.PHONY: check tsan msan valgrind analyze alloc-failures

check: ## everything that finds faults within ten minutes: lint, tests, sanitizers, valgrind, analyzers
	$(MAKE) lint test
	$(MAKE) asan ASAN_TESTS='$(CORE_TESTS)'
	$(MAKE) tsan msan valgrind analyze alloc-failures

tsan: ## the C tests under the thread sanitizer
	$(MAKE) OUT=build/tsan CC=$(CLANG) CFLAGS='-O1 -g -fsanitize=thread' run-c-tests

msan: ## the C tests under the memory sanitizer
	$(MAKE) OUT=build/msan CC=$(CLANG) CFLAGS='-O1 -g -fsanitize=memory -fsanitize-memory-track-origins' run-c-tests

valgrind: ## the C tests under valgrind's memcheck
	$(MAKE) OUT=build/valgrind CFLAGS='-O1 -g' C_TEST_RUNNER='$(VALGRIND)' run-c-tests

# Objects of an analyzer's build are rebuilt each time: make cannot know that they were analyzed.
analyze: ## three analyzers over the C library: gcc -fanalyzer, clang-tidy, scan-build
	rm -rf build/analyze
	$(MAKE) OUT=build/analyze/gcc CC=gcc CFLAGS=-fanalyzer WERROR=-Werror build-ext
	$(CLANG_TIDY) --quiet --warnings-as-errors='*' $(SOURCE_FILES) -- -std=c11 -I$(NATIVE) -isystem $(NATIVE)/vendor
	$(SCAN_BUILD) --status-bugs --exclude $(NATIVE)/vendor -o build/analyze/report \
	    $(MAKE) OUT=build/analyze/scan-build build-ext

# Nothing is inlined, so that each call is a frame of its own.
alloc-failures: ## each request for memory of the C tests refused, at every place that makes one
	rm -f $(FAILURES_OUT)/*.refusals
	$(MAKE) OUT=$(FAILURES_OUT) CC=gcc WERROR=-Werror CFLAGS='-O1 -fno-inline -fno-optimize-sibling-calls $(SANITIZERS)' \
	    CPPFLAGS=-DALLOCATION_FAILURES C_TEST_EXTRA=$(NATIVE)/tests/allocation_failures.c \
	    LDFLAGS='-no-pie -Wl,--wrap=mercury_alloc_set,--wrap=mercury_error_fill' run-c-tests
	$(PYTHON) tools/allocation_sites.py $(FAILURES_OUT) $(SOURCE_FILES)

ACTIONLINT = .venvs/actionlint/actionlint
ACTIONLINT_VERSION = v1.7.12

.PHONY: lint-workflows

lint-workflows: $(ACTIONLINT) ## the workflows under actionlint (needs Go), and each action of others pinned by commit
	$(ACTIONLINT)
	@! grep -nE 'uses: [^.]' .github/workflows/*.yml | grep -vE '@[0-9a-f]{40} # v[0-9.]+$$'

$(ACTIONLINT):
	GOBIN=$(abspath $(@D)) go install github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT_VERSION)

S390X_CC ?= s390x-linux-gnu-gcc
S390X_RUNNER ?= qemu-s390x-static
BIG_ENDIAN = OUT=build/s390x BENCHMARKS=build/s390x CC=$(S390X_CC) LDFLAGS=-static

.PHONY: big-endian

big-endian: $(BENCHMARKS)/instructions_driver ## the C tests on s390x under qemu, and the same fingerprints there as here
	$(MAKE) $(BIG_ENDIAN) C_TEST_RUNNER=$(S390X_RUNNER) run-c-tests build/s390x/instructions_driver
	PYTHONPATH=.:benchmarks/sql $(PYTHON) tools/big_endian.py $< '$(S390X_RUNNER) build/s390x/instructions_driver'

CRASH_FLAGS ?=
CRASH_SECONDS ?= 60
SOAK_UNITS ?= 10000000
SOAK_SHAPES ?= 100000

.PHONY: crash soak

crash: $(VENV)/ready library ## 10,000 writers killed, 20,000 bits flipped, a segment cut to each length, full disks, forks of forks, a server
	$(VENV_PYTHON) -W ignore -m tests.crash.run $(CRASH_FLAGS)
	$(VENV_PYTHON) -W ignore -m tests.crash.server --seconds $(CRASH_SECONDS)

soak: $(VENV)/ready library ## SOAK_UNITS=10000000 units of SOAK_SHAPES=100000 shapes in always-on mode: no growth, no file left open
	$(VENV_PYTHON) -m tests.soak --units $(SOAK_UNITS) --shapes $(SOAK_SHAPES)

COMPARISON_TRIALS ?= 1000
COMPARISON_REAL ?= 200

.PHONY: comparison-trials

comparison-trials: $(VENV)/ready library ## how often mercury compare is wrong: COMPARISON_TRIALS=1000 over recorded noise, COMPARISON_REAL=200 here beside busy neighbors
	for effect in 0 5 10; do \
	    $(VENV_PYTHON) benchmarks/comparison/trials.py synthetic --trials $(COMPARISON_TRIALS) --effect $$effect 2>/dev/null || exit 1; \
	done
	if [ $(COMPARISON_REAL) -gt 0 ]; then $(VENV_PYTHON) benchmarks/comparison/trials.py real --trials $(COMPARISON_REAL); fi

.PHONY: symbols

symbols: ## the released library with debug symbols in build/symbols, to read core dumps with
	$(MAKE) OUT=build/symbols CFLAGS=-g LINK='$(filter-out -s,$(LINK))' build-ext

FUZZ_OUT = build/fuzz
FUZZ_TARGETS = $(basename $(notdir $(filter-out fuzz/driver.c,$(wildcard fuzz/*.c))))
FUZZ_CFLAGS = -std=c11 -O2 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer \
    $(WARNINGS) -I$(NATIVE) -isystem $(NATIVE)/vendor -DMERCURY_STATIC
FUZZ_SOURCES = $(HEADERS) $(SOURCE_FILES) fuzz/require.h
AFL_CC ?= afl-clang-fast
export FUZZ_SECONDS ?= 60
export FUZZ_RUNS ?=
export FUZZ_JOBS ?= 1

.PHONY: fuzz fuzz-build fuzz-merge fuzz-afl fuzz-inputs $(FUZZ_TARGETS:%=fuzz-%)

fuzz: fuzz-build ## libFuzzer with sanitizers on each target: FUZZ_SECONDS=60 or FUZZ_RUNS inputs, FUZZ_JOBS=1 processes each
	@$(MAKE) --no-print-directory -j$(words $(FUZZ_TARGETS)) $(FUZZ_TARGETS:%=fuzz-%)

$(FUZZ_TARGETS:%=fuzz-%): fuzz-%: $(FUZZ_OUT)/%
	@fuzz/run.sh $(FUZZ_OUT) $*

fuzz-build: $(FUZZ_TARGETS:%=$(FUZZ_OUT)/%) fuzz-inputs

$(FUZZ_OUT)/%: fuzz/%.c $(FUZZ_SOURCES)
	@mkdir -p $(FUZZ_OUT)
	$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $< $(SOURCE_FILES)

fuzz-inputs:
	$(PYTHON) fuzz/inputs.py $(FUZZ_OUT)

fuzz-merge: fuzz-build ## keep of all inputs found as few as cover the same, in fuzz/corpus
	@for target in $(FUZZ_TARGETS); do \
	    rm -rf $(FUZZ_OUT)/merged && mkdir -p $(FUZZ_OUT)/merged $(FUZZ_OUT)/finds fuzz/corpus/$$target && \
	    $(FUZZ_OUT)/$$target -set_cover_merge=1 -max_len=256 -artifact_prefix=$(FUZZ_OUT)/finds/$$target- $(FUZZ_OUT)/merged fuzz/corpus/$$target \
	        $(FUZZ_OUT)/seeds/$$target $(FUZZ_OUT)/corpus/$$target 2>&1 | tail -1 && \
	    rm -rf fuzz/corpus/$$target && cp -r $(FUZZ_OUT)/merged fuzz/corpus/$$target || exit 1; \
	done

fuzz-afl: fuzz-inputs ## AFL++ on each target for FUZZ_SECONDS, with the same sanitizers
	@mkdir -p $(FUZZ_OUT)/afl
	@for target in $(FUZZ_TARGETS); do \
	    $(AFL_CC) $(FUZZ_CFLAGS) -Wno-shorten-64-to-32 -o $(FUZZ_OUT)/afl/$$target fuzz/$$target.c fuzz/driver.c $(SOURCE_FILES) && \
	    AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_BENCH_UNTIL_CRASH=1 \
	        afl-fuzz -V $(FUZZ_SECONDS) -i $(FUZZ_OUT)/seeds/$$target -o $(FUZZ_OUT)/afl/$$target.out \
	        -x $(FUZZ_OUT)/sql.dict -- $(FUZZ_OUT)/afl/$$target >$(FUZZ_OUT)/afl/$$target.log 2>&1 || \
	        { tail -5 $(FUZZ_OUT)/afl/$$target.log; exit 1; }; \
	    grep -E '^(execs_done|edges_found|saved_crashes|saved_hangs) ' $(FUZZ_OUT)/afl/$$target.out/default/fuzzer_stats; \
	    grep -qE '^saved_crashes +: 0$$' $(FUZZ_OUT)/afl/$$target.out/default/fuzzer_stats || exit 1; \
	done

COVERAGE_OUT = build/coverage
COVERAGE_TESTS ?= $(CORE_TESTS) tests/test_batch.py
PROFDATA ?= llvm-profdata-19
LLVM_COV ?= llvm-cov-19

.PHONY: coverage

# Each process writes its counts when it exits, into $(COVERAGE_OUT)/raw. A stripped library could not be read back.
coverage: export LLVM_PROFILE_FILE = $(abspath $(COVERAGE_OUT))/raw/%m-%p.profraw
coverage: $(VENV)/ready ## lines and branches of the C library that its tests reach; fails where one is missed and not named
	rm -rf $(COVERAGE_OUT)/raw $(COVERAGE_OUT)/tree && mkdir -p $(COVERAGE_OUT)/tree
	$(MAKE) OUT=$(COVERAGE_OUT) CC=$(CLANG) CFLAGS='-O1 -fprofile-instr-generate -fcoverage-mapping -fprofile-update=atomic' LINK=-shared \
	    build-ext run-c-tests run-kept-inputs
	tar cf - --exclude=./build --exclude=./dist --exclude='./.[!c]*' --exclude='*.so' . | tar xf - -C $(COVERAGE_OUT)/tree
	cp $(COVERAGE_OUT)/$(LIBRARY) $(COVERAGE_OUT)/tree/mercury/
	cd $(COVERAGE_OUT)/tree && MERCURY_TEST_BACKEND=native \
	    $(abspath $(VENV_PYTHON)) -m pytest -q -p no:cacheprovider $(COVERAGE_TESTS)
	$(PROFDATA) merge -o $(COVERAGE_OUT)/counts.profdata $(COVERAGE_OUT)/raw/*.profraw
	$(LLVM_COV) export $(COVERAGE_OUT)/$(LIBRARY) -instr-profile=$(COVERAGE_OUT)/counts.profdata \
	    -ignore-filename-regex=/vendor/ >$(COVERAGE_OUT)/coverage.json
	$(PYTHON) tools/coverage.py $(COVERAGE_OUT)/coverage.json tools/coverage_exceptions.txt

REPLAYS = $(FUZZ_TARGETS:%=$(OUT)/replay_%)

.PHONY: run-kept-inputs

$(OUT)/replay_%: fuzz/%.c fuzz/driver.c fuzz/require.h $(OBJECTS)
	$(CC) $(TEST_CFLAGS) $(LDFLAGS) -o $@ $< fuzz/driver.c $(OBJECTS) $(LDLIBS)

run-kept-inputs: $(REPLAYS) ## each fuzz target over the inputs that fuzzing kept
	@for target in $(FUZZ_TARGETS); do $(OUT)/replay_$$target fuzz/corpus/$$target/* || exit 1; done
