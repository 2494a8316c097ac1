/*
 * test_exponential_buckets.c - numbers land between the bounds of their bucket, at every scale, and
 * powers of two and bounds at the upper end of one.
 */
#include "check.h"
#include "exponential_buckets.h"

#include <float.h>
#include <math.h>

enum { ROUNDS = 100000 };

/* Numbers that look random and are the same in each run. */
static uint64_t next_random(void) {
    static uint64_t state = 1;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return state ^ state >> 29;
}

static int64_t index_of(double value, int64_t scale) {
    return bucket_index(bucket_exact_double(bucket_bits_of(value)), scale);
}

/* The value lies above the lower bound of the bucket that it is given, and not above the upper one. */
static int lies_between_bounds(double value, int64_t scale) {
    int64_t index = index_of(value, scale);
    return bucket_bound(index, scale) < value && value <= bucket_bound(index + 1, scale);
}

static void powers_of_two_end_their_bucket(void) {
    for (int64_t scale = BUCKET_MIN_SCALE; scale <= BUCKET_FINEST_SCALE; scale++) {
        for (int exponent = -1074; exponent <= DOUBLE_MAX_EXPONENT; exponent++) {
            int64_t at_scale_0 = exponent - 1;
            int64_t expected =
                scale < 0 ? at_scale_0 >> -scale : exponent * (INT64_C(1) << (scale < 0 ? 0 : scale)) - 1;
            CHECK(index_of(ldexp(1.0, exponent), scale) == expected);
        }
    }
}

static void normal_numbers_lie_between_the_bounds(void) {
    int64_t wrong = 0;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t bits = next_random() >> 1;
        if (bits >> DOUBLE_FRACTION_BITS > 0 && bits >> DOUBLE_FRACTION_BITS < 0x7FF) {
            wrong += !lies_between_bounds(bucket_double_of(bits), BUCKET_MIN_SCALE + round % 19);
        }
    }
    CHECK(wrong == 0);
}

static void bounds_belong_to_the_bucket_before(void) {
    for (int64_t index = -1022 * 256; index < 1024 * 256; index += 37) {
        double bound = bucket_bound(index, BUCKET_FINEST_SCALE);
        CHECK(index_of(bound, BUCKET_FINEST_SCALE) == index - 1);
        CHECK(index_of(nextafter(bound, DBL_MAX), BUCKET_FINEST_SCALE) == index);
    }
}

static void subnormal_numbers_have_buckets(void) {
    const double least = 4.9406564584124654e-324;
    CHECK(index_of(least, 0) == -1075);
    CHECK(index_of(3 * least, 0) == -1073);
    CHECK(index_of(least, BUCKET_FINEST_SCALE) == -1074 * 256 - 1);
    CHECK(index_of(DBL_MIN, 0) == -1023);
    for (double value = least; value < DBL_MIN; value *= 1.7) {
        CHECK(bucket_bound(index_of(value, 5), 5) <= value);
        CHECK(value <= bucket_bound(index_of(value, 5) + 1, 5));
    }
}

static void bounds_beyond_the_doubles_are_0_and_infinite(void) {
    CHECK(bucket_bound(1024, 0) == (double)INFINITY);
    CHECK(bucket_bound(1, BUCKET_MIN_SCALE) == (double)INFINITY);
    CHECK(bucket_bound(-1075, 0) == 0);
    CHECK(bucket_bound(-1075 * 2 + 1, 1) > 0);
    CHECK(bucket_bound(-1076 * 2 + 1, 1) == 0);
    CHECK(bucket_bound(-2, BUCKET_MIN_SCALE) == 0);
}

static void integers_need_not_be_doubles(void) {
    for (int64_t scale = BUCKET_MIN_SCALE; scale <= BUCKET_FINEST_SCALE; scale++) {
        for (int64_t value = 1; value < 10000; value++) {
            CHECK(bucket_index(bucket_exact_integer((uint64_t)value), scale) == index_of((double)value, scale));
        }
    }
    const uint64_t power = UINT64_C(1) << 62;
    CHECK(bucket_index(bucket_exact_integer(power), 8) == 62 * 256 - 1);
    CHECK(bucket_index(bucket_exact_integer(power + 1), 8) == 62 * 256);
    CHECK(bucket_index(bucket_exact_integer(UINT64_MAX), 0) == 63);
}

static void nearest_doubles_are_those_of_a_conversion(void) {
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t value = next_random() >> round % 64 | 1;
        CHECK(bucket_nearest_double(bucket_exact_integer(value)) == (double)value);
    }
    CHECK(bucket_nearest_double(bucket_exact_integer(UINT64_MAX)) == 18446744073709551616.0);
    const exact_value tie_to_even = {DOUBLE_MIN_EXPONENT, UINT64_C(0x8000000000000400)};
    CHECK(bucket_nearest_double(tie_to_even) == DBL_MIN);
    const exact_value above_all = {DOUBLE_MAX_EXPONENT, UINT64_MAX};
    CHECK(bucket_nearest_double(above_all) == (double)INFINITY);
}

static void two_buckets_are_one_of_the_scale_below(void) {
    for (int round = 0; round < ROUNDS; round++) {
        exact_value value = bucket_exact_integer(next_random() | 1);
        int64_t finest = bucket_index(value, BUCKET_FINEST_SCALE);
        for (int64_t scale = BUCKET_MIN_SCALE; scale < BUCKET_FINEST_SCALE; scale++) {
            CHECK(bucket_coarser(finest, BUCKET_FINEST_SCALE - scale) == bucket_index(value, scale));
        }
    }
}

int main(void) {
    RUN(powers_of_two_end_their_bucket);
    RUN(normal_numbers_lie_between_the_bounds);
    RUN(bounds_belong_to_the_bucket_before);
    RUN(subnormal_numbers_have_buckets);
    RUN(bounds_beyond_the_doubles_are_0_and_infinite);
    RUN(integers_need_not_be_doubles);
    RUN(nearest_doubles_are_those_of_a_conversion);
    RUN(two_buckets_are_one_of_the_scale_below);
    return CHECK_RESULT();
}
