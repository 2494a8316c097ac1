/*
 * check.h - what a C test needs and no more: a condition that counts, and a result.
 *
 *     #include "check.h"
 *
 *     static void one_and_one_is_two(void) {
 *         CHECK(1 + 1 == 2);
 *     }
 *
 *     int main(void) {
 *         RUN(one_and_one_is_two);
 *         return CHECK_RESULT();
 *     }
 *
 * A failed CHECK does not end the program: one run shows everything that is wrong.
 * A test program is one C file, so the counters may live here.
 *
 * `make alloc-failures` runs each test again and again, each time with another request for
 * memory refused. What a test expects does not hold then, so its CHECKs are not counted;
 * it must only not use what it did not get. allocation_failures.c says what is proven.
 */
#ifndef MERCURY_CHECK_H
#define MERCURY_CHECK_H

#include "allocation_failures.h"

#include <stdio.h>

static long check_passed;
static long check_failed;

/* Counts one condition, names the place where it failed, and gives the condition back. */
static int check_condition(int holds, const char *condition, const char *file, int line) {
    if (allocation_failures_active()) {
        return holds;
    }
    if (holds) {
        check_passed++;
        return 1;
    }
    check_failed++;
    fprintf(stderr, "%s:%d: failed: %s\n", file, line, condition);
    return 0;
}

/* "test_trace" for "mercury_native/tests/test_trace.c": the program is named after its file. */
static int check_result(const char *file) {
    const char *name = file;
    int length = 0;
    check_failed += allocation_failures_result();
    for (const char *at = file; *at != '\0'; at++) {
        if (*at == '/' || *at == '\\') {
            name = at + 1;
        }
    }
    while (name[length] != '\0' && name[length] != '.') {
        length++;
    }
    printf("%.*s: %ld passed, %ld failed\n", length, name, check_passed, check_failed);
    return check_failed == 0 ? 0 : 1;
}

/* True if the condition holds, so that a test may leave what builds on it. */
#define CHECK(condition) check_condition((condition) ? 1 : 0, #condition, __FILE__, __LINE__)

/* Runs one test: a function without arguments and result. */
#define RUN(test) allocation_failures_run(#test, test)

/* The last statement of main: prints "<program>: N passed, M failed", gives the exit code. */
#define CHECK_RESULT() check_result(__FILE__)

#endif
