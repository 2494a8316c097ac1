/*
 * compare.c - bytes as two samples of doubles, of which any may be no number.
 *
 *     input    head's count (1 byte) | resamples (1 byte) | doubles
 *
 * What is refused must be refused at the first number that is wrong. Of what is taken both tails of p must be
 * probabilities that fit together, shift and interval must lie among the differences, and samples that change places
 * must give the same with the signs changed.
 */
#include "mercury.h"
#include "require.h"

#include <math.h>

enum { NUMBER_BYTES = 8, MOST_RESAMPLES = 8 };

static const double LEVEL = 0.9;
static const double GREATEST = 0x1p1000;

static size_t first_wrong(const double *values, size_t count) {
    size_t at = 0;
    while (at < count && fabs(values[at]) <= GREATEST) {
        at++;
    }
    return at;
}

static void require_tails(const mercury_rank_test *test) {
    REQUIRE(test->p_less >= 0 && test->p_less <= 1 && test->p_greater >= 0 && test->p_greater <= 1);
    REQUIRE(test->p_less + test->p_greater >= 0.999999);
    REQUIRE(test->statistic >= 0);
}

static double least(const double *values, size_t count) {
    double found = values[0];
    for (size_t i = 1; i < count; i++) {
        found = values[i] < found ? values[i] : found;
    }
    return found;
}

static double greatest(const double *values, size_t count) {
    double found = values[0];
    for (size_t i = 1; i < count; i++) {
        found = values[i] > found ? values[i] : found;
    }
    return found;
}

static void try_pair(const double *base, size_t base_count, const double *head, size_t head_count, size_t resamples) {
    mercury_rank_test test;
    mercury_rank_test swapped;
    double shift;
    double back;
    mercury_interval interval;
    REQUIRE(mercury_compare_rank_sum(base, base_count, head, head_count, &test, NULL) == MERCURY_OK);
    REQUIRE(mercury_compare_rank_sum(head, head_count, base, base_count, &swapped, NULL) == MERCURY_OK);
    require_tails(&test);
    REQUIRE(test.p_less == swapped.p_greater && test.p_greater == swapped.p_less);
    REQUIRE(test.statistic + swapped.statistic == (double)base_count * (double)head_count);
    REQUIRE(mercury_compare_shift(base, base_count, head, head_count, &shift, NULL) == MERCURY_OK);
    REQUIRE(mercury_compare_shift(head, head_count, base, base_count, &back, NULL) == MERCURY_OK);
    REQUIRE(shift == -back);
    double low = least(head, head_count) - greatest(base, base_count);
    double high = greatest(head, head_count) - least(base, base_count);
    REQUIRE(mercury_compare_shift_interval(base, base_count, head, head_count, LEVEL, resamples, 1, &interval, NULL) ==
            MERCURY_OK);
    REQUIRE(low <= shift && shift <= high);
    REQUIRE(low <= interval.low && interval.low <= interval.high && interval.high <= high);
}

static void try_sample(const double *values, size_t count, size_t resamples) {
    mercury_rank_test test;
    mercury_interval interval;
    double center;
    REQUIRE(mercury_compare_signed_rank(values, count, &test, NULL) == MERCURY_OK);
    require_tails(&test);
    REQUIRE(mercury_compare_center(values, count, &center, NULL) == MERCURY_OK);
    REQUIRE(mercury_compare_center_interval(values, count, LEVEL, resamples, 1, &interval, NULL) == MERCURY_OK);
    double low = least(values, count);
    double high = greatest(values, count);
    REQUIRE(low <= center && center <= high);
    REQUIRE(low <= interval.low && interval.low <= interval.high && interval.high <= high);
}

static void require_refusal(const double *base, size_t base_count, const double *head, size_t head_count,
                            size_t wrong) {
    mercury_error error = {0};
    double shift;
    REQUIRE(mercury_compare_shift(base, base_count, head, head_count, &shift, &error) ==
            MERCURY_ERROR_INVALID_ARGUMENT);
    REQUIRE(error.position == (int64_t)wrong);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2 + 2 * NUMBER_BYTES) {
        return 0;
    }
    size_t count = (size - 2) / NUMBER_BYTES;
    size_t head_count = 1 + data[0] % (count - 1);
    size_t base_count = count - head_count;
    size_t resamples = 1 + data[1] % MOST_RESAMPLES;
    double *base = (double *)exact_copy(data + 2, base_count * NUMBER_BYTES);
    double *head = (double *)exact_copy(data + 2 + base_count * NUMBER_BYTES, head_count * NUMBER_BYTES);
    size_t wrong = first_wrong(base, base_count);
    wrong += wrong < base_count ? 0 : first_wrong(head, head_count);
    if (wrong < count) {
        require_refusal(base, base_count, head, head_count, wrong);
    } else {
        try_pair(base, base_count, head, head_count, resamples);
        try_sample(head, head_count, resamples);
    }
    free(base);
    free(head);
    return 0;
}
