/*
 * exponential_buckets.h - the bucket law of base-2 exponential histograms: number to bucket,
 * bucket to bound. histogram.c and whatever else counts in such buckets share it.
 *
 * At scale s the base is 2^(2^-s), and bucket i holds the numbers above base^i, up to and with
 * base^(i + 1): OpenTelemetry's law. Prometheus gives the same bucket the index i + 1 and
 * calls the scale its schema.
 *
 *     scale 1     0.5    0.707     1     1.414     2     2.828     4
 *     index           -2       -1     0        1      2        3
 *
 * Each octave is cut by the same bounds, 2^(j/256) for the finest scale, each rounded to the
 * nearest double. The first nine bits of a number's significand say which single bound is yet
 * to be compared with; that gives the index at the finest scale, and a shift the index at any
 * other. Integers alone decide: there is no logarithm that could round, and no rounding mode
 * or flushing of subnormal numbers that the host may have set matters.
 */
#ifndef MERCURY_EXPONENTIAL_BUCKETS_H
#define MERCURY_EXPONENTIAL_BUCKETS_H

#include "internal.h"

#include "exponential_bounds.h"

#include <string.h>
#ifdef _MSC_VER
#include <intrin.h>
#endif

enum {
    BUCKET_MIN_SCALE = MERCURY_HISTOGRAM_MIN_SCALE,
    BUCKET_FINEST_SCALE = MERCURY_HISTOGRAM_MAX_SCALE,
    DOUBLE_FRACTION_BITS = 52,
    DOUBLE_MAX_EXPONENT = 1023,
    DOUBLE_MIN_EXPONENT = -1022, /* of normal numbers */
    DOUBLE_SPARE_BITS = 11       /* of a significand of 64 bits, those that a double has not */
};

_Static_assert(sizeof(double) == sizeof(uint64_t), "doubles are read as IEEE 754 binary64");

/* A positive number: significand * 2^(exponent - 63), where the significand's highest bit is set. */
typedef struct exact_value {
    int64_t exponent;
    uint64_t significand;
} exact_value;

/* The zeros before the highest bit. `value` must not be 0. */
ALWAYS_INLINE int bucket_leading_zeros(uint64_t value) {
#if defined(__GNUC__)
    return __builtin_clzll(value);
#elif defined(_MSC_VER) && defined(_WIN64)
    unsigned long highest;
    _BitScanReverse64(&highest, value);
    return 63 - (int)highest;
#else
    int zeros = 0;
    for (; value >> 63 == 0; value <<= 1) {
        zeros++;
    }
    return zeros;
#endif
}

ALWAYS_INLINE uint64_t bucket_bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

