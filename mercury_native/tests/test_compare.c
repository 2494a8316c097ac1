/*
 * test_compare.c - what is refused, that samples stay as they are, and results that can be counted by hand. That the
 * figures are right in general is for tests/test_compare.py, which has an oracle.
 */
#include "check.h"

#include "mercury.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

enum { MOST = MERCURY_COMPARE_MAX_SAMPLES, MOST_RESAMPLES = MERCURY_COMPARE_MAX_RESAMPLES, EXACT = 60 };

static const double low[] = {1, 2, 3};
static const double high[] = {6, 5, 4};
static double many[MOST + 1];

static int near(double found, double expected) {
    return fabs(found - expected) <= 1e-12 * fabs(expected);
}

static void ranks_of_two_samples(void) {
    mercury_rank_test test = {0};
    CHECK(mercury_compare_rank_sum(low, 3, high, 3, &test, NULL) == MERCURY_OK);
    CHECK(test.statistic == 9 && test.is_exact == 1);
    CHECK(test.p_less == 1 && near(test.p_greater, 1.0 / 20));
    CHECK(mercury_compare_rank_sum(high, 3, low, 3, &test, NULL) == MERCURY_OK);
    CHECK(test.statistic == 0 && near(test.p_less, 1.0 / 20) && test.p_greater == 1);
    CHECK(high[0] == 6 && high[2] == 4);
}

static void ties_are_no_exact_matter(void) {
    const double tied[] = {3, 3, 4, 9};
    mercury_rank_test test = {0};
    CHECK(mercury_compare_rank_sum(low, 3, tied, 4, &test, NULL) == MERCURY_OK);
    CHECK(test.statistic == 11 && test.is_exact == 0);
    CHECK(near(test.p_greater, 0.04936432394741246) && test.p_less > 0.95);
    CHECK(mercury_compare_rank_sum(tied, 2, tied, 2, &test, NULL) == MERCURY_OK);
    CHECK(test.p_less == 1 && test.p_greater == 1 && test.statistic == 2);
}

static void signs_of_differences(void) {
    const double values[] = {-0.0, 1, 2, 2, -4};
    mercury_rank_test test = {0};
    CHECK(mercury_compare_signed_rank(values, LENGTH(values), &test, NULL) == MERCURY_OK);
    CHECK(test.statistic == 6 && test.is_exact == 1);
    CHECK(test.p_less == 10.0 / 16 && test.p_greater == 7.0 / 16);
    CHECK(mercury_compare_signed_rank(values, 1, &test, NULL) == MERCURY_OK);
    CHECK(test.statistic == 0 && test.p_less == 1 && test.p_greater == 1);
}

static void many_samples_are_near_a_normal_distribution(void) {
    static double shifted[MOST];
    mercury_rank_test test = {0};
    for (size_t i = 0; i < MOST; i++) {
        many[i] = (double)(i * 7919 % MOST);
        shifted[i] = many[i] - (double)MOST;
    }
    CHECK(mercury_compare_rank_sum(many, MOST, shifted, MOST, &test, NULL) == MERCURY_OK);
    CHECK(test.statistic == 0 && test.p_less == 0 && test.p_greater == 1);
    CHECK(mercury_compare_signed_rank(shifted, EXACT + 1, &test, NULL) == MERCURY_OK);
    CHECK(test.statistic == 0 && test.is_exact == 0 && test.p_less > 0 && test.p_less < 1e-11);
    CHECK(mercury_compare_signed_rank(many, EXACT + 1, &test, NULL) == MERCURY_OK);
    CHECK(test.p_greater > 0 && test.p_greater < 1e-11 && test.p_less == 1);
}

static void shifts_and_centers(void) {
    const double values[] = {10, 1, 2};
    double found = -1;
    CHECK(mercury_compare_shift(low, 3, high, 3, &found, NULL) == MERCURY_OK && found == 3);
    CHECK(mercury_compare_shift(low, 2, high, 1, &found, NULL) == MERCURY_OK && found == 4.5);
    CHECK(mercury_compare_shift(high, 3, low, 3, &found, NULL) == MERCURY_OK && found == -3);
    CHECK(mercury_compare_center(values, 3, &found, NULL) == MERCURY_OK && found == 3.75);
    CHECK(mercury_compare_center(values, 1, &found, NULL) == MERCURY_OK && found == 10);
}

static void intervals(void) {
    mercury_interval wide = {0, 0};
    mercury_interval again = {0, 0};
    double shift = 0;
    CHECK(mercury_compare_shift(low, 3, high, 3, &shift, NULL) == MERCURY_OK);
    CHECK(mercury_compare_shift_interval(low, 3, high, 3, 0.9, 99, 1, &wide, NULL) == MERCURY_OK);
    CHECK(mercury_compare_shift_interval(low, 3, high, 3, 0.9, 99, 1, &again, NULL) == MERCURY_OK);
    CHECK(wide.low >= 1 && wide.low <= shift && shift <= wide.high && wide.high <= 5);
    CHECK(memcmp(&wide, &again, sizeof wide) == 0);
    CHECK(mercury_compare_center_interval(low, 3, 0.9, 99, 1, &wide, NULL) == MERCURY_OK);
    CHECK(wide.low >= 1 && wide.low < 2 && 2 < wide.high && wide.high <= 3);
    CHECK(mercury_compare_center_interval(low, 1, 0.9, 1, 1, &wide, NULL) == MERCURY_OK);
    CHECK(wide.low == 1 && wide.high == 1);
}

