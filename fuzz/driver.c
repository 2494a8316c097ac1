/*
 * driver.c - a fuzz target as a program of its own.
 *
 *     sql_normalize FILE...     runs the target on each file, for a debugger or valgrind
 *     sql_normalize             runs it on what AFL++ gives, or once on the standard input
 */
#include "require.h"

#ifdef __AFL_FUZZ_TESTCASE_LEN
#include <unistd.h>

__AFL_FUZZ_INIT();
#endif

enum { MAX_BYTES = 1 << 20, AFL_ROUNDS = 10000 };

static uint8_t input[MAX_BYTES];

static void run_file(const char *path) {
    FILE *file = fopen(path, "rb");
    REQUIRE(file != NULL);
    size_t size = fread(input, 1, sizeof input, file);
    REQUIRE(fclose(file) == 0);
    LLVMFuzzerTestOneInput(input, size);
}

static void run_input(void) {
#ifdef __AFL_FUZZ_TESTCASE_LEN
    /* One process reads many inputs, which the fuzzer puts into memory that both share. */
    while (__AFL_LOOP(AFL_ROUNDS)) {
        LLVMFuzzerTestOneInput(__AFL_FUZZ_TESTCASE_BUF, (size_t)__AFL_FUZZ_TESTCASE_LEN);
    }
#else
    LLVMFuzzerTestOneInput(input, fread(input, 1, sizeof input, stdin));
#endif
}

int main(int argc, char **argv) {
    for (int index = 1; index < argc; index++) {
        run_file(argv[index]);
    }
    if (argc == 1) {
        run_input();
    }
    return 0;
}