ALWAYS_INLINE double bucket_double_of(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The number whose bits these are. It must be above 0, finite and not subnormal. */
ALWAYS_INLINE exact_value bucket_exact_normal(uint64_t bits) {
    exact_value exact = {(int64_t)(bits >> DOUBLE_FRACTION_BITS) - DOUBLE_MAX_EXPONENT,
                         bits << DOUBLE_SPARE_BITS | UINT64_C(1) << 63};
    return exact;
}

/* The number as it is. `value` must not be 0. */
ALWAYS_INLINE exact_value bucket_exact_integer(uint64_t value) {
    /* On x86 a search for the highest bit waits for the result before it; a conversion does not. */
    if (LIKELY(value >> (DOUBLE_FRACTION_BITS + 1) == 0)) {
        return bucket_exact_normal(bucket_bits_of((double)(int64_t)value));
    }
    int zeros = bucket_leading_zeros(value);
    exact_value exact = {63 - zeros, value << zeros};
    return exact;
}

/* The number whose bits these are, as it is. It must be above 0 and finite; it may be subnormal. */
ALWAYS_INLINE exact_value bucket_exact_double(uint64_t bits) {
    if (LIKELY(bits >> DOUBLE_FRACTION_BITS != 0)) {
        return bucket_exact_normal(bits);
    }
    exact_value subnormal = bucket_exact_integer(bits);
    subnormal.exponent += DOUBLE_MIN_EXPONENT - DOUBLE_FRACTION_BITS;
    return subnormal;
}

/* The bucket, `steps` scales lower, that holds all of bucket `index`: two of one scale are one of the next. */
ALWAYS_INLINE int64_t bucket_coarser(int64_t index, int64_t steps) {
    return index >> steps;
}

/* The bucket of the finest scale for a significand's bits below the highest, as the highest 63 of 64. */
ALWAYS_INLINE int64_t bucket_finest_part(uint64_t fraction, uint64_t cell) {
    int64_t below = exponential_bounds_below[cell];
    return below + (fraction > exponential_bounds[below]);
}

/* The bucket that holds `value` at the finest scale. */
ALWAYS_INLINE int64_t bucket_finest_index(exact_value value) {
    uint64_t fraction = value.significand << 1;
    int64_t part = bucket_finest_part(fraction, fraction >> (64 - EXPONENTIAL_CELL_BITS));
    return value.exponent * (1 << BUCKET_FINEST_SCALE) + part - 1;
}

/* The same for the bits of a double above 0 that is finite and not subnormal: for loops over many, as nothing is taken
 * apart that is put together again. */
ALWAYS_INLINE int64_t bucket_finest_index_of_normal(uint64_t bits) {
    uint64_t cell = bits >> (DOUBLE_FRACTION_BITS - EXPONENTIAL_CELL_BITS) & ((1 << EXPONENTIAL_CELL_BITS) - 1);
    int64_t part = bucket_finest_part(bits << (64 - DOUBLE_FRACTION_BITS), cell);
    int64_t exponent = (int64_t)(bits >> DOUBLE_FRACTION_BITS << BUCKET_FINEST_SCALE);
    return exponent + part - (DOUBLE_MAX_EXPONENT * (1 << BUCKET_FINEST_SCALE) + 1);
}

/* The bucket that holds `value` at `scale`, from BUCKET_MIN_SCALE to BUCKET_FINEST_SCALE. */
ALWAYS_INLINE int64_t bucket_index(exact_value value, int64_t scale) {
    return bucket_coarser(bucket_finest_index(value), BUCKET_FINEST_SCALE - scale);
}

/* `significand` without its last `shift` bits, 1 to 63 of them, rounded to the nearest; a tie to the even one. */
ALWAYS_INLINE uint64_t bucket_rounded_shift(uint64_t significand, int shift) {
    uint64_t kept = significand >> shift;
    uint64_t rest = significand << (64 - shift);
    uint64_t half = UINT64_C(1) << 63;
    return kept + (rest > half || (rest == half && (kept & 1) != 0));
}

/* The double nearest to an exact value; a tie goes to the even one, what is above all doubles to infinity. */
static inline double bucket_nearest_double(exact_value value) {
    if (value.exponent > DOUBLE_MAX_EXPONENT) {
        return bucket_double_of(UINT64_C(0x7FF) << DOUBLE_FRACTION_BITS);
    }
    if (value.exponent >= DOUBLE_MIN_EXPONENT) {
        /* The significand's highest bit, and what rounding may carry, add to the exponent. */
        return bucket_double_of(((uint64_t)(value.exponent - DOUBLE_MIN_EXPONENT) << DOUBLE_FRACTION_BITS) +
                                bucket_rounded_shift(value.significand, DOUBLE_SPARE_BITS));
    }
    int64_t shift = DOUBLE_SPARE_BITS + DOUBLE_MIN_EXPONENT - value.exponent;
    if (shift < 64) {
        return bucket_double_of(bucket_rounded_shift(value.significand, (int)shift));
    }
    /* Half of the least double is a tie with 0, which is even. */
    return bucket_double_of(shift == 64 && value.significand > UINT64_C(1) << 63);
}

/* The lower bound of a bucket, which belongs to the bucket before: the double nearest to base^index. */
static inline double bucket_bound(int64_t index, int64_t scale) {
    int64_t at_finest = index * (INT64_C(1) << (BUCKET_FINEST_SCALE - scale));
    uint64_t fraction = exponential_bounds[at_finest & ((1 << BUCKET_FINEST_SCALE) - 1)];
    exact_value bound = {at_finest >> BUCKET_FINEST_SCALE, UINT64_C(1) << 63 | fraction >> 1};
    return bucket_nearest_double(bound);
}

#endif