/* Each function with one wrong argument; the code, and its position. */
static void check_refusals(const double *base, size_t count, int64_t code, int64_t position) {
    mercury_error error = {0};
    mercury_rank_test test;
    mercury_interval interval;
    double found;
    CHECK(mercury_compare_rank_sum(base, count, high, 3, &test, &error) == code && error.position == position);
    CHECK(mercury_compare_signed_rank(base, count, &test, &error) == code && error.position == position);
    CHECK(mercury_compare_shift(base, count, high, 3, &found, &error) == code && error.position == position);
    CHECK(mercury_compare_center(base, count, &found, &error) == code && error.position == position);
    CHECK(mercury_compare_shift_interval(base, count, high, 3, 0.9, 9, 1, &interval, &error) == code);
    CHECK(mercury_compare_center_interval(base, count, 0.9, 9, 1, &interval, &error) == code);
    CHECK(error.position == position);
}

static void samples_that_are_refused(void) {
    const double wrong[] = {NAN, INFINITY, -INFINITY, DBL_MAX, -DBL_MAX};
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        const double values[] = {1, wrong[i]};
        mercury_error error = {0};
        double found;
        check_refusals(values, 2, MERCURY_ERROR_INVALID_ARGUMENT, 1);
        CHECK(mercury_compare_shift(low, 3, values, 2, &found, &error) == MERCURY_ERROR_INVALID_ARGUMENT);
        CHECK(error.position == 4);
    }
    check_refusals(NULL, 1, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    check_refusals(low, 0, MERCURY_ERROR_INVALID_ARGUMENT, -1);
    check_refusals(many, MOST + 1, MERCURY_ERROR_LIMIT_EXCEEDED, MOST);
}

static void other_arguments_that_are_refused(void) {
    const int64_t wrong = MERCURY_ERROR_INVALID_ARGUMENT;
    const double levels[] = {0, 1, -1, NAN};
    mercury_interval interval;
    for (size_t i = 0; i < LENGTH(levels); i++) {
        CHECK(mercury_compare_shift_interval(low, 3, high, 3, levels[i], 9, 1, &interval, NULL) == wrong);
    }
    CHECK(mercury_compare_center_interval(low, 3, 0.9, 0, 1, &interval, NULL) == wrong);
    CHECK(mercury_compare_center_interval(low, 3, 0.9, MOST_RESAMPLES + 1, 1, &interval, NULL) ==
          MERCURY_ERROR_LIMIT_EXCEEDED);
    CHECK(mercury_compare_rank_sum(low, 3, high, 3, NULL, NULL) == wrong);
    CHECK(mercury_compare_signed_rank(low, 3, NULL, NULL) == wrong);
    CHECK(mercury_compare_shift(low, 3, high, 3, NULL, NULL) == wrong);
    CHECK(mercury_compare_center(low, 3, NULL, NULL) == wrong);
    CHECK(mercury_compare_shift_interval(low, 3, high, 3, 0.9, 9, 1, NULL, NULL) == wrong);
    CHECK(mercury_compare_center_interval(low, 3, 0.9, 9, 1, NULL, NULL) == wrong);
}

static void *refusing_allocator(void *context, void *old, size_t old_bytes, size_t new_bytes) {
    (void)context;
    (void)old;
    (void)old_bytes;
    (void)new_bytes;
    return NULL;
}

static void memory_may_be_refused(void) {
    const int64_t refused = MERCURY_ERROR_OUT_OF_MEMORY;
    mercury_error error = {0};
    mercury_rank_test test;
    mercury_interval interval;
    double found;
    mercury_alloc_set(refusing_allocator, NULL);
    CHECK(mercury_compare_rank_sum(low, 3, high, 3, &test, &error) == refused && error.code == refused);
    CHECK(mercury_compare_signed_rank(low, 3, &test, NULL) == refused);
    CHECK(mercury_compare_shift(low, 3, high, 3, &found, NULL) == refused);
    CHECK(mercury_compare_center(low, 3, &found, NULL) == refused);
    CHECK(mercury_compare_shift_interval(low, 3, high, 3, 0.9, 9, 1, &interval, NULL) == refused);
    CHECK(mercury_compare_center_interval(low, 3, 0.9, 9, 1, &interval, NULL) == refused);
    mercury_alloc_set(NULL, NULL);
}

int main(void) {
    RUN(ranks_of_two_samples);
    RUN(ties_are_no_exact_matter);
    RUN(signs_of_differences);
    RUN(many_samples_are_near_a_normal_distribution);
    RUN(shifts_and_centers);
    RUN(intervals);
    RUN(samples_that_are_refused);
    RUN(other_arguments_that_are_refused);
    RUN(memory_may_be_refused);
    return CHECK_RESULT();
}
