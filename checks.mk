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
